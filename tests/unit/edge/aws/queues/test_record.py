"""A message of a queue: read only if this code knows its version."""

from __future__ import annotations

import json
from typing import Any

import pytest

from loyalty.domain.kernel.errors import TryAgain
from loyalty.edge.aws.queues.record import VERSION_MAX, QueueRecord


def read(content: dict[str, Any]) -> dict[str, Any]:
    return QueueRecord({"body": json.dumps(content)}).content


@pytest.mark.parametrize(
    "content",
    [
        {"v": VERSION_MAX, "items": ["a"]},
        {"detail-type": "MessageDue", "detail": {"v": VERSION_MAX}},
        {"detail-type": "Email Bounced", "detail": {"bounce": {}}},
    ],
    ids=["message", "event", "event of another service"],
)
def test_a_message_of_a_known_version_is_read(content: dict[str, Any]) -> None:
    assert read(content) == content


@pytest.mark.parametrize(
    "content",
    [
        {"v": VERSION_MAX + 1, "items": ["a"]},
        {"v": "2"},
        {"detail-type": "MessageDue", "detail": {"v": VERSION_MAX + 1}},
    ],
    ids=["message", "not a number", "event"],
)
def test_a_message_of_an_unknown_version_waits_for_code_that_knows_it(
    content: dict[str, Any],
) -> None:
    with pytest.raises(TryAgain):
        read(content)


def test_an_event_that_is_only_passed_on_may_be_newer_than_its_message() -> None:
    content = {"v": VERSION_MAX, "event": "PointsEarned", "detail": {"v": VERSION_MAX + 1}}

    assert read(content) == content
