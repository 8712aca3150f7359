"""The event bus: publishes events in order and reports how many arrived."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError

from loyalty.domain.events import SOURCE, Event
from loyalty.domain.kernel.errors import TryAgain

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

# Limits of PutEvents.
ENTRIES_MAX: Final = 10
REQUEST_BYTES_MAX: Final = 256 * 1024
# The size that `Time` counts for.
TIME_BYTES: Final = 14
ATTEMPTS_MAX: Final = 4

_PASSING: Final = frozenset({"InternalException", "ThrottlingException", "ServiceUnavailable"})


class Bus:
    def __init__(
        self, client: "EventBridgeClient", *, name: str, pause: Callable[[int], None]
    ) -> None:
        self._client = client
        self._name = name
        self._pause = pause

    def publish(self, events: Sequence[Event]) -> int:
        """Publish events in order; returns how many arrived before the first that did not.

        Later events may have arrived as well. Publishing again from the first missing event repeats
        them under the same ids, so consumers can drop the duplicates.
        """
        taken = 0
        for chunk in chunks([self._entry(event) for event in events]):
            arrived = self._put(chunk)
            taken += arrived
            if arrived < len(chunk):
                break
        return taken

    def _put(self, chunk: "Sequence[PutEventsRequestEntryTypeDef]") -> int:
        """Send one request, and retry the entries that did not arrive, up to a limit."""
        waiting = dict(enumerate(chunk))
        for attempt in range(1, ATTEMPTS_MAX + 1):
            refused = self._refused(list(waiting.values()))
            waiting = {
                place: entry
                for (place, entry), failed in zip(waiting.items(), refused, strict=True)
                if failed
            }
            if not waiting:
                return len(chunk)
            if attempt < ATTEMPTS_MAX:
                self._pause(attempt)
        return min(waiting)

    def _refused(self, entries: "Sequence[PutEventsRequestEntryTypeDef]") -> list[bool]:
        """Whether each entry failed to arrive, as far as the response says."""
        try:
            answer = self._client.put_events(Entries=entries)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _PASSING:
                raise
            return [True] * len(entries)
        except (EndpointConnectionError, HTTPClientError, TryAgain):
            return [True] * len(entries)
        return ["ErrorCode" in each for each in answer["Entries"]]

    def _entry(self, event: Event) -> "PutEventsRequestEntryTypeDef":
        return {
            "Source": SOURCE,
            "DetailType": event.name,
            "Detail": event.to_json(),
            "Time": event.occurred_at,
            "EventBusName": self._name,
        }


def chunks(
    entries: "Sequence[PutEventsRequestEntryTypeDef]",
) -> "Iterator[list[PutEventsRequestEntryTypeDef]]":
    """The entries in order, in chunks of as many as one request may carry."""
    chunk: list[PutEventsRequestEntryTypeDef] = []
    chunk_bytes = 0
    for entry in entries:
        entry_bytes = size_bytes(entry)
        if chunk and (len(chunk) == ENTRIES_MAX or chunk_bytes + entry_bytes > REQUEST_BYTES_MAX):
            yield chunk
            chunk, chunk_bytes = [], 0
        chunk.append(entry)
        chunk_bytes += entry_bytes
    if chunk:
        yield chunk


def size_bytes(entry: "PutEventsRequestEntryTypeDef") -> int:
    """The size that an entry counts against the limit of a request."""
    texts = (entry["Source"], entry["DetailType"], entry["Detail"])
    return TIME_BYTES + sum(len(each.encode()) for each in texts)
