"""Exports of reports in the table: an item for each, and one that lists those under way."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from loyalty.domain.kernel.errors import LimitReached
from loyalty.domain.report_exports import (
    UNDER_WAY_MAX,
    ExportedFile,
    ReportExport,
    RequestedFile,
)
from loyalty.table import keys
from loyalty.table.operations import (
    Absent,
    AnyOf,
    Condition,
    Increase,
    Item,
    Put,
    Query,
    Refused,
    Remove,
    Update,
    at_least,
    equal,
)
from loyalty.table.records import VERSION
from loyalty.usecases.ports import Listed, Raced

if TYPE_CHECKING:
    from loyalty.table.engine import Engine

EXPORT_DAYS: Final = 30
_IS_UNDER_WAY: Final = AnyOf((equal(("state",), "queued"), equal(("state",), "running")))


class TableReportExports:
    """The exports of one program."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program_id = program_id

    def find(self, export_id: str) -> ReportExport | None:
        item = self._engine.get(keys.report_export(self._program_id, export_id), strong=True)
        return export_from_item(item) if item else None

    def begin(self, export: ReportExport) -> None:
        slots = keys.exports_under_way(self._program_id)
        seen = cast("dict[str, Any]", self._engine.get(slots, strong=True) or {})
        now = keys.instant(export.requested_at)
        under_way = {
            export_id: until
            for export_id, until in seen.get("under_way", {}).items()
            if until > now
        }
        if len(under_way) >= UNDER_WAY_MAX:
            raise LimitReached(
                f"A program may have {UNDER_WAY_MAX} exports under way; wait until one is done."
            )
        changes = seen.get("changes", 0)
        item: Item = {
            "kind": "exports_under_way",
            "v": VERSION,
            "under_way": under_way | {export.export_id: keys.instant(export.given_up_at)},
            "changes": changes + 1,
        }
        same: Condition = equal(("changes",), changes) if seen else Absent()
        try:
            self._engine.write([self._put(export, Absent()), Put(slots, item, (same,))])
        except Refused as refused:
            raise Raced from refused

    def note(self, export: ReportExport, *, seen: ReportExport) -> None:
        self._write(export, _IS_UNDER_WAY, equal(("attempts",), seen.attempts))

    def end(self, export: ReportExport) -> None:
        free = Update(
            keys.exports_under_way(self._program_id),
            (Remove(("under_way", export.export_id)), Increase(("changes",), 1)),
            (at_least(("changes",), 1),),
        )
        self._write(export, _IS_UNDER_WAY, also=(free,))

    def listed(self, *, limit: int, start: str | None) -> Listed[ReportExport]:
        page = self._engine.query(
            Query(
                pk=keys.report_exports_partition(self._program_id),
                index="history",
                newest_first=True,
                limit=limit,
                start=self._after(start) if start else None,
            )
        )
        more = cast("str", page.next["history_sk"]) if page.next else None
        return Listed([export_from_item(item) for item in page], more)

    def _write(
        self, export: ReportExport, *conditions: Condition, also: tuple[Update, ...] = ()
    ) -> None:
        put = self._put(export, *conditions)
        try:
            self._engine.write([put, *also])
        except Refused as refused:
            # The answer to a first attempt may have been lost.
            if refused.found.get(0) != {"pk": put.key.pk, "sk": put.key.sk, **put.item}:
                raise Raced from refused

    def _put(self, export: ReportExport, *conditions: Condition) -> Put:
        key = keys.report_export(self._program_id, export.export_id)
        return Put(key, export_to_item(export, self._program_id), conditions)

    def _after(self, sort: str) -> Item:
        """The position after which a list continues; its sort key ends with the export's id."""
        key = keys.report_export(self._program_id, sort.rsplit("#", 1)[1])
        return {
            "pk": key.pk,
            "sk": key.sk,
            "history_pk": keys.report_exports_partition(self._program_id),
            "history_sk": sort,
        }


def export_to_item(export: ReportExport, program: str) -> Item:
    """Everything is in `about`, because the index carries it and lists show it."""
    request, file = export.request, export.file
    requested_at = keys.instant(export.requested_at)
    about: Item = {
        "id": export.export_id,
        "report": request.report,
        "facts": request.facts,
        "first": request.first.isoformat(),
        "last": request.last.isoformat(),
        "by": request.by,
        "within_days": request.within_days,
        "segment": request.segment,
        "format": request.file_format,
        "state": export.state,
        "attempts": export.attempts,
        "started_at": _instant_or_none(export.started_at),
        "objects_read": export.objects_read,
        "objects_total": export.objects_total,
        "finished_at": _instant_or_none(export.finished_at),
        "file": _file_to_item(file) if file else None,
        "trouble": export.trouble,
        "detail": export.detail,
    }
    return {
        "kind": "report_export",
        "v": VERSION,
        "state": export.state,
        "attempts": export.attempts,
        "recorded_at": requested_at,
        "about": {name: value for name, value in about.items() if value is not None},
        "history_pk": keys.report_exports_partition(program),
        "history_sk": f"{requested_at}#{export.export_id}",
        "ttl": int((export.requested_at + timedelta(days=EXPORT_DAYS)).timestamp()),
    }


def export_from_item(item: Item) -> ReportExport:
    wire = cast("dict[str, Any]", item)
    about = wire["about"]
    file = about.get("file")
    return ReportExport(
        export_id=about["id"],
        request=RequestedFile(
            report=about.get("report"),
            facts=about.get("facts"),
            first=date.fromisoformat(about["first"]),
            last=date.fromisoformat(about["last"]),
            by=about.get("by"),
            within_days=about.get("within_days"),
            segment=about.get("segment"),
            file_format=about["format"],
        ),
        requested_at=datetime.fromisoformat(wire["recorded_at"]),
        state=about["state"],
        attempts=about["attempts"],
        started_at=_moment(about.get("started_at")),
        objects_read=about.get("objects_read"),
        objects_total=about.get("objects_total"),
        finished_at=_moment(about.get("finished_at")),
        file=_file_from_item(file) if file else None,
        trouble=about.get("trouble"),
        detail=about.get("detail"),
    )


def _file_to_item(file: ExportedFile) -> Item:
    return {
        "key": file.key,
        "as_of": keys.instant(file.as_of),
        "rows": file.rows,
        "size_bytes": file.size_bytes,
        "sha256": file.sha256,
    }


def _file_from_item(wire: dict[str, Any]) -> ExportedFile:
    return ExportedFile(
        key=wire["key"],
        as_of=datetime.fromisoformat(wire["as_of"]),
        rows=wire["rows"],
        size_bytes=wire["size_bytes"],
        sha256=wire["sha256"],
    )


def _instant_or_none(moment: datetime | None) -> str | None:
    return keys.instant(moment) if moment else None


def _moment(wire: str | None) -> datetime | None:
    return datetime.fromisoformat(wire) if wire else None
