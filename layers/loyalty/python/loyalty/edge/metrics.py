"""Figures for CloudWatch, written to the log in its embedded metric format.

CloudWatch bills a line by its bytes, so what happened at once is counted in one line. It also bills
each figure that it gets, so those that only a dashboard shows are written only if there is one.
"""

import json
import os
import time
from collections.abc import Mapping
from typing import Final

from loyalty.edge.logs import logger

# Each stage has a namespace of its own, so that no stage counts toward another.
NAMESPACE: Final = os.environ.get("LOYALTY_METRICS_NAMESPACE", "Loyalty")

# What alarms read, and so always counts.
ALARMING: Final = frozenset(
    {"BooksDiffer", "DataRequested", "DeliveriesParked", "ErasuresLate", "WebhooksOutParked"}
)


def count(name: str, value: int = 1, **dimensions: str) -> None:
    """Add to a count; its dimensions are the function's name and `dimensions`."""
    count_together({name: value}, **dimensions)


def count_together(counts: Mapping[str, int], **dimensions: str) -> None:
    """Add to several counts that have the same dimensions."""
    if "LOYALTY_DASHBOARD" not in os.environ:
        counts = {name: value for name, value in counts.items() if name in ALARMING}
        if not counts:
            return
    named = {"service": logger.service, **dimensions}
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [list(named)],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in counts],
    }
    metadata = {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": [directive]}
    line = json.dumps({"_aws": metadata, **named, **counts}, separators=(",", ":"))
    print(line, flush=True)  # noqa: T201  # Lambda takes its log from the standard output
