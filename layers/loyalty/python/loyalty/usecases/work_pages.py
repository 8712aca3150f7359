"""Pages of work: what a schedule finds is handed to a queue, and worked off item by item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

# 25 members are about a second of work: few messages, and little to repeat when a worker dies.
ITEMS_MAX: Final = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPage:
    """Items of one program; `lane` says what they are, and lanes do not hold each other up.

    `cause` tells of an item that is alone on its page why it failed among others.
    `hops` counts the pages that led to this one, each sent while the one before was worked on.
    """

    program_id: str
    lane: str
    items: tuple[str, ...]
    delay: timedelta = timedelta()
    cause: Mapping[str, object] | None = None
    hops: int = 0


class WorkPages(Protocol):
    """A queue of pages. Each arrives at least once, in no promised order."""

    def send(self, pages: Iterable[WorkPage]) -> None: ...

    def waiting(self) -> int:
        """About how many pages nobody has begun, though they could."""
        ...


class Progress(Protocol):
    """How far a schedule has come with one program: a mark that only ever moves forward."""

    def reached(self) -> str | None: ...

    def advance(self, mark: str) -> None:
        """Move the mark forward; where it is as far already, nothing happens."""
        ...
