"""Reporting: what the program brings in, computed from the lake."""

import csv
import io
import re
import tempfile
from dataclasses import asdict
from datetime import date, datetime
from functools import cache
from pathlib import Path as FilePath
from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import Field

from loyalty.domain.errors import Fault, NotFound, TooLarge, ValidationFailed
from loyalty.edge import clients, clock, desk, reports
from loyalty.edge.http import ProgramId, create_app, reply
from loyalty.edge.mirror import Mirror
from loyalty.edge.reports import By, Period, Table
from loyalty.edge.schemas import AnswerPart, Day, rfc3339
from loyalty.edge.settings import ReportingSettings, settings

api = create_app("reporting")
handler = api

# Ten years and the leap days in them.
PERIOD_DAYS_MAX: Final = 3_653
# Before that nobody had a program, after that nobody will read the report.
FIRST_DAY: Final = date(2000, 1, 1)
LAST_DAY: Final = date(2199, 12, 31)

ReportDay = Annotated[Day, Field(ge=FIRST_DAY, le=LAST_DAY)]


class ReportColumn(AnswerPart):
    name: str
    type: Annotated[str, Field(description="integer, decimal, string, date or date-time")]
    unit: str


class ReportChart(AnswerPart):
    """The picture that suits a report, by the names of its columns."""

    kind: Annotated[str, Field(description="bar, heatmap or matrix")]
    x: str
    y: tuple[str, ...]
    series: Annotated[str | None, Field(description="The column that tells series apart.")]


class ReportAnswer(AnswerPart):
    """A report; `rows` have a value for each of `columns`."""

    report: str
    title: str
    as_of: Annotated[datetime, Field(description="What the lake held then is in the report.")]
    columns: tuple[ReportColumn, ...]
    chart: ReportChart | None
    rows: tuple[tuple[int | float | str | None, ...], ...]


@api.get("/reports/<name>", allow={"analyst", "manager"}, refuses=(NotFound, TooLarge))
def read_report(
    program_id: ProgramId,
    name: Annotated[str, Path(description=f"One of {', '.join(reports.names())}.")],
    first: Annotated[ReportDay, Query(alias="from", description="A day in the program's zone.")],
    last: Annotated[ReportDay, Query(alias="to", description="The last day, included.")],
    by: Annotated[
        By, Query(description="The steps of `trend` and `members`; weeks begin on Mondays.")
    ] = "month",
) -> Response[ReportAnswer | str]:
    """Read a report on a period.

    Answers JSON, or CSV to `Accept: text/csv`.
    """
    asked = reports.report(name)
    _require_order(first, last)
    as_of = clock.now()
    programs = desk.shelf(settings(ReportingSettings).table)
    document = programs.in_force(program_id, now=as_of).document
    facts = mirror().fetch(program_id, asked.reads)
    period = Period(first=first, last=last, zone=document.zone, as_of=as_of, by=by)
    table = reports.run(asked, period, facts=facts, document=document)
    if _wants_csv(api.event.headers.get("accept", "")):
        return _csv(table, name=f"{name}_{first}_{last}", as_of=as_of)
    columns = tuple(ReportColumn(name=c.name, type=c.type, unit=c.unit) for c in table.columns)
    return reply(
        ReportAnswer(
            report=name,
            title=asked.title,
            as_of=as_of,
            columns=columns,
            chart=ReportChart(**asdict(asked.chart)) if asked.chart else None,
            rows=table.rows,
        )
    )


@cache
def mirror() -> Mirror:
    """The lake as far as this container knows it, in a folder that goes with the container."""
    return Mirror(
        clients.s3(),
        bucket=settings(ReportingSettings).lake_bucket,
        root=FilePath(tempfile.mkdtemp(prefix="lake-")),
    )


def _require_order(first: date, last: date) -> None:
    if last < first:
        raise _invalid("inverted_period", "The period ends before it begins.")
    if (last - first).days >= PERIOD_DAYS_MAX:
        raise _invalid("period_too_long", f"A period has at most {PERIOD_DAYS_MAX} days.")


def _invalid(code: str, detail: str) -> ValidationFailed:
    return ValidationFailed(detail, faults=(Fault("/query/to", code, detail),))


def _wants_csv(accept: str) -> bool:
    """Whether a client would rather have CSV than JSON."""
    weights = {
        media.strip().lower(): float(weight or 1)
        for media, weight in re.findall(
            r"([^,;]+)(?:;\s*q=([01](?:\.\d{0,3})?))?[^,]*", accept, re.IGNORECASE
        )
    }
    return weights.get("text/csv", 0) > weights.get("application/json", 0)


def _csv(table: Table, *, name: str, as_of: datetime) -> Response[Any]:
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(column.name for column in table.columns)
    rows.writerows(table.rows)
    return Response(
        status_code=200,
        content_type="text/csv; charset=utf-8",
        body=written.getvalue(),
        headers={
            "content-disposition": f'attachment; filename="{name}.csv"',
            "loyalty-as-of": rfc3339(as_of),
        },
    )
