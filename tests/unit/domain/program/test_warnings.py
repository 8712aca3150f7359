"""What publishing a document also does to what is there."""

from typing import Any, Final

import pytest

from loyalty.domain.program.warnings import consequences
from tests.support.documents import program, reward

LEVEL: Final = {"id": "gold", "name": "Gold", "reached_at": 1000}
TIERS: Final = {"basis": "spend", "period": "calendar_year", "levels": [LEVEL]}
BEFORE: Final[dict[str, Any]] = {
    "tiers": TIERS,
    "rewards": [reward(id="latte", name="Latte")],
    "expiry": {"model": "never"},
    "inactivity": {"months": 12},
}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"time_zone": "Europe/Rome"}, "days_move"),
        ({"expiry": {"model": "after_earning", "months": 6}}, "held_points_keep_dates"),
        ({"expiry_by_source": {"survey": {"model": "never"}}}, None),
        ({"inactivity": {"months": 6}}, "inactivity_begins"),
        ({"inactivity": {"months": 12, "activities": ["order"]}}, None),
        ({"inactivity": None}, "inactivity_ends"),
        ({"tiers": TIERS | {"basis": "orders"}}, "levels_begin_again"),
        ({"tiers": TIERS | {"levels": [LEVEL | {"reached_at": 900}]}}, "levels_change_at_once"),
        ({"tiers": TIERS | {"levels": [LEVEL | {"name": "Best"}]}}, None),
        ({"tiers": None}, "levels_end"),
        ({"rewards": [reward(id="latte", name="Milk")]}, None),
        ({"rewards": []}, "removed_reward"),
        ({"clawback": "only_pending"}, "earlier_orders_too"),
        ({"name": "Leaf"}, None),
    ],
)
def test_each_change_with_a_consequence_is_warned_of(
    change: dict[str, Any], code: str | None
) -> None:
    found = consequences(program(**(BEFORE | change)), before=program(**BEFORE))

    assert [each.code for each in found] == ([code] if code else [])
