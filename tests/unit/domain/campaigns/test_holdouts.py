"""Members are held out by lot: the same ones always, and as many as the document says."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.campaigns.holdouts import experiments, held_out_of, lot
from loyalty.domain.program.document import PublishedProgram
from tests.support.campaigns import campaign, with_campaigns

MEMBERS = [f"mem_{number}" for number in range(4000)]


def published(*campaigns: dict[str, Any], **parts: Any) -> PublishedProgram:
    return PublishedProgram(
        program_id="bean",
        version=1,
        published_at=datetime(2026, 11, 1, tzinfo=UTC),
        document=with_campaigns(*campaigns, **parts),
    )


def held(percent: int, *, salt: str | None = None) -> set[str]:
    program = published(campaign(holdout={"percent": percent, "salt": salt}))
    return {each for each in MEMBERS if held_out_of(program, each)}


def test_lots_never_change() -> None:
    """Whoever was held out yesterday must be tomorrow, in Python and in reports."""
    members = ("mem_1", "mem_2", "mem_é")

    assert [lot("bean", "x-mas", each) for each in members] == [7626, 3153, 4637]


def test_about_as_many_are_held_out_as_the_document_says() -> None:
    # Four standard errors of 4,000 lots.
    assert abs(len(held(10)) - 400) < 4 * (4000 * 0.1 * 0.9) ** 0.5
    assert abs(len(held(50)) - 2000) < 4 * (4000 * 0.5 * 0.5) ** 0.5


@given(few=st.integers(1, 89), more=st.integers(1, 89))
def test_a_holdout_that_grows_lets_nobody_in(few: int, more: int) -> None:
    few, more = sorted((few, more))
    members = MEMBERS[:200]
    by_percent = [
        {each for each in members if held_out_of(published(campaign(holdout={"percent": p})), each)}
        for p in (few, more)
    ]

    assert by_percent[0] <= by_percent[1]


def test_two_salts_have_nothing_to_do_with_each_other() -> None:
    one, other = held(50, salt="one"), held(50, salt="other")

    assert abs(len(one & other) - 1000) < 4 * (4000 * 0.25 * 0.75) ** 0.5
    assert held(50) == held(50, salt="welcome")


def test_the_programs_holdout_is_of_all_campaigns_and_its_members_of_no_other() -> None:
    program = published(
        campaign(id="a", holdout={"percent": 30}),
        campaign(id="b"),
        universal_holdout={"percent": 20, "salt": "2026-h2"},
    )
    found = {frozenset(held_out_of(program, each)) for each in MEMBERS}

    assert found == {frozenset(), frozenset({"a"}), frozenset({"a", "b"})}
    assert experiments(program.document) == {"a", "b"}
    of_one = with_campaigns(campaign(id="a", holdout={"percent": 30}), campaign(id="b"))
    assert experiments(of_one) == {"a"}
