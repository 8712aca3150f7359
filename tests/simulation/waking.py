"""The worker that counts for challenges, and the queue of what it has to look at."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from local.memory import Written
from loyalty.domain.changes import TableChange
from loyalty.table.changes import change_told_again
from loyalty.table.operations import Item
from loyalty.usecases.engagement.waking import Lane, pages_to_look_at
from tests.simulation.auditing.seen import Violation
from tests.simulation.requests.engagement import Look
from tests.simulation.world import Answer, World


@dataclass(slots=True)
class Worker:
    """A queue that delivers at least once: what the stream told stays until it was looked at.

    How soon it is looked at differs by history; in some, nothing is before all else has ended.
    """

    draw: random.Random
    world: World
    _haste: float = field(init=False)
    _waiting: dict[Look, None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._haste = self.draw.choice((0, 0.1, 0.3))
        self.world.woken = self._observe

    def counts(self, program_id: str, version: int) -> bool:
        """Whether some version of the simulated program has challenges or activities."""
        documents = [each.document for each in self.world.programs]
        return any(each.challenges or each.activities for each in documents)

    def next_look(self) -> Look | None:
        """Sometimes one that was reported; it may be reported again meanwhile."""
        if not self._waiting or self.draw.random() >= self._haste:
            return None
        look = self.draw.choice(list(self._waiting))
        if self.draw.random() < 0.8:
            del self._waiting[look]
        return look

    def waits_longest(self) -> Look | None:
        """The first of those that are still to be looked at."""
        look = next(iter(self._waiting), None)
        if look is not None:
            del self._waiting[look]
        return look

    def answered(self, look: Look, answer: Answer) -> None:
        """A look that did not finish is requested again."""
        if answer.code in ("crashed", "try_again"):
            self._waiting[look] = None
        elif not answer.is_done:
            raise Violation(f"{look.name} is refused: {answer.code}")

    def _observe(self, written: Sequence[Written]) -> None:
        changes = list(_changes(written, self.world.now))
        for page in pages_to_look_at(changes, programs=self):
            for item in page.items:
                self._waiting[Look(cast("Lane", page.lane), item)] = None


def _changes(written: Sequence[Written], made_at: datetime) -> Iterator[TableChange]:
    for _, before, after in written:
        change = _change(after, made_at)
        if change is not None:
            old = _change(before, made_at)
            yield replace(change, before=old.after if old else None)


def _change(item: Item | None, made_at: datetime) -> TableChange | None:
    wire: Any = item
    return change_told_again(wire, made_at=made_at) if wire else None
