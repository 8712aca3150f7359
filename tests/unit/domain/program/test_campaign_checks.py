"""What publishing refuses in campaigns, and what it warns of."""

from datetime import date
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.campaigns.planning import compiled
from loyalty.domain.program.campaign_checks import warnings
from loyalty.domain.program.document import Program
from loyalty.domain.program.publication import faults, faults_of_broken
from tests.support.campaigns import campaign, campaign_faults, measures, orders, with_campaigns
from tests.support.campaigns import shrinking as keeping_less
from tests.support.documents import document, rule

TODAY: Final = date(2026, 11, 30)
AT_MOST_50: Final = {"fact": "amount", "at_most_minor": 5000}
GOLD: Final = {"fact": "tier", "is_in": ["gold"]}
TEN: Final = {"fact": "units", "at_least": 10}


def places(*campaigns: dict[str, Any], **parts: Any) -> dict[str, str]:
    return {
        each.pointer: each.code for each in campaign_faults(with_campaigns(*campaigns, **parts))
    }


def warned(program: Program, replaces: Program | None = None) -> dict[str, str]:
    return {each.pointer: each.code for each in warnings(program, replaces=replaces, today=TODAY)}


def nested(depth: int) -> dict[str, Any]:
    """A condition under so many `not`, always an even number of them."""
    return {"not": nested(depth - 1)} if depth else TEN


@pytest.mark.parametrize(
    ("parts", "place", "code"),
    [
        # Its limits would be taken for another campaign's budget.
        ({"id": "budget:x"}, "/id", "reserved_id"),
        # A refund could make these true.
        ({"if": AT_MOST_50}, "/if", "could_rise"),
        ({"if": {"all": [TEN, AT_MOST_50]}}, "/if/all/1", "could_rise"),
        ({"if": {"any": [TEN, {"not": TEN}]}}, "/if/any/1/not", "could_rise"),
        ({"if": {"not": {"all": [AT_MOST_50, TEN]}}}, "/if/not/all/1", "could_rise"),
        ({"if": {"fact": "units", "at_least": 2, "at_most": 2}}, "/if", "could_rise"),
        (
            {"if": {"fact": "unit_price", "at_least_minor": 5, "read": "kept"}},
            "/if",
            "could_rise",
        ),
        # These have no bound, or two that contradict each other.
        ({"if": {"fact": "amount"}}, "/if", "no_bound"),
        ({"for": {"fact": "order_number"}}, "/for", "no_bound"),
        ({"for": {"not": {"fact": "member_days"}}}, "/for/not", "no_bound"),
        ({"if": {"fact": "units", "at_least": 3, "at_most": 2, "read": "bought"}}, "/if",
         "contradiction"),
        ({"if": nested(4)}, "/if/not/not/not/not", "too_deep"),
        ({"if": {"all": [TEN] * 20}, "for": {"any": [{"fact": "first_order"}] * 11}}, "",
         "too_many_conditions"),
        # These name what is not there.
        ({"for": {"any": [GOLD, {"fact": "first_order"}]}}, "/for/any/0/is_in/0", "unknown_level"),
        ({"group": "tuesday"}, "/group", "unknown_group"),
        ({"lines": {"lists": ["sale", "new"]}}, "/lines/lists/1", "unknown_list"),
        ({"if": {**TEN, "of": {"lists": ["new"]}}}, "/if/of/lists/0", "unknown_list"),
        ({"lines": {"categories": ["tip"]}}, "/lines/categories/0", "never_counts"),
        ({"lines": {"skus": ["A"], "not_skus": ["B", "A"]}}, "/lines/not_skus/1", "contradiction"),
        ({"lines": {"not_categories": ["tip"], "also_charges": ["tip"]}}, "/lines/also_charges/0",
         "contradiction"),
        # These never hold.
        ({"when": {"starts_on": "2026-12-02", "ends_on": "2026-12-01"}}, "/when/ends_on",
         "empty_window"),
        ({"when": {"starts_on": "2026-12-01", "ends_on": "2026-12-03", "weekdays": ["mon"]}},
         "/when/weekdays", "empty_window"),
        ({"when": {"hours": [{"from": "09:00", "until": "09:00"}]}}, "/when/hours/0/until",
         "empty_window"),
        ({"effect": {"kind": "steps", "steps": [{"at_least_minor": 5, "points": 5},
                                                {"at_least_minor": 5, "points": 6}]}},
         "/effect/steps/1/at_least_minor", "not_above"),
        ({"effect": {"kind": "steps", "steps": [{"at_least_minor": 5, "points": 5},
                                                {"at_least_minor": 6, "points": 5}]}},
         "/effect/steps/1/points", "not_above"),
        # These limits say too little or too much.
        ({"limits": {"per_member": {}}}, "/limits/per_member", "no_bound"),
        ({"limits": {"per_member": {"orders": 1, "per": "order"}}}, "/limits/per_member/orders",
         "contradiction"),
        ({"limits": {"budget": {}}}, "/limits/budget", "budget_unclear"),
        ({"limits": {"budget": {"points": 1, "amount_minor": 1}}}, "/limits/budget",
         "budget_unclear"),
        ({"limits": {"budget": {"amount_minor": 5}}}, "/limits/budget/amount_minor",
         "no_point_value"),
    ],
)  # fmt: skip
def test_each_fault_of_a_campaign_has_its_place(
    parts: dict[str, Any], place: str, code: str
) -> None:
    lists = {"sale": ["A"]}

    assert places(campaign(**parts), lists=lists, point_value=None) == {
        f"/campaigns/0{place}": code
    }


@pytest.mark.parametrize(
    "parts",
    [
        {"if": AT_MOST_50 | {"read": "bought"}},
        {"if": {"not": AT_MOST_50}},
        {"if": {"not": {"not": TEN}}},
        {"if": {"not": {"fact": "channel", "is_in": ["app"]}}},
        {"if": {"fact": "unit_price", "at_most_minor": 5}},
        # All of its conditions are read of what was bought.
        {"if": AT_MOST_50, "effect": {"kind": "fixed", "points": 5, "on_refund": "in_proportion"}},
        {"if": nested(2)},
        {"when": {"starts_on": "2026-12-01", "ends_on": "2026-12-01", "weekdays": ["tue"]}},
    ],
)
def test_a_condition_that_no_refund_makes_true_is_published(parts: dict[str, Any]) -> None:
    assert places(campaign(**parts)) == {}


@given(st.data())
def test_most_conditions_that_are_refused_could_be_made_true_by_a_refund(
    data: st.DataObject,
) -> None:
    """The check is sound (see the plans of campaigns); this shows that it is of use."""
    condition = data.draw(measures().filter(lambda leaf: leaf["read"] == "kept"))
    program = with_campaigns(campaign(**{"if": condition}))
    if not campaign_faults(program):
        return
    (only,) = compiled(program).campaigns
    bought = data.draw(orders())
    remaining = data.draw(keeping_less(bought))
    purchase = compiled(program).purchase(bought, tier=None)
    truths = [only.holds(purchase.keeping(each)) for each in remaining]
    # What is refused has an upper bound, or is a price: only these can ever turn true.
    if truths != sorted(truths, reverse=True):
        assert condition["fact"] == "unit_price" or any("at_most" in name for name in condition)


def test_an_id_is_used_once_among_campaigns_and_rules() -> None:
    program = with_campaigns(
        campaign(id="base"), campaign(), campaign(), earning_rules=[rule(id="base")]
    )

    assert {each.pointer: each.code for each in faults(program)} == {
        "/campaigns/0/id": "duplicate_id",
        "/campaigns/2/id": "duplicate_id",
    }


def test_a_group_s_id_is_used_once() -> None:
    group = {"id": "one", "choose": "best"}

    assert places(campaign_groups=[group, group]) == {"/campaign_groups/1/id": "duplicate_id"}


def test_at_most_ten_limits_per_member_hold_together() -> None:
    limits = {"per_member": {"points": 5}}
    november = {"ends_on": "2026-11-30"}
    december = {"starts_on": "2026-12-01"}
    ten = [campaign(id=f"n{number}", limits=limits, when=november) for number in range(10)]
    groups = [{"id": "one", "choose": "best"}]

    assert places(*ten, campaign(limits=limits, when=december)) == {}
    assert places(*ten, campaign(limits=limits)) == {"/campaigns": "too_many_limits"}
    grouped = [campaign(id=f"g{number}", limits=limits, group="one") for number in range(12)]
    assert places(*grouped, campaign_groups=groups) == {}


def test_a_mistake_in_one_campaign_hides_no_mistake_in_another() -> None:
    broken = document(
        campaigns=[
            campaign(id="a", name=5, **{"if": AT_MOST_50}),
            campaign(id="b", group="x", **{"if": {"fact": "amount", "at_most": 5}}),
            campaign(id="c", effect={"kind": "rate"}, **{"for": {"fact": "order_number"}}),
            campaign(id="a", effect=7, limits={"budget": {}}),
            5,
        ]
    )

    found = {each.pointer: each.code for each in faults_of_broken(broken)}

    assert found == {
        "/campaigns/0/if": "could_rise",
        "/campaigns/1/group": "unknown_group",
        "/campaigns/2/for": "no_bound",
        "/campaigns/3/id": "duplicate_id",
        "/campaigns/3/limits/budget": "budget_unclear",
    }


def test_what_is_probably_not_meant_is_a_warning() -> None:
    program = with_campaigns(
        campaign(
            id="a-campaign-with-a-long-name",
            limits={"per_order": 50, "per_member": {"points": 20}},
        ),
        campaign(id="club", activation="join", group="one"),
        campaign_groups=[{"id": "one", "choose": "best"}, {"id": "none", "choose": "first"}],
    )

    assert campaign_faults(program) == ()
    assert warned(program) == {
        "/campaigns/0/limits/per_order": "beyond_limit",
        "/campaigns/0/id": "long_id",
        "/campaigns/1/when/ends_on": "join_without_end",
        "/campaign_groups/0": "group_of_one",
        "/campaign_groups/1": "group_of_one",
    }


@pytest.mark.parametrize(
    ("when", "is_warned"),
    [
        ({}, True),
        ({"ends_on": "2026-09-01"}, True),
        ({"ends_on": "2026-08-31"}, False),
        ({"starts_on": "2026-11-30"}, True),
        ({"starts_on": "2026-12-01"}, False),
    ],
)
def test_a_campaign_is_kept_while_its_orders_can_arrive_late(
    when: dict[str, Any], is_warned: bool
) -> None:
    before = with_campaigns(campaign(when=when))

    assert warned(with_campaigns(), before) == (
        {"/campaigns": "dropped_campaign"} if is_warned else {}
    )
    assert warned(before, before) == {}


def test_a_limit_with_another_period_begins_to_count_anew() -> None:
    before, after = (
        with_campaigns(campaign(limits={"budget": {"points": 9, "per": per}}))
        for per in ("month", "year")
    )

    assert warned(after, before) == {"/campaigns/0/limits/budget/per": "other_period"}


def test_a_published_campaign_reads_back_unchanged() -> None:
    program = with_campaigns(
        campaign(
            when={"weekdays": ["tue"], "hours": [{"from": "16:00", "until": "01:00"}]},
            effect={"kind": "rate", "points": 1, "per_minor": 100, "tenders": ["card"]},
            **{
                "for": {"all": [{"fact": "order_number", "is": 3}, {"not": GOLD}]},
                "if": {"any": [TEN, {"fact": "code", "is_in": ["FLYER"]}]},
            },
        ),
        lists={"sale": ["A", "B"]},
        campaign_groups=[{"id": "one", "choose": "best"}],
    )

    assert Program.model_validate_json(program.canonical()) == program


def held(percent: int = 10, **parts: Any) -> dict[str, Any]:
    when = {"starts_on": "2026-12-01"}
    return campaign(**{"holdout": {"percent": percent, "salt": None}, "when": when} | parts)


@pytest.mark.parametrize(
    ("before", "after", "warns"),
    [
        (held(), held(), {}),
        (held(), held(20), {"/campaigns/0/holdout/percent": "holdout_changes"}),
        (held(20), held(), {"/campaigns/0/holdout/percent": "holdout_changes"}),
        (
            held(),
            held(holdout={"percent": 20, "salt": "other"}),
            {"/campaigns/0/holdout/salt": "holdout_moves"},
        ),
        # The same salt, said or not.
        (held(), held(holdout={"percent": 10, "salt": "welcome"}), {}),
        (held(holdout=None), held(), {}),
        (held(), held(holdout=None), {}),
        (
            held(holdout=None, when={"starts_on": "2026-11-01"}),
            held(when={"starts_on": "2026-11-01"}),
            {"/campaigns/0/holdout": "holdout_begins_late"},
        ),
        (
            campaign(id="a"),
            held(when={}),
            {
                "/campaigns/0/when/starts_on": "holdout_without_start",
                "/campaigns": "dropped_campaign",
            },
        ),
    ],
)  # fmt: skip
def test_a_holdout_that_moves_or_cannot_be_measured_is_a_warning(
    before: dict[str, Any], after: dict[str, Any], warns: dict[str, str]
) -> None:
    assert warned(with_campaigns(after), with_campaigns(before)) == warns


def test_another_salt_of_the_programs_holdout_is_a_warning_and_so_is_a_shared_one() -> None:
    before, after = (
        with_campaigns(
            held(id="a", holdout={"percent": 10, "salt": "one"}),
            universal_holdout={"percent": 5, "salt": salt},
        )
        for salt in ("2026-h1", "one")
    )

    assert warned(after, before) == {
        "/universal_holdout/salt": "holdout_moves",
        "/campaigns/0/holdout/salt": "shared_salt",
    }
