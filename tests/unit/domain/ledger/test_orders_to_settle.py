"""What is known of an order when a refund, an edit or a review settles it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from loyalty.domain.ledger.accruals import accrue
from loyalty.domain.ledger.orders_to_settle import OrderToSettle
from loyalty.domain.ledger.refunds import OrderState
from tests.support.accounts import account
from tests.support.documents import published
from tests.support.orders import NOON, order_of

PROGRAM = published(time_zone="Pacific/Kiritimati")
ACCRUAL = accrue(
    order_of(10_000), account=account(), program=PROGRAM, fingerprint="f", now=NOON
).entries[0]
FRESH = OrderToSettle(
    accrual=ACCRUAL,
    state=None,
    account=account(),
    expired={},
    decided_by=PROGRAM,
    program=PROGRAM,
    now=NOON,
)


def test_an_order_that_nothing_has_changed_stands_as_it_was_recorded() -> None:
    change = FRESH.becoming(replace(FRESH.seen, counter=1))

    assert FRESH.seen.settled == 0
    assert (change.source, change.order_id) == ("pos", "1001")
    assert change.counter_seen is None
    assert change.state.changed_at == NOON


def test_a_change_relies_on_the_state_that_was_seen() -> None:
    seen = replace(FRESH.seen, counter=3, clawed=7)
    later = replace(FRESH, state=seen, now=NOON + timedelta(hours=1))

    change = later.becoming(OrderState(counter=4))

    assert later.seen == seen
    assert change.counter_seen == 3
    assert change.state == OrderState(counter=4, changed_at=NOON + timedelta(hours=1))


def test_points_come_from_the_account_as_the_program_in_force_says() -> None:
    owed = replace(FRESH, program=published(clawback="unlimited")).sources(30)
    forgiven = replace(FRESH, program=published(clawback="only_pending")).sources(30)

    assert (owed.owed, owed.forgiven) == (30, 0)
    assert (forgiven.owed, forgiven.forgiven) == (0, 30)


def test_the_day_is_that_of_the_program() -> None:
    assert FRESH.today == date(2026, 11, 22)


def test_only_an_accrual_can_be_settled() -> None:
    other = replace(FRESH, accrual=replace(ACCRUAL, detail=None))

    with pytest.raises(TypeError):
        _ = other.earned
