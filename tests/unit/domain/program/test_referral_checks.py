"""Referrals in the program document: what is refused when it is published."""

from typing import Any

import pytest

from loyalty.domain.program.publication import faults
from tests.support.documents import program

GIFT = {"referrer": {"points": 500}}
DEVICE = {"signal": "device", "then": "hold"}


@pytest.mark.parametrize(
    ("parts", "place", "code"),
    [
        ({"referrer": None}, "/referrals/referrer", "gift_unclear"),
        ({"referrer": {}}, "/referrals/referrer", "gift_unclear"),
        (
            {"friend": {"reward_id": "unheard"}},
            "/referrals/friend/reward_id",
            "unknown_reward",
        ),
        (
            {"counts": {"of": {"lists": ["none"]}}},
            "/referrals/counts/of/lists/0",
            "unknown_list",
        ),
        ({"signals": [DEVICE, DEVICE]}, "/referrals/signals/1/signal", "duplicate_id"),
        (
            {"signals": [{"signal": "network"}]},
            "/referrals/signals/0/per_week_max",
            "contradiction",
        ),
        (
            {"signals": [DEVICE | {"per_week_max": 3}]},
            "/referrals/signals/0/per_week_max",
            "contradiction",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(parts: dict[str, Any], place: str, code: str) -> None:
    found = faults(program(referrals=GIFT | parts))

    assert [(fault.pointer, fault.code) for fault in found] == [(place, code)]


def test_referrals_without_mistakes_are_published() -> None:
    document = program(
        referrals=GIFT
        | {
            "url": "https://example.com/?ref={code}",
            "signals": [DEVICE, {"signal": "network", "per_week_max": 10, "then": "refuse"}],
        }
    )

    assert faults(document) == ()
