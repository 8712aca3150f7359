"""How far members come by what their orders count, and which awards that is worth."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.engagement.progress import (
    AwardStep,
    CountedProgress,
    Terms,
    counted,
    difference,
    due_awards,
    forgetting,
    next_step,
    stepped,
    united,
)
from loyalty.domain.engagement.windows import window_on
from loyalty.domain.program.challenges import Challenge
from tests.support.challenges import challenge
from tests.support.orders import NOON

NOBODY: Final = CountedProgress(member_id="ana", counter="challenge.three")
MONDAY: Final = date(2026, 1, 5)


def terms(**parts: Any) -> Terms:
    """The same terms in every version."""
    rule = Challenge.model_validate(challenge(**parts))
    return lambda _version: rule


def streak(in_a_row: int, freezes: int = 0, **parts: Any) -> Terms:
    every = {"every": "week", "in_a_row": in_a_row, "freezes": freezes}
    return terms(target=None, streak=every, **{"times_max": 1000} | parts)


def after(tallies: Mapping[str, int], progress: CountedProgress = NOBODY) -> CountedProgress:
    more = {window: {"*": amount} for window, amount in tallies.items()}
    return counted(progress, more, version=1)


def weeks(numbers: Iterable[int]) -> CountedProgress:
    """The progress of a member who bought something in these weeks of 2026 and later."""
    names = [window_on("week", MONDAY + timedelta(weeks=number)) for number in numbers]
    return after({name: 1 for name in names if name})


def all_given(progress: CountedProgress, rules: Terms) -> CountedProgress:
    while step := next_step(progress, rules):
        progress = stepped(progress, step)
    return progress


def times(progress: CountedProgress, rules: Terms) -> dict[str, int]:
    return {window: len(due) for window, due in due_awards(progress, rules).items() if due}


@pytest.mark.parametrize(
    ("amount", "times_max", "due"), [(2, 1, {}), (3, 1, {"ever": 1}), (10, 2, {"ever": 2})]
)
def test_a_window_is_worth_an_award_for_each_target_up_to_a_limit(
    amount: int, times_max: int, due: dict[str, int]
) -> None:
    assert times(after({"ever": amount}), terms(times_max=times_max)) == due


def test_different_categories_count_and_not_how_much_of_each() -> None:
    rules = terms(counts={"what": "categories"}, target=2)
    tea, cake = {"ever": {"tea": 5}}, {"ever": {"cake": 1}}

    assert times(counted(NOBODY, tea, version=1), rules) == {}
    assert times(counted(counted(NOBODY, tea, version=1), cake, version=1), rules) == {"ever": 1}


def test_a_window_goes_by_the_terms_under_which_it_began() -> None:
    easier, harder = terms(target=2)(1), terms(target=5)(1)
    progress = counted(NOBODY, {"2026-10": {"*": 1}}, version=1)
    progress = counted(progress, {"2026-10": {"*": 1}, "2026-11": {"*": 2}}, version=2)

    assert times(progress, lambda version: easier if version == 1 else harder) == {"2026-10": 1}


def test_awards_are_given_one_at_a_time_and_the_last_is_taken_back_first() -> None:
    rules = terms(times_max=5)
    both = all_given(after({"ever": 6}), rules)

    assert both.given == {"ever": {"ana": 2}}
    assert next_step(after({"ever": -1}, both), rules) == AwardStep("ever", "ana", 2, None)
    assert next_step(after({"ever": -1}, both), terms(times_max=5, if_undone="keep")) is None


def test_nothing_is_left_of_a_member_whose_orders_count_nothing_any_more() -> None:
    gone = all_given(after({"ever": -3}, all_given(after({"ever": 3}), terms())), terms())

    assert (gone.windows, gone.given) == ({}, {})


def test_a_merge_takes_back_what_both_were_given_for_what_is_worth_one_award() -> None:
    ana, rules = all_given(after({"ever": 3}), terms()), terms()
    bob = CountedProgress(member_id="bob", counter="challenge.three")
    bob = all_given(after({"ever": 3}, bob), rules)

    both = united(ana, bob, now=NOON)

    assert both.windows["ever"].tally == {"*": 6}
    assert next_step(both, rules) == AwardStep("ever", "ana", 1, None)
    assert all_given(both, rules).given == {"ever": {"bob": 1}}


amounts = st.dictionaries(st.sampled_from(["2026-10", "2026-11", "ever"]), st.integers(1, 9))


@given(st.lists(amounts, max_size=6), st.data())
def test_orders_may_arrive_and_change_in_any_sequence(
    orders: list[dict[str, int]], data: st.DataObject
) -> None:
    latest: dict[int, Mapping[str, Mapping[str, int]]] = {}
    progress, rules = NOBODY, terms(times_max=3)
    for number in data.draw(st.permutations([*range(len(orders))] * 2)):
        part = {
            window: {"*": data.draw(st.integers(0, amount))}
            for window, amount in orders[number].items()
        }
        is_last = number in latest
        now = {window: {"*": orders[number][window]} for window in part} if is_last else part
        now = {window: tally for window, tally in now.items() if tally["*"]}
        more = difference(now, latest.get(number, {}))
        progress = all_given(counted(progress, more, version=1), rules)
        latest[number] = now

    sums: dict[str, int] = {}
    for order in orders:
        for window, amount in order.items():
            sums[window] = sums.get(window, 0) + amount
    awards = {window: min(amount // 3, 3) for window, amount in sums.items() if amount >= 3}
    assert {window: each.tally["*"] for window, each in progress.windows.items()} == sums
    assert {window: each["ana"] for window, each in progress.given.items()} == awards


def most_streaks(numbers: Iterable[int], in_a_row: int, freezes: int) -> int:
    """The most streaks without a common period that these periods hold, by trying all of them."""
    active = sorted(numbers)

    @cache
    def most_from(first: int) -> int:
        if first + in_a_row > len(active):
            return 0
        chosen = active[first : first + in_a_row]
        missed = sum(later - earlier - 1 for earlier, later in pairwise(chosen))
        with_these = 1 + most_from(first + in_a_row) if missed <= freezes else 0
        return max(with_these, most_from(first + 1))

    return most_from(0)


periods = st.sets(st.integers(0, 40), max_size=30)


@given(periods, st.integers(2, 5), st.integers(0, 3))
def test_as_many_streaks_are_found_as_there_can_be(
    numbers: set[int], in_a_row: int, freezes: int
) -> None:
    found = times(weeks(numbers), streak(in_a_row, freezes)).get("ever", 0)

    assert found == most_streaks(numbers, in_a_row, freezes)


def test_a_refund_that_empties_a_week_breaks_a_streak() -> None:
    rules = streak(4)
    whole = all_given(weeks(range(4)), rules)

    broken = after({"2026-W04": -1}, whole)

    assert next_step(whole, rules) is None
    assert next_step(broken, rules) == AwardStep("ever", "ana", 1, None)
    assert next_step(broken, streak(4, if_undone="keep")) is None
    assert next_step(broken, streak(3, 1)) is None


@given(
    st.sets(st.integers(0, 130), max_size=100),
    st.integers(2, 5),
    st.integers(0, 2),
    st.integers(60, 150),
)
def test_forgetting_what_is_long_over_changes_no_award_now_or_later(
    numbers: set[int], in_a_row: int, freezes: int, this_week: int
) -> None:
    rules = streak(in_a_row, freezes)
    today = MONDAY + timedelta(weeks=this_week)
    past, to_come = (
        {each for each in numbers if is_past == (each <= this_week)} for is_past in (True, False)
    )

    remembered = forgetting(all_given(weeks(past), rules), rules, today=today)

    assert next_step(remembered, rules) is None
    later = after(dict.fromkeys(weeks(to_come).windows, 1), remembered)
    assert times(later, rules) == times(weeks(numbers), rules)
    # Nothing of more than 400 days and a streak ago is left but what may still be completed.
    oldest = today - timedelta(days=400 + 7 * (in_a_row + freezes + 2))
    complete = {each for each in remembered.windows if each < window_on("week", oldest)}  # type: ignore[operator]  # a week
    assert not complete


def test_an_order_of_a_window_that_was_forgotten_counts_no_more() -> None:
    rules, today = terms(), date(2026, 11, 21)
    old = all_given(after({"2025-09": 3, "2026-11": 1}), rules)

    remembered = forgetting(old, rules, today=today)

    assert (set(remembered.windows), remembered.given) == ({"2026-11"}, {})
    assert after({"2025-09": -3, "2026-11": 1}, remembered).windows["2026-11"].tally == {"*": 2}
    assert set(after({"2025-09": -3}, remembered).windows) == {"2026-11"}
    assert next_step(remembered, rules) is None
