"""Members give away only points of orders that are old enough that no refund is expected."""

from datetime import date, timedelta

from loyalty.domain.earning.awarding import Part
from loyalty.domain.ledger.giving import days_over, giveable, giveable_on, waiting
from tests.support.accounts import account
from tests.support.documents import program

TODAY = date(2026, 11, 21)
LOT = date(2027, 11, 30)


def waits(days: int) -> dict[str, object]:
    return {"transfers": {"points_max": 1000, "per_month_max": 3, "min_age_days": days}}


def test_points_can_be_given_once_they_are_as_old_as_the_program_asks() -> None:
    assert giveable_on(TODAY, program(**waits(5))) == TODAY + timedelta(days=5)
    assert giveable_on(TODAY, program(**waits(0))) == TODAY
    assert giveable_on(TODAY, program(transfers=None)) == TODAY


def test_a_long_wait_is_rounded_up_so_that_few_days_are_kept_apart() -> None:
    rules = program(**waits(30))

    days = {giveable_on(TODAY + timedelta(days=each), rules) for each in range(30)}

    assert len(days) <= 10
    assert all(giveable_on(day, rules) >= day + timedelta(days=30) for day in days)


def test_pending_points_do_not_wait_before_they_are_available() -> None:
    available, pending = Part(TODAY, LOT, 10), Part(TODAY + timedelta(days=1), LOT, 99)

    found = waiting((available, pending), program(**waits(5)), today=TODAY)

    assert found == {TODAY + timedelta(days=5): 10}


def test_a_member_gives_what_their_lots_hold_beyond_the_points_that_wait() -> None:
    held = account({LOT: 50}, giveable_from={TODAY + timedelta(days=1): 30, TODAY: 15})

    assert giveable(held, today=TODAY) == 20
    assert giveable(held, today=TODAY + timedelta(days=1)) == 50


def test_a_member_who_spent_more_than_was_free_can_give_nothing() -> None:
    assert giveable(account({LOT: 10}, giveable_from={LOT: 30}), today=TODAY) == 0


def test_days_that_have_arrived_are_removed_a_few_at_a_time() -> None:
    days = [TODAY - timedelta(days=each) for each in range(6)]
    held = account(giveable_from=dict.fromkeys([*days, LOT], 1))

    over = days_over(held, today=TODAY)

    assert over == tuple(("giveable_from", day.isoformat()) for day in sorted(days)[:4])
