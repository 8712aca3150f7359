"""The event bus: publishes the events that rules on the bus ask for, in order."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypedDict

from loyalty.domain.events import SOURCE, Event
from loyalty.edge.aws.publishing import publish_in_order

if TYPE_CHECKING:
    from loyalty.sdk.services import AwsService

# The size that `Time` counts for.
TIME_BYTES: Final = 14
# Instead of a name: every event.
EVERY_EVENT: Final = "*"

# The values that some fields may have; without any, every event of the name is asked for.
type Pattern = Mapping[str, Sequence[object]]


class BusEntry(TypedDict):
    """An event as PutEvents takes it; `Time` is in seconds since 1970."""

    Source: str
    DetailType: str
    Detail: str
    Time: float
    EventBusName: str


class BusRules:
    """What the rules on the bus ask for. Each event on the bus costs, so no other is put on it."""

    def __init__(self, patterns: Mapping[str, Sequence[Pattern]]) -> None:
        self._patterns = patterns

    @staticmethod
    def read(text: str) -> BusRules:
        """Read the rules that the deployment knows: `{"PointsEarned": [{"late": [true]}]}`."""
        return BusRules(json.loads(text))

    def ask_for(self, event: Event) -> bool:
        patterns = self._patterns.get(event.name, self._patterns.get(EVERY_EVENT, ()))
        return any(_fits(event, pattern) for pattern in patterns)


class Bus:
    def __init__(self, service: AwsService, *, name: str, pause: Callable[[int], None]) -> None:
        self._service = service
        self._name = name
        self._pause = pause

    def publish(self, events: Sequence[Event]) -> int:
        """Publish events in order; returns how many arrived before the first that did not.

        Later events may have arrived as well. Publishing again from the first missing event repeats
        them under the same ids, so consumers can drop the duplicates.
        """
        return publish_in_order(
            [self._entry(event) for event in events],
            size_bytes=size_bytes,
            send=self._send,
            pause=self._pause,
        )

    def _send(self, entries: Sequence[BusEntry]) -> list[bool]:
        answer = self._service.call("PutEvents", {"Entries": entries})
        return ["ErrorCode" in each for each in answer["Entries"]]

    def _entry(self, event: Event) -> BusEntry:
        return {
            "Source": SOURCE,
            "DetailType": event.name,
            "Detail": event.to_json(),
            "Time": event.occurred_at.timestamp(),
            "EventBusName": self._name,
        }


def size_bytes(entry: BusEntry) -> int:
    """The size that an entry counts against the limit of a request."""
    texts = (entry["Source"], entry["DetailType"], entry["Detail"])
    return TIME_BYTES + sum(len(each.encode()) for each in texts)


def _fits(event: Event, pattern: Pattern) -> bool:
    fields: Any = event
    return all(getattr(fields, name, None) in values for name, values in pattern.items())
