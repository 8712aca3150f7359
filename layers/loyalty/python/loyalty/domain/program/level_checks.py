"""What must hold of a program's levels as a whole before they are published."""

from collections.abc import Iterator, Sequence

from loyalty.domain.kernel.errors import Fault
from loyalty.domain.program.document import Program
from loyalty.domain.program.levels import TierLevel, Tiers


def checks(document: Program, levels: Sequence[TierLevel]) -> Iterator[Iterator[Fault]]:
    """The checks of a program's levels. `levels` are those that could be read."""
    yield _rolling_months(document)
    yield _one_step_down(document)
    for index, level in enumerate(levels):
        place = f"/tiers/levels/{index}"
        yield _above(level, levels[:index], place)
        yield _keeps_at(level, place)
        yield _keeps_above(level, levels[:index], place)
        yield _can_be_kept(level, document, place)


def _rolling_months(document: Program) -> Iterator[Fault]:
    tiers = document.tiers
    if tiers and tiers.rolling_months is not None and tiers.period != "rolling_months":
        detail = f"The period is a {tiers.period}, so no months roll"
        yield Fault("/tiers/rolling_months", "contradiction", detail)


def _one_step_down(document: Program) -> Iterator[Fault]:
    tiers = document.tiers
    if tiers is None or not tiers.one_step_down:
        return
    if tiers.holds.model == "for_life":
        detail = "Levels for life are never lost, not even by a step"
        yield Fault("/tiers/one_step_down", "contradiction", detail)
    elif _has_no_next_period(tiers):
        yield Fault("/tiers/one_step_down", "contradiction", _NO_NEXT_PERIOD)


_NO_NEXT_PERIOD = "Over rolling months no period follows another one: let levels hold while_enough"


def _has_no_next_period(tiers: Tiers) -> bool:
    return tiers.period == "rolling_months" and tiers.holds.model == "next_period"


def _above(level: TierLevel, lower: Sequence[TierLevel], place: str) -> Iterator[Fault]:
    before = max((each.reached_at for each in lower if each.reached_at is not None), default=0)
    if level.reached_at is not None and level.reached_at <= before:
        detail = f"This must be more than the {before} of the level before"
        yield Fault(f"{place}/reached_at", "not_above", detail)


def _keeps_at(level: TierLevel, place: str) -> Iterator[Fault]:
    if level.keeps_at is None:
        return
    if level.reached_at is None:
        detail = "A level that only a grant gives is not kept by an amount"
        yield Fault(f"{place}/keeps_at", "contradiction", detail)
    elif level.keeps_at > level.reached_at:
        detail = f"This is more than reached_at, which is {level.reached_at}"
        yield Fault(f"{place}/keeps_at", "contradiction", detail)


def _keeps_above(level: TierLevel, lower: Sequence[TierLevel], place: str) -> Iterator[Fault]:
    if level.keeps_at is None:
        return
    before = max((each.keeps_at or each.reached_at or 0 for each in lower), default=0)
    if level.keeps_at < before:
        detail = f"This must be at least the {before} that keep the level before"
        yield Fault(f"{place}/keeps_at", "not_above", detail)


def _can_be_kept(level: TierLevel, document: Program, place: str) -> Iterator[Fault]:
    if level.keeps_at is None or document.tiers is None:
        return
    tiers, pointer = document.tiers, f"{place}/keeps_at"
    if tiers.holds.model == "for_life":
        yield Fault(pointer, "contradiction", "Levels for life need nothing to be kept")
    elif tiers.holds.model == "months":
        detail = "A level that holds for months is kept by reaching it again"
        yield Fault(pointer, "contradiction", detail)
    elif _has_no_next_period(tiers):
        yield Fault(pointer, "contradiction", _NO_NEXT_PERIOD)
    elif tiers.holds.model == "while_enough" and tiers.period != "rolling_months":
        detail = "Every period begins at nothing, so levels that hold while_enough cannot be kept"
        yield Fault(pointer, "contradiction", detail)
