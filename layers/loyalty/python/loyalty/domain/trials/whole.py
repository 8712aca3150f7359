"""A trial on everybody: prepared once, tried in parts, in as many rounds as budgets need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal, NamedTuple

# Each occupies many functions of 3 GB for minutes.
UNDER_WAY_MAX: Final = 1
GIVEN_UP_AFTER: Final = timedelta(hours=6)
# The bucket's lifecycle rules delete the document and the answer after the first of these times,
# and the parts after the second.
KEPT_DAYS: Final = 30
PARTS_DAYS: Final = 1
# About a minute of work.
ORDERS_OF_A_PART: Final = 50_000
# The engine writes at most a hundred files at a time.
PARTS_MAX: Final = 96

type WholeTrialState = Literal["queued", "running", "done", "failed"]
type WholeTrialTrouble = Literal["too_large", "lines_missing", "gave_up"]


class Prepared(NamedTuple):
    """What the lake held `as_of` a moment: all people, divided into files for each part."""

    as_of: datetime
    people: int
    parts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeTrial:
    """The state of a trial of a document against a `version` of the program.

    `parts_done` are those of the current round. `ends` are the minutes in which budgets end, as far
    as the rounds before found them. `is_handed_out` says whether all parts of the round are queued.
    """

    trial_id: str
    first: date
    last: date
    version: int
    requested_at: datetime
    state: WholeTrialState = "queued"
    prepared: Prepared | None = None
    round: int = 1
    parts_done: frozenset[int] = frozenset()
    is_handed_out: bool = False
    ends: Mapping[str, int] = field(default_factory=dict)
    finished_at: datetime | None = None
    trouble: WholeTrialTrouble | None = None
    detail: str | None = None

    @property
    def given_up_at(self) -> datetime:
        """The time at which it counts as failed unless it has ended."""
        return self.requested_at + GIVEN_UP_AFTER

    @property
    def is_over(self) -> bool:
        return self.state in ("done", "failed")

    @property
    def parts_left(self) -> tuple[int, ...]:
        """The parts of the current round that are not done."""
        parts = self.prepared.parts if self.prepared else 0
        return tuple(part for part in range(parts) if part not in self.parts_done)

    def as_of(self, now: datetime) -> WholeTrial:
        """Its state at a moment, whether or not that state was recorded."""
        if self.is_over or now < self.given_up_at:
            return self
        return gave_up(self, now=self.given_up_at)


def parts_for(orders: int) -> int:
    """Into how many parts so many orders are divided."""
    return max(1, min(PARTS_MAX, -(-orders // ORDERS_OF_A_PART)))


def begun(trial: WholeTrial, prepared: Prepared) -> WholeTrial:
    """The trial at the beginning of its first round."""
    return replace(trial, state="running", prepared=prepared)


def next_round(trial: WholeTrial, ends: Mapping[str, int]) -> WholeTrial:
    return replace(
        trial,
        round=trial.round + 1,
        ends=ends,
        parts_done=frozenset(),
        is_handed_out=False,
    )


def done(trial: WholeTrial, *, now: datetime) -> WholeTrial:
    return replace(trial, state="done", finished_at=now)


def failed(
    trial: WholeTrial, trouble: WholeTrialTrouble, detail: str, *, now: datetime
) -> WholeTrial:
    return replace(
        trial,
        state="failed",
        finished_at=now,
        trouble=trouble,
        detail=detail,
    )


def gave_up(trial: WholeTrial, *, now: datetime) -> WholeTrial:
    return failed(trial, "gave_up", "It did not end in time, through no fault of yours.", now=now)
