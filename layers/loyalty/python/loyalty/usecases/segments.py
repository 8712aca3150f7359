"""Segments that are computed: an hourly run finds who is in them, and what changed is written down.

A run stores who is in which segment, hands out what changed in pages, and notes that it did. If it
is killed, the next one hands out the same pages again before it begins: they are in what was
stored. A page has all segments of each of its members as of its run, and later ones are never
overwritten. So what is written down is what the latest run found, wherever one was killed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final, Protocol

from loyalty.domain.campaigns.targeting import MemberSegments
from loyalty.domain.kernel.errors import TryAgain
from loyalty.usecases.ports import Raced
from loyalty.usecases.work_pages import WorkPage

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program
    from loyalty.domain.program.segments import Segment
    from loyalty.usecases.work_pages import WorkPages

# The schedule comes every hour, and may be early.
RUNS_EVERY: Final = timedelta(minutes=30)
CHANGES_MAX: Final = 1000
# SQS takes messages of 256 KB.
PAGE_BYTES_MAX: Final = 200_000
# Lanes: programs whose run may be due, and the members whose segments a run found.
RUNS: Final = "segments"
MEMBERS: Final = "members_of_segments"
_ATTEMPTS_MAX: Final = 5
# No id of a segment begins so.
_SINCE: Final = "@"


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentSize:
    """How many members a segment has by a definition, named by its fingerprint."""

    definition: str
    members: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRun:
    """A run whose changes were all handed out: as of when, and what it found by segment.

    `lists_changed` is how often lists had changed when it read them.
    """

    as_of: datetime
    sizes: Mapping[str, SegmentSize]
    lists_changed: int = 0


class SegmentRuns(Protocol):
    """The runs of one program."""

    def last(self) -> SegmentRun | None: ...

    def note(self, run: SegmentRun) -> None:
        """Note that a run is done, unless a later one is."""
        ...


class SegmentLists(Protocol):
    """The lists of the segments of one program."""

    def changes(self) -> int:
        """How often lists changed."""
        ...

    def members(self, segment_id: str) -> Iterator[str]: ...

    def remove(self, segment_id: str, member_ids: Collection[str]) -> None: ...


class KeptSnapshot(Protocol):
    """Who was in which segment as of a moment, and who is on lists but left the program."""

    @property
    def as_of(self) -> datetime: ...

    @property
    def left_lists(self) -> tuple[tuple[str, str], ...]: ...

    def changes(self) -> Iterator[MemberSegments]: ...

    def sizes(self) -> Mapping[str, int]: ...


class Snapshots[S: KeptSnapshot](Protocol):
    """Where who is in which segment is stored, for one program."""

    def latest(self) -> S | None: ...

    def computed(
        self,
        program: Program,
        *,
        before: S | None,
        now: datetime,
        listed: Mapping[str, Iterable[str]],
    ) -> S: ...

    def replace(self, before: S | None, after: S) -> bool: ...


class SegmentsKeeper(Protocol):
    """Where the segments of members are written down."""

    def keep_segments(self, change: MemberSegments) -> bool: ...


def is_due(
    last: SegmentRun | None, document: Program, *, now: datetime, lists_changed: int = 0
) -> bool:
    """Whether a run is due.

    It is after a while, at the program's midnight, and for other definitions or changed lists.
    """
    found = {name: size.definition for name, size in last.sizes.items()} if last else {}
    if found != {segment.id: segment.fingerprint for segment in computed(document)}:
        return True
    if last is None or not found:
        return False
    if lists_changed != last.lists_changed and any(each.is_listed for each in document.segments):
        return True
    return now - last.as_of >= RUNS_EVERY or document.today(last.as_of) != document.today(now)


def run[S: KeptSnapshot](
    document: Program,
    *,
    program_id: str,
    snapshots: Snapshots[S],
    runs: SegmentRuns,
    lists: SegmentLists,
    pages: WorkPages,
    now: datetime,
) -> SegmentRun | None:
    """Find who is in the computed segments of a program, if that is due; hand out what changed.

    Returns the run; None if none was due.

    Raises:
        TryAgain: another run stored what it found at the same time.
    """
    # Read before the lists, so that a change meanwhile makes another run due.
    last, lists_changed = runs.last(), lists.changes()
    if not is_due(last, document, now=now, lists_changed=lists_changed):
        return None
    before = snapshots.latest()
    if before and (last is None or last.as_of < before.as_of):
        pages.send(pages_of(before.changes(), program_id=program_id))
    listed = {each.id: lists.members(each.id) for each in computed(document) if each.is_listed}
    after = snapshots.computed(document, before=before, now=now, listed=listed)
    if not snapshots.replace(before, after):
        raise TryAgain("Another run is computing the same segments")
    pages.send(pages_of(after.changes(), program_id=program_id))
    sizes = after.sizes()
    found = SegmentRun(
        as_of=after.as_of,
        sizes={
            segment.id: SegmentSize(
                definition=segment.fingerprint, members=sizes.get(segment.id, 0)
            )
            for segment in computed(document)
        },
        lists_changed=lists_changed,
    )
    # Who left the program is on no list.
    for segment_id, left in groupby(sorted(after.left_lists), key=itemgetter(0)):
        lists.remove(segment_id, [member_id for _, member_id in left])
    runs.note(found)
    return found


def keep(change: MemberSegments, *, keeper: SegmentsKeeper) -> bool:
    """Write down the segments of a member; returns whether anything was written.

    Raises:
        TryAgain: other writers were faster every time.
    """
    for _ in range(_ATTEMPTS_MAX):
        try:
            return keeper.keep_segments(change)
        except Raced:
            continue
    raise TryAgain("Too many others wrote at the same time; nothing was changed")


def computed(document: Program) -> tuple[Segment, ...]:
    """The segments of a document that are computed."""
    return tuple(segment for segment in document.segments if segment.is_computed)


def pages_of(changes: Iterable[MemberSegments], *, program_id: str) -> Iterator[WorkPage]:
    """Changes in pages, each as large as one message may be."""
    items: list[str] = []
    size_bytes = 0
    for change in changes:
        item = item_of(change)
        if items and (len(items) == CHANGES_MAX or size_bytes + len(item) > PAGE_BYTES_MAX):
            yield WorkPage(program_id=program_id, lane=MEMBERS, items=tuple(items))
            items, size_bytes = [], 0
        items.append(item)
        size_bytes += len(item) + len('"",')
    if items:
        yield WorkPage(program_id=program_id, lane=MEMBERS, items=tuple(items))


def item_of(change: MemberSegments) -> str:
    """A change as an item of a page; ids have no spaces and no `=`.

    Since when they are in segments follows them, as names that no segment has.
    """
    segments = (f"{name}={definition}" for name, definition in change.segments.items())
    since = (f"{_SINCE}{name}={each.isoformat()}" for name, each in change.since.items())
    return " ".join((change.member_id, change.as_of.isoformat(), *segments, *since))


def change_of(item: str) -> MemberSegments:
    """The change that an item of a page names."""
    member_id, as_of, *segments = item.split(" ")
    pairs = [(name, each) for name, _, each in (part.partition("=") for part in segments)]
    return MemberSegments(
        member_id=member_id,
        as_of=datetime.fromisoformat(as_of),
        segments={name: each for name, each in pairs if not name.startswith(_SINCE)},
        since={
            name.removeprefix(_SINCE): datetime.fromisoformat(each)
            for name, each in pairs
            if name.startswith(_SINCE)
        },
    )
