"""Exports of reports: how they are requested, queued, made, and looked up."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
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
"""Called with the number of lake objects read so far and the number of all."""


class GaveUp(Exception):
    """An export used up its attempts or its time; its message belongs in the dead letters."""


class ReportExports(Protocol):
    """The exports of one program."""

    def find(self, export_id: str) -> ReportExport | None:
        """Find an export by a strongly consistent read."""
        ...

    def begin(self, export: ReportExport) -> None:
        """Record a new export as under way.

        Raises:
            LimitReached: the program already has the most exports under way.
            Raced: an export with this id exists, or another one began at the same moment.
        """
        ...

    def note(self, export: ReportExport, *, seen: ReportExport) -> None:
        """Record the progress of an export, provided that no other attempt began since `seen`.

        Raises:
            Raced: another attempt began, or the export has ended.
        """
        ...

    def end(self, export: ReportExport) -> None:
        """Record how an export ended; it is then no longer under way.

        Raises:
            Raced: the export has already ended.
        """
        ...

    def listed(self, *, limit: int, start: str | None) -> Listed[ReportExport]:
        """List exports, newest first; the list may lag by a moment."""
        ...


class ExportQueue(Protocol):
    def send(self, program_id: str, export_id: str) -> None:
        """Queue an export, so that it is made at least once."""
        ...


class Workshop(Protocol):
    def __call__(self, export: ReportExport, *, report_progress: Progress) -> ExportedFile:
        """Make the file of an export, and put it where it can be fetched.

        Every attempt has a file of its own, so a late attempt replaces no other file.

        Raises:
            TooLarge: the content is too large to compute.
            TryAgain: the file could not be made just now.
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
    """Request a file; the same request repeated returns the same export.

    The export is recorded and then queued. If queueing fails, a repeated request queues it; an
    extra message finds nothing to do.

    Raises:
        IdempotencyConflict: an earlier request with this id was for something else.
        LimitReached: the program already has the most exports under way.
        TryAgain: other requests interfered in every attempt.
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
    """An export in its current state.

    Raises:
        NotFound: there is no export with this id.
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
    """Make the file of an export; None if there is nothing left to do.

    It may run twice, concurrently or one after the other: the attempt that ends first counts.

    Raises:
        GaveUp: the export was tried too often, or is too old.
        TryAgain: the file could not be made just now, or another attempt has just begun.
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
    try:
        ended = _attempted(attempt, exports=exports, make=make, clock=clock)
    except TryAgain:
        _uncount(attempt, exports=exports)
        raise
    return _end(ended, exports=exports)


def _uncount(attempt: ReportExport, *, exports: ReportExports) -> None:
    """Take back an attempt: an outage of a service does not use up an export's attempts."""
    with suppress(Raced):
        exports.note(replace(attempt, attempts=attempt.attempts - 1), seen=attempt)


def _attempted(
    attempt: ReportExport,
    *,
    exports: ReportExports,
    make: Workshop,
    clock: Callable[[], datetime],
) -> ReportExport:
    """The export after an attempt."""
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
