"""A broken document is read as far as it can be, and checked as far as it was read."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from loyalty.domain.program.document import Program
from loyalty.domain.program.expiry_policies import (
    AfterEarningExpiry,
    NeverExpiry,
)
from loyalty.domain.program.parts import Unread, read_partly
from loyalty.domain.program.publication import faults, faults_of_broken
from tests.support.documents import document, reward, rule

EXAMPLE = document()
WRONG: list[Any] = [None, True, -1, 1.5, "", "x" * 6000, [], [None], {}, {"surprise": 1}, [{}]]


def places(**parts: Any) -> dict[str, str]:
    """The mistakes beyond single fields in a document that does not fit its models."""
    broken = document(**parts)
    with pytest.raises(ValidationError):
        Program.model_validate(broken)
    return {fault.pointer: fault.code for fault in faults_of_broken(broken)}


def test_a_sound_document_is_read_whole() -> None:
    assert read_partly(Program, EXAMPLE) == Program.model_validate(EXAMPLE)


def test_a_field_that_does_not_fit_is_left_out_and_the_others_are_read() -> None:
    read = read_partly(Program, document(currency="Euro", rewards=[5, reward(cost_points="40")]))

    assert read.name == EXAMPLE["name"]
    with pytest.raises(Unread):
        _ = read.currency
    assert read.rewards[1].id == "latte"
    with pytest.raises(Unread):
        _ = read.rewards[1].cost_points
    with pytest.raises(Unread):
        _ = read.rewards[0].id


def test_a_field_that_is_absent_has_its_default_unless_it_is_required() -> None:
    terse = document()
    del terse["currency"], terse["pending_days"]

    read = read_partly(Program, terse)

    assert read.pending_days == 0
    with pytest.raises(Unread):
        _ = read.currency


def test_the_branch_of_a_union_is_the_one_that_the_document_names() -> None:
    after_earning = {"model": "after_earning", "months": "12", "round_to": "week"}
    never = {"model": "never", "months": 12}

    read = read_partly(Program, document(expiry=after_earning)).expiry

    assert isinstance(read, AfterEarningExpiry)
    assert read.round_to == "week"
    assert isinstance(read_partly(Program, document(expiry=never)).expiry, NeverExpiry)
    with pytest.raises(Unread):
        _ = read_partly(Program, document(expiry={"months": 12})).expiry


def test_mistakes_of_one_field_hide_no_contradiction_of_others() -> None:
    found = places(
        currency="Euro",
        time_zone="Mars",
        rewards=[reward(cost=40), reward(percent=3)],
        earning_rules=[rule(points="1", when={"starts_on": "2026-12-01", "ends_on": "2026-11-30"})],
        tiers={
            "basis": "spent",
            "period": "calendar_year",
            "levels": [
                {"id": "silver", "name": "Silver", "reached_at": 1000},
                {"id": "gold", "name": "Gold", "reached_at": 10},
            ],
        },
        messages={
            "per_week_max": 0,
            "templates": [{"kind": "welcome", "subject": "", "body": "{{ bonuss }}"}],
        },
        surveys=[{"id": "visit", "kind": "csat", "low_score_max": 5}],
    )

    assert found == {
        "/time_zone": "unknown_time_zone",
        "/rewards/1/id": "duplicate_id",
        "/rewards/1/percent": "not_for_kind",
        "/earning_rules/0/when/ends_on": "empty_window",
        "/tiers/levels/1/reached_at": "not_above",
        "/messages/templates/0/body": "unknown_variable",
        "/surveys/0/low_score_max": "out_of_range",
    }


@pytest.mark.parametrize(
    "parts",
    [
        # Which levels there are is not known.
        {
            "tiers": {"basis": "spend", "period": "calendar_year", "levels": [{"id": "go ld"}]},
            "rewards": [reward(tiers=["gold"], tier_costs={"gold": 10})],
        },
        {"tiers": 5, "earning_rules": [rule(when={"tiers": ["gold"]})]},
        # Nor what kind of reward it is, nor how long points live.
        {"rewards": [reward(kind="free", percent=3, amount_minor=100)]},
        {
            "expiry": {"model": "after_earning", "months": "twelve"},
            "reminders": {"points_expiring": {"days_before": [90, 7]}},
        },
        {"rewards": [reward(cost_points="40", tier_costs={})]},
        # Months were meant.
        {"expiry": {"model": "after_earning", "month": 12}},
        {"reminders": {"tier_ending": {"days_before": 0}}, "tiers": {"levels": []}},
    ],
)
def test_a_mistake_that_only_follows_from_another_is_not_reported(
    parts: dict[str, Any],
) -> None:
    assert places(**parts) == {}


def test_an_expiry_with_neither_months_nor_days_is_one_mistake() -> None:
    broken = document(
        expiry={"model": "after_earning"},
        reminders={"points_expiring": {"days_before": [30, 7]}},
    )

    found = faults(Program.model_validate(broken))

    assert [(fault.pointer, fault.code) for fault in found] == [("/expiry", "months_or_days")]


def test_a_rule_for_a_category_that_earns_nothing_is_refused() -> None:
    only_gift_cards = rule(include_categories=["gift_card"])

    (fault,) = faults_of_broken(document(earning_rules=[only_gift_cards]))

    assert fault.pointer == "/earning_rules/0/include_categories/0"
    assert fault.code == "never_earns"
    mended = only_gift_cards | {"also_earn_on": ["gift_card"]}
    assert faults_of_broken(document(earning_rules=[mended])) == ()


def _paths(part: Any, parents: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path to everything in a document."""
    steps: list[tuple[str | int, Any]] = []
    if isinstance(part, dict):
        steps = list(part.items())
    elif isinstance(part, list):
        steps = list(enumerate(part))
    return [parents, *(path for step, inner in steps for path in _paths(inner, (*parents, step)))]


FULL = document(
    tiers={
        "basis": "spend",
        "period": "calendar_year",
        "levels": [{"id": "gold", "name": "Gold", "reached_at": 10}],
    },
    rewards=[reward(tier_costs={"gold": 10}, available_until="2026-12-24")],
    messages={
        "templates": [{"kind": "welcome", "subject": "Hello", "body": "{{ name }}"}],
        "quiet_hours": {"starts_at": "21:00", "ends_at": "08:00"},
    },
    surveys=[{"id": "visit", "kind": "csat", "question": "How was it?"}],
)


@given(
    paths=st.lists(
        st.sampled_from([path for path in _paths(FULL) if path]), min_size=1, max_size=4
    ),
    wrong=st.sampled_from(WRONG),
)
def test_no_broken_document_fails_the_checks(
    paths: list[tuple[str | int, ...]], wrong: object
) -> None:
    broken: Any = deepcopy(FULL)
    for *parent, name in paths:
        here: Any = broken
        for step in parent:
            here = here.get(step) if isinstance(here, dict) else _item(here, step)
        if isinstance(here, dict) or _item(here, name) is not None:
            here[name] = wrong

    faults_of_broken(broken)


def _item(value: object, step: object) -> Any:
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None
