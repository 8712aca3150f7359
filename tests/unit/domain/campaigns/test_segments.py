"""A condition on segments is what the segments ask."""

from dataclasses import replace
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.campaigns.member_facts import MemberFacts, is_for, relied_on, sources
from loyalty.domain.campaigns.participation import may_be_for
from loyalty.domain.program.campaigns import Campaign
from tests.support.campaigns import REGULAR, campaign, with_campaigns

LEAVES: Final = st.sampled_from(
    [
        {"fact": "days_since_order", "at_least": 60},
        {"fact": "days_since_order", "at_most": 59},
        {"fact": "member_days", "at_most": 19},
        {"fact": "member_days", "at_least": 20},
        {"fact": "tier", "is_in": ["gold"]},
        {"fact": "attribute", "name": "roast", "is_in": ["dark"]},
        {"fact": "attribute", "name": "roast", "is_in": ["light"]},
        {"fact": "birthday", "on": "day"},
        {"fact": "locale", "is_in": ["de"]},
        {"fact": "consent", "name": "email"},
    ]
)
CONDITIONS: Final = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.lists(parts, min_size=1, max_size=3).map(lambda each: {"all": each}),
        st.lists(parts, min_size=1, max_size=3).map(lambda each: {"any": each}),
        parts.map(lambda each: {"not": each}),
    ),
    max_leaves=5,
)
MEMBERS: Final = st.builds(
    replace,
    st.just(REGULAR),
    orders=st.sampled_from([None, 0, 2]),
    bought_on=st.sampled_from([None, REGULAR.bought_on]),
    tier=st.sampled_from([None, "gold"]),
)


def for_segments(who: list[dict[str, Any]], *, negated: bool) -> Campaign:
    """A campaign for members who are in one of these segments, or in none of them."""
    ids = [f"segment-{number}" for number in range(len(who))]
    condition: dict[str, Any] = {"fact": "segment", "is_in": ids}
    document = with_campaigns(
        campaign(**{"for": {"not": condition} if negated else condition}),
        segments=[
            {"id": name, "name": name, "who": each} for name, each in zip(ids, who, strict=True)
        ],
    )
    return document.campaigns[0]


@given(st.lists(CONDITIONS, min_size=1, max_size=3), st.booleans(), MEMBERS, st.integers(0, 9))
def test_naming_segments_is_saying_what_they_ask(
    who: list[dict[str, Any]], negated: bool, facts: MemberFacts, orders: int
) -> None:
    inlined: dict[str, Any] = {"not": {"any": who}} if negated else {"any": who}
    spelled_out = Campaign.model_validate(campaign(**{"for": inlined}))

    named = for_segments(who, negated=negated)

    assert is_for(named, facts) is is_for(spelled_out, facts)
    assert may_be_for(named, facts) is may_be_for(spelled_out, facts)
    assert sources(named) == sources(spelled_out)
    assert relied_on(named, orders) == relied_on(spelled_out, orders)


def test_a_condition_that_belongs_to_no_document_holds_for_nobody() -> None:
    alone = Campaign.model_validate(campaign(**{"for": {"fact": "segment", "is_in": ["lapsed"]}}))

    assert not is_for(alone, REGULAR)
