"""Reviewed days of the staff, as the table stores them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from loyalty.domain.staff.staff_days import COMPARED_DAYS, StaffDay, UnusualHand
from loyalty.table.records.parts import VERSION

if TYPE_CHECKING:
    from loyalty.table.operations import Item

# Some days longer than they are compared.
KEPT_FOR: Final = timedelta(days=COMPARED_DAYS + 10)


def staff_day_to_item(staff_day: StaffDay) -> Item:
    midnight = datetime(staff_day.day.year, staff_day.day.month, staff_day.day.day, tzinfo=UTC)
    return {
        "kind": "staff_day",
        "v": VERSION,
        "day": staff_day.day.isoformat(),
        "moved": [*staff_day.moved],
        "unusual": [
            [hand.person, hand.points, hand.actions, hand.usual] for hand in staff_day.unusual
        ],
        "ttl": int((midnight + KEPT_FOR).timestamp()),
    }


def staff_day_from_item(item: Item) -> StaffDay:
    wire = cast("dict[str, Any]", item)
    return StaffDay(
        day=date.fromisoformat(wire["day"]),
        moved=tuple(wire["moved"]),
        unusual=tuple(
            UnusualHand(person=person, points=points, actions=actions, usual=usual)
            for person, points, actions, usual in wire["unusual"]
        ),
    )
