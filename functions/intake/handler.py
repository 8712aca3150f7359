"""Intake: apply what storefronts delivered, in order for each order."""

import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any, Final

from loyalty.domain.kernel.errors import NotFound, TryAgain
from loyalty.domain.people.identity import Identity, Keyring
from loyalty.domain.shops.deliveries import (
    HELD_UP,
    INTERNAL_ERROR,
    INTERRUPTED,
    StoredDelivery,
)
from loyalty.domain.shops.storefront import Delivery, Envelope, Outcome, Storefront
from loyalty.edge import clock, deadline, origin
from loyalty.edge.aws import clients
from loyalty.edge.aws.inbox import QueuedDelivery, SqsIntakeQueue, open_inbox, read_message
from loyalty.edge.aws.queues.batches import BatchAnswer, GroupHeldUp, handle_messages
from loyalty.edge.aws.queues.guest_claims import GuestClaim, read_claim
from loyalty.edge.aws.queues.record import QueueRecord
from loyalty.edge.aws.storefront_secrets import StorefrontSecrets
from loyalty.edge.aws.table import engine, pause
from loyalty.edge.desk import open_desk
from loyalty.edge.directory import directory, keyring
from loyalty.edge.faults import is_passing
from loyalty.edge.logs import failure, logger
from loyalty.edge.metrics import count, count_together
from loyalty.edge.outgoing.platform_client import PlatformClient, PlatformSettings
from loyalty.edge.settings import settings
from loyalty.storefronts import platform_named
from loyalty.table.activities import TableActivities
from loyalty.table.customers import TableCustomers
from loyalty.table.engagement import TableEngagement
from loyalty.table.erasures import TableErasures
from loyalty.table.products import TableProducts
from loyalty.table.programs import TablePrograms
from loyalty.table.storefronts import StorefrontShelf, TableStorefronts
from loyalty.usecases.engagement.activity_steps import ActivityDesk
from loyalty.usecases.orders.guests import claim_orders
from loyalty.usecases.people.members import look_up
from loyalty.usecases.ports import Desk
from loyalty.usecases.shops.deliveries import Files, queue_stranded
from loyalty.usecases.shops.intake import Intake, apply_delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeSettings:
    table: str
    identity_secret: str
    inbox_bucket: str
    intake_queue_url: str
    storefront_secrets: str


# Some tens of milliseconds each, of the function's thirty seconds.
CLAIMED_AT_ONCE_MAX: Final = 200


@deadline.keeping_time
def handler(event: dict[str, Any], _context: object) -> BatchAnswer | None:
    """The queue hands it deliveries; the schedule wakes it to look for any that were not queued."""
    if "Records" not in event:
        look_for_stranded(runs_an_hour=int(event.get("runs_an_hour", 1)))
        return None
    # The message group is the order: what follows a failed delivery of an order waits with it.
    return handle_messages(event, take, on_failure=note_failure, in_order=True)


def look_for_stranded(*, runs_an_hour: int) -> None:
    """Queue deliveries that were stored in the inbox but never queued, shop by shop.

    If there are several runs in an hour, each takes its share of the programs, so that a thousand
    of them fit into the time of this function. The next hour makes up for a run that was missed,
    because each run looks back two hours.
    """
    config, now = settings(IntakeSettings), clock.now()
    queue = SqsIntakeQueue(clients.sqs(), queue_url=config.intake_queue_url)
    log = TableStorefronts(engine(config.table))
    inbox = open_inbox(table=config.table, bucket=config.inbox_bucket)
    files = Files(inbox, log=log, find_platform=platform_named)
    turn, programs = now.minute * runs_an_hour // 60, 0
    for program_id in TablePrograms(engine(config.table)).registered():
        if zlib.crc32(program_id.encode()) % runs_an_hour != turn:
            continue
        programs += 1
        for shop in log.all(program_id):
            shop_id = shop.storefront_id
            queued = queue_stranded(
                shop_id, program_id=program_id, files=files, queue=queue, now=now
            )
            if queued:
                logger.warning(
                    "stranded", program_id=program_id, storefront_id=shop_id, queued=queued
                )
                count("DeliveriesStranded", queued)
    logger.info("inbox checked", programs=programs)


def take(record: QueueRecord) -> None:
    """Apply one delivery and record its outcome, or go on with a claim of guest orders."""
    config = settings(IntakeSettings)
    message = record.content
    if claim := read_claim(message):
        with origin.caused_by(claim.caused_by):
            _claim(claim, config)
        return
    queued = read_message(message)
    with origin.caused_by(queued.stored.log_id):
        _take_delivery(queued, attempt=record.attempts, config=config)


def _take_delivery(queued: QueuedDelivery, *, attempt: int, config: IntakeSettings) -> None:
    stored, requested_at = queued
    log = TableStorefronts(engine(config.table))
    if attempt > 1:
        # A killed function recorded nothing; from the second attempt on, a manager sees it.
        log.fail(stored, reason=INTERRUPTED, attempts=attempt, now=clock.now(), only_new=True)
    delivery = open_inbox(table=config.table, bucket=config.inbox_bucket).read(stored)
    if delivery is None:
        # Erased, or deleted after thirty days: another attempt would not find it either.
        logger.warning("no longer in the inbox", delivery_id=stored.log_id)
        return
    envelope = platform_named(delivery.platform).envelope(delivery.body, delivery.headers)
    desk = open_desk(delivery.program_id, table=config.table)
    outcome = apply_delivery(
        stored,
        delivery,
        envelope.topic,
        # A manager may change what earns and then replay: the replay must see the new settings.
        connection=partial(_connection, delivery, now=desk.now, since=requested_at),
        intake=_intake(delivery.program_id, desk, log, config),
    )
    log.record(
        stored,
        envelope,
        source=delivery.source,
        outcome=outcome,
        attempts=attempt,
        now=desk.now,
    )
    _report(stored, envelope, outcome)
    if outcome.status == "enrolled" and outcome.member_id:
        _claim(GuestClaim(delivery.program_id, outcome.member_id, origin.cause()), config)


def _intake(program_id: str, desk: Desk, log: TableStorefronts, config: IntakeSettings) -> Intake:
    table, ring = engine(config.table), partial(keyring, config.identity_secret)
    members = directory(program_id, config)
    return Intake(
        find_platform=platform_named,
        reader=platforms(),
        bodies=log,
        products=TableProducts(table, program_id=program_id),
        erasures=TableErasures(table, program_id=program_id),
        customers=TableCustomers(table, program_id=program_id, keyring=ring),
        activities=ActivityDesk(
            activities=TableActivities(table, program_id=program_id),
            awards=TableEngagement(table, program_id=program_id),
        ),
        new_member_id=partial(_new_member_id, program_id, ring),
        members=members,
        directory=members,
        desk=desk,
    )


def _connection(delivery: Delivery, *, now: datetime, since: datetime | None) -> Storefront | None:
    return shelf().find(
        delivery.program_id,
        delivery.storefront_id,
        platform=delivery.platform,
        now=now,
        since=since,
    )


def note_failure(record: QueueRecord, error: Exception) -> None:
    """Log a failure, and show managers that the delivery has not counted yet, and why."""
    logger.error("not applied", message_id=record.message_id, failure=failure(error))
    if isinstance(error, GroupHeldUp):
        reason = HELD_UP
    else:
        reason = TryAgain.code if is_passing(error) else INTERNAL_ERROR
    # Messages about guest orders have no delivery, and a malformed message has none that we know.
    with suppress(KeyError, ValueError, TryAgain):
        log = TableStorefronts(engine(settings(IntakeSettings).table))
        stored = read_message(record.content).stored
        log.fail(stored, reason=reason, attempts=record.attempts, now=clock.now())


def _new_member_id(program_id: str, ring: Callable[[], Keyring], customer: Identity) -> str:
    """The id of the member that a customer becomes: the same in every delivery about them."""
    from ulid import ULID  # noqa: PLC0415  # few deliveries are of customers who become members

    sealed = ring().seal(program_id, "customer", customer.source, customer.value)
    return f"mem_{ULID.from_bytes(sealed[:16])}"


def _claim(claim: GuestClaim, config: IntakeSettings) -> None:
    """Give a member their earlier guest orders, a few at a time; the message repeats for the rest.

    Raises:
        TryAgain: there is more.
    """
    desk = open_desk(claim.program_id, table=config.table)
    members = directory(claim.program_id, config)
    try:
        member = look_up(claim.member_id, members=members, strong=True).member
    except NotFound:
        return
    claimed = claim_orders(member, orders_max=CLAIMED_AT_ONCE_MAX, directory=members, desk=desk)
    points = sum(each.points + each.pending_points for each in claimed.entries)
    count_together({"OrdersClaimed": len(claimed.entries), "PointsEarned": points})
    if not claimed.is_done:
        raise TryAgain("More orders of this member are waiting")


@cache
def shelf() -> StorefrontShelf:
    return StorefrontShelf(TableStorefronts(engine(settings(IntakeSettings).table)))


@cache
def platforms() -> PlatformClient:
    config = settings(IntakeSettings)
    return PlatformClient(
        shelf=TableStorefronts(engine(config.table)),
        vault=StorefrontSecrets(clients.secrets_manager(), prefix=config.storefront_secrets),
        pause=pause,
        origin=settings(PlatformSettings).platform_origin,
    )


def _report(stored_delivery: StoredDelivery, envelope: Envelope, outcome: Outcome) -> None:
    logger.info(
        "applied",
        program_id=stored_delivery.program_id,
        storefront_id=stored_delivery.storefront_id,
        delivery_id=stored_delivery.log_id,
        topic=envelope.topic,
        order_id=envelope.order_id,
        outcome=outcome.status,
        reason=outcome.reason,
        pointer=outcome.pointer,
    )
    match outcome.status:
        case "earned" if not outcome.replayed:
            count_together({"Orders": 1, "PointsEarned": outcome.points})
        case "edited" if not outcome.replayed:
            count("OrdersEdited")
        case "refunded" if not outcome.replayed:
            count("PointsClawedBack", -outcome.points)
        case "recorded" if not outcome.replayed:
            count("ActivitiesRecorded")
        case "data_requested":
            count("DataRequested")
        case "enrolled" if not outcome.replayed:
            count("MembersEnrolled")
        case "ignored":
            count("DeliveriesIgnored", reason=str(outcome.reason))
        case "parked":
            count("DeliveriesParked")
