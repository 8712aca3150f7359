"""Goals: evaluated at night from the lake, listed for staff, announced once for each change."""

from datetime import UTC, date, datetime
from typing import Any, Final

import pytest

from functions.overview.handler import handler as overview
from functions.program.handler import handler as program
from loyalty.domain.events import Event, GoalStateChanged, events_of
from loyalty.table.changes import change_of
from tests.integration.conftest import TABLE, Clock
from tests.integration.lakeside import archived, compact
from tests.support import stream, till
from tests.support.documents import document
from tests.support.http import call, staff

pytestmark = pytest.mark.usefixtures("disk")

GOAL: Final = {
    "id": "more-orders",
    "name": "500 orders by the end of the year",
    "column": "orders",
    "target": 500,
    "starts_on": "2026-11-01",
    "by": "2026-12-31",
}
MONDAY: Final = datetime(2026, 11, 23, 6, 45, tzinfo=UTC)
TUESDAY: Final = datetime(2026, 11, 24, 6, 45, tzinfo=UTC)


@pytest.fixture(autouse=True)
def busy(publish: Any) -> None:
    """Ana buys three times on the 21st."""
    publish(goals=[GOAL])
    ana = till.enroll()
    for number in range(3):
        till.earn(ana, 4999, order_id=f"{number}")
    archived()


def listed(role: str = "analyst") -> Any:
    return call(overview, "GET", f"{till.PROGRAM}/goals", as_=staff("bean", role))


def announced() -> list[Event]:
    changes = [change_of(record) for record in stream.records(TABLE)]
    return [
        event
        for change in changes
        if change
        for event in events_of(change)
        if isinstance(event, GoalStateChanged)
    ]


def test_a_goal_is_listed_with_where_it_stands(time: Clock) -> None:
    time.now = MONDAY
    assert compact() == []

    (found,) = listed().body["items"]

    assert found == GOAL | {
        "report": "summary",
        "kind": "flow",
        "direction": "at_least",
        "day": "2026-11-22",
        "value": 3,
        "expected": 180,
        "forecast": 8,
        "forecast_by": "even",
        "per_day": 13,
        "state": "at_risk",
        "evaluated_at": "2026-11-23T06:45:00Z",
    }


def test_a_goal_that_was_not_evaluated_yet_stands_nowhere() -> None:
    (found,) = listed().body["items"]

    assert (found["id"], found["target"], found["value"], found["state"]) == (
        "more-orders", 500, None, None,
    )  # fmt: skip


def test_a_goal_that_was_changed_stands_nowhere_until_the_next_night(
    time: Clock, publish: Any
) -> None:
    time.now = MONDAY
    assert compact() == []
    publish(version=2, goals=[GOAL | {"target": 4}])
    time.now = TUESDAY

    (changed,) = listed().body["items"]
    assert compact() == []
    (evaluated,) = listed().body["items"]

    assert changed["state"] is None
    assert (evaluated["state"], evaluated["value"]) == ("on_track", 3)


def test_a_change_of_its_state_is_announced_once(time: Clock) -> None:
    for now in (MONDAY, MONDAY, TUESDAY):
        time.now = now
        assert compact() == []

    (event,) = announced()

    assert isinstance(event, GoalStateChanged)
    assert (event.goal_id, event.state, event.state_before) == ("more-orders", "at_risk", None)
    assert (event.value, event.forecast, event.by) == (3, 8, date(2026, 12, 31))


def test_a_new_goal_is_checked_against_what_has_happened(time: Clock) -> None:
    time.now = MONDAY
    assert compact() == []
    proposed = document(goals=[GOAL | {"column": "points_adjusted"}])

    checked = call(
        program, "POST", f"{till.PROGRAM}/check", as_=staff("bean", "manager"), body=proposed
    )

    assert [each["code"] for each in checked.body["warnings"]] == ["not_a_key_figure"]


def test_cashiers_do_not_see_goals() -> None:
    assert listed("cashier").status == 403
