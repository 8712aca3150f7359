"""Small entries and vouchers, with only the fields that a test cares about."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, Final

from loyalty.domain.changes import Record, TableChange
from loyalty.domain.engagement.activities import ActivityContent, ActivityRef, RecordedActivity
from loyalty.domain.engagement.changes import OrderShare
from loyalty.domain.engagement.referrals import Referral
from loyalty.domain.ledger.entries import (
    Accrual,
    CalendarCause,
    Cause,
    Clawback,
    Entry,
    OrderCause,
    RequestCause,
)
from loyalty.domain.ledger.holding import Holding, PendingDates
from loyalty.domain.ledger.member_awards import MemberAward
from loyalty.domain.ledger.vouchers import Terms, Voucher
from loyalty.domain.messaging.messages import Message
from loyalty.domain.orders.order import Line, Order, OrderRef
from loyalty.domain.people.survey_responses import Response
from loyalty.domain.staff.actions import ActionName, ActionTarget, Change, StaffAction

NOON: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
LOT: Final = date(2027, 11, 30)
CODE: Final = "7K2MABCDEFGHIJKL"
LATER: Final = datetime(2026, 11, 22, 9, tzinfo=UTC)
WAITING: Final = PendingDates(date(2026, 12, 1), LOT)
# What a refund of the order below took back.
CLAWBACK: Final = Clawback(
    source="pos",
    order_id="1001",
    refund_id="r1",
    amount_minor=2500,
    clawed=20,
    owed=5,
    forgiven=0,
    excused=0,
    debt_after=5,
)


def order(
    order_id: str = "1001",
    *,
    amount_minor: int = 4999,
    occurred_at: datetime = NOON,
    source: str = "pos",
) -> Order:
    line = Line(line_id="1", sku=None, category=None, quantity=1, amount_minor=amount_minor)
    return Order(source=source, order_id=order_id, occurred_at=occurred_at, lines=(line,))


def accrual(
    paid: Order | None = None,
    *,
    lots: Mapping[date, int] = MappingProxyType({LOT: 49}),
    recorded_at: datetime = NOON,
    **effect: Any,
) -> Entry:
    paid = paid or order()
    return entry(
        OrderCause(paid.source, paid.order_id, "accrual"),
        Holding(lots=lots, **effect),
        happened_at=paid.occurred_at,
        recorded_at=recorded_at,
        detail=Accrual(order=paid, shares=(), parts=()),
    )


def entry(
    cause: Cause,
    effect: Holding,
    *,
    member_id: str = "mem_1",
    happened_at: datetime = NOON,
    recorded_at: datetime = NOON,
    detail: Any = None,
) -> Entry:
    return Entry(
        cause=cause,
        member_id=member_id,
        effect=effect,
        happened_at=happened_at,
        recorded_at=recorded_at,
        program_version=1,
        fingerprint="f",
        detail=detail,
    )


def clawback() -> Entry:
    effect = Holding(lots={LOT: -20}, debt=5)
    return entry(OrderCause("pos", "1001", "clawback", "r1"), effect, detail=CLAWBACK)


def activation() -> Entry:
    effect = Holding(lots={LOT: 7}, pending={WAITING: -7})
    return entry(CalendarCause("mem_1", "activation", WAITING, 3), effect)


def expiry() -> Entry:
    return entry(CalendarCause("mem_1", "expiry", (LOT,), 4), Holding(lots={LOT: -9}))


def request(kind: Any, effect: Holding, *, request_id: str = "r1", **more: Any) -> Entry:
    return entry(RequestCause(request_id, kind), effect, **more)


def voucher(state: Any = "issued", **parts: Any) -> Voucher:
    defaults: dict[str, Any] = {
        "code": CODE,
        "member_id": "mem_1",
        "redemption_id": "red_1",
        "reward_id": "latte",
        "points": 40,
        "slices": {LOT: 40},
        "issued_at": NOON,
        "terms": Terms(kind="amount_off", name="Latte", currency="EUR", amount_minor=400),
    }
    return Voucher(state=state, **defaults | parts)


def award(number: int = 1, *, member_id: str = "mem_1", **parts: Any) -> MemberAward:
    """An award for a challenge that stands."""
    defaults: dict[str, Any] = {
        "rule_id": "three",
        "points": 50,
        "available_on": LOT,
        "expires_on": LOT,
        "stands": True,
        "step": 1,
        "given_at": NOON,
        "changed_at": NOON,
    } | parts
    award_id = f"challenge.{defaults['rule_id']}.{member_id}.ever.{number}"
    return MemberAward(award_id=award_id, member_id=member_id, given_for="challenge", **defaults)


def share(order_id: str, amount: int = 1, *, rule_id: str = "three", **parts: Any) -> OrderShare:
    """What an order counts for a challenge; 0: nothing any more."""
    defaults: dict[str, Any] = {"occurred_at": NOON, "revision": 1} | parts
    return OrderShare(
        order=OrderRef("pos", order_id),
        counter=f"challenge.{rule_id}",
        tallies={"ever": {"*": amount}} if amount else {},
        **defaults,
    )


def activity(
    activity_id: str = "r-81", kind: str = "review", *, member_id: str = "mem_1", **parts: Any
) -> RecordedActivity:
    """An activity that counts, and earned 20 points while it does."""
    defaults: dict[str, Any] = {
        "changed_at": NOON,
        "state": "awarded",
        "first_recorded_at": NOON,
        "recorded_at": NOON,
        "program_version": 1,
    } | parts
    return RecordedActivity(
        ref=ActivityRef("reviews", activity_id),
        content=ActivityContent(activity=kind, member_id=member_id, occurred_at=NOON),
        points=20 if defaults["state"] == "awarded" else 0,
        **defaults,
    )


def brought(number: int, **parts: Any) -> Referral:
    """A friend whom `mem_1` brought, in this program's first version."""
    fields: dict[str, Any] = {
        "friend_id": f"mem_friend_{number}",
        "referrer_id": "mem_1",
        "code": "AAAAABBBBB",
        "claimed_at": NOON,
        "counts_from": NOON.date(),
        "version": 1,
        "state": "claimed",
    }
    return Referral(**fields | parts)


def used_voucher() -> Voucher:
    return voucher("used", used_at=LATER, used_order=OrderRef("pos", "1002"))


def message(kind: Any = "welcome", *, sent_at: datetime | None = NOON, **parts: Any) -> Message:
    """A message that was sent at once, by default."""
    written_at = sent_at or NOON
    defaults: dict[str, Any] = {
        "member_id": "mem_1",
        "day": written_at.date(),
        "written_at": written_at,
        "until": written_at.date(),
        "state": "sent" if sent_at else "waiting",
        "settled_at": sent_at,
    }
    return Message(kind=kind, sent_at=sent_at, **defaults | parts)


def response(score: int = 9, **parts: Any) -> Response:
    defaults: dict[str, Any] = {
        "survey_id": "recommend",
        "survey_kind": "nps",
        "member_id": "mem_1",
        "order": None,
        "period": "2026-Q4",
        "is_low": score <= 6,
        "comment": None,
        "answered_at": NOON,
    }
    return Response(score=score, **defaults | parts)


def action(
    name: ActionName = "points.adjust", *, points: int | None = None, **parts: Any
) -> StaffAction:
    """An action that was carried out, by default; `points` have an entry of their own."""
    moved = (Change(field="points", after=points),) if points is not None else ()
    began_at: datetime = parts.get("began_at", NOON)
    defaults: dict[str, Any] = {
        "action_id": f"{name}-{began_at:%m-%d}",
        "began_at": began_at,
        "by": "bea",
        "roles": ("manager",),
        "target": ActionTarget("member", "mem_1"),
        "request_id": "JKJaXmPLvHcESHA=",
        "state": "done",
        "changes": moved,
        "results": {"entry": f"ent_{began_at:%m-%d}"} if moved else {},
    }
    return StaffAction(name=name, **defaults | parts)


def change(after: Record, before: Record | None = None, *, made_at: datetime = NOON) -> TableChange:
    return TableChange(program_id="bean", made_at=made_at, before=before, after=after)
