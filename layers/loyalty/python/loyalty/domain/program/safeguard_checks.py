"""The checks of safeguards and watches before a document is published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from loyalty.domain.kernel.errors import Fault
from loyalty.domain.program.watches import NearLimitWatch, OutOfHoursWatch

if TYPE_CHECKING:
    from loyalty.domain.program.safeguards import Safeguard
    from loyalty.domain.program.watches import Watch


def checks(safeguards: Sequence[Safeguard], watches: Sequence[Watch]) -> Iterator[Iterator[Fault]]:
    """The checks of each safeguard and each watch, each with its place in the document."""
    for index, safeguard in enumerate(safeguards):
        yield _hold_days(safeguard, f"/safeguards/{index}")
    for index, watch in enumerate(watches):
        yield _range(watch, f"/watches/{index}")


def _range(watch: Watch, place: str) -> Iterator[Fault]:
    match watch:
        case NearLimitWatch() if watch.points_to < watch.points_from:
            detail = f"This must be at least points_from, which is {watch.points_from}"
            yield Fault(f"{place}/points_to", "contradiction", detail)
        case OutOfHoursWatch() if watch.closes_at <= watch.opens_at:
            yield Fault(f"{place}/closes_at", "empty_window", "It closes before it opens")


def _hold_days(safeguard: Safeguard, place: str) -> Iterator[Fault]:
    if safeguard.then == "hold" and safeguard.hold_days is None:
        yield Fault(f"{place}/hold_days", "missing", "Say for how many days points are held")
    elif safeguard.then == "flag" and safeguard.hold_days is not None:
        detail = "A flagged order's points are not held: leave out hold_days"
        yield Fault(f"{place}/hold_days", "contradiction", detail)
