"""Codes: shops have the codes of vouchers, as long as these are good."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.base import FailureResponse
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.shops.storefront import PlatformApi
from loyalty.edge.aws import clients
from loyalty.edge.aws.storefront_secrets import StorefrontSecrets
from loyalty.edge.aws.table import engine, pause
from loyalty.edge.desk import open_desk
from loyalty.edge.logs import failure, logger
from loyalty.edge.metrics import count
from loyalty.edge.outgoing.platform_client import PlatformClient, PlatformSettings
from loyalty.edge.settings import settings
from loyalty.storefronts import platform_named
from loyalty.table.storefronts import TableStorefronts
from loyalty.usecases.shops.intake import Unfetchable
from loyalty.usecases.shops.shop_codes import DiscountCodes, ShopRefused, pause_seconds, put_right


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesSettings:
    table: str
    storefront_secrets: str
    codes_queue_url: str


class _OneByOne(BatchProcessor):
    """What fails goes back to the queue alone, and in the end to the dead letters."""

    def __init__(self) -> None:
        super().__init__(event_type=EventType.SQS)
        self.raise_on_entire_batch_failure = False

    def failure_handler(self, record: Any, exception: Any) -> FailureResponse:
        """Tell the log what went wrong, without the text that an exception may quote."""
        fault: BaseException = exception[1]
        reason = getattr(fault, "reason", None)
        logger.error("not put right", failure=failure(fault), reason=reason)
        leave_alone(record)
        return super().failure_handler(record, exception)


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_partial_response(
        event=event, record_handler=take, processor=_OneByOne(), context=context
    )


def leave_alone(record: SQSRecord) -> None:
    """Let a shop be for a while, the longer the more often it failed."""
    attempt = int(record.attributes.approximate_receive_count)
    clients.sqs().change_message_visibility(
        QueueUrl=settings(CodesSettings).codes_queue_url,
        ReceiptHandle=record.receipt_handle,
        VisibilityTimeout=pause_seconds(attempt),
    )


def take(record: SQSRecord) -> None:
    """Something became of a voucher: let the shops know, as it is now."""
    detail = json.loads(record.body)["detail"]
    program_id, redemption_id = detail["program_id"], detail["redemption_id"]
    shops = list(shops_of(program_id))
    if not shops:
        return
    desk = open_desk(program_id, table=settings(CodesSettings).table)
    try:
        done = put_right(redemption_id, shops=shops, desk=desk)
    except NotFound:
        # A test event of somebody's; of a redemption of ours the entry stays for ever.
        logger.warning("no such redemption", redemption_id=redemption_id)
        return
    logger.info("put right", program_id=program_id, redemption_id=redemption_id, done=done)
    for each in done:
        if each in ("created", "renewed", "deactivated"):
            count("ShopCodes", done=each)


def shops_of(program_id: str) -> Iterator[DiscountCodes]:
    """The discount codes of each shop of a program that has them created."""
    for storefront in storefronts().all(program_id):
        codes_of = platform_named(storefront.platform).codes
        if storefront.create_codes and codes_of:
            # One token serves all calls about a voucher; none is needed before the first call.
            api = cache(partial(platforms().api, program_id, storefront.storefront_id))
            yield codes_of(partial(send, api))


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
