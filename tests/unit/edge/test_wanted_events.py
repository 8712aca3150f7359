"""Which events endpoints want, remembered for some seconds."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from loyalty.domain.events import MemberEnrolled
from loyalty.domain.webhooks_out.endpoints import Endpoint
from loyalty.edge.wanted_events import PROGRAMS_MAX, WantedEvents

NOW: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
EVENT: Final = MemberEnrolled(id="evt_1", program_id="bean", member_id="mem_1", occurred_at=NOW)


class Endpoints:
    """Those of one program; counts how often they are read."""

    def __init__(self, **parts: Any) -> None:
        self.reads = 0
        self.found: list[Endpoint] = []
        if parts:
            self.add(**parts)

    def add(self, **parts: Any) -> None:
        endpoint = Endpoint(
            endpoint_id="crm",
            url="https://crm.example",
            events=("*",),
            description=None,
            created_at=NOW,
            changed_at=NOW,
        )
        self.found.append(replace(endpoint, **parts))

    def all(self, program_id: str) -> Sequence[Endpoint]:
        self.reads += 1
        return list(self.found) if program_id == "bean" else []


@pytest.mark.parametrize(
    ("endpoint", "is_wanted"),
    [
        ({}, False),
        ({"events": ("*",)}, True),
        ({"events": ("MemberEnrolled", "PointsEarned")}, True),
        ({"events": ("PointsEarned",)}, False),
        ({"events": ("*",), "disabled": "asked"}, False),
    ],
)
def test_an_event_is_wanted_if_an_endpoint_of_its_program_wants_it(
    endpoint: dict[str, Any], is_wanted: bool
) -> None:
    wanted_events = WantedEvents(Endpoints(**endpoint), remembered_seconds=10, clock=lambda: 0)

    assert wanted_events.ask_for(EVENT) == is_wanted
    assert not wanted_events.ask_for(replace(EVENT, program_id="leaf"))


def test_a_new_endpoint_is_known_after_ten_seconds() -> None:
    now = [0.0]
    endpoints = Endpoints()
    wanted_events = WantedEvents(endpoints, remembered_seconds=10, clock=lambda: now[0])
    assert not wanted_events.ask_for(EVENT)
    endpoints.add()

    now[0] = 9.9
    assert not wanted_events.ask_for(EVENT)
    assert endpoints.reads == 1
    now[0] = 10
    assert wanted_events.ask_for(EVENT)
    assert endpoints.reads == 2


def test_only_so_many_programs_are_remembered() -> None:
    wanted_events = WantedEvents(Endpoints(), remembered_seconds=10, clock=lambda: 0)

    for number in range(PROGRAMS_MAX + 5):
        wanted_events.ask_for(replace(EVENT, program_id=f"p{number}"))

    assert len(wanted_events._remembered) <= PROGRAMS_MAX
