"""Exports of reports: a report, or the facts of one kind, as a file to fetch later.

An export is requested once and worked on until it is done or has failed. An export that has not
ended in time has failed too, whether or not that was recorded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal

# All segments, one beside the other; no id is this.
EACH: Final = "*"

type FileFormat = Literal["csv", "parquet"]
type ReportExportState = Literal["queued", "running", "done", "failed"]
type ReportExportTrouble = Literal["too_large", "gave_up"]

# The most exports of a program at the same time: each occupies a function of 3 GB for minutes.
UNDER_WAY_MAX: Final = 3
ATTEMPTS_MAX: Final = 3
GIVEN_UP_AFTER: Final = timedelta(days=1)
# The bucket's lifecycle rule deletes files after this time.
FILE_DAYS: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedFile:
    """The requested content: a report, or the facts of a kind; both days are included.

    Only reports have `by` and `within_days`. `segment` is a segment whose members it is about, or
    `*` for each of them; None: all members.
    """

    report: str | None = None
    facts: str | None = None
    first: date
    last: date
    by: Literal["day", "week", "month"] | None = None
    within_days: int | None = None
    segment: str | None = None
    file_format: FileFormat

    @property
    def name(self) -> str:
        """The file name for the download."""
        among = {None: "", EACH: "_by_segment"}.get(self.segment, f"_{self.segment}")
        about = f"{self.report or self.facts}{among}"
        # Some file systems have no colons in names.
        return f"{about}_{self.first}_{self.last}.{self.file_format}".replace(":", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFile:
    """The file of a finished export, made from what the lake held `as_of` a moment."""

    key: str
    as_of: datetime
    rows: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportExport:
    """An export's current state; `objects_read` of `objects_total` lake objects are fetched."""

    export_id: str
    request: RequestedFile
    requested_at: datetime
    state: ReportExportState = "queued"
    attempts: int = 0
    started_at: datetime | None = None
    objects_read: int | None = None
    objects_total: int | None = None
    finished_at: datetime | None = None
    file: ExportedFile | None = None
    trouble: ReportExportTrouble | None = None
    detail: str | None = None

    @property
    def given_up_at(self) -> datetime:
        """The time at which it counts as failed unless it has ended."""
        return self.requested_at + GIVEN_UP_AFTER

    @property
    def lapses_at(self) -> datetime | None:
        """The time at which its file is deleted."""
        if self.file is None or self.finished_at is None:
            return None
        return self.finished_at + timedelta(days=FILE_DAYS)

    def as_of(self, now: datetime) -> ReportExport:
        """Its state at a moment, whether or not that state was recorded."""
        if self.is_over or now < self.given_up_at:
            return self
        return gave_up(self, now=self.given_up_at)

    @property
    def is_over(self) -> bool:
        return self.state in ("done", "failed")


def started(export: ReportExport, *, now: datetime) -> ReportExport:
    """The export at the start of its first or a further attempt."""
    return replace(
        export,
        state="running",
        attempts=export.attempts + 1,
        started_at=now,
        objects_read=None,
        objects_total=None,
    )


def done(export: ReportExport, file: ExportedFile, *, now: datetime) -> ReportExport:
    return replace(
        export, state="done", finished_at=now, file=file, objects_read=export.objects_total
    )


def too_large(export: ReportExport, detail: str, *, now: datetime) -> ReportExport:
    return replace(export, state="failed", finished_at=now, trouble="too_large", detail=detail)


def gave_up(export: ReportExport, *, now: datetime) -> ReportExport:
    return replace(
        export,
        state="failed",
        finished_at=now,
        trouble="gave_up",
        detail=f"It could not be made in {export.attempts} attempts, through no fault of yours.",
    )
