"""Redemptions: points buy a reward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from loyalty.domain.campaigns.member_facts import admits, leaves
from loyalty.domain.kernel.calendar import midnight
from loyalty.domain.kernel.errors import (
    Fault,
    InsufficientPoints,
    LimitReached,
    OutOfStock,
    Refusal,
    RewardUnavailable,
    ValidationFailed,
)
from loyalty.domain.ledger.account import Account, counters_of_the_past, redemptions_counter
from loyalty.domain.ledger.entries import (
    CalendarCause,
    Entry,
    Redemption,
    RequestCause,
    RewardGrant,
)
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.postings import (
    Posting,
    StockTaken,
    change_by_taking,
    newly_active,
)
from loyalty.domain.ledger.tiers import Counting, level_seen
from loyalty.domain.ledger.vouchers import Terms, Voucher

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from loyalty.domain.campaigns.member_facts import MemberFacts
    from loyalty.domain.program.document import Program, PublishedProgram
    from loyalty.domain.program.levels import (
        TierLevel,
    )
    from loyalty.domain.program.rewards import PayWithPoints, Reward

# How often one member may redeem on one day, cancelled redemptions included. Each makes up to two
# entries, and everything that reads a member's entries costs in proportion to their number.
REDEMPTIONS_A_DAY_MAX: Final = 50
# The first end of points that had expired before their late redemption was reported: cancelling it
# does not reinstate them again.
LONG_OVER: Final = date.min
ALWAYS_OPEN: Final = datetime.min.replace(tzinfo=UTC)
NEVER_OPENS: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Price:
    """What a redemption costs in points, and its worth in money if it has one."""

    points: int
    amount_minor: int | None


def cost(reward: Reward, level: TierLevel | None) -> int:
    """What a reward costs at a level; for a reward that pays by points, the least to redeem."""
    return reward.tier_costs.get(level.id, reward.cost_points) if level else reward.cost_points


def price(
    reward: Reward, level: TierLevel | None, *, points: int | None, order_minor: int | None
) -> Price:
    """The price of a reward. If it pays by points, the member chose `points` for an order.

    `order_minor` is the order's amount in minor units.

    Points that are worth no whole minor unit stay with the member: where 3 points are worth a
    cent, 10 points cost 9.

    Raises:
        ValidationFailed: `points` for a reward with a fixed price; or, where points pay, none, too
            few, worth nothing, or worth more than the order and the reward allow.
    """
    if reward.pay is None:
        if points is not None:
            raise _unpriced("/points", "fixed_price", f"{reward.name} has a fixed price")
        return Price(cost(reward, level), reward.amount_minor)
    if points is None:
        raise _unpriced("/points", "missing", "State how many points to redeem")
    if points < (least := cost(reward, level)):
        detail = f"Redeem at least {least} points"
        raise _unpriced("/points", "below_minimum", detail)
    if order_minor is None:
        raise _unpriced("/order_amount", "missing", "State the amount of the order")
    worth_minor = reward.pay.worth_minor(points)
    if worth_minor == 0:
        raise _unpriced("/points", "worth_nothing", f"{points} points are worth nothing")
    _require_within_order(reward.pay, worth_minor, order_minor=order_minor)
    return Price(reward.pay.points_for(worth_minor), worth_minor)


def voucher_ends_at(reward: Reward, document: Program, *, today: date) -> datetime | None:
    """The midnight that ends the last day of a voucher issued today, in UTC; None: it never ends.

    A voucher of one day can be used today and tomorrow, in the program's time zone.
    """
    if reward.voucher_days is None:
        return None
    return midnight(today + timedelta(days=reward.voucher_days + 1), document.zone)


def _require_within_order(pay: PayWithPoints, worth_minor: int, *, order_minor: int) -> None:
    if order_minor < pay.order_minor_min:
        detail = f"Points can pay only for orders of at least {pay.order_minor_min} minor units"
        raise _unpriced("/order_amount", "below_minimum", detail)
    if pay.amount_minor_max is not None and worth_minor > pay.amount_minor_max:
        detail = f"Points can pay for at most {pay.amount_minor_max} minor units of an order"
        raise _unpriced("/points", "beyond_maximum", detail)
    if worth_minor > order_minor * pay.order_percent_max // 100:
        detail = f"Points can pay for at most {pay.order_percent_max} % of an order"
        raise _unpriced("/points", "beyond_order", detail)


def terms(reward: Reward, price: Price, *, currency: str) -> Terms:
    """What a voucher of a reward is good for. If points pay, it is worth what they are worth."""
    worth_minor = reward.amount_minor if price.amount_minor is None else price.amount_minor
    return Terms(
        kind=reward.kind,
        name=reward.name,
        currency=currency,
        amount_minor=worth_minor,
        percent=reward.percent,
        skus=reward.skus,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LateRedemption:
    """When a redemption was made that a till reports late, and what decides it.

    `program` is the version that was in force then. `lapsed` are the points that the member had
    when it was made and that expired unspent since, by their lot.
    """

    made_at: datetime
    program: PublishedProgram
    lapsed: Mapping[date, int]


def why_not(
    reward: Reward,
    account: Account,
    *,
    points: int,
    level: TierLevel | None,
    program: PublishedProgram,
    now: datetime,
    is_sold_out: bool,
    facts: MemberFacts,
    late: LateRedemption | None = None,
    shared: int = 0,
) -> Refusal | None:
    """Why a settled account cannot redeem a reward now; None if it can.

    `facts` are those of the member that the reward's condition reads, `shared` the points of others
    in the household that may pay too.

    What a till reports late counts by when it was made. Only the stock, the member's limits and the
    points are those of now: nothing is sold or spent twice.
    """
    made_at = late.made_at if late else now
    closed = _why_closed(reward, level, facts, made_at=made_at, zone=program.document.zone)
    if closed is not None:
        return RewardUnavailable(f"{reward.name} is {closed}")
    if is_sold_out:
        return OutOfStock(f"{reward.name} is out of stock")
    redeemed = account.redeemed.get(reward.id, 0)
    if reward.per_member_max is not None and redeemed >= reward.per_member_max:
        return LimitReached(f"A member can redeem {reward.name} {reward.per_member_max} times")
    if has_redeemed_often(account, today=program.document.today(now)):
        return LimitReached(f"A member can redeem {REDEMPTIONS_A_DAY_MAX} times a day")
    spendable = account.holding.spendable + shared + (sum(late.lapsed.values()) if late else 0)
    if spendable < points:
        return InsufficientPoints(f"{reward.name} costs {points} points, {spendable} are available")
    return None


def window_for(
    reward: Reward, facts: MemberFacts, *, zone: ZoneInfo
) -> tuple[datetime, datetime | None]:
    """When a reward opens for a member, and the first moment after its window.

    The first is `ALWAYS_OPEN` if it was never closed, and `NEVER_OPENS` if no step of its opening
    is for the member.
    """
    opens_at, closes_at = reward.window(zone)
    if reward.opens:
        admitted = (moment for moment, who in reward.moments(zone) if admits(who, facts))
        return min(admitted, default=NEVER_OPENS), closes_at
    return opens_at or ALWAYS_OPEN, closes_at


def _why_closed(
    reward: Reward,
    level: TierLevel | None,
    facts: MemberFacts,
    *,
    made_at: datetime,
    zone: ZoneInfo,
) -> str | None:
    """What a reward is that this member cannot redeem at a moment, whatever points they have."""
    if not reward.offered:
        return "only given"
    opens_at, closes_at = window_for(reward, facts, zone=zone)
    if closes_at is not None and closes_at <= made_at:
        return "not offered any more"
    if reward.tiers and (level is None or level.id not in reward.tiers):
        return "for members of other levels"
    if opens_at == NEVER_OPENS or not admits(reward.members, facts):
        return "for other members"
    return "not offered yet" if opens_at > made_at else None


def why_not_given(
    reward: Reward, account: Account, *, program: PublishedProgram, now: datetime
) -> Refusal | None:
    """Why a reward cannot be given now; None if it can.

    It may be given outside its window, at any level, and beyond a member's limit, but not beyond
    its stock, which the write relies on.
    """
    if reward.pay is not None:
        return RewardUnavailable(f"{reward.name} is worth what a member pays")
    if has_redeemed_often(account, today=program.document.today(now)):
        return LimitReached(f"A member can get {REDEMPTIONS_A_DAY_MAX} rewards a day")
    return None


def has_redeemed_often(account: Account, *, today: date) -> bool:
    """Whether an account has had as many redemptions on a day as it may, presents included."""
    return account.redeemed.get(redemptions_counter(today), 0) >= REDEMPTIONS_A_DAY_MAX


def give(
    reward: Reward,
    *,
    why: RewardGrant,
    account: Account,
    program: PublishedProgram,
    request_id: str,
    fingerprint: str,
    code: str,
    stock: StockTaken | None,
    now: datetime,
) -> Posting:
    """Give a reward for no points: an ordinary redemption that costs nothing."""
    return redeem(
        reward,
        account=account,
        price=Price(0, reward.amount_minor),
        program=program,
        request_id=request_id,
        fingerprint=fingerprint,
        code=code,
        stock=stock,
        hold=False,
        grant=why,
        now=now,
    )


def redeem(
    reward: Reward,
    *,
    account: Account,
    price: Price,
    program: PublishedProgram,
    request_id: str,
    fingerprint: str,
    code: str,
    stock: StockTaken | None,
    hold: bool,
    now: datetime,
    late: LateRedemption | None = None,
    grant: RewardGrant | None = None,
) -> Posting:
    """Spend points on a reward that `why_not` does not refuse: soonest expiry first.

    `stock` is the unit that it takes, if the reward's stock is limited.

    Points that expired after a late redemption was made pay for it: an entry beside it undoes that
    part of their expiry.
    """
    today = program.document.today(now)
    made_at, decided_by = (late.made_at, late.program) if late else (now, program)
    lapsed = late.lapsed if late else {}
    taken = (account.holding + Holding(lots=lapsed)).take(price.points)
    restored = Holding(
        lots={lot: min(points, lapsed.get(lot, 0)) for lot, points in taken.lots.items()}
    )
    held_until = now + timedelta(minutes=program.document.hold_minutes) if hold else None
    expires_at = voucher_ends_at(
        reward, decided_by.document, today=decided_by.document.today(made_at)
    )
    redemption = Redemption(
        redemption_id=redemption_id(request_id),
        reward_id=reward.id,
        code=code,
        held_until=held_until,
        expires_at=expires_at,
        amount_minor=price.amount_minor,
        grant=grant,
    )
    entry = Entry(
        cause=RequestCause(request_id, "redemption"),
        member_id=account.member_id,
        effect=-taken,
        happened_at=made_at,
        recorded_at=now,
        program_version=decided_by.version,
        fingerprint=fingerprint,
        detail=redemption,
    )
    entries = (entry, *_expiries_undone(entry, restored, account=account))
    below = {redemptions_counter(today): REDEMPTIONS_A_DAY_MAX}
    is_limited = reward.per_member_max is not None and grant is None
    if is_limited and reward.per_member_max is not None:
        below[reward.id] = reward.per_member_max
    return Posting(
        entries=entries,
        issues=Voucher(
            code=code,
            member_id=account.member_id,
            redemption_id=redemption.redemption_id,
            reward_id=reward.id,
            points=price.points,
            amount_minor=price.amount_minor,
            slices=taken.lots,
            first_ends={
                lot: first_end for lot, first_end in account.reinstated.items() if lot in taken.lots
            }
            | dict.fromkeys(restored.lots, LONG_OVER),
            state="held" if hold else "issued",
            issued_at=made_at,
            held_until=held_until,
            expires_at=expires_at,
            limited=is_limited,
            granted_for=grant.granted_for if grant else None,
            stocked=stock is not None,
            pays=reward.pay is not None,
            terms=terms(reward, price, currency=decided_by.document.currency),
        ),
        stock=stock,
        changes=(
            change_by_taking(
                account,
                entries=entries,
                taken=taken - restored,
                # Another late redemption may restore the same points.
                relies_on_entries=not restored.is_empty,
                counting=_relied_on(reward, account, decided_by.document, grant=grant),
                redeemed=dict.fromkeys(below, 1),
                redeemed_below=below,
                forgets=tuple(
                    ("redeemed", name) for name in counters_of_the_past(account, today=today)
                ),
                active_on=newly_active(account, "redemption", program=program, today=today),
            ),
        ),
    )


def _relied_on(
    reward: Reward, account: Account, program: Program, *, grant: RewardGrant | None
) -> Counting | None:
    """The level, where it decides what a reward costs or whose it is."""
    reads_level = reward.tiers or reward.tier_costs or _asks_for_level(reward)
    return level_seen(account, program) if reads_level and grant is None else None


def _asks_for_level(reward: Reward) -> bool:
    return any(leaf.fact == "tier" for each in reward.conditions for leaf in leaves(each))


def _expiries_undone(entry: Entry, restored: Holding, *, account: Account) -> tuple[Entry, ...]:
    """The undone part of expiries, where refunds look for what expired unspent."""
    return tuple(
        replace(
            entry,
            cause=CalendarCause(account.member_id, "expiry", (lot,), account.entries),
            effect=Holding(lots={lot: points}),
            happened_at=entry.recorded_at,
            fingerprint="",
            detail=None,
        )
        for lot, points in restored.lots.items()
    )


def redemption_id(request_id: str) -> str:
    """The id of a request's redemption. It names no member, so it is found even after a merge."""
    return f"red_{request_id}"


def request_of(redemption: str) -> str:
    """The request that a redemption's id names."""
    return redemption.removeprefix("red_")


def _unpriced(pointer: str, code: str, detail: str) -> ValidationFailed:
    return ValidationFailed(detail, faults=(Fault(pointer, code, detail),))
