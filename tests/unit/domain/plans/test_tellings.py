"""A member's plan ends the same if its news arrives late, twice or shuffled."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.domain.plans.held_plan import HeldPlan
from loyalty.domain.plans.tellings import SOURCES_MAX, MemberPlans, PlanTelling
from loyalty.domain.program.plans import Plan

NOON: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
TODAY: Final = NOON.date()
BASIC: Final = Plan(id="basic", name="Basic")
PRIME: Final = Plan(id="prime", name="Prime", grace_days=7)
DAYS: Final = st.none() | st.dates(date(2026, 10, 1), date(2027, 3, 31))


def telling(plan_id: str = "prime", *, minutes: int = 0, **parts: Any) -> PlanTelling:
    told_at = NOON + timedelta(minutes=minutes)
    return PlanTelling(plan_id=plan_id, since=date(2026, 11, 1), told_at=told_at, **parts)


def plans_after(*tellings: tuple[str, PlanTelling]) -> MemberPlans:
    plans = MemberPlans(member_id="ana")
    for source, each in tellings:
        plans = plans.with_telling(source, each)
    return plans


def current(plans: MemberPlans, *document: Plan, day: date = TODAY) -> tuple[str, HeldPlan]:
    found = plans.current(document, day=day)
    assert found is not None
    return found


STORY: Final = (
    ("shop", telling(trial_until=date(2026, 11, 30))),
    ("shop", telling(minutes=1, paid_until=date(2026, 12, 31))),
    ("shop", telling(minutes=2, paid_until=date(2026, 12, 31), paused_from=date(2026, 12, 5))),
    ("shop", telling(minutes=3, paid_until=date(2027, 1, 31))),
    # Two tellings of one moment.
    ("shop", telling(minutes=3, paid_until=date(2027, 1, 31), ends_on=date(2027, 1, 31))),
    ("hand", telling("basic", minutes=2, paid_until=date(2026, 12, 24))),
)


def test_every_sequence_of_tellings_late_and_doubled_ends_the_same() -> None:
    expected = plans_after(*STORY).tellings

    for shuffled in permutations(STORY):
        assert plans_after(*shuffled, *shuffled[:3]).tellings == expected


@settings(max_examples=50)
@given(
    st.lists(
        st.builds(
            telling,
            st.sampled_from(["basic", "prime", "gone"]),
            minutes=st.integers(0, 2),
            trial_until=DAYS,
            paid_until=DAYS,
            paused_from=DAYS,
            ends_on=DAYS,
        ),
        min_size=1,
        max_size=6,
    ),
    st.randoms(use_true_random=False),
)
def test_the_latest_telling_of_a_source_counts(tellings: list[PlanTelling], random: Any) -> None:
    shuffled = [*tellings, *tellings]
    random.shuffle(shuffled)

    ours, theirs = (
        plans_after(*(("shop", each) for each in some)) for some in (tellings, shuffled)
    )

    assert ours.tellings == theirs.tellings
    assert current(ours, BASIC, PRIME) == current(theirs, BASIC, PRIME)


def test_a_doubled_telling_changes_nothing() -> None:
    plans = plans_after(STORY[0])

    assert plans.with_telling(*STORY[0]) is plans
    assert plans.revision == 1


def test_days_of_grace_follow_what_is_paid_unless_it_ends_before() -> None:
    paid = telling(paid_until=date(2026, 11, 30))

    assert paid.held(grace_days=7, day=TODAY).until == date(2026, 12, 7)
    ending = telling(paid_until=date(2026, 11, 30), ends_on=date(2026, 12, 2))
    assert ending.held(grace_days=7, day=TODAY) == HeldPlan(
        "prime", date(2026, 11, 1), date(2026, 12, 2), "active", grace_days=2
    )
    assert telling(ends_on=TODAY).held(grace_days=0, day=TODAY).announced == "ended"


def test_a_trial_is_told_from_what_is_paid() -> None:
    trial = telling(trial_until=date(2026, 11, 30))
    after = date(2026, 12, 1)

    assert trial.state_on(TODAY, grace_days=7) == "trialing"
    assert trial.state_on(after, grace_days=7) == "grace"
    assert trial.state_on(after, grace_days=0) == "ended"


def test_of_several_plans_a_member_has_the_one_that_holds_longest() -> None:
    longest = ("hand", telling("basic", paid_until=date(2027, 12, 31)))

    source, held = current(plans_after(*STORY, longest), PRIME, BASIC)

    assert (source, held.plan_id) == ("shop", "prime")  # a manager set another plan later
    source, held = current(plans_after(longest, *STORY[:2]), PRIME, BASIC)
    assert (source, held.plan_id) == ("hand", "basic")


def test_of_plans_that_hold_equally_long_the_first_of_the_document_counts() -> None:
    until = date(2026, 12, 31)
    plans = plans_after(
        ("hand", telling("basic", paid_until=until)),
        ("shop", telling("prime", paid_until=until - timedelta(days=7))),
    )

    assert current(plans, BASIC, PRIME)[1].plan_id == "basic"
    assert current(plans, PRIME, BASIC)[1].plan_id == "prime"


def test_a_plan_that_ends_by_hand_ends_for_every_source_until_more_is_told() -> None:
    plans = plans_after(*STORY).ended(on=TODAY, told_at=NOON + timedelta(minutes=9))

    assert current(plans, PRIME, BASIC, day=TODAY + timedelta(days=1))[1].announced == "ended"
    assert plans.with_telling(*STORY[3]) is plans
    later = plans.with_telling("shop", telling(minutes=10, paid_until=date(2027, 2, 28)))
    assert current(later, PRIME, BASIC)[1].until == date(2027, 3, 7)


def test_a_member_who_was_two_keeps_of_each_source_what_holds_longer() -> None:
    short, long = plans_after(STORY[0]), plans_after(*STORY)

    assert short.united(long).tellings == long.united(short).tellings


def test_only_so_many_sources_are_remembered() -> None:
    tellings = [(f"shop{number}", telling(minutes=number)) for number in range(SOURCES_MAX + 5)]

    assert len(plans_after(*tellings).tellings) == SOURCES_MAX
