"""A new version of an order settles the difference to what the order earned before."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from loyalty.domain.earning.awarding import award
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.edits import edit, edit_name
from loyalty.domain.ledger.entries import Accrual, Edit, Entry, OrderCause
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.orders_to_settle import OrderToSettle
from loyalty.domain.ledger.postings import Posting
from loyalty.domain.ledger.refunds import OrderState
from loyalty.domain.orders.order import Order
from tests.support.accounts import account, effect_of
from tests.support.documents import published, rule
from tests.support.orders import NOON, order_of

HOUR = timedelta(hours=1)
LOT = date(2026, 12, 21)
PROGRAM = published(
    time_zone="UTC",
    earning_rules=[rule(per_minor=1)],
    expiry={"model": "after_earning", "months": 1, "round_to": "none"},
    clawback="within_balance",
)


def version(*amounts_minor: int, told_at: datetime = NOON + HOUR) -> Order:
    return replace(order_of(*amounts_minor), told_at=told_at)


def edited(
    order: Order, held: Account, *, state: OrderState | None = None, now: datetime = NOON + HOUR
) -> Posting:
    """An order that earned 100 points becomes this version."""
    first = order_of(100)
    earned = award(first, PROGRAM.document)
    accrual = Accrual(order=first, shares=earned.shares, parts=earned.parts)
    entry = Entry(
        cause=OrderCause("pos", "1001", "accrual"),
        member_id="ana",
        effect=Holding(lots={LOT: 100}),
        happened_at=NOON,
        recorded_at=NOON,
        program_version=1,
        detail=accrual,
    )
    return edit(
        order,
        OrderToSettle(
            accrual=entry,
            state=state,
            account=held,
            expired={},
            decided_by=PROGRAM,
            program=PROGRAM,
            now=now,
        ),
        name=edit_name(order),
    )


def detail_of(posting: Posting) -> Edit:
    detail = posting.entries[0].detail
    assert isinstance(detail, Edit)
    return detail


def state_of(posting: Posting) -> OrderState:
    assert posting.order_state is not None
    return posting.order_state.state


def test_added_goods_earn_points_that_expire_like_those_of_the_order() -> None:
    posting = edited(version(100, 40), account({LOT: 100}))

    assert effect_of(posting) == Holding(lots={LOT: 40})
    assert detail_of(posting).amount_minor == 40


def test_removed_goods_take_back_the_difference() -> None:
    posting = edited(version(70), account({LOT: 100}))

    assert effect_of(posting) == Holding(lots={LOT: -30})
    assert (detail_of(posting).clawed, detail_of(posting).amount_minor) == (30, -30)


def test_points_that_were_spent_are_forgiven_if_the_program_says_so() -> None:
    posting = edited(version(70), account())

    assert effect_of(posting).is_empty
    assert (detail_of(posting).clawed, detail_of(posting).forgiven) == (0, 30)


def test_forgiven_points_are_not_given_a_second_time_when_the_goods_return() -> None:
    without = edited(version(70), account())

    again = edited(
        version(100, told_at=NOON + 2 * HOUR), account(entries=1), state=state_of(without)
    )

    assert effect_of(again).is_empty
    assert detail_of(again).forgiven == -30
    assert state_of(again).forgiven == 0


def test_points_of_an_edit_after_their_last_day_expire_at_once() -> None:
    posting = edited(version(140), account(), now=NOON + timedelta(days=60))

    assert [(each.kind, each.points) for each in posting.entries] == [
        ("edit", 40),
        ("expiry", -40),
    ]
    assert state_of(posting).expired == {LOT: 40}


def test_the_order_keeps_its_first_time_and_its_latest_content() -> None:
    posting = edited(replace(version(140), occurred_at=NOON + HOUR), account({LOT: 100}))

    current = state_of(posting).order
    assert current is not None
    assert (current.occurred_at, current.amount_minor) == (NOON, 140)
    assert state_of(posting).told_at == NOON + HOUR


def test_a_content_that_returns_later_is_a_new_edit_and_a_repeated_one_is_not() -> None:
    first, later = version(70), version(70, told_at=NOON + 2 * HOUR)

    assert edit_name(first) == edit_name(version(70))
    assert edit_name(first) != edit_name(later)
    assert edit_name(first) != edit_name(version(71))
