"""How much memory each function has. Plain data: tests read it without the CDK."""

from __future__ import annotations

from typing import Final

# More memory also means more processor, and a cold start is nothing but processor time.
MEMORY_MIB: Final = 1024
REPORT_MEMORY_MIB: Final = 3008
OTHER: Final = {
    "compaction": REPORT_MEMORY_MIB,
    "exports": REPORT_MEMORY_MIB,
    # These three mostly wait for other services, and each order wakes them.
    "intake": 512,
    "relay": 512,
    "webhooks": 512,
    "reporting": REPORT_MEMORY_MIB,
}


def memory_of(function: str) -> int:
    """Return the memory of a function in MiB."""
    return OTHER.get(function, MEMORY_MIB)
