"""Where a refund takes its points from, and what happens if the member has spent them."""

from collections.abc import Mapping
from datetime import date

import pytest

from loyalty.domain.earning.awarding import Part, award
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.clawbacks import claw_back, sources_of
from loyalty.domain.ledger.entries import Accrual, Clawback, Entry, OrderCause, RequestedRefund
from loyalty.domain.ledger.holding import Holding, PendingDates
from loyalty.domain.ledger.postings import Posting
from loyalty.domain.ledger.refunds import OrderState
from tests.support.accounts import NO_LOTS, account, effect_of
from tests.support.documents import program, published, rule
from tests.support.orders import NOON, order_of

SOON, LATER = date(2026, 12, 1), date(2027, 3, 1)
LOT = date(2026, 12, 21)
PART = Part(date(2026, 11, 21), LATER, 50)


def taken_from(
    held: Account,
    owing: int,
    *,
    parts: tuple[Part, ...] = (PART,),
    expired: Mapping[date, int] = NO_LOTS,
    clawback: str = "unlimited",
    state: OrderState | None = None,
) -> dict[str, object]:
    sources = sources_of(
        owing,
        parts=parts,
        before=state or OrderState(taken=(0,) * len(parts)),
        account=held,
        expired=expired,
        policy=program(clawback=clawback),
    )
    return {
        "taken": sources.taken,
        "excused": sources.excused,
        "owed": sources.owed,
        "forgiven": sources.forgiven,
    }


def test_a_refund_takes_the_orders_pending_points_first() -> None:
    dates = PendingDates(SOON, LATER)
    held = account({LATER: 100}, pending={dates: 50})

    taken = taken_from(held, 30, parts=(Part(*dates, 50),))

    assert taken["taken"] == Holding(pending={dates: 30})


def test_a_refund_takes_from_the_orders_own_lot_before_lots_that_expire_sooner() -> None:
    held = account({SOON: 100, LATER: 100})

    taken = taken_from(held, 60)

    assert taken["taken"] == Holding(lots={LATER: 50, SOON: 10})


@pytest.mark.parametrize(
    ("clawback", "owed", "forgiven"), [("unlimited", 30, 0), ("within_balance", 0, 30)]
)
def test_spent_points_become_debt_or_are_forgiven_as_the_program_says(
    clawback: str, owed: int, forgiven: int
) -> None:
    taken = taken_from(account({LATER: 20}), 50, clawback=clawback)

    assert taken == {
        "taken": Holding(lots={LATER: 20}),
        "excused": 0,
        "owed": owed,
        "forgiven": forgiven,
    }


def test_a_program_may_take_back_pending_points_only() -> None:
    taken = taken_from(account({LATER: 50}), 50, clawback="only_pending")

    assert taken == {"taken": Holding(), "excused": 0, "owed": 0, "forgiven": 50}


def test_points_that_expired_unspent_are_excused() -> None:
    part = Part(date(2026, 1, 1), date(2026, 6, 1), 50)

    taken = taken_from(account({LATER: 5}), 50, parts=(part,), expired={date(2026, 6, 1): 40})

    assert (taken["excused"], taken["owed"]) == (40, 5)


def test_points_excused_by_an_earlier_refund_are_not_excused_again() -> None:
    part = Part(date(2026, 1, 1), date(2026, 6, 1), 50)
    before = OrderState(taken=(0,), excused=40)

    taken = taken_from(account(), 10, parts=(part,), expired={date(2026, 6, 1): 40}, state=before)

    assert (taken["excused"], taken["owed"]) == (0, 10)


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
        accrual=entry,
        earned=accrual,
        state=state,
        account=held,
        expired={},
        decided_by=rules,
        program=rules,
        now=NOON,
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
