"""Events put on the bus: in order, in requests that it takes, and again what did not arrive."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from loyalty.domain.events import Event, MemberEnrolled, PointsEarned
from loyalty.edge.aws.bus import Bus, BusRules, size_bytes
from loyalty.edge.aws.publishing import ATTEMPTS_MAX
from loyalty.sdk.connections import Unanswered
from loyalty.sdk.services import ServiceError
from tests.support.eventbridge import EventBridge

EVENT: Final = MemberEnrolled(
    id="evt_0",
    program_id="bean",
    member_id="mem_1",
    occurred_at=datetime(2026, 11, 21, 12, tzinfo=UTC),
)


def bus(eventbridge: EventBridge) -> Bus:
    return Bus(eventbridge, name="bus", pause=lambda _attempt: None)


def events(count: int) -> Sequence[Event]:
    return [replace(EVENT, id=f"evt_{number}") for number in range(count)]


def error(code: str) -> ServiceError:
    return ServiceError("PutEvents", 400, {"__type": code})


def test_an_event_says_what_it_is_and_where_it_comes_from() -> None:
    eventbridge = EventBridge()

    bus(eventbridge).publish([EVENT])

    (entry,) = eventbridge.entries
    assert entry["Source"] == "loyalty"
    assert entry["DetailType"] == "MemberEnrolled"
    assert entry["EventBusName"] == "bus"
    assert entry["Time"] == EVENT.occurred_at.timestamp()


def test_events_are_put_in_order_ten_at_a_time() -> None:
    eventbridge = EventBridge()

    published = bus(eventbridge).publish(events(23))

    assert published == 23
    assert [len(request) for request in eventbridge.requests] == [10, 10, 3]
    assert eventbridge.taken == [f"evt_{number}" for number in range(23)]


def test_only_what_did_not_arrive_is_put_again() -> None:
    eventbridge = EventBridge({"evt_1", "evt_3"}, {"evt_3"})

    published = bus(eventbridge).publish(events(5))

    assert published == 5
    assert eventbridge.requests[1:] == [["evt_1", "evt_3"], ["evt_3"]]


def test_what_never_arrives_ends_the_count_and_nothing_later_is_tried() -> None:
    eventbridge = EventBridge(*[{"evt_12"}] * (ATTEMPTS_MAX + 1))
    eventbridge.refusals.insert(0, set())

    published = bus(eventbridge).publish(events(25))

    assert published == 12
    assert "evt_20" not in eventbridge.taken
    assert len(eventbridge.requests) == 1 + ATTEMPTS_MAX


@pytest.mark.parametrize("fault", [error("ThrottlingException"), Unanswered()])
def test_a_passing_fault_of_the_bus_is_waited_out(fault: Exception) -> None:
    eventbridge = EventBridge(fault)

    published = bus(eventbridge).publish(events(3))

    assert published == 3
    assert len(eventbridge.requests) == 2


def test_a_bus_that_stays_throttled_took_nothing() -> None:
    eventbridge = EventBridge(*[error("ThrottlingException")] * ATTEMPTS_MAX)

    assert bus(eventbridge).publish(events(3)) == 0


def test_a_bus_that_may_not_be_used_is_a_failure() -> None:
    with pytest.raises(ServiceError):
        bus(EventBridge(error("AccessDeniedException"))).publish(events(3))


def test_letters_beyond_ascii_count_as_what_they_weigh() -> None:
    entry: Any = {"Source": "loyalty", "DetailType": "Any", "Detail": "é"}

    assert size_bytes(entry) == size_bytes(entry | {"Detail": "e"}) + 1


@pytest.mark.parametrize(
    ("patterns", "late", "is_asked_for"),
    [
        ({}, False, False),
        ({"PointsEarned": [{}]}, False, True),
        ({"MemberEnrolled": [{}]}, False, False),
        ({"*": [{}]}, False, True),
        ({"PointsEarned": [{"late": [True]}]}, True, True),
        ({"PointsEarned": [{"late": [True]}]}, False, False),
        ({"PointsEarned": [{"late": [True]}, {"points": [49]}]}, False, True),
        ({"PointsEarned": [{"late": [True], "points": [49]}]}, False, False),
        ({"PointsEarned": [{"no_field": [1]}]}, False, False),
    ],
)
def test_an_event_is_asked_for_by_name_and_by_its_fields(
    patterns: dict[str, Any], late: bool, is_asked_for: bool
) -> None:
    event = PointsEarned(
        id="evt_1",
        program_id="bean",
        member_id="mem_1",
        occurred_at=EVENT.occurred_at,
        entry_id="ent_1",
        reason="accrual",
        given_for=None,
        survey_id=None,
        rule_id=None,
        points=49,
        lots=(),
        order=None,
        late=late,
    )

    assert BusRules.read(json.dumps(patterns)).ask_for(event) == is_asked_for
