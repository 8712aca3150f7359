"""Why a campaign gives nothing for an order, and how much is missing."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.campaigns.awards import full_award
from loyalty.domain.campaigns.findings import CampaignFindings, findings
from loyalty.domain.campaigns.limits import LimitRoom
from loyalty.domain.campaigns.member_facts import MemberFacts, is_for
from loyalty.domain.campaigns.planning import AwardContext, compiled, freeze
from loyalty.domain.orders.order import Order, Tender
from loyalty.domain.program.document import Program
from tests.support.campaigns import campaign, orders, programs, with_campaigns
from tests.support.orders import line, order, order_of

FACTS = MemberFacts(
    occurred_at=datetime(2026, 11, 21, 12, tzinfo=UTC),
    orders=2,
    bought_on=date(2026, 11, 20),
    tier="gold",
    attributes={"roast": "dark"},
)


def found(
    program: Program,
    bought: Order,
    *,
    facts: MemberFacts | None = None,
    rooms: dict[str, LimitRoom] | None = None,
    **context: Any,
) -> dict[str, CampaignFindings]:
    every = compiled(program)
    if facts:
        opened = (each.id for each in program.campaigns if is_for(each, facts))
        context["opened"] = frozenset(opened)
    purchase = every.purchase(bought, tier=None)
    outcomes = findings(every, purchase, AwardContext(**context), facts=facts, rooms=rooms or {})
    return {each.campaign.id: each for each in outcomes}


def why_not(parts: dict[str, Any], bought: Order, **more: Any) -> list[tuple[str, dict[str, Any]]]:
    (outcome,) = found(with_campaigns(campaign(**parts)), bought, **more).values()
    assert outcome.points == 0
    return [(each.fact, dict(each.details)) for each in outcome.why_not]


def test_a_campaign_that_applies_has_findings_and_no_reason_against_it() -> None:
    (outcome,) = found(
        with_campaigns(campaign(**{"if": {"fact": "units", "at_least": 1}})), order_of(1000)
    ).values()

    assert (outcome.points, outcome.why_not) == (10, ())
    assert [(each.fact, each.holds) for each in outcome.findings] == [
        ("when", True),
        ("units", True),
    ]


def test_a_bound_that_is_not_reached_says_how_much_is_missing() -> None:
    condition = {"fact": "amount", "at_least_minor": 6000}

    assert why_not({"if": condition}, order_of(4999)) == [
        ("amount", {"at_least_minor": 6000, "is": 4999, "missing": 1001})
    ]


@pytest.mark.parametrize(
    ("condition", "facts"),
    [
        ({"any": [{"fact": "units", "at_least": 3}, {"fact": "distinct_skus", "at_least": 2}]},
         ["units", "distinct_skus"]),
        ({"any": [{"fact": "units", "at_least": 1}, {"fact": "distinct_skus", "at_least": 2}]}, []),
        ({"all": [{"fact": "units", "at_least": 1}, {"fact": "distinct_skus", "at_least": 2}]},
         ["distinct_skus"]),
        ({"not": {"any": [{"fact": "source", "is_in": ["pos"]},
                          {"fact": "channel", "is_in": ["app"]}]}}, ["source"]),
        ({"not": {"all": [{"fact": "source", "is_in": ["pos"]},
                          {"fact": "channel", "is_in": ["app"]}]}}, []),
        ({"not": {"not": {"fact": "channel", "is_in": ["app"]}}}, ["channel"]),
    ],
)  # fmt: skip
def test_every_condition_matters_because_of_which_it_fails_and_no_other(
    condition: dict[str, Any], facts: list[str]
) -> None:
    (outcome,) = found(with_campaigns(campaign(**{"if": condition})), order_of(1000)).values()

    assert [each.fact for each in outcome.why_not] == facts
    assert (outcome.points == 0) == bool(facts)


def test_of_a_profile_it_says_whether_it_fits_and_not_what_it_is() -> None:
    conditions = [
        {"fact": "attribute", "name": "roast", "is_in": ["light"]},
        {"fact": "order_number", "at_least": 5},
        {"fact": "tier", "is_in": ["black"]},
    ]

    assert why_not({"for": {"all": conditions}}, order_of(1000), facts=FACTS) == [
        ("attribute", {"name": "roast", "is_in": ["light"]}),
        ("order_number", {"at_least": 5, "is": 3, "missing": 2}),
        ("tier", {"is_in": ["black"], "is": "gold"}),
    ]


def test_what_is_not_known_is_the_reason_even_if_the_condition_would_hold() -> None:
    unknown = replace(FACTS, orders=None)

    reasons = why_not({"for": {"not": {"fact": "first_order"}}}, order_of(1000), facts=unknown)

    assert reasons == [("first_order", {"is": None})]


def test_a_past_order_knows_only_what_was_decided_of_its_member() -> None:
    first = {"for": {"fact": "first_order"}}

    assert why_not(first, order_of(1000)) == [("for", {})]
    opened = found(with_campaigns(campaign(**first)), order_of(1000), opened=frozenset({"welcome"}))
    assert opened["welcome"].points == 10


def test_every_other_reason_is_named() -> None:
    empty = {"lines": {"categories": ["tea"]}}
    steps = {"kind": "steps", "steps": [{"at_least_minor": 3000, "points": 5}]}
    bought = order(line(1000, quantity=1, category="bean"))

    assert why_not({"when": {"ends_on": "2026-01-01"}}, bought) == [("when", {})]
    assert why_not({"activation": "join"}, bought, facts=FACTS) == [("joined", {})]
    assert why_not(empty, bought) == [("lines", {"is": 0})]
    assert why_not({"effect": steps}, bought) == [
        ("amount", {"at_least_minor": 3000, "is": 1000, "missing": 2000})
    ]
    assert why_not({"effect": {"kind": "per_unit", "points": 5, "every": 3}}, bought) == [
        ("units", {"at_least": 3, "is": 1, "missing": 2})
    ]
    cash = {"kind": "rate", "points": 1, "per_minor": 10, "tenders": ["cash"]}
    paid = replace(bought, tenders=(Tender("card", 1000),))
    assert why_not({"effect": cash}, paid) == [("tender", {"is_in": ["cash"], "is": ["card"]})]


def test_a_spent_limit_is_named_even_if_a_condition_fails_as_well() -> None:
    condition = {"if": {"fact": "amount", "at_least_minor": 6000}}
    spent = {"welcome": LimitRoom("budget", 0)}

    assert why_not(condition, order_of(1000), rooms=spent) == [
        ("amount", {"at_least_minor": 6000, "is": 1000, "missing": 5000}),
        ("budget", {"left": 0}),
    ]


@pytest.mark.parametrize(
    ("limits", "fact"),
    [
        ({"per_member": {"points": 99}}, "cap"),
        ({"budget": {"points": 99}}, "budget"),
        ({"per_member": {"points": 99}, "budget": {"points": 99}}, "limit"),
    ],
)
def test_a_past_order_knows_what_its_limit_left_and_its_kind_if_there_is_one(
    limits: dict[str, Any], fact: str
) -> None:
    program = with_campaigns(campaign(limits=limits))

    (nothing,) = found(program, order_of(1000), ceilings={"welcome": 0}).values()
    (less,) = found(program, order_of(1000), ceilings={"welcome": 4}).values()

    assert [(each.fact, dict(each.details)) for each in nothing.why_not] == [(fact, {"left": 0})]
    assert (less.points, less.why_not) == (4, ())
    assert [(each.fact, dict(each.details)) for each in less.findings[1:]] == [(fact, {"left": 4})]


def test_what_cuts_a_campaign_that_gives_something_is_no_reason_against_it() -> None:
    program = with_campaigns(
        campaign(id="a", limits={"per_order": 7}),
        campaign(id="b"),
        campaign_points_per_order_max=12,
    )

    outcomes = found(program, order_of(1000))

    assert {name: each.points for name, each in outcomes.items()} == {"a": 7, "b": 5}
    assert [(each.fact, dict(each.details)) for each in outcomes["a"].findings[1:]] == [
        ("per_order", {"at_most": 7})
    ]
    assert [(each.fact, dict(each.details)) for each in outcomes["b"].findings[1:]] == [
        ("campaign_points_per_order_max", {"left": 5})
    ]
    assert not any(each.why_not for each in outcomes.values())


STEPS: dict[str, Any] = {
    "kind": "steps",
    "steps": [{"at_least_minor": 3000, "points": 5}, {"at_least_minor": 9000, "points": 20}],
}


@pytest.mark.parametrize(
    ("parts", "could_give"),
    [
        ({}, 10),
        ({"effect": STEPS}, 5),
        ({"effect": {"kind": "per_unit", "points": 3, "every": 4}}, 3),
        ({"effect": {"kind": "rate", "points": 1, "per_minor": 100}}, 10),
        ({"effect": {"kind": "rate", "points": 1, "per_minor": 5000}}, 1),
        ({"effect": {"kind": "multiply", "percent": 250}}, 15),
        ({"limits": {"per_order": 7}}, 7),
    ],
)
def test_a_campaign_says_what_it_could_give(parts: dict[str, Any], could_give: int) -> None:
    conditions = {"if": {"fact": "amount", "at_least_minor": 6000}}
    program = with_campaigns(campaign(**conditions | parts))

    (outcome,) = found(program, order_of(1000)).values()

    assert (outcome.points, outcome.could_give) == (0, could_give)


def test_a_campaign_could_give_no_more_than_its_limits_leave() -> None:
    program = with_campaigns(campaign(**{"if": {"fact": "units", "at_least": 9}}))

    (outcome,) = found(program, order_of(1000), rooms={"welcome": LimitRoom("cap", 4)}).values()

    assert outcome.could_give == 4


def test_a_campaign_to_join_is_shut_by_what_is_not_known_of_those_who_joined() -> None:
    parts = {"activation": "join", "for": {"not": {"fact": "first_order"}}}
    unknown = replace(FACTS, orders=None, joined={"welcome": FACTS.occurred_at})

    assert why_not(parts, order_of(1000), facts=unknown) == [("first_order", {"is": None})]


@given(programs(), orders(), st.data())
def test_what_gives_nothing_says_why_and_what_gives_something_has_no_reason_against_it(
    program: Program, bought: Order, data: st.DataObject
) -> None:
    rooms = data.draw(
        st.dictionaries(
            st.sampled_from(["c0", "c1"]),
            st.builds(LimitRoom, st.sampled_from(["cap", "budget"]), st.integers(0, 200)),
        )
    )
    every = compiled(program)
    purchase = every.purchase(bought, tier=None)
    context = AwardContext(ceilings=freeze(every, purchase, AwardContext(), rooms=rooms))

    outcomes = findings(every, purchase, context, rooms=rooms)

    award = full_award(bought, bought=bought, program=program, context=context)
    assert {each.campaign.id: each.points for each in outcomes if each.points} == dict(
        award.campaign_points
    )
    for each in outcomes:
        assert bool(each.why_not) == (each.points == 0)
        assert each.points <= each.could_give


def test_a_loser_of_a_group_and_of_the_order_s_maximum_knows_why() -> None:
    program = with_campaigns(
        campaign(id="a", group="one"),
        campaign(id="b", group="one"),
        campaign(id="c"),
        campaign_groups=[{"id": "one", "choose": "first"}],
        campaign_points_per_order_max=10,
    )

    outcomes = found(program, order_of(1000))

    assert {name: each.points for name, each in outcomes.items()} == {"a": 10, "b": 0, "c": 0}
    assert [(each.fact, dict(each.details)) for each in outcomes["b"].why_not] == [
        ("group", {"winner": "a"})
    ]
    assert [each.fact for each in outcomes["c"].why_not] == ["campaign_points_per_order_max"]
