"""The lake as functions fill it, fold it and read it."""

import os
from collections.abc import Mapping
from typing import Any

import pytest

from functions.archive.handler import handler as archive
from functions.compaction.handler import handler as compaction
from functions.reporting.handler import handler as reporting
from loyalty.table.engine import DynamoEngine
from tests.integration.conftest import TABLE
from tests.support import stream, till
from tests.support.http import Context, call, staff
from tests.support.queues import Message, work_off


def archived(*, of: slice = slice(None), at_once: int = 1000) -> None:
    """Archive the table's whole stream, this many changes in a batch."""
    records = stream.records(TABLE)[of]
    for first in range(0, len(records), at_once):
        answer = archive(stream.batch(records[first : first + at_once]), Context())
        assert answer == {"batchItemFailures": []}


def compact() -> list[Message]:
    """One hour's run; gives the messages that failed."""
    assert compaction({}, Context()) is None
    return work_off(compaction, os.environ["LOYALTY_COMPACTION_QUEUE_URL"])


def rows(report: str, first: str = "2026-11-01", last: str = "2026-11-30") -> Any:
    return call(
        reporting,
        "GET",
        f"{till.PROGRAM}/reports/{report}",
        query={"from": first, "to": last},
        as_=staff("bean", "analyst"),
    ).body["rows"]


def answers(*reports: str) -> dict[str, Any]:
    """The rows of reports about November."""
    return {report: rows(report) for report in reports}


def paged(monkeypatch: pytest.MonkeyPatch, *, items: int) -> None:
    """Pages of a few items, where DynamoDB's are a megabyte."""
    whole = DynamoEngine._call

    def small(self: DynamoEngine, operation: str, parameters: Mapping[str, Any]) -> Any:
        limit = {"Limit": items} if operation == "Scan" else {}
        return whole(self, operation, {**parameters, **limit})

    monkeypatch.setattr(DynamoEngine, "_call", small)
