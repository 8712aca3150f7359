"""Returns: points of a redemption that was cancelled, or whose order was refunded, come back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from loyalty.domain.ledger.account import Account, lapse_of
from loyalty.domain.ledger.entries import CalendarCause, Entry, RequestCause, Return, SharedPart
from loyalty.domain.ledger.holding import Holding, ends_on
from loyalty.domain.ledger.postings import (
    AccountChange,
    Posting,
    VoucherChange,
    addition,
    change_by_addition,
    change_by_taking,
)
from loyalty.domain.ledger.redemptions import request_of
from loyalty.domain.ledger.refunds import OrderState, unrefunded
from loyalty.domain.ledger.stock import unit_back
from loyalty.domain.ledger.vouchers import Contribution

if TYPE_CHECKING:
    from loyalty.domain.ledger.vouchers import Voucher
    from loyalty.domain.orders.order import Order
    from loyalty.domain.program.document import PublishedProgram


def give_back(
    voucher: Voucher,
    *,
    why: Literal["cancelled", "hold_expired"],
    by_member: bool = False,
    account: Account,
    program: PublishedProgram,
    now: datetime,
) -> Posting:
    """Return a cancelled redemption's points, each slice to the lot it came from.

    Points whose lot has expired in the meantime stay valid until `reinstate_days` after the last
    day that they had at first. If that day has passed too, or if the member chose to cancel, they
    expire again at once, in an entry of its own. A cancellation and the end of a hold have the
    same cause, so the points return only once.
    """
    return give_back_to(
        {voucher.member_id: account},
        voucher,
        why=why,
        by_member=by_member,
        program=program,
        now=now,
    )


def give_back_to(
    owners: Mapping[str, Account],
    voucher: Voucher,
    *,
    why: Literal["cancelled", "hold_expired"],
    by_member: bool = False,
    program: PublishedProgram,
    now: datetime,
) -> Posting:
    """Return a cancelled redemption's points, each slice to the lot of the member it came from.

    `owners` maps the member who redeemed, and those in the household who contributed, to their
    settled accounts, or to those that they were merged into. Points of a member who is missing,
    because they were erased, do not return.
    """
    # Cancelling a hold that has run out does what its end would have done.
    is_own_choice = by_member and voucher.state_at(now) != "cancelled"
    parts = _parts(owners, voucher)
    redeemer = owners.get(voucher.member_id)
    returned = [
        _returned(
            _back_entry(
                voucher, why, owner, is_redeemer=owner is redeemer, program=program, now=now
            ),
            part.slices,
            part.first_ends,
            reinstate_days=0 if is_own_choice else program.document.reinstate_days,
            redeemed={voucher.reward_id: -1} if voucher.limited and owner is redeemer else {},
            account=owner,
            program=program,
        )
        for owner, part in parts
    ]
    return Posting(
        entries=tuple(entry for each in returned for entry in each.entries),
        voucher=VoucherChange(voucher, replace(voucher, state="cancelled")),
        stock=unit_back(voucher),
        changes=tuple(each.change for each in returned),
    )


def _parts(owners: Mapping[str, Account], voucher: Voucher) -> list[tuple[Account, Contribution]]:
    """What returns to each account: that of the redeemer first, and of merged members once."""
    accounts: dict[str, Account] = {}
    parts: dict[str, Contribution] = {}
    own = Contribution(voucher.slices, voucher.first_ends)
    for member_id, part in {voucher.member_id: own, **voucher.shared}.items():
        if (owner := owners.get(member_id)) is not None:
            account = accounts.setdefault(owner.member_id, owner)
            before = parts.get(account.member_id)
            parts[account.member_id] = before.together_with(part) if before else part
    return [(accounts[name], part) for name, part in parts.items()]


def _back_entry(
    voucher: Voucher,
    why: Literal["cancelled", "hold_expired"],
    owner: Account,
    *,
    is_redeemer: bool,
    program: PublishedProgram,
    now: datetime,
) -> Entry:
    request = request_of(voucher.redemption_id)
    redemption_id = voucher.redemption_id
    detail = (
        Return(redemption_id=redemption_id, why=why)
        if is_redeemer
        else SharedPart(redemption_id=redemption_id, spent_by=voucher.member_id, why=why)
    )
    return Entry(
        cause=(
            RequestCause(request, "return")
            if is_redeemer
            else RequestCause(request, "contribution", f"{owner.member_id}/returned")
        ),
        member_id=owner.member_id,
        effect=Holding(),
        happened_at=now,
        recorded_at=now,
        program_version=program.version,
        detail=detail,
    )


def due_back(voucher: Voucher, order: Order, state: OrderState) -> int:
    """How many of the points that paid for an order its refunds return, all refunds together.

    It is the refunded share of the order as it stands, rounded down. So a refund in parts returns
    what one refund returns, and a full one returns all.
    """
    in_force = state.order or order
    left = unrefunded(order, state)
    whole_minor = in_force.amount_minor
    if whole_minor:
        return voucher.points * (whole_minor - left.amount_minor) // whole_minor
    if state.is_whole:
        return voucher.points
    # The points paid for all of it: only its units say how much of it is gone.
    units = sum(line.quantity for line in in_force.lines)
    gone = units - sum(line.quantity for line in left.lines)
    return voucher.points * gone // units if units else 0


def give_back_share(
    voucher: Voucher, *, due: int, account: Account, program: PublishedProgram, now: datetime
) -> Posting:
    """Return points that paid for an order, up to `due` of them in all.

    The points that were taken last, which live longest, return first. Expired ones are reinstated
    as in `give_back`.
    """
    returned = _returned(
        _share_entry(voucher, "refunded", account=account, program=program, now=now),
        slices_between(voucher, voucher.returned, due),
        voucher.first_ends,
        reinstate_days=program.document.reinstate_days,
        account=account,
        program=program,
    )
    becomes = replace(
        voucher, returned=due, return_forgiven=0, return_steps=voucher.return_steps + 1
    )
    return Posting(
        entries=returned.entries,
        voucher=VoucherChange(voucher, becomes),
        changes=(returned.change,),
    )


def take_share_again(
    voucher: Voucher,
    *,
    due: int,
    account: Account,
    expired: Mapping[date, int],
    program: PublishedProgram,
    now: datetime,
) -> Posting:
    """Take points again that had returned for a refund which was withdrawn since.

    They come from the lots that they returned to, then from any lot. `expired` says how many points
    of past lots expired unspent: those are not taken again. What the member does not have becomes
    debt where refunds can leave a debt, and is waived elsewhere.
    """
    excess = voucher.returned - voucher.return_forgiven - due
    share = slices_between(voucher, due, voucher.returned)
    reinstates = timedelta(days=program.document.reinstate_days)
    lapsed = sum(
        min(points, sum(expired.get(day, 0) for day in _ends(lot, reinstates)))
        for lot, points in share.items()
    )
    excused = min(excess, lapsed)
    taken = account.holding.take(excess - excused, prefer=share)
    missing = excess - excused - taken.spendable
    owed = missing if program.document.clawback == "unlimited" else 0
    entry = replace(
        _share_entry(voucher, "refund_withdrawn", account=account, program=program, now=now),
        effect=Holding(debt=owed) - taken,
    )
    becomes = replace(
        voucher,
        returned=voucher.returned - taken.spendable - owed - excused,
        return_forgiven=voucher.return_forgiven + missing - owed,
        return_steps=voucher.return_steps + 1,
    )
    return Posting(
        entries=(entry,),
        voucher=VoucherChange(voucher, becomes),
        changes=(
            change_by_taking(account, entries=(entry,), taken=taken, relies_on_balance=missing > 0),
        ),
    )


def lots_of_share(voucher: Voucher, *, due: int, program: PublishedProgram) -> frozenset[date]:
    """The lots in which the points that `take_share_again` takes may have expired."""
    reinstates = timedelta(days=program.document.reinstate_days)
    share = slices_between(voucher, due, voucher.returned)
    return frozenset(day for lot in share for day in _ends(lot, reinstates))


def slices_between(voucher: Voucher, first: int, last: int) -> dict[date, int]:
    """The slices of a voucher's points from one number to another, counted from the last lot on."""
    slices: dict[date, int] = {}
    passed = 0
    for lot in sorted(voucher.slices, reverse=True):
        points = voucher.slices[lot]
        if share := min(last, passed + points) - max(first, passed):
            slices[lot] = max(0, share)
        passed += points
    return {lot: points for lot, points in slices.items() if points}


@dataclass(frozen=True, slots=True)
class _Returned:
    entries: tuple[Entry, ...]
    change: AccountChange


def _returned(
    entry: Entry,
    slices: Mapping[date, int],
    known_ends: Mapping[date, date],
    *,
    reinstate_days: int,
    redeemed: Mapping[str, int] | None = None,
    account: Account,
    program: PublishedProgram,
) -> _Returned:
    """The entry with the effect of slices that return, and the change to the account."""
    today = program.document.today(entry.recorded_at)
    lapses_after = lapse_of(account, program)
    reinstates = timedelta(days=reinstate_days)
    lots: Counter[date] = Counter()
    first_ends: dict[date, date] = {}
    for lot, points in slices.items():
        end = ends_on(lot, lapses_after, spared=account.reinstated)
        first_end = known_ends.get(lot, end)
        if end < today <= first_end + reinstates:
            first_ends[first_end + reinstates] = first_end
            lots[first_end + reinstates] += points
        else:
            lots[lot] += points
    added = addition(
        account,
        Holding(lots=lots),
        today=today,
        lapses_after=lapses_after,
        reinstated=first_ends,
    )
    entry = replace(entry, effect=added.effect)
    entries = (entry, *_expired_again(entry, added.expired, account=account))
    change = change_by_addition(
        account,
        entries=entries,
        due=added.due,
        redeemed=redeemed or {},
        reinstated=_as_placed(first_ends, added.effect.lots.keys() - slices.keys()),
    )
    return _Returned(entries, change)


def _share_entry(
    voucher: Voucher,
    why: Literal["refunded", "refund_withdrawn"],
    *,
    account: Account,
    program: PublishedProgram,
    now: datetime,
) -> Entry:
    name = str(voucher.return_steps + 1)
    return Entry(
        cause=RequestCause(request_of(voucher.redemption_id), "return", name),
        member_id=account.member_id,
        effect=Holding(),
        happened_at=now,
        recorded_at=now,
        program_version=program.version,
        detail=Return(redemption_id=voucher.redemption_id, why=why, order=voucher.used_order),
    )


def _ends(lot: date, reinstates: timedelta) -> frozenset[date]:
    """The last days that points of a lot can have had once they returned."""
    return frozenset({lot, lot + reinstates} if lot < date.max - reinstates else {lot})


def _as_placed(first_ends: Mapping[date, date], lots: AbstractSet[date]) -> dict[date, date]:
    """First ends by the lots that the points entered: a later lot where too many are open.

    Points that paid a debt entered no lot.
    """
    placed: dict[date, date] = {}
    for lot, first_end in first_ends.items():
        joined = min((day for day in lots if day >= lot), default=None)
        if joined is not None:
            placed[joined] = min(first_end, placed.get(joined, first_end))
    return placed


def _expired_again(entry: Entry, expired: Holding, *, account: Account) -> tuple[Entry, ...]:
    """Expiries of the lots that the points came from, where refunds of their orders look."""
    return tuple(
        replace(
            entry,
            cause=CalendarCause(account.member_id, "expiry", (lot,), account.entries),
            effect=Holding(lots={lot: -points}),
            detail=None,
        )
        for lot, points in expired.lots.items()
    )
