"""Every mistake in a segment, or in the members that a reward is for, is named at its place."""

from typing import Any

import pytest

from loyalty.domain.program.publication import faults
from tests.support.campaigns import campaign
from tests.support.documents import program, reward
from tests.support.levels import tiers

OAT = {"fact": "attribute", "name": "milk", "is_in": ["oat"]}


def segment(**parts: Any) -> dict[str, Any]:
    return {"id": "oat", "name": "Oat drinkers", "who": OAT} | parts


def found(**parts: Any) -> dict[str, str]:
    return {fault.pointer: fault.code for fault in faults(program(**parts))}


def test_segments_that_can_be_published() -> None:
    who = {
        "all": [
            {"fact": "days_since_order", "at_least": 60},
            {"not": {"fact": "tier", "is_in": ["gold"]}},
            {"any": [OAT, {"fact": "consent", "name": "email"}, {"fact": "birthday", "on": "day"}]},
            {"fact": "member_days", "at_most": 400},
            {"fact": "locale", "is_in": ["fr"]},
        ]
    }
    named = {"fact": "segment", "is_in": ["oat", "lapsed"]}

    assert not found(
        segments=[segment(), segment(id="lapsed", who=who)],
        campaigns=[campaign(**{"for": named})],
        rewards=[reward(**{"for": {"not": named}})],
        tiers=tiers("calendar_year"),
    )


@pytest.mark.parametrize(
    ("parts", "pointer", "code"),
    [
        ({"segments": [segment(), segment()]}, "/segments/1/id", "duplicate_id"),
        (
            {"segments": [segment(who={"not": {"fact": "member_days"}})]},
            "/segments/0/who/not",
            "no_bound",
        ),
        (
            {"segments": [segment(who={"all": [{"fact": "tier", "is_in": ["gold"]}]})]},
            "/segments/0/who/all/0/is_in/0",
            "unknown_level",
        ),
        (
            {"segments": [segment(who={"not": {"not": {"not": {"not": OAT}}}})]},
            "/segments/0/who/not/not/not/not",
            "too_deep",
        ),
        (
            {"segments": [segment(who={"any": [{"all": [OAT] * 16}, {"all": [OAT] * 15}]})]},
            "/segments/0/who",
            "too_many_conditions",
        ),
        (
            {"campaigns": [campaign(**{"for": {"fact": "segment", "is_in": ["oat"]}})]},
            "/campaigns/0/for/is_in/0",
            "unknown_segment",
        ),
        (
            {"rewards": [reward(**{"for": {"not": {"fact": "segment", "is_in": ["oat"]}}})]},
            "/rewards/0/for/not/is_in/0",
            "unknown_segment",
        ),
        (
            {"rewards": [reward(**{"for": {"any": [OAT, {"fact": "first_order"}]}})]},
            "/rewards/0/for/any/1",
            "about_orders",
        ),
        (
            {"rewards": [reward(**{"for": {"fact": "tier", "is_in": ["gold"]}})]},
            "/rewards/0/for/is_in/0",
            "unknown_level",
        ),
    ],
)
def test_a_mistake_is_named_at_its_place(parts: dict[str, Any], pointer: str, code: str) -> None:
    assert found(**parts) == {pointer: code}
