"""A voucher's state follows the calendar, whether or not a sweep has recorded it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.ledger import NOON, voucher

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("parts", "moment", "state"),
    [
        ({"state": "held", "held_until": NOON}, NOON - HOUR, "held"),
        ({"state": "held", "held_until": NOON}, NOON, "cancelled"),
        ({"state": "issued", "expires_at": NOON}, NOON - HOUR, "issued"),
        ({"state": "issued", "expires_at": NOON}, NOON, "expired"),
        ({"state": "issued"}, NOON + 10_000 * HOUR, "issued"),
        ({"state": "used", "expires_at": NOON}, NOON, "used"),
        ({"state": "cancelled", "held_until": NOON}, NOON, "cancelled"),
    ],
)
def test_a_hold_ends_and_a_voucher_expires_at_its_very_moment(
    parts: dict[str, Any], moment: datetime, state: str
) -> None:
    assert voucher(**parts).state_at(moment) == state


@pytest.mark.parametrize(
    ("state", "due_at"),
    [("held", NOON), ("issued", NOON + HOUR), ("used", None), ("cancelled", None)],
)
def test_the_calendar_has_a_step_left_for_held_and_issued_vouchers_only(
    state: str, due_at: datetime | None
) -> None:
    assert voucher(state, held_until=NOON, expires_at=NOON + HOUR).due_at == due_at
