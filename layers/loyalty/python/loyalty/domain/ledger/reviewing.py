"""What deciding a review does to the points of its order: they are released, or taken back."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from loyalty.domain.ledger.account import lapse_of
from loyalty.domain.ledger.clawbacks import take_back
from loyalty.domain.ledger.entries import Accrual, Entry, OrderCause
from loyalty.domain.ledger.giving import waiting
from loyalty.domain.ledger.holding import Holding, PendingDates
from loyalty.domain.ledger.postings import (
    OrderStateChange,
    Posting,
    addition,
    change_by_addition,
    expiry_at_once,
)
from loyalty.domain.ledger.refunds import OrderState, parts_of, places_of, state_of

if TYPE_CHECKING:
    from loyalty.domain.earning.awarding import Part
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.orders_to_settle import OrderToSettle
    from loyalty.domain.program.document import PublishedProgram

# Names the entries of a review among those of its order. No refund's id can be this.
REVIEW: Final = "~review"


def release(
    *,
    earned: Accrual,
    state: OrderState | None,
    account: Account,
    program: PublishedProgram,
    now: datetime,
) -> Posting:
    """Release the held points of an order to a settled account, as if they had never been held.

    Each part lies by its own dates from now on: available, or pending for as long as the rules that
    gave it say. Points that were taken back are gone. If nothing is held any more, only the order's
    state says that it was released.
    """
    today = program.document.today(now)
    seen = state_of(earned, state)
    held: Counter[PendingDates] = Counter()
    freed: list[Part] = []
    for part, place, taken in zip(
        parts_of(earned, seen), places_of(earned, seen), seen.taken, strict=True
    ):
        left = part.points - taken
        if left and place.available_on > max(part.available_on, today):
            held[PendingDates(place.available_on, place.expires_on)] += left
            freed.append(part._replace(points=left))
    released = replace(seen, verdict="released", counter=seen.counter + 1, changed_at=now)
    change = OrderStateChange(
        earned.order.source,
        earned.order.order_id,
        released,
        counter_seen=state.counter if state else None,
    )
    if not freed:
        return Posting(order_state=change)
    out = Holding(pending=held)
    added = addition(
        account,
        Holding.from_parts(freed, today=today),
        today=today,
        lapses_after=lapse_of(account, program),
    )
    entry = Entry(
        cause=OrderCause(earned.order.source, earned.order.order_id, "activation", REVIEW),
        member_id=account.member_id,
        effect=added.effect - out,
        happened_at=now,
        recorded_at=now,
        program_version=program.version,
    )
    entries = (entry, *expiry_at_once(entry, added.expired))
    expired = Counter(seen.expired)
    expired.update(added.expired.lots)
    of_account = change_by_addition(
        account,
        entries=entries,
        due=added.due,
        giveable_from=waiting(freed, program.document, today=today),
    )
    return Posting(
        entries=entries,
        order_state=replace(change, state=replace(released, expired=expired)),
        changes=(replace(of_account, pending_at_least=out.pending),),
    )


def reject(recorded: OrderToSettle) -> Posting:
    """Take back all points of an order, which earns nothing from now on, however it changes.

    Held points are pending, so they are there to be taken. For all others the program's policy
    holds, as for a refund of the whole order.
    """
    seen = recorded.seen
    return take_back(
        replace(seen, verdict="rejected", counter=seen.counter + 1),
        recorded,
        name=REVIEW,
        happened_at=recorded.now,
        fingerprint="",
    )
