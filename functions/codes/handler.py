"""Codes: keep shops' discount codes in step with vouchers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from typing import Any, Final

from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.shops.storefront import PlatformApi
from loyalty.edge import deadline, origin
from loyalty.edge.aws import clients
from loyalty.edge.aws.queues import backoff
from loyalty.edge.aws.queues.batches import BatchAnswer, handle_messages
from loyalty.edge.aws.queues.record import QueueRecord
from loyalty.edge.aws.storefront_secrets import StorefrontSecrets
from loyalty.edge.aws.table import engine, pause
from loyalty.edge.desk import open_desk
from loyalty.edge.logs import failure, logger
from loyalty.edge.metrics import count
from loyalty.edge.outgoing.platform_client import PlatformClient, PlatformSettings
from loyalty.edge.settings import settings
from loyalty.storefronts import platform_named
from loyalty.table.storefronts import TableStorefronts
from loyalty.usecases.shops.platforms import Unfetchable
from loyalty.usecases.shops.shop_codes import CodeShop, ShopRefused, sync_code


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesSettings:
    table: str
    storefront_secrets: str


# The name of an event; `domain.events` has all of them and takes a while to load.
CANCELLING: Final = "RedemptionCancelling"


@deadline.keeping_time
def handler(event: dict[str, Any], _context: object) -> BatchAnswer:
    return handle_messages(event, take, on_failure=note_failure, wait=wait)


def wait(_error: Exception, attempt: int) -> timedelta:
    """Wait as for an outage, whatever failed: what a shop refuses, its owner has to put right."""
    return backoff.outage_wait(attempt)


def note_failure(_record: QueueRecord, error: Exception) -> None:
    """Log a failure, without the text of the exception, which may quote the shop."""
    logger.error("codes not updated", failure=failure(error), reason=getattr(error, "reason", None))


def take(record: QueueRecord) -> None:
    """Something became of a voucher: let the shops know, as it is now."""
    event = record.content
    detail = event["detail"]
    program_id, redemption_id = detail["program_id"], detail["redemption_id"]
    shops = list(shops_of(program_id))
    # The points of a cancelled voucher return even if its shop is no longer connected.
    is_cancelling = event["detail-type"] == CANCELLING
    if not is_cancelling and not any(each.creates for each in shops):
        return
    desk = open_desk(program_id, table=settings(CodesSettings).table)
    try:
        # What the event stems from, the points that a cancelled voucher gives back stem from too.
        with origin.caused_by(detail.get("caused_by")):
            done = sync_code(redemption_id, shops=shops, desk=desk)
    except NotFound:
        # Somebody sent a test event: the entry of a real redemption is never deleted.
        logger.warning("no such redemption", redemption_id=redemption_id)
        return
    logger.info("codes updated", program_id=program_id, redemption_id=redemption_id, done=done)
    for each in done:
        if each in ("created", "renewed", "deactivated"):
            count("ShopCodes", done=each)


def shops_of(program_id: str) -> Iterator[CodeShop]:
    """Each shop of a program whose platform has discount codes."""
    for storefront in storefronts().all(program_id):
        if codes_of := platform_named(storefront.platform).codes:
            # One token serves all calls about a voucher; none is needed before the first call.
            api = cache(partial(platforms().api, program_id, storefront.storefront_id))
            yield CodeShop(
                storefront_id=storefront.storefront_id,
                codes=codes_of(partial(send, api)),
                creates=storefront.create_codes,
            )


def send(api: Callable[[], PlatformApi], path: str, body: bytes) -> bytes:
    try:
        return platforms().send(api(), path, body)
    except Unfetchable as refusal:
        raise ShopRefused(refusal.reason) from refusal


def storefronts() -> TableStorefronts:
    return TableStorefronts(engine(settings(CodesSettings).table))


@cache
def platforms() -> PlatformClient:
    config = settings(CodesSettings)
    return PlatformClient(
        shelf=storefronts(),
        vault=StorefrontSecrets(clients.secrets_manager(), prefix=config.storefront_secrets),
        pause=pause,
        origin=settings(PlatformSettings).platform_origin,
    )
