"""Exports of reports: asked for, queued, made, and found again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

from loyalty.domain.kernel.errors import IdempotencyConflict, NotFound, TooLarge, TryAgain
from loyalty.domain.report_exports import (
    ATTEMPTS_MAX,
    ExportedFile,
    ReportExport,
    RequestedFile,
    done,
    gave_up,
    started,
    too_large,
)
from loyalty.usecases.ports import Listed, Raced

RACES_MAX: Final = 3

type Progress = Callable[[int, int], None]
"""Told how many objects of the lake have been read, of how many."""


class GaveUp(Exception):
    """An export was tried as often as it may be; its message belongs to the dead letters."""


class ReportExports(Protocol):
    """The exports of one program."""

    def find(self, export_id: str) -> ReportExport | None:
        """Read strongly."""
        ...

    def begin(self, export: ReportExport) -> None:
        """Write a new export down among those that are under way.

        Raises:
            LimitReached: as many as there may be are.
            Raced: there is one of this id, or another one began at the same moment.
        """
        ...

    def note(self, export: ReportExport, *, seen: ReportExport) -> None:
        """Write down how an export fares, relying on no other attempt having begun since `seen`.

        Raises:
            Raced: one has, or it is over.
        """
        ...

    def end(self, export: ReportExport) -> None:
        """Write down what came of an export, which is then no longer under way.

        Raises:
            Raced: it is over already.
        """
        ...

    def listed(self, *, limit: int, start: str | None) -> Listed[ReportExport]:
        """Newest first; a moment behind at times."""
        ...


class ExportQueue(Protocol):
    def send(self, program_id: str, export_id: str) -> None:
        """Hand an export over to be made, at least once."""
        ...


class Workshop(Protocol):
    def __call__(self, export: ReportExport, *, report_progress: Progress) -> ExportedFile:
        """Make the file that an export wants, and put it where it can be fetched.

        Every attempt has a file of its own: one that is late replaces no other.

        Raises:
            TooLarge: it is too much to be made.
            TryAgain: it could not be made just now.
        """
        ...


def request_file(
    request: RequestedFile,
    *,
    export_id: str,
    program_id: str,
    exports: ReportExports,
    queue: ExportQueue,
    now: datetime,
) -> ReportExport:
    """Ask for a file; the same request again finds the export of the first time.

    It is written down and then queued. Should it be lost between the two, asking again queues it:
    a message too many finds nothing to do.

    Raises:
        IdempotencyConflict: the request of this id was for something else.
        LimitReached: the program has as many under way as it may have.
        TryAgain: others ask at the same moment, again and again.
    """
    for _ in range(RACES_MAX):
        there = exports.find(export_id)
        if there is not None and there.request != request:
            raise IdempotencyConflict
        export = there or ReportExport(export_id=export_id, request=request, requested_at=now)
        try:
            if there is None:
                exports.begin(export)
        except Raced:
            continue
        if export.as_of(now).state == "queued":
            queue.send(program_id, export_id)
        return export.as_of(now)
    raise TryAgain


def requested(export_id: str, *, exports: ReportExports, now: datetime) -> ReportExport:
    """An export as it stands.

    Raises:
        NotFound: there is none of this id.
    """
    found = exports.find(export_id)
    if found is None:
        raise NotFound
    return found.as_of(now)


def make_file(
    export_id: str,
    *,
    exports: ReportExports,
    make: Workshop,
    clock: Callable[[], datetime],
) -> ReportExport | None:
    """Make the file of an export; None where there is nothing to do any more.

    It may be done twice, at once or again: whoever ends first has made the file.

    Raises:
        GaveUp: it was tried too often, or is too old.
        TryAgain: it could not be made just now, or somebody else has begun this moment.
    """
    found = exports.find(export_id)
    if found is not None and found.trouble == "gave_up":
        raise GaveUp
    if found is None or found.is_over:
        return None
    now = clock()
    if found.attempts >= ATTEMPTS_MAX or now >= found.given_up_at:
        _end(gave_up(found, now=now), exports=exports)
        raise GaveUp
    attempt = started(found, now=now)
    try:
        exports.note(attempt, seen=found)
    except Raced as raced:
        raise TryAgain("Another attempt began at the same moment.") from raced
    return _end(_attempted(attempt, exports=exports, make=make, clock=clock), exports=exports)


def _attempted(
    attempt: ReportExport,
    *,
    exports: ReportExports,
    make: Workshop,
    clock: Callable[[], datetime],
) -> ReportExport:
    """What came of an attempt."""
    noted = attempt

    def report_progress(objects_read: int, objects_total: int) -> None:
        nonlocal noted
        noted = replace(attempt, objects_read=objects_read, objects_total=objects_total)
        try:
            exports.note(noted, seen=attempt)
        except Raced:
            # Another attempt reports its own progress now.
            return

    try:
        file = make(attempt, report_progress=report_progress)
    except TooLarge as refusal:
        return too_large(noted, refusal.detail, now=clock())
    return done(noted, file, now=clock())


def _end(export: ReportExport, *, exports: ReportExports) -> ReportExport | None:
    try:
        exports.end(export)
    except Raced:
        return None
    return export
