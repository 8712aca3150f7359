"""A message of a queue, as Lambda hands it over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from loyalty.domain.kernel.errors import TryAgain

# The highest version (`v`) of messages that this code can read.
VERSION_MAX: Final = 1


class QueueRecord:
    """One message of a batch."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._record = record

    @property
    def message_id(self) -> str:
        return str(self._record["messageId"])

    @property
    def content(self) -> dict[str, Any]:
        """What the message says. The only way to read it, so that no version goes unnoticed.

        Raises:
            TryAgain: newer code wrote it in a form that this code does not know. It waits for the
                newer code to run here again.
        """
        content: dict[str, Any] = json.loads(self._record["body"])
        # An event of the bus carries its version inside. One of another service has none.
        version = content.get("v", content.get("detail", {}).get("v", VERSION_MAX))
        if not isinstance(version, int) or version > VERSION_MAX:
            raise TryAgain("A newer version of this service wrote this message; it waits for it")
        return content

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
