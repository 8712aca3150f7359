"""Opens the table for functions. A function that needs only the table imports no ledger code."""

from __future__ import annotations

import random
import time
from functools import cache
from typing import Final

from loyalty.edge import origin
from loyalty.edge.aws import clients
from loyalty.table.attribution import Attributed
from loyalty.table.engine import DynamoEngine, Persistent

# Full jitter from 20 ms to at most 400 ms separates eight writers of one member in two rounds.
PAUSE_FIRST_S: Final = 0.02
PAUSE_MAX_S: Final = 0.4


@cache
def engine(table: str) -> Persistent:
    dynamo = DynamoEngine(clients.dynamodb(), table=table)
    return Persistent(Attributed(dynamo, cause=origin.cause), pause=pause)


def pause(attempt: int) -> None:
    """Wait before an attempt (1 is the first after a failure), longer each time, with jitter."""
    time.sleep(random.uniform(0, min(PAUSE_MAX_S, PAUSE_FIRST_S * 2**attempt)))  # noqa: S311  # no secret
