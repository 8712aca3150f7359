"""A message of a queue, as Lambda hands it over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class QueueRecord:
    """One message of a batch."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._record = record

    @property
    def message_id(self) -> str:
        return str(self._record["messageId"])

    @property
    def body(self) -> str:
        return str(self._record["body"])

    @property
    def receipt_handle(self) -> str:
        return str(self._record["receiptHandle"])

    @property
    def queue_arn(self) -> str:
        return str(self._record["eventSourceARN"])

    @property
    def attempts(self) -> int:
        """How often the message has been handed out, this time included."""
        return int(self._record["attributes"]["ApproximateReceiveCount"])

    @property
    def group(self) -> str:
        """The message's group, which every message of a FIFO queue has."""
        return str(self._record["attributes"]["MessageGroupId"])
