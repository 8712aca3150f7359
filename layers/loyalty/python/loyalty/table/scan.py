"""Read the whole table in segments, to rebuild the lake from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from loyalty.table.changes import Unreadable, change_told_again
from loyalty.table.operations import Key

if TYPE_CHECKING:
    from loyalty.domain.changes import TableChange
    from loyalty.table.engine import DynamoEngine

# Each segment is read on its own, so this many workers can share the work.
SEGMENTS: Final = 16
# A page of a scan is 1 MB. These pages are half a minute of work, which a crash repeats.
PAGES_MAX: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a segment that is read in one go, after a key or from the segment's start.

    `began` is the time at which reading the whole table began. Later writes are newer.
    """

    began: datetime
    segment: int
    after: Key | None = None

    @property
    def name(self) -> str:
        """The same name for the same stretch, so that a repeated run overwrites its own result."""
        after = sha256("\n".join(self.after or ()).encode()).hexdigest()[:16]
        return f"told-{self.began:%Y%m%dT%H%M%SZ}-{self.segment:02}-{after}"

    def written(self) -> str:
        return json.dumps([self.began.isoformat(), self.segment, self.after])

    @staticmethod
    def read(text: str) -> Stretch:
        began, segment, after = json.loads(text)
        return Stretch(
            began=datetime.fromisoformat(began),
            segment=segment,
            after=Key(*after) if after else None,
        )


def stretches(*, began: datetime) -> Iterator[Stretch]:
    """The stretches with which reading the whole table begins."""
    return (Stretch(began=began, segment=segment) for segment in range(SEGMENTS))


@dataclass(frozen=True, slots=True, kw_only=True)
class StretchChanges:
    """A stretch's items as if all were written now, and the stretch that follows it."""

    changes: tuple[TableChange, ...]
    unreadable: tuple[Unreadable, ...]
    rest: Stretch | None


def read(engine: DynamoEngine, stretch: Stretch) -> StretchChanges:
    """Read a stretch of the table.

    Raises:
        Transient: the table did not answer; try again.
    """
    changes: list[TableChange] = []
    unreadable: list[Unreadable] = []
    rest = stretch
    for _ in range(PAGES_MAX):
        page = engine.scan(segment=rest.segment, segments=SEGMENTS, after=rest.after)
        for item in page:
            try:
                change = change_told_again(item, made_at=rest.began)
            except Unreadable as error:
                unreadable.append(error)
            else:
                changes += [change] if change else []
        if page.next is None:
            return StretchChanges(changes=tuple(changes), unreadable=tuple(unreadable), rest=None)
        rest = replace(rest, after=Key(str(page.next["pk"]), str(page.next["sk"])))
    return StretchChanges(changes=tuple(changes), unreadable=tuple(unreadable), rest=rest)
