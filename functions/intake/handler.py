"""Intake: apply what storefronts delivered, in order for each order."""

from functools import cache
from typing import Any, Final

from aws_lambda_powertools.utilities.batch import (
    SqsFifoPartialProcessor,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.base import FailureResponse
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from loyalty.domain.errors import NotFound, TryAgain
from loyalty.domain.storefront import Delivery, Envelope, Outcome, delivery_id
from loyalty.edge import clients
from loyalty.edge.claims import Claim, read_claim
from loyalty.edge.desk import desk
from loyalty.edge.directory import directory
from loyalty.edge.inbox import read_delivery
from loyalty.edge.logs import failure, logger
from loyalty.edge.metrics import count
from loyalty.edge.platforms import PlatformClient
from loyalty.edge.settings import IntakeSettings, PlatformSettings, settings
from loyalty.edge.storefront_secrets import StorefrontSecrets
from loyalty.edge.table import engine, pause
from loyalty.storefronts import dialect
from loyalty.table.storefronts import TableStorefronts
from loyalty.usecases.enrollment import look_up
from loyalty.usecases.guests import claim_orders
from loyalty.usecases.intake import apply, understand

# Some tens of milliseconds each, of the function's thirty seconds.
CLAIMED_AT_ONCE_MAX: Final = 200


class _Orders(SqsFifoPartialProcessor):
    """What fails goes back to the queue, and the rest of its order with it; the others go on."""

    def __init__(self) -> None:
        super().__init__(skip_group_on_error=True)
        # A batch of nothing but failures is no failure of the function: each goes back alone.
        self.raise_on_entire_batch_failure = False

    def failure_handler(self, record: Any, exception: Any) -> FailureResponse:
        """Tell the log what went wrong, without the text that an exception may quote."""
        logger.error("not applied", message_id=record.message_id, failure=failure(exception[1]))
        return super().failure_handler(record, exception)


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_partial_response(
        event=event, record_handler=take, processor=_Orders(), context=context
    )


def take(record: SQSRecord) -> None:
    """Apply one delivery and note what came of it, or go on with a claim."""
    told = settings(IntakeSettings)
    if claim := read_claim(record.body):
        _claim(claim, told)
        return
    delivery = read_delivery(clients.s3(), bucket=told.inbox_bucket, message=record.body)
    speaks = dialect(delivery.platform)
    envelope = speaks.envelope(delivery.body, delivery.headers)
    serving = desk(delivery.program_id, table=told.table)
    log = TableStorefronts(engine(told.table))
    try:
        command = understand(delivery, envelope, dialect=speaks, platforms=platforms())
        outcome = apply(command, desk=serving, directory=directory(delivery.program_id, told))
    except TryAgain as refusal:
        # It comes back; until then a manager sees that it has not counted yet.
        failed = Outcome(status="failed", reason=refusal.code)
        log.record(delivery, envelope, outcome=failed, now=serving.now)
        raise
    log.record(delivery, envelope, outcome=outcome, now=serving.now)
    _tell(delivery, envelope, outcome)


def _claim(claim: Claim, told: IntakeSettings) -> None:
    """Let a member have their orders of before; what is left comes back with the message.

    Raises:
        TryAgain: there is more.
    """
    at = desk(claim.program_id, table=told.table)
    members = directory(claim.program_id, told)
    try:
        member = look_up(claim.member_id, members=members, strong=True).member
    except NotFound:
        return
    claimed = claim_orders(member, orders_max=CLAIMED_AT_ONCE_MAX, directory=members, desk=at)
    count("OrdersClaimed", len(claimed.entries))
    count("PointsEarned", sum(each.points + each.pending_points for each in claimed.entries))
    if not claimed.is_done:
        raise TryAgain("More orders of this member are waiting")


@cache
def platforms() -> PlatformClient:
    told = settings(IntakeSettings)
    return PlatformClient(
        shelf=TableStorefronts(engine(told.table)),
        vault=StorefrontSecrets(clients.secrets_manager(), prefix=told.storefront_secrets),
        pause=pause,
        origin=settings(PlatformSettings).platform_origin,
    )


def _tell(delivery: Delivery, envelope: Envelope, outcome: Outcome) -> None:
    logger.info(
        "applied",
        program_id=delivery.program_id,
        storefront_id=delivery.storefront_id,
        delivery_id=delivery_id(envelope, delivery.body),
        topic=envelope.topic,
        order_id=envelope.order_id,
        outcome=outcome.status,
        reason=outcome.reason,
        pointer=outcome.pointer,
    )
    match outcome.status:
        case "earned" if not outcome.replayed:
            count("Orders")
            count("PointsEarned", outcome.points)
        case "edited" if not outcome.replayed:
            count("OrdersEdited")
        case "refunded" if not outcome.replayed:
            count("PointsClawedBack", -outcome.points)
        case "ignored":
            count("DeliveriesIgnored", reason=str(outcome.reason))
        case "parked":
            # Once without the reason: one alarm watches them all.
            count("DeliveriesParked")
            count("DeliveriesParked", reason=str(outcome.reason))
