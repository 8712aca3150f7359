"""Webhooks: take in what storefronts deliver, and answer before it is applied."""

import time
from dataclasses import dataclass
from functools import cache
from typing import Final

from loyalty.domain.kernel.errors import BadSignature, NotFound, TooLarge
from loyalty.domain.shops.storefront import Received
from loyalty.edge import clock
from loyalty.edge.aws import clients
from loyalty.edge.aws.inbox import SqsIntakeQueue, open_inbox
from loyalty.edge.aws.storefront_secrets import StorefrontSecrets
from loyalty.edge.aws.table import engine
from loyalty.edge.http.app import ANYONE, ProgramId, create_app
from loyalty.edge.logs import logger
from loyalty.edge.metrics import count
from loyalty.edge.models.storefronts import DeliveryReceipt, StorefrontId
from loyalty.edge.settings import settings
from loyalty.storefronts import platform_named
from loyalty.table.inbox import TableInbox
from loyalty.table.storefronts import TableStorefronts
from loyalty.usecases.shops.storefronts import Connections, receive


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhooksSettings:
    table: str
    storefront_secrets: str
    inbox_bucket: str
    intake_queue_url: str


# Lambda takes 6 MB and base64 makes four bytes of three. A platform that is refused sends the same
# again and then stops sending, so there is no smaller limit than what can be carried.
BODY_BYTES_MAX: Final = 4 * 1024 * 1024

api = create_app("webhooks")
handler = api


@api.post(
    "/webhooks/<storefront_id>",
    allow=ANYONE,
    refuses=(BadSignature, NotFound, TooLarge),
    body_bytes_max=BODY_BYTES_MAX,
)
def receive_delivery(
    program_id: ProgramId,
    storefront_id: StorefrontId,
) -> DeliveryReceipt:
    """Receive a storefront's signed webhook.

    Platforms call this, each in its own form. The delivery is stored and applied soon after.
    """
    received = Received(
        body=api.raw_body,
        headers={name.lower(): value for name, value in api.event.headers.items()},
        url=f"https://{api.event.request_context.domain_name}{api.event.raw_path}",
        received_at=clock.now(),
    )
    delivery_id = receive(
        received,
        program_id=program_id,
        storefront_id=storefront_id,
        connections=connections(),
        find_platform=platform_named,
        inbox=inbox(),
        queue=queue(),
    )
    if delivery_id is None:
        return DeliveryReceipt(status="greeted", delivery_id=None)
    logger.debug("received", storefront_id=storefront_id, delivery_id=delivery_id)
    count("DeliveriesReceived")
    return DeliveryReceipt(delivery_id=delivery_id)


@cache
def connections() -> Connections:
    config = settings(WebhooksSettings)
    vault = StorefrontSecrets(clients.secrets_manager(), prefix=config.storefront_secrets)
    return Connections(TableStorefronts(engine(config.table)), vault, clock=time.monotonic)


@cache
def inbox() -> TableInbox:
    config = settings(WebhooksSettings)
    return open_inbox(table=config.table, bucket=config.inbox_bucket)


@cache
def queue() -> SqsIntakeQueue:
    return SqsIntakeQueue(clients.sqs(), queue_url=settings(WebhooksSettings).intake_queue_url)
