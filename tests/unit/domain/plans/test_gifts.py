"""When plans give something, and which gifts refunds undo."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from loyalty.domain.plans.gifts import due_gifts, next_gift_on, undone_gifts
from loyalty.domain.plans.given_gifts import GivenGift
from loyalty.domain.plans.held_plan import HeldPlan
from loyalty.domain.plans.tellings import MemberPlans, PlanTelling
from loyalty.domain.program.plans import Plan

PRIME: Final = Plan.model_validate(
    {
        "id": "prime",
        "name": "Prime",
        "benefits": {"on_start": {"points": 500}, "monthly": {"reward_id": "latte"}},
    }
)
FIRST: Final = date(2028, 1, 31)
HELD: Final = HeldPlan("prime", FIRST, date(2028, 5, 7), "active", grace_days=7)


def due_on(today: date, held: HeldPlan = HELD) -> list[tuple[str, date]]:
    return [(name, on) for name, on, _ in due_gifts(held, PRIME, today=today)]


def test_a_plan_gives_on_its_first_day_and_on_that_day_of_each_month() -> None:
    assert due_on(FIRST) == [("prime.2028-01-31.start", FIRST), ("prime.2028-01-31.m0", FIRST)]
    # Of a leap year, and again of a longer month.
    assert due_on(date(2028, 2, 29)) == [("prime.2028-01-31.m1", date(2028, 2, 29))]
    assert due_on(date(2028, 3, 30)) == []
    assert due_on(date(2028, 3, 31)) == [("prime.2028-01-31.m2", date(2028, 3, 31))]
    assert due_on(date(2028, 4, 30)) == [("prime.2028-01-31.m3", date(2028, 4, 30))]


def test_nothing_is_due_in_days_of_grace_in_a_pause_or_after_weeks() -> None:
    assert due_on(date(2028, 5, 31), HELD._replace(until=date(2028, 6, 3))) == []
    assert due_on(FIRST, HELD._replace(paused_from=FIRST)) == []
    assert due_on(date(2028, 2, 28)) == []


def test_every_day_on_which_something_is_due_was_foretold() -> None:
    foretold, today = {FIRST}, FIRST
    while (day := next_gift_on(HELD, PRIME, today=today)) is not None:
        foretold.add(day)
        today = day

    days = [FIRST + timedelta(days=number) for number in range(140)]
    assert {on for each in days for _, on in due_on(each)} == foretold
    assert next_gift_on(HELD, Plan(id="basic", name="Basic"), today=FIRST) is None


def test_a_gift_is_undone_with_the_day_for_which_it_was_given() -> None:
    def tellings(**parts: Any) -> dict[str, PlanTelling]:
        told_at = datetime(2028, 1, 31, tzinfo=UTC)
        return {"shop": PlanTelling(plan_id="prime", since=FIRST, told_at=told_at, **parts)}

    march = {"m2": GivenGift(award_id="a", source="shop", on=date(2028, 3, 31))}

    assert undone_gifts(march, tellings(paid_until=date(2028, 3, 31))) == {}
    assert undone_gifts(march, tellings(paid_until=date(2028, 3, 30))) == march
    assert undone_gifts(march, {}) == march
    later = PlanTelling(
        plan_id="prime", since=date(2028, 6, 1), told_at=datetime(2028, 6, 1, tzinfo=UTC)
    )
    assert undone_gifts(march, {"shop": later}) == {}


def test_gifts_are_noted_and_members_who_become_one_keep_both() -> None:
    gift = GivenGift(award_id="a", source="shop", on=FIRST)
    ana = MemberPlans(member_id="ana").with_gift("start", gift)

    assert ana.given == {"start": gift}
    assert ana.without_gift("start").given == {}
    assert MemberPlans(member_id="ben").united(ana).given == ana.given
