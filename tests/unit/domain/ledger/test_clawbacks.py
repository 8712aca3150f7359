"""What the entry of a refund says, and what it relies on."""

from datetime import date

from loyalty.domain.earning.awarding import award
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.clawbacks import claw_back
from loyalty.domain.ledger.entries import Accrual, Clawback, Entry, OrderCause, RequestedRefund
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.orders_to_settle import OrderToSettle
from loyalty.domain.ledger.postings import Posting
from loyalty.domain.ledger.refunds import OrderState
from tests.support.accounts import account, effect_of
from tests.support.documents import published, rule
from tests.support.orders import NOON, order_of

LOT = date(2026, 12, 21)


def refunded(
    held: Account, *, state: OrderState | None = None, amount_minor: int = 0, whole: bool = False
) -> Posting:
    """A refund of an order of 100 points, whose lot expires on `LOT`."""
    rules = published(
        earning_rules=[rule(per_minor=1)],
        expiry={"model": "after_earning", "months": 1, "round_to": "none"},
        clawback="unlimited",
        time_zone="UTC",
    )
    bought = order_of(100)
    earned = award(bought, rules.document)
    accrual = Accrual(order=bought, shares=earned.shares, parts=earned.parts)
    entry = Entry(
        cause=OrderCause("pos", "1001", "accrual"),
        member_id="ana",
        effect=Holding(lots={LOT: 100}),
        happened_at=NOON,
        recorded_at=NOON,
        program_version=1,
        detail=accrual,
    )
    return claw_back(
        RequestedRefund(
            refund_id="r1",
            occurred_at=NOON,
            fingerprint="f",
            amount_minor=amount_minor,
            whole=whole,
        ),
        OrderToSettle(
            accrual=entry,
            state=state,
            account=held,
            expired={},
            decided_by=rules,
            program=rules,
            now=NOON,
        ),
    )


def test_a_refund_of_a_part_takes_back_the_points_of_that_part() -> None:
    posting = refunded(account({LOT: 100}), amount_minor=40)

    assert effect_of(posting) == Holding(lots={LOT: -40})


def test_the_entry_of_a_refund_says_where_every_point_went() -> None:
    posting = refunded(account({LOT: 70}), whole=True)

    clawback = posting.entries[0].detail
    assert isinstance(clawback, Clawback)
    assert (clawback.amount_minor, clawback.clawed, clawback.owed) == (100, 70, 30)
    assert clawback.debt_after == 30
    assert effect_of(posting) == Holding(lots={LOT: -70}, debt=30)


def test_the_next_refund_relies_on_the_order_being_as_this_one_left_it() -> None:
    first = refunded(account({LOT: 100}), amount_minor=40)
    assert first.order_state is not None
    assert first.order_state.counter_seen is None

    second = refunded(account({LOT: 60}), state=first.order_state.state, amount_minor=60)

    assert second.order_state is not None
    assert second.order_state.counter_seen == 1
    assert effect_of(second) == Holding(lots={LOT: -60})
