"""Every combination of level policies that cannot be is named at its place."""

from typing import Any

import pytest

from loyalty.domain.program.publication import faults
from tests.support.documents import program
from tests.support.levels import FOR_LIFE, LEVELS, WHILE_ENOUGH, kept_at, tiers

FRIEND = {"id": "friend", "name": "Friend", "reached_at": None}


def found(period: str = "calendar_year", **policies: Any) -> dict[str, str]:
    document = program(tiers=tiers(period, **policies))
    return {fault.pointer: fault.code for fault in faults(document)}


@pytest.mark.parametrize(
    ("period", "policies"),
    [
        ("calendar_year", {"levels": kept_at(200, 600), "one_step_down": True}),
        ("calendar_year", {"holds": WHILE_ENOUGH, "one_step_down": True}),
        ("membership_year", {"holds": FOR_LIFE, "applies_at_once": True}),
        ("calendar_year", {"levels": [FRIEND, *LEVELS, FRIEND | {"id": "founder"}]}),
        (
            "rolling_months",
            {"holds": {"model": "months", "months": 12}, "one_step_down": True},
        ),
        ("rolling_months", {"holds": WHILE_ENOUGH, "levels": kept_at(200, 600)}),
        ("rolling_months", {"rolling_months": 3, "holds": WHILE_ENOUGH, "one_step_down": True}),
    ],
)
def test_policies_that_go_together(period: str, policies: dict[str, Any]) -> None:
    assert found(period, **policies) == {}


@pytest.mark.parametrize(
    ("period", "policies", "faults"),
    [
        ("calendar_year", {"rolling_months": 3}, {"/tiers/rolling_months": "contradiction"}),
        (
            "calendar_year",
            {"holds": FOR_LIFE, "one_step_down": True, "levels": kept_at(None, 600)},
            {
                "/tiers/one_step_down": "contradiction",
                "/tiers/levels/1/keeps_at": "contradiction",
            },
        ),
        (
            "rolling_months",
            {"one_step_down": True, "levels": kept_at(200, None)},
            {
                "/tiers/one_step_down": "contradiction",
                "/tiers/levels/0/keeps_at": "contradiction",
            },
        ),
        (
            "membership_year",
            {"holds": WHILE_ENOUGH, "levels": kept_at(200, None)},
            {"/tiers/levels/0/keeps_at": "contradiction"},
        ),
        (
            "rolling_months",
            {"holds": {"model": "months", "months": 12}, "levels": kept_at(200, None)},
            {"/tiers/levels/0/keeps_at": "contradiction"},
        ),
        (
            "calendar_year",
            {"levels": kept_at(501, None)},
            {"/tiers/levels/0/keeps_at": "contradiction"},
        ),
        (
            "calendar_year",
            {"levels": kept_at(None, 499)},
            {"/tiers/levels/1/keeps_at": "not_above"},
        ),
        (
            "calendar_year",
            {"levels": [FRIEND | {"keeps_at": 10}]},
            {"/tiers/levels/0/keeps_at": "contradiction"},
        ),
        (
            "calendar_year",
            {"levels": [LEVELS[1], FRIEND, LEVELS[0]]},
            {"/tiers/levels/2/reached_at": "not_above"},
        ),
    ],
)
def test_policies_that_do_not(
    period: str, policies: dict[str, Any], faults: dict[str, str]
) -> None:
    assert found(period, **policies) == faults
