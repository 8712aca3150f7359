"""Corrections by people: adjust a balance, transfer points, grant a level, merge members."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from loyalty.domain.kernel.calendar import add_months
from loyalty.domain.kernel.errors import (
    Fault,
    Forbidden,
    InsufficientPoints,
    LimitReached,
    PointsTooNew,
    ValidationFailed,
)
from loyalty.domain.kernel.limits import POINTS_MAX
from loyalty.domain.ledger.account import Account, TierFloor, transfers_counter
from loyalty.domain.ledger.corrections import (
    add_points,
    grant,
    has_room_for,
    merge,
    take_points,
    transfer,
)
from loyalty.domain.ledger.entries import RequestCause
from loyalty.domain.ledger.giving import giveable
from loyalty.domain.ledger.postings import AllowanceUsed, Posting
from loyalty.domain.orders.order import fingerprint
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.ledger.accounts import open_account, settled
from loyalty.usecases.ledger.once import Recorded, once
from loyalty.usecases.ledger.pooling import without_household

if TYPE_CHECKING:
    from collections.abc import Callable

    from loyalty.domain.ledger.approvals import Approval, RequestedAdjustment
    from loyalty.usecases.ports import Desk

FLOOR_MONTHS_MAX: Final = 120


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many points a caller may adjust; None: without limit.

    `per_day_max` is for one day of the program, added and taken together, `each_max` for one
    adjustment.
    """

    caller: str
    per_day_max: int | None = None
    each_max: int | None = None

    def require_room_for(self, points: int) -> None:
        """Refuse an adjustment that exceeds a limit by itself.

        Raises:
            LimitReached: it does.
        """
        if self.each_max is not None and abs(points) > self.each_max:
            raise LimitReached(f"Your role may adjust at most {self.each_max} points at a time")
        if self.per_day_max is not None and abs(points) > self.per_day_max:
            raise LimitReached(f"Your role may adjust at most {self.per_day_max} points a day")

    def used(self, points: int, *, day: date) -> AllowanceUsed | None:
        """What an adjustment uses of the limit of a day; None if there is no such limit."""
        if self.per_day_max is None:
            return None
        return AllowanceUsed(self.caller, day, abs(points), self.per_day_max)


def adjust(
    member_id: str,
    *,
    adjustment: RequestedAdjustment,
    request_id: str,
    allowance: Allowance | None,
    approving: Callable[[], Approval] | None = None,
    desk: Desk,
) -> Recorded:
    """Correct a balance by hand, once. Without an `allowance`, the amount has no limit.

    `approving` decides, from what is there by then, the approval that this carries out.

    Raises:
        NotFound: no such member.
        LimitReached: more than the caller may adjust, or than a balance may hold.
        InsufficientPoints: the account has fewer points than the request takes.
        IdempotencyConflict: the same request was made before with different content.
        TryAgain: other writers were faster too often.
    """
    points = adjustment.points

    def decide() -> Posting:
        approval = approving() if approving else None
        used = None
        if allowance is not None:
            allowance.require_room_for(points)
            used = allowance.used(points, day=desk.today)
        posting = decide_adjustment(
            member_id, adjustment=adjustment, request_id=request_id, settle=settled, desk=desk
        )
        return replace(posting, allowance=used, approval=approval)

    return once(
        RequestCause(request_id, "adjustment"),
        fingerprint=adjustment_fingerprint(member_id, adjustment),
        decide=decide,
        desk=desk,
    )


def adjustment_fingerprint(member_id: str, adjustment: RequestedAdjustment) -> str:
    """Distinguishes a repeated adjustment from another one with the same key."""
    return fingerprint(
        "adjust",
        member_id,
        adjustment.points,
        adjustment.why.reason,
        adjustment.why.reference,
        adjustment.expiring_on.isoformat() if adjustment.expiring_on else None,
        adjustment.below_zero,
    )


def decide_adjustment(
    member_id: str,
    *,
    adjustment: RequestedAdjustment,
    request_id: str,
    settle: Callable[[Desk, Account], Account],
    desk: Desk,
) -> Posting:
    """Decide a correction, from a strong read; `settle` catches the account up.

    Raises:
        NotFound: no such member.
        LimitReached: more than a balance may hold.
        InsufficientPoints: the account has fewer points than the correction takes.
    """
    points = adjustment.points
    request_fingerprint = adjustment_fingerprint(member_id, adjustment)
    account = settle(desk, open_account(desk, member_id, strong=True))
    if points > 0:
        _require_room_for(points, account)
        return add_points(
            points,
            account=account,
            program=desk.program,
            expiring_on=adjustment.expiring_on,
            why=adjustment.why,
            request_id=request_id,
            fingerprint=request_fingerprint,
            now=desk.now,
        )
    if account.holding.spendable < -points and not adjustment.below_zero:
        raise InsufficientPoints(f"Only {account.holding.spendable} points are available")
    return take_points(
        -points,
        account=account,
        program=desk.program,
        why=adjustment.why,
        request_id=request_id,
        fingerprint=request_fingerprint,
        now=desk.now,
    )


def give(giver_id: str, *, taker_id: str, points: int, request_id: str, desk: Desk) -> Recorded:
    """Move points from one member to another, once.

    Raises:
        NotFound: one of them does not exist.
        Forbidden: point transfers are not enabled in this program.
        ValidationFailed: fewer or more points than one transfer may move, or both are the same
            member.
        LimitReached: the giver has made all transfers that a month allows, or the taker's balance
            would hold more than it may.
        InsufficientPoints: the giver has fewer points.
        PointsTooNew: the giver has the points, but their orders are too recent.
        IdempotencyConflict: the same request was made before with different content.
        TryAgain: other writers were faster too often.
    """
    request_fingerprint = fingerprint("transfer", giver_id, taker_id, points)

    def decide() -> Posting:
        _require_transferable(points, desk=desk)
        giver = settled(desk, open_account(desk, giver_id, strong=True))
        taker = settled(desk, open_account(desk, taker_id, strong=True))
        _require_two(giver, taker)
        _require_room(giver, desk=desk)
        if giver.holding.spendable < points:
            raise InsufficientPoints(f"Only {giver.holding.spendable} points are available")
        if (now_giveable := giveable(giver, today=desk.today)) < points:
            raise PointsTooNew(f"Only {now_giveable} points can be given away now, the rest later")
        _require_room_for(points, taker)
        return transfer(
            points,
            giver=giver,
            taker=taker,
            program=desk.program,
            request_id=request_id,
            fingerprint=request_fingerprint,
            now=desk.now,
        )

    return once(
        RequestCause(request_id, "transfer", "out"),
        fingerprint=request_fingerprint,
        decide=decide,
        desk=desk,
    )


def merge_members(loser_id: str, *, into: str, request_id: str, desk: Desk) -> Recorded:
    """Make two members one, once; the first one's points and debts go to the second.

    Raises:
        NotFound: one of them does not exist.
        ValidationFailed: both are the same member, by name or since they were merged.
        IdempotencyConflict: the same request was made before with different content.
        TryAgain: other writers were faster too often.
    """
    request_fingerprint = fingerprint("merge", loser_id, into)

    def decide() -> Posting:
        return decide_merge(
            loser_id,
            into=into,
            request_id=request_id,
            fingerprint=request_fingerprint,
            settle=settled,
            desk=desk,
        ).posting

    return once(
        RequestCause(request_id, "merge", "out"),
        fingerprint=request_fingerprint,
        decide=decide,
        desk=desk,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedMerge:
    """Two settled accounts, the one that remains, and what makes them one."""

    loser: Account
    survivor: Account
    after: Account
    posting: Posting


def decide_merge(
    loser_id: str,
    *,
    into: str,
    request_id: str,
    fingerprint: str,
    settle: Callable[[Desk, Account], Account],
    desk: Desk,
) -> DecidedMerge:
    """Decide a merge of two members, from strong reads; `settle` catches an account up.

    Raises:
        NotFound: one of them does not exist.
        ValidationFailed: both are the same member.
    """
    loser = settle(desk, open_account(desk, loser_id, strong=True))
    survivor = settle(desk, open_account(desk, into, strong=True))
    _require_two(loser, survivor)
    merged = merge(
        loser,
        survivor,
        program=desk.program,
        request_id=request_id,
        fingerprint=fingerprint,
        now=desk.now,
    )
    posting = without_household(merged, loser, desk=desk)
    (after,) = (
        change.becomes
        for change in posting.changes
        if change.becomes is not None and change.member_id == survivor.member_id
    )
    return DecidedMerge(loser=loser, survivor=survivor, after=after, posting=posting)


@until_saved
def grant_tier(member_id: str, floor: TierFloor | None, *, desk: Desk) -> Account:
    """Grant a member at least a level until a day; None leaves the level that they reached.

    Raises:
        NotFound: no such member.
        ValidationFailed: the program has no such level, or the day is past or too far away.
        TryAgain: other writers were faster too often.
    """
    if floor is not None:
        require_grantable(floor, desk=desk)
    account = settled(desk, open_account(desk, member_id, strong=True))
    posting = grant(account, floor, program=desk.program, now=desk.now)
    if posting is None:
        return account
    desk.books.post(posting)
    return posting.changes[0].becomes or account


def require_grantable(floor: TierFloor, *, desk: Desk) -> None:
    tiers = desk.program.document.tiers
    if tiers is None or tiers.level(floor.level) is None:
        detail = f"There is no level “{floor.level}”"
        raise ValidationFailed(detail, faults=(Fault("/level", "unknown_level", detail),))
    if not desk.today <= floor.until <= add_months(desk.today, FLOOR_MONTHS_MAX):
        detail = f"Choose a day from today to {FLOOR_MONTHS_MAX // 12} years from now"
        raise ValidationFailed(detail, faults=(Fault("/until", "date_out_of_range", detail),))


def _require_transferable(points: int, *, desk: Desk) -> None:
    limits = desk.program.document.transfers
    if limits is None:
        raise Forbidden("Point transfers are not enabled in this program")
    if not limits.points_min <= points <= limits.points_max:
        detail = f"Transfer {limits.points_min} to {limits.points_max} points at a time"
        raise ValidationFailed(detail, faults=(Fault("/points", "out_of_range", detail),))


def _require_room_for(points: int, account: Account) -> None:
    if not has_room_for(points, account):
        raise LimitReached(f"A balance may hold at most {POINTS_MAX} points")


def _require_two(one: Account, other: Account) -> None:
    if one.member_id == other.member_id:
        detail = "Both are the same member"
        raise ValidationFailed(detail, faults=(Fault("", "same_member", detail),))


def _require_room(giver: Account, *, desk: Desk) -> None:
    limits = desk.program.document.transfers
    made = giver.redeemed.get(transfers_counter(desk.today), 0)
    if limits is not None and made >= limits.per_month_max:
        raise LimitReached(
            f"This member already made {made} transfers this month, the most allowed"
        )
