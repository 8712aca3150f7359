"""A bus that takes events, or not, as a test plans it."""

import json
from collections.abc import Mapping
from typing import Any


class EventBridge:
    """Takes events, except that each answer planned in `refusals` refuses some ids first."""

    def __init__(self, *refusals: set[str] | Exception) -> None:
        self.refusals = list(refusals)
        self.requests: list[list[str]] = []
        self.taken: list[str] = []
        self.entries: list[dict[str, Any]] = []

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        assert operation == "PutEvents"
        self.entries += parameters["Entries"]
        ids = [json.loads(entry["Detail"])["id"] for entry in parameters["Entries"]]
        self.requests.append(ids)
        refused = self.refusals.pop(0) if self.refusals else set()
        if isinstance(refused, Exception):
            raise refused
        self.taken += [each for each in ids if each not in refused]
        answers = [{"ErrorCode": "Slow"} if each in refused else {"EventId": "1"} for each in ids]
        return {"FailedEntryCount": len(refused), "Entries": answers}
