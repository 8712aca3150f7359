"""What a member sees of a challenge, and which badges they have."""

from datetime import date, timedelta
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.engagement.member_challenges import (
    ChallengeTerms,
    MemberChallenge,
    member_challenge,
)
from loyalty.domain.engagement.progress import (
    CountedProgress,
    completions,
    counted,
    forgetting,
    next_step,
    stepped,
    united,
)
from loyalty.domain.engagement.windows import window_on
from loyalty.domain.program.challenges import Challenge
from tests.support.challenges import challenge
from tests.support.orders import NOON

TODAY: Final = date(2026, 11, 21)
NOBODY: Final = CountedProgress(member_id="ana", counter="challenge.three")


def rule(**parts: Any) -> Challenge:
    return Challenge.model_validate(challenge(**parts))


def streak(in_a_row: int = 4, freezes: int = 1, **parts: Any) -> Challenge:
    every = {"every": "week", "in_a_row": in_a_row, "freezes": freezes}
    return rule(**{"target": None, "streak": every, "times_max": 100} | parts)


def always(challenge: Challenge) -> ChallengeTerms:
    return lambda _version: challenge


def after(
    windows: dict[str, int], progress: CountedProgress = NOBODY, version: int = 1
) -> CountedProgress:
    more = {window: {"*": amount} for window, amount in windows.items()}
    return counted(progress, more, version=version)


def weeks_ago(*numbers: int) -> CountedProgress:
    days = [TODAY - timedelta(weeks=number) for number in numbers]
    return after({str(window_on("week", day)): 1 for day in days})


def all_given(progress: CountedProgress, rules: ChallengeTerms) -> CountedProgress:
    while step := next_step(progress, rules):
        progress = stepped(progress, step)
    return progress


def seen(
    progress: CountedProgress,
    shown: Challenge,
    *,
    today: date = TODAY,
    terms: ChallengeTerms | None = None,
) -> MemberChallenge:
    return member_challenge(shown, progress, terms or always(shown), today=today)


def figures(found: MemberChallenge) -> tuple[int, int, int, int]:
    return found.amount, found.target, found.missing, found.completed


def test_who_has_not_begun_misses_the_whole_target() -> None:
    found = seen(NOBODY, rule(window="month"))

    assert figures(found) == (0, 3, 3, 0)
    assert (found.state, found.until) == ("running", date(2026, 11, 30))


def test_what_counts_beyond_a_completion_counts_toward_the_next_one() -> None:
    assert figures(seen(after({"ever": 7}), rule(times_max=1000))) == (1, 3, 2, 2)


def test_a_challenge_that_was_completed_as_often_as_can_be_misses_nothing() -> None:
    found = seen(after({"2026-11": 7}), rule(window="month", times_max=2))

    assert (found.state, *figures(found)) == ("done", 3, 3, 0, 2)


def test_each_window_starts_over_and_completions_of_all_are_counted() -> None:
    found = seen(after({"2026-10": 3, "2026-11": 4}), rule(window="month", times_max=5))

    assert (*figures(found), found.completed_ever) == (1, 3, 2, 1, 2)


def test_the_window_under_way_goes_by_the_terms_under_which_it_began() -> None:
    began, now = rule(window="month"), rule(window="month", target=10, name="Ten")

    found = seen(after({"2026-11": 2}), now, terms=lambda version: began if version == 1 else now)

    assert (figures(found), found.challenge.name) == ((2, 3, 1, 0), "Ten")
    assert found.terms == began
    assert figures(seen(after({"2026-10": 2}), now, terms=always(began))) == (0, 10, 10, 0)


def test_who_keeps_what_a_refund_undid_misses_more_than_the_target() -> None:
    keeping = rule(if_undone="keep", times_max=2)
    refunded = after({"ever": -2}, all_given(after({"ever": 3}), always(keeping)))

    assert figures(seen(refunded, keeping)) == (0, 3, 5, 1)
    assert figures(seen(refunded, rule(times_max=2))) == (1, 3, 2, 0)


def test_before_the_first_day_and_after_the_last_one_it_says_so() -> None:
    november = {"starts_on": "2026-11-01", "ends_on": "2026-11-30"}
    bought = after({"2026-11-01/2026-11-30": 2})
    states = {
        today: (found.state, found.amount, found.until)
        for today in (date(2026, 10, 31), date(2026, 11, 30), date(2026, 12, 1))
        for found in [seen(bought, rule(window=november), today=today)]
    }

    last = date(2026, 11, 30)
    assert [*states.values()] == [("scheduled", 2, last), ("running", 2, last), ("ended", 2, last)]


def test_the_last_day_of_a_challenge_ends_its_window_early() -> None:
    found = seen(NOBODY, rule(window="month", ends_on="2026-11-25"))

    assert (found.until, found.ends_on) == (date(2026, 11, 25), date(2026, 11, 25))
    assert seen(NOBODY, rule()).until is None


def test_days_that_never_come_count_nothing() -> None:
    window = {"starts_on": "2026-11-01", "ends_on": "2026-11-30"}

    assert seen(NOBODY, rule(window=window, ends_on="2026-10-01")).state == "ended"


def test_a_streak_goes_on_although_nothing_counts_yet_in_this_week() -> None:
    found = seen(weeks_ago(2, 1), streak())

    assert (*figures(found), found.until) == (2, 4, 2, 0, date(2026, 11, 22))
    assert found.streak is not None
    assert (found.streak.freezes_left, found.streak.has_counted) == (1, False)


def test_a_missed_week_costs_a_freeze_and_the_next_one_drops_the_first_weeks() -> None:
    missed_one, missed_two = seen(weeks_ago(3, 2), streak()), seen(weeks_ago(6, 4, 2), streak())

    assert (figures(missed_one)[0], missed_one.streak and missed_one.streak.freezes_left) == (2, 0)
    assert (figures(missed_two)[0], missed_two.streak and missed_two.streak.freezes_left) == (1, 0)
    assert figures(seen(weeks_ago(5, 4, 3), streak())) == (0, 4, 4, 0)


def test_after_a_streak_the_next_one_begins_with_the_next_week() -> None:
    found = seen(weeks_ago(3, 2, 1, 0), streak())

    assert figures(found) == (0, 4, 4, 1)
    assert found.streak is not None
    assert found.streak.has_counted


def test_a_streak_that_is_over_gives_way_to_the_terms_in_force() -> None:
    began, now = streak(), streak(6)

    assert seen(weeks_ago(2, 1), now, terms=always(began)).target == 4
    assert seen(weeks_ago(9), now, terms=always(began)).target == 6


@given(st.integers(0, 20), st.integers(1, 5), st.booleans())
def test_what_is_missing_completes_a_challenge_and_less_does_not(
    amount: int, target: int, keeps: bool
) -> None:
    shown = rule(target=target, times_max=30, if_undone="keep" if keeps else "take_back")
    progress = all_given(after({"ever": amount + 3}), always(shown))
    progress = after({"ever": -3}, progress)
    found = seen(progress, shown)

    enough, too_little = (
        len(completions(after({"ever": more}, progress), always(shown)).get("ever", ()))
        for more in (found.missing, found.missing - 1)
    )

    assert (enough, too_little) == (found.completed + 1, found.completed)


@given(st.sets(st.integers(0, 12), max_size=10), st.integers(2, 5), st.integers(0, 2))
def test_so_many_more_weeks_in_a_row_complete_a_streak(
    numbers: set[int], in_a_row: int, freezes: int
) -> None:
    shown, progress = streak(in_a_row, freezes), weeks_ago(*numbers)
    found = seen(progress, shown)
    assert found.streak is not None
    first = 1 if found.streak.has_counted else 0

    def times(more: int) -> int:
        weeks = (TODAY + timedelta(weeks=first + number) for number in range(more))
        bought = after({str(window_on("week", week)): 1 for week in weeks}, progress)
        return len(completions(bought, always(shown)).get("ever", ()))

    assert (times(found.missing), times(found.missing - 1)) == (
        found.completed + 1,
        found.completed,
    )


WEARS: Final = [{"points": 50}, {"badge": "regular"}]


def test_completions_outlive_the_windows_that_gave_them() -> None:
    for rules, old in (
        (always(rule(window="month", gives=WEARS)), after({"2025-01": 3})),
        (always(streak(gives=WEARS)), weeks_ago(94, 93, 92, 91)),
    ):
        remembered = forgetting(all_given(old, rules), rules, today=TODAY)
        bob = CountedProgress(member_id="bob", counter=NOBODY.counter)

        assert remembered.windows == {}
        assert seen(united(bob, remembered, now=NOON), rules(1)).completed_ever == 1
