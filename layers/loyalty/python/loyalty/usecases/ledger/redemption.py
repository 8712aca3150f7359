"""Redemptions: spend points on a reward; complete, use or cancel its voucher, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from loyalty.domain.kernel.calendar import NEVER, midnight
from loyalty.domain.kernel.errors import (
    Fault,
    IdempotencyConflict,
    NotFound,
    Refusal,
    ValidationFailed,
    VoucherAlreadyUsed,
    VoucherIssued,
    WrongState,
)
from loyalty.domain.ledger.account import Account, view
from loyalty.domain.ledger.entries import Entry, Redemption, RequestCause
from loyalty.domain.ledger.postings import Posting, VoucherChange, signed
from loyalty.domain.ledger.redemptions import (
    NEVER_OPENS,
    LateRedemption,
    cost,
    price,
    redeem,
    request_of,
    why_not,
    window_for,
)
from loyalty.domain.ledger.returns import give_back_to
from loyalty.domain.ledger.shared_redemptions import with_shares
from loyalty.domain.ledger.stock import unit_back
from loyalty.domain.ledger.tiers import level_on
from loyalty.domain.orders.order import AHEAD_MAX, OrderRef, fingerprint
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.ledger.accounts import lineage, open_account, settled_lineage
from loyalty.usecases.ledger.once import Recorded, once
from loyalty.usecases.ledger.order_vouchers import held_by
from loyalty.usecases.ledger.paid_points import settle_paid_points
from loyalty.usecases.ledger.participants import facts_for
from loyalty.usecases.ledger.pooling import owners_of, pool_of
from loyalty.usecases.ledger.stock import StockTaker

if TYPE_CHECKING:
    from loyalty.domain.campaigns.member_facts import MemberFacts
    from loyalty.domain.ledger.order_vouchers import OrderVouchers
    from loyalty.domain.ledger.vouchers import Voucher
    from loyalty.domain.program.rewards import Reward
    from loyalty.usecases.ports import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedReward:
    """The reward that a member wants.

    If members choose its points (`pay`), `points` is how many to redeem and `order_minor` the
    order's amount. `made_at` is when a till that was offline gave it already; None: now.
    `from_household`: what the member's own points do not pay, points of the others in the household
    pay.
    """

    reward_id: str
    hold: bool = False
    points: int | None = None
    order_minor: int | None = None
    made_at: datetime | None = None
    from_household: bool = False


def redeem_reward(
    member_id: str, *, request: RequestedReward, request_id: str, desk: Desk
) -> Recorded:
    """Spend points on a reward.

    It costs one strong read and one transaction of three items, and one read more for a reward
    whose condition asks for the profile. One that is reported late also reads what expired since
    it was made. One from a household reads it and the account of each member, and writes two items
    more for each who contributes.

    Raises:
        NotFound: no such member or reward.
        IdempotencyConflict: the same request was made before with different content.
        ValidationFailed: this number of points cannot pay, or the reward has a fixed price.
        RewardUnavailable, OutOfStock, LimitReached, InsufficientPoints: the member cannot redeem
            it now.
        WrongState: it is to be paid from a household, and the member is in none, or waits.
        TryAgain: other writers were faster too often.
    """
    more: tuple[str, ...] = (request.made_at.isoformat(),) if request.made_at else ()
    more += ("household",) if request.from_household else ()
    request_fingerprint = fingerprint(
        "redeem",
        member_id,
        request.reward_id,
        request.hold,
        request.points,
        request.order_minor,
        *more,
    )

    stock = StockTaker(desk)

    def decide() -> Posting:
        path = settled_lineage(desk, member_id)
        account = path[-1]
        pool = pool_of(account, desk=desk) if request.from_household else None
        late = _late(request.made_at, path, desk=desk) if request.made_at else None
        decided_by = late.program if late else desk.program
        document = decided_by.document
        reward = document.reward(request.reward_id)
        if reward is None:
            raise NotFound("There is no such reward")
        day = document.today(late.made_at) if late else desk.today
        level = level_on(account, document, day=day)
        costs = price(reward, level, points=request.points, order_minor=request.order_minor)
        # The write relies on the stock itself, so it need not be read first.
        refusal = why_not(
            reward,
            account,
            points=costs.points,
            level=level,
            program=desk.program,
            now=desk.now,
            is_sold_out=reward.stock == 0,
            facts=facts_for(
                (reward,),
                account,
                document=document,
                tier=level.id if level else None,
                moment=late.made_at if late else desk.now,
                desk=desk,
            ),
            late=late,
            shared=pool.spendable if pool else 0,
        )
        if refusal is not None:
            raise refusal
        code = desk.new_code()
        posting = redeem(
            reward,
            account=account,
            price=costs,
            program=desk.program,
            request_id=request_id,
            fingerprint=request_fingerprint,
            code=code,
            stock=stock.take(reward, code=code, version=decided_by.version),
            hold=request.hold,
            now=desk.now,
            late=late,
        )
        return with_shares(posting, pool, program=desk.program) if pool else posting

    cause = RequestCause(request_id, "redemption")
    return once(
        cause,
        fingerprint=request_fingerprint,
        decide=decide,
        on_short_stock=stock.note_short,
        desk=desk,
    )


def _late(made_at: datetime, path: Sequence[Account], *, desk: Desk) -> LateRedemption | None:
    """What decides a redemption that was made at a past moment; None if it was made just now."""
    minutes = desk.program.document.late_redemption_minutes
    if not desk.now - timedelta(minutes=minutes) <= made_at <= desk.now + AHEAD_MAX:
        detail = f"A redemption may be reported at most {minutes} minutes after it was made"
        faults = (Fault("/redeemed_at", "time_out_of_range", detail),)
        raise ValidationFailed(detail, faults=faults)
    if made_at >= desk.now:
        return None
    program = desk.program
    while program.published_at > made_at and program.version > 1:
        program = desk.version(program.version - 1)
    return LateRedemption(
        made_at=made_at, program=program, lapsed=_lapsed_since(made_at, path, desk=desk)
    )


def _lapsed_since(moment: datetime, path: Sequence[Account], *, desk: Desk) -> dict[date, int]:
    """The points that the calendar has let expire since a moment, by lot, less those restored.

    An entry at another time than a midnight is of points that were in no lot at that moment: they
    returned after their last day.
    """
    document = desk.program.document
    first = document.today(moment)
    lots = [first + timedelta(days=days) for days in range((desk.today - first).days)]
    lapsed: Counter[date] = Counter()
    for lot in (*lots, NEVER):
        for account in path:
            for entry in desk.books.expiries(account.member_id, lot):
                ended_at = midnight(document.today(entry.happened_at), document.zone)
                if entry.happened_at > moment and (
                    entry.points > 0 or entry.happened_at == ended_at
                ):
                    lapsed[lot] -= entry.points
    return dict(+lapsed)


@dataclass(frozen=True, slots=True)
class RewardOfMember:
    """A reward for one member now: what it costs them, and why they cannot redeem it, if so.

    `opens_at` is when it will open for the member; None: it is open, or never opens for them.
    """

    reward: Reward
    cost_points: int
    missing_points: int
    opens_at: datetime | None
    refusal: Refusal | None


def rewards_for(member_id: str, *, desk: Desk) -> list[RewardOfMember]:
    """All rewards as one member sees them now."""
    return rewards_of(open_account(desk, member_id, strong=False), desk=desk)


def rewards_of(stored: Account, *, desk: Desk) -> list[RewardOfMember]:
    """All rewards as the member of an active account sees them now."""
    account = view(stored, program=desk.program, now=desk.now)
    rewards = [reward for reward in desk.program.document.rewards if reward.offered]
    stocks = {each.id: each.stock for each in rewards if each.stock is not None}
    sold_out = desk.books.sold_out(stocks, near=account.member_id)
    document = desk.program.document
    level = level_on(account, document, day=desk.today)
    tier = level.id if level else None
    facts = facts_for(rewards, account, document=document, tier=tier, moment=desk.now, desk=desk)
    return [
        RewardOfMember(
            reward,
            points := cost(reward, level),
            max(0, points - account.holding.spendable),
            _opens_at(reward, facts, desk=desk),
            why_not(
                reward,
                account,
                points=points,
                level=level,
                program=desk.program,
                now=desk.now,
                is_sold_out=reward.id in sold_out,
                facts=facts,
            ),
        )
        for reward in rewards
    ]


def _opens_at(reward: Reward, facts: MemberFacts, *, desk: Desk) -> datetime | None:
    opens_at, _ = window_for(reward, facts, zone=desk.program.document.zone)
    return opens_at.astimezone(UTC) if desk.now < opens_at < NEVER_OPENS else None


@until_saved
def complete(redemption_id: str, *, member_id: str | None, desk: Desk) -> Voucher:
    """Turn a held redemption into an issued voucher, before its hold runs out.

    Completing is idempotent: the same call again gets the same answer.

    Raises:
        NotFound: no such redemption, or not this member's.
        WrongState: the hold ran out, or the redemption was cancelled, used or expired.
    """
    voucher = redemption_of(redemption_id, member_id=member_id, desk=desk)
    state = voucher.state_at(desk.now)
    if state == "issued":
        return voucher
    if state != "held":
        raise WrongState(f"This redemption is {state}")
    issued = replace(voucher, state="issued", held_until=None)
    _step(voucher, issued, desk=desk)
    return issued


@until_saved
def cancel(
    redemption_id: str,
    *,
    member_id: str | None,
    by_member: bool = False,
    desk: Desk,
) -> Voucher:
    """Undo a redemption that is held, or issued and unused, and return its points.

    `by_member`: members cancel their own redemptions only while they are held, because an issued
    code may be entered in a shop at this moment. Points that expired meanwhile then stay expired.
    If a shop has the code, the voucher is `cancelling` until the shop has deactivated it
    (`end_cancelling`). Cancelling is idempotent: the same call again gets the same answer.

    Raises:
        NotFound: no such redemption, or not this member's.
        VoucherIssued: the code was issued, and the caller may cancel only holds.
        WrongState: the voucher was used, or has expired.
    """
    voucher = redemption_of(redemption_id, member_id=member_id, desk=desk)
    if voucher.state in ("cancelled", "cancelling"):
        return voucher
    # A hold that ran out can be cancelled too, so the caller need not wait for the sweep.
    if voucher.state_at(desk.now) in ("used", "expired"):
        raise WrongState(f"This redemption is {voucher.state_at(desk.now)}")
    if by_member and voucher.state == "issued":
        raise VoucherIssued
    if voucher.in_shops:
        cancelling = replace(voucher, state="cancelling")
        _step(voucher, cancelling, desk=desk)
        return cancelling
    _return_points(voucher, why="cancelled", by_member=by_member, desk=desk)
    return replace(voucher, state="cancelled")


@until_saved
def give_code(code: str, *, storefront_id: str, desk: Desk) -> Voucher:
    """Record that a shop is about to get a voucher's code, if the voucher is still issued.

    From now on a cancellation waits for that shop, whether or not the code ever arrives there.
    """
    voucher = voucher_of(code, desk=desk)
    if voucher.state_at(desk.now) != "issued" or storefront_id in voucher.in_shops:
        return voucher
    given = replace(voucher, in_shops=(*voucher.in_shops, storefront_id))
    _step(voucher, given, desk=desk)
    return given


@until_saved
def end_cancelling(code: str, *, was_used: bool, desk: Desk) -> Voucher:
    """End a cancellation that waited for shops, once no shop accepts the code.

    The points return once, unless a shop reports that the code was used meanwhile.
    """
    voucher = voucher_of(code, desk=desk)
    if voucher.state != "cancelling":
        return voucher
    if was_used:
        used = replace(voucher, state="used", used_at=_last_use(voucher, now=desk.now))
        _step(voucher, used, desk=desk)
        return used
    _end(voucher, why="cancelled", desk=desk)
    return replace(voucher, state="cancelled")


def _last_use(voucher: Voucher, *, now: datetime) -> datetime:
    """The latest moment at which a shop can have accepted the code."""
    if voucher.expires_at is None:
        return now
    return min(now, voucher.expires_at - timedelta(microseconds=1))


@until_saved
def release(code: str, *, desk: Desk) -> Voucher:
    """Let a voucher take the step that is due by the calendar.

    A hold that ran out returns its points, and an issued voucher whose date has passed expires.
    A voucher that is not due yet stays as it is.
    """
    voucher = voucher_of(code, desk=desk)
    match voucher.state, voucher.state_at(desk.now):
        case "held", "cancelled":
            _end(voucher, why="hold_expired", desk=desk)
            return replace(voucher, state="cancelled")
        case "issued", "expired":
            expired = replace(voucher, state="expired")
            _step(voucher, expired, desk=desk)
            return expired
        case _:
            return voucher


def end_vouchers(member_id: str, *, desk: Desk) -> None:
    """End every voucher that an erased member still holds; none of their own points return.

    A shop that has a code lets go of it first. Ending them again changes nothing.

    Raises:
        TryAgain: other writers were faster too often.
    """
    start: str | None = None
    while True:
        page = desk.books.vouchers((member_id,), limit=100, start=start)
        for voucher in page.items:
            if voucher.state in ("held", "issued"):
                _end_voucher(voucher.code, desk=desk)
        if page.next is None:
            return
        start = page.next


@until_saved
def _end_voucher(code: str, *, desk: Desk) -> None:
    voucher = voucher_of(code, desk=desk)
    if voucher.state not in ("held", "issued"):
        return
    if voucher.in_shops:
        _step(voucher, replace(voucher, state="cancelling"), desk=desk)
    else:
        _end(voucher, why="cancelled", desk=desk)


@until_saved
def use_voucher(code: str, *, request_id: str, order: OrderRef | None, desk: Desk) -> Voucher:
    """Use a voucher, once; the same request again gets the same answer.

    Raises:
        NotFound: no such voucher.
        IdempotencyConflict: the same request was made before with a different order.
        VoucherAlreadyUsed: another request used it before.
        WrongState: it is held, cancelled or expired, or its order was cancelled.
    """
    voucher = voucher_of(code, desk=desk)
    if voucher.used_request == request_id:
        # The order may have been cancelled since then, which gave the voucher back.
        if voucher.state == "used" and voucher.used_order != order:
            raise IdempotencyConflict("This request was made before with different content")
        return voucher
    if voucher.state == "used":
        raise VoucherAlreadyUsed(f"This voucher was used at {voucher.used_at:%Y-%m-%dT%H:%M:%SZ}")
    if (state := voucher.state_at(desk.now)) != "issued":
        raise WrongState(f"This voucher is {state}")
    used = replace(
        voucher,
        state="used",
        used_at=desk.now,
        used_request=request_id,
        used_order=order,
        used_by=None,
    )
    held = held_by(order.source, order.order_id, desk=desk) if order else None
    if held and held.is_cancelled:
        raise WrongState("The order was cancelled")
    written = _step(voucher, used, using=held.using(code) if held else None, desk=desk)
    if order and written.pays:
        # The order may have been refunded before.
        settle_paid_points(order, desk=desk)
    return written


def voucher_of(code: str, *, desk: Desk) -> Voucher:
    """A voucher, read strongly.

    Raises:
        NotFound: no such voucher.
    """
    voucher = desk.books.voucher(code)
    if voucher is None:
        raise NotFound("There is no such voucher")
    return voucher


def redemption_of(redemption_id: str, *, member_id: str | None, desk: Desk) -> Voucher:
    """The voucher of a redemption, found by its request.

    `member_id`, if given, must be the member who redeemed, or one who shares their account after
    a merge.
    """
    found = desk.books.entry(RequestCause(request_of(redemption_id), "redemption"))
    if not isinstance(found, Entry) or not isinstance(found.detail, Redemption):
        raise NotFound("There is no such redemption")
    if member_id is not None and found.member_id != member_id:
        # Read strongly, so members who were merged a moment ago still find their redemptions.
        owners = {account.member_id for account in lineage(desk, found.member_id, strong=True)}
        if open_account(desk, member_id, strong=True).member_id not in owners:
            raise NotFound("There is no such redemption")
    return voucher_of(found.detail.code, desk=desk)


def _return_points(
    voucher: Voucher,
    *,
    why: Literal["cancelled", "hold_expired"],
    by_member: bool = False,
    desk: Desk,
) -> None:
    """Return the points to the members they came from, or to those they were merged into.

    Raises:
        NotFound: nobody is left to return them to.
    """
    owners = owners_of(voucher, desk=desk)
    if not owners:
        raise NotFound("There is no such member")
    posting = give_back_to(
        owners,
        voucher,
        why=why,
        by_member=by_member,
        program=desk.program,
        now=desk.now,
    )
    desk.books.post(signed(posting, by=desk.caller))


def _end(voucher: Voucher, *, why: Literal["cancelled", "hold_expired"], desk: Desk) -> None:
    """Cancel a voucher. A member who was erased gets no points back."""
    try:
        _return_points(voucher, why=why, desk=desk)
    except NotFound:
        _step(voucher, replace(voucher, state="cancelled"), desk=desk)


def _step(
    seen: Voucher, becomes: Voucher, *, using: OrderVouchers | None = None, desk: Desk
) -> Voucher:
    """Write a voucher's next state, relying on the state seen. Returns what was written."""
    returned = unit_back(seen) if becomes.state == "cancelled" else None
    posting = Posting(order_vouchers=using, voucher=VoucherChange(seen, becomes), stock=returned)
    posting = signed(posting, by=desk.caller)
    desk.books.post(posting)
    return posting.voucher.becomes if posting.voucher else becomes
