"""How long what a member bought of a plan lasts, whatever they give back."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from itertools import permutations
from typing import Final

from loyalty.domain.plans.purchases import PlanPurchase, bought_until, purchases_of
from loyalty.domain.plans.tellings import MemberPlans
from tests.support.documents import program
from tests.support.orders import line, order

BILLING: Final = [{"skus": ["YEAR"], "months": 12}, {"skus": ["MONTH", "TRY"], "months": 1}]
PROGRAM: Final = program(plans=[{"id": "prime", "name": "Prime", "billing": BILLING}])


def bought(on: date, months: int = 1, **parts: int | date) -> PlanPurchase:
    moment = datetime.combine(on, time(12), UTC)
    purchase = PlanPurchase(plan_id="prime", on=on, bought_at=moment, months=months)
    return replace(purchase, **parts)  # type: ignore[arg-type]  # the fields are named above


def days(*purchases: PlanPurchase) -> tuple[date, date] | None:
    run = bought_until(purchases)
    return (run.since, run.until) if run else None


def test_months_are_counted_from_the_first_day_and_clamped() -> None:
    leap_day, last = date(2028, 2, 29), date(2026, 1, 31)

    assert days(bought(leap_day, 12)) == (leap_day, date(2029, 2, 27))
    assert days(bought(leap_day, 48)) == (leap_day, date(2032, 2, 28))
    assert days(bought(last)) == (last, date(2026, 2, 27))
    assert days(bought(last), bought(date(2026, 2, 20))) == (last, date(2026, 3, 30))


def test_what_is_bought_while_it_runs_is_added_and_after_a_gap_it_begins_again() -> None:
    first, second, third = date(2026, 1, 10), date(2026, 2, 10), date(2026, 6, 1)
    purchases = bought(first), bought(second), bought(third, 2)

    for shuffled in permutations(purchases):
        assert days(*shuffled) == (third, date(2026, 7, 31))
    assert days(*purchases[:2]) == (first, date(2026, 3, 9))
    assert days(bought(first, 0), *purchases[1:2]) == (second, date(2026, 3, 9))
    assert days(bought(first, 0)) is None


def test_a_plan_that_was_ended_by_hand_is_not_lengthened_but_begins_again() -> None:
    first, closed, again = date(2026, 1, 10), date(2026, 2, 1), date(2026, 2, 2)
    ended = bought(first, 12, closed_on=closed)

    assert days(ended) == (first, closed)
    assert days(ended, bought(again)) == (again, date(2026, 3, 1))
    assert days(ended, bought(first)) == (first, date(2026, 2, 9))


def test_an_order_counts_the_units_that_are_left_of_it() -> None:
    left = order(
        line(2900, "1", sku="YEAR"), line(600, "2", sku="MONTH", quantity=2), line(500, "3")
    )

    found = purchases_of(left, PROGRAM, counter=3, recorded={})

    assert found == {
        "pos#1001#prime": PlanPurchase(
            plan_id="prime",
            on=date(2026, 11, 21),
            bought_at=left.occurred_at,
            months=14,
            counter=3,
        )
    }
    nothing = order(line(500, "3"))
    assert purchases_of(nothing, PROGRAM, counter=4, recorded={}) == {}
    gone = purchases_of(nothing, PROGRAM, counter=4, recorded=found)
    assert [(each.months, each.counter) for each in gone.values()] == [(0, 4)]


def test_looks_at_an_order_in_any_sequence_leave_what_the_latest_found() -> None:
    looks = [{"pos#1#prime": bought(date(2026, 11, 21), 12 - n, counter=n)} for n in range(4)]

    for shuffled in permutations(looks):
        plans = MemberPlans(member_id="ana")
        for found in (*shuffled, shuffled[0]):
            plans = plans.with_purchases(found)
        assert plans.purchases == looks[3]


def test_members_who_become_one_keep_what_was_found_last() -> None:
    early = MemberPlans(member_id="ana").with_purchases(
        {"pos#1#prime": bought(date(2026, 11, 21), 12)}
    )
    late = MemberPlans(member_id="ben").with_purchases(
        {"pos#1#prime": bought(date(2026, 11, 21), 0, counter=1)}
    )

    assert early.united(late).purchases == late.united(early).purchases == late.purchases
