"""Pages of work: a schedule puts what it finds into a queue, and a worker does it item by item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

# In the place of a program's id: the items of the page are programs.
EVERY_PROGRAM: Final = "*"
# An idle program takes about a fifth of a second, so a run over a thousand of them is a hundred
# messages, and each of them two seconds of work.
PROGRAMS_MAX: Final = 10
# 25 members are about a second of work: few messages, and little to repeat if a worker dies.
ITEMS_MAX: Final = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPage:
    """Items of one program; `lane` says what they are, and lanes do not delay each other.

    `cause` says why an item that is now alone on its page failed among others before.
    `hops` counts the pages that led to this one, each sent while its predecessor was processed.
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
        """About how many pages are ready and not begun."""
        ...


class Progress(Protocol):
    """How far a schedule has come in one program: a mark that only ever moves forward."""

    def reached(self) -> str | None: ...

    def advance(self, mark: str) -> None:
        """Move the mark forward. If it is as far already, nothing happens."""
        ...
