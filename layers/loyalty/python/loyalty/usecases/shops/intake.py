"""Intake: apply each delivery of a storefront once, however often it arrives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, assert_never

from loyalty.domain.engagement.activities import ActivityRemoved, ReportedActivity
from loyalty.domain.kernel.errors import (
    IdempotencyConflict,
    LimitReached,
    NotFound,
    TooLarge,
    ValidationFailed,
)
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.privacy_requests import PrivacyRequest
from loyalty.domain.shops.customers import (
    CustomerErased,
    CustomersMerged,
    CustomerUpdated,
)
from loyalty.domain.shops.deliveries import CONTRADICTED, StoredDelivery
from loyalty.domain.shops.memberships import MembershipUpdated
from loyalty.domain.shops.needs import OrderNeeds, needs_of
from loyalty.domain.shops.storefront import (
    ALL_EARN,
    Command,
    Delivery,
    FetchNeeded,
    Ignored,
    OrderCommand,
    OrderPaid,
    OrderRefunded,
    OrdersPaid,
    Outcome,
    Parked,
    RefundFailed,
    SendingShop,
    Storefront,
)
from loyalty.usecases.ledger.paid_points import settle_paid_points
from loyalty.usecases.orders.accrual import Earned, GuestOrderKept, NamedCustomer
from loyalty.usecases.orders.arrival import (
    ArrivedOrder,
    ArrivedRefund,
    NotRecorded,
    OrderOutcome,
    RefundOutcome,
    order_arrived,
    refund_arrived,
)
from loyalty.usecases.orders.edits import Edited, Outdated, withdraw_refund
from loyalty.usecases.orders.refunds import Refunded, Waiting
from loyalty.usecases.shops.activities import apply_activity
from loyalty.usecases.shops.choices import CURRENCY_MISMATCH, as_chosen
from loyalty.usecases.shops.customers import Customers, apply_to_person
from loyalty.usecases.shops.deliveries import Bodies, contradicts
from loyalty.usecases.shops.platforms import FindPlatform, Platform, PlatformReader, Unfetchable
from loyalty.usecases.shops.privacy_requests import answer
from loyalty.usecases.shops.products import Products, with_products

if TYPE_CHECKING:
    from loyalty.domain.ledger.entries import Entry
    from loyalty.domain.people.identity import Identity
    from loyalty.usecases.engagement.activity_steps import ActivityDesk
    from loyalty.usecases.people.erasure import Erasures
    from loyalty.usecases.ports import Desk, Directory, Members

OUTDATED: Final = "outdated"
NOT_PAID: Final = "not_paid"
MEMBER_CLOSED: Final = "member_closed"
# The record of the order or refund would be larger than a table item may be.
ORDER_TOO_LARGE: Final = "order_too_large"
# All orders of storefronts are recorded as named by this. If it were the customer's own name, a
# customer who gets an account or a new phone number would turn the same order into another one.
NAMED_BY_STOREFRONT = "storefront"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Everything that applying the deliveries of one program needs."""

    find_platform: FindPlatform
    reader: PlatformReader
    bodies: Bodies
    products: Products
    erasures: Erasures
    customers: Customers
    activities: ActivityDesk
    new_member_id: Callable[[Identity], str]
    members: Members
    directory: Directory
    desk: Desk


def apply_delivery(
    stored: StoredDelivery,
    delivery: Delivery,
    topic: str,
    *,
    connection: Callable[[], Storefront | None],
    intake: Intake,
) -> Outcome:
    """Apply a delivery once, however often it is delivered.

    Raises:
        TryAgain: the platform does not answer, or others wrote first every time; applying the
            delivery again is safe.
    """
    if contradicts(stored, bodies=intake.bodies):
        return Outcome(status="parked", reason=CONTRADICTED)
    storefront = connection()
    platform = intake.find_platform(delivery.platform)
    command = understand(
        delivery,
        topic,
        storefront=storefront,
        platform=platform,
        reader=intake.reader,
        needs=needs_of(intake.desk.program.document),
    )
    match command:
        case PrivacyRequest():
            return answer(
                command,
                stored=stored,
                delivery=delivery,
                erasures=intake.erasures,
                directory=intake.directory,
                desk=intake.desk,
            )
        case ReportedActivity() | ActivityRemoved():
            return apply_activity(
                command, shelves=intake.activities, directory=intake.directory, desk=intake.desk
            )
        case CustomerUpdated() | CustomerErased() | CustomersMerged() | MembershipUpdated():
            return apply_to_person(
                command,
                storefront=storefront,
                new_member_id=intake.new_member_id,
                customers=intake.customers,
                members=intake.members,
                desk=intake.desk,
            )
        case OrderPaid() | OrdersPaid() | OrderRefunded() if storefront:
            currency = intake.desk.program.document.currency
            command = as_chosen(command, storefront, currency=currency)
        case _:
            pass
    match command:
        case OrderPaid() | OrdersPaid():
            command = with_products(
                command,
                delivery=delivery,
                storefront=storefront,
                platform=platform,
                reader=intake.reader,
                products=intake.products,
                desk=intake.desk,
            )
        case _:
            pass
    return apply(command, desk=intake.desk, directory=intake.directory)


def understand(
    delivery: Delivery,
    topic: str,
    *,
    storefront: Storefront | None,
    platform: Platform,
    reader: PlatformReader,
    needs: OrderNeeds,
) -> Command | PrivacyRequest:
    """What a delivery means; if it only points to what happened, that is read first.

    `storefront` is the shop as it is connected now, so a replayed delivery is judged by the current
    settings. All orders of a shop that is no longer connected earn. `needs` are what the program
    reads of orders: a shop that can be asked for it should tell it.

    Raises:
        TryAgain: the platform does not answer.
    """
    can_be_asked = storefront is not None and storefront.can_be_asked
    shop = SendingShop(
        delivery.source,
        earns=storefront.earns if storefront else ALL_EARN,
        store=storefront.store if storefront else None,
        names_products=needs.products and can_be_asked,
        names_tenders=needs.tenders and can_be_asked,
    )
    command = platform.translate(topic, delivery.body, shop)
    while isinstance(command, FetchNeeded):
        try:
            responses = reader.fetch(delivery, command.paths, body=command.body)
        except Unfetchable as refusal:
            return command.without or Parked(refusal.reason)
        command = command.complete(responses)
    return command


def apply(command: OrderCommand, *, desk: Desk, directory: Directory) -> Outcome:
    """Apply a command about an order.

    Raises:
        TryAgain: other writers were faster too often; applying it again is safe.
    """
    try:
        return _apply(command, desk=desk, directory=directory)
    except TooLarge:
        return Outcome(status="parked", reason=ORDER_TOO_LARGE)


def _apply(command: OrderCommand, *, desk: Desk, directory: Directory) -> Outcome:
    match command:
        case OrderPaid():
            return _order_paid(command, desk=desk, directory=directory)
        case OrdersPaid():
            return _orders_paid(command, desk=desk, directory=directory)
        case OrderRefunded():
            return _order_refunded(command, desk=desk)
        case RefundFailed():
            return _refund_failed(command, desk=desk)
        case Ignored():
            return Outcome(status="ignored", reason=command.reason)
        case Parked():
            return Outcome(status="parked", reason=command.reason, pointer=command.pointer)
        case _:
            assert_never(command)


def _order_paid(paid: OrderPaid, *, desk: Desk, directory: Directory) -> Outcome:
    """The outcome is that of the order or of its refunds, whichever was new first."""
    if paid.currency != desk.program.document.currency:
        return Outcome(status="parked", reason=CURRENCY_MISMATCH)
    recorded = order_arrived(
        ArrivedOrder(
            order=paid.order,
            customer=NamedCustomer(named=NAMED_BY_STOREFRONT, identities=paid.identities),
            mode="follow",
            codes=paid.codes,
            refunds=paid.refunds,
            traded_in=paid.traded_in,
            is_excluded=paid.excluded is not None,
            all_given_back=paid.all_given_back,
        ),
        directory=directory,
        desk=desk,
    )
    outcome = _order_outcome(recorded.order, excluded=paid.excluded)
    for each in recorded.refunds:
        refunded = _refund_outcome(each)
        if (outcome.replayed or outcome.status == "ignored") and not refunded.replayed:
            outcome = refunded
    return replace(outcome, vouchers=recorded.vouchers)


def _orders_paid(command: OrdersPaid, *, desk: Desk, directory: Directory) -> Outcome:
    """Record each order. The outcome is the first one that is new, with the points of all."""
    outcomes = [_order_paid(paid, desk=desk, directory=directory) for paid in command.orders]
    outcome = next((each for each in outcomes if not each.replayed), outcomes[0])
    return replace(
        outcome,
        points=sum(each.points for each in outcomes if each.replayed == outcome.replayed),
        vouchers=tuple(step for each in outcomes for step in each.vouchers),
    )


def _order_outcome(recorded: OrderOutcome, *, excluded: str | None) -> Outcome:
    match recorded:
        case Earned():
            return _moved("earned", recorded.entry, replayed=recorded.replayed)
        case Edited():
            return _moved("edited", recorded.entry, replayed=recorded.replayed)
        case GuestOrderKept():
            return Outcome(status="guest")
        case Outdated():
            return Outcome(status="ignored", reason=OUTDATED)
        case NotRecorded(refusal=ValidationFailed() as refusal):
            return Outcome(status="ignored", reason=refusal.faults[0].code)
        case NotRecorded(refusal=NotFound()):
            # The member was erased, maybe between two reads.
            return Outcome(status="ignored", reason=MEMBER_CLOSED)
        case NotRecorded():
            return Outcome(status="ignored", reason=excluded)


def _order_refunded(command: OrderRefunded, *, desk: Desk) -> Outcome:
    if command.currency not in (None, desk.program.document.currency):
        return Outcome(status="parked", reason=CURRENCY_MISMATCH)
    recorded = refund_arrived(
        ArrivedRefund(
            ref=OrderRef(command.source, command.order_id),
            request=command.refund,
            mode="follow",
            all_given_back=command.all_given_back,
            if_recorded=command.if_recorded,
        ),
        desk=desk,
    )
    return replace(_refund_outcome(recorded.refund), vouchers=recorded.vouchers)


def _refund_failed(command: RefundFailed, *, desk: Desk) -> Outcome:
    ref = OrderRef(command.source, command.order_id)
    try:
        edited = withdraw_refund(
            ref,
            failure_id=command.failure_id,
            id_prefix=command.id_prefix,
            amount_minor=command.amount_minor,
            failed_at=command.failed_at,
            desk=desk,
        )
    except NotFound:
        return Outcome(status="ignored", reason=MEMBER_CLOSED)
    if edited is None:
        return Outcome(status="ignored", reason="nothing_given_back")
    outcome = _moved("edited", edited.entry, replayed=edited.replayed)
    return replace(outcome, vouchers=settle_paid_points(ref, desk=desk))


def _refund_outcome(refunded: RefundOutcome) -> Outcome:
    match refunded:
        case Refunded():
            return _moved("refunded", refunded.entry, replayed=refunded.replayed)
        case Waiting():
            return Outcome(status="waiting")
        case Outdated():
            return Outcome(status="ignored", reason=OUTDATED)
        case NotRecorded(refusal=LimitReached() as refusal):
            # Too many refunds wait for this order: a person has to find out why.
            return Outcome(status="parked", reason=refusal.code)
        case NotRecorded(refusal=IdempotencyConflict() as refusal):
            return Outcome(status="ignored", reason=refusal.code)
        case NotRecorded(refusal=NotFound()):
            return Outcome(status="ignored", reason=MEMBER_CLOSED)
        case NotRecorded():
            return Outcome(status="ignored", reason=NOT_PAID)


def _moved(
    status: Literal["earned", "edited", "refunded"], entry: Entry, *, replayed: bool
) -> Outcome:
    return Outcome(
        status=status,
        member_id=entry.member_id,
        entry_id=entry.id,
        points=entry.points + entry.pending_points,
        replayed=replayed,
    )
