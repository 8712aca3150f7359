"""The checks of safeguards before a document is published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from loyalty.domain.kernel.errors import Fault

if TYPE_CHECKING:
    from loyalty.domain.program.safeguards import Safeguard


def checks(safeguards: Sequence[Safeguard]) -> Iterator[Iterator[Fault]]:
    """The checks of each safeguard, each with its place in the document."""
    for index, safeguard in enumerate(safeguards):
        yield _hold_days(safeguard, f"/safeguards/{index}")


def _hold_days(safeguard: Safeguard, place: str) -> Iterator[Fault]:
    if safeguard.then == "hold" and safeguard.hold_days is None:
        yield Fault(f"{place}/hold_days", "missing", "Say for how many days points are held")
    elif safeguard.then == "flag" and safeguard.hold_days is not None:
        detail = "A flagged order's points are not held: leave out hold_days"
        yield Fault(f"{place}/hold_days", "contradiction", detail)
