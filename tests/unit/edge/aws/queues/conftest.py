"""What every test of a queue sees: how long each failed message is hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loyalty.edge.aws.queues import backoff

if TYPE_CHECKING:
    from datetime import timedelta

    from loyalty.edge.aws.queues.record import QueueRecord


@pytest.fixture(autouse=True)
def hidden(monkeypatch: pytest.MonkeyPatch) -> dict[str, timedelta]:
    """The delay of each hidden message, by its id."""
    delays: dict[str, timedelta] = {}

    def hide(record: QueueRecord, *, delay: timedelta) -> None:
        delays[record.message_id] = delay

    monkeypatch.setattr(backoff, "hide", hide)
    return delays
