"""Reporting: what the program brings in, computed from the lake."""

import csv
import io
import re
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from functools import cache
from pathlib import Path as FilePath
from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import Field

from loyalty.domain.kernel.currencies import exponent
from loyalty.domain.kernel.errors import NotFound, TooLarge
from loyalty.domain.program.document import Program
from loyalty.edge import clock, desk, report_pages
from loyalty.edge.aws import clients
from loyalty.edge.http.app import ANYONE, ProgramId, create_app, html_page, reply
from loyalty.edge.http.periods import ReportDay, require_period
from loyalty.edge.http.schemas import AnswerPart, rfc3339
from loyalty.edge.report_pages import HtmlPage
from loyalty.edge.settings import ReportingSettings, SignInSettings, settings
from loyalty.lake import columns, reports
from loyalty.lake.connections import ReportEngine
from loyalty.lake.mirror import Mirror
from loyalty.lake.reports import ChartKind, Period, Report, ReportStep, Table
from loyalty.lake.spreadsheets import as_text

api = create_app("reporting", limits_callers=False)
handler = api

# Ordered by what a client gets that says nothing.
FORMS: Final = ("application/json", "text/csv", "text/html")


class ReportColumn(AnswerPart):
    name: str
    type: Annotated[str, Field(description="integer, decimal, string, date or date-time")]
    unit: str
    description: str


class ReportChart(AnswerPart):
    """The picture that suits a report, by the names of its columns."""

    kind: ChartKind
    x: Annotated[str | None, Field(description="The column that tells cases apart.")]
    y: Annotated[
        tuple[str, ...],
        Field(description="What is measured: columns, or `a / b`, of the sums of two."),
    ]
    series: Annotated[str | None, Field(description="The column that tells series apart.")]
    facet: Annotated[
        str | None, Field(description="The column whose values have a chart of their own each.")
    ]


class ReportProgram(AnswerPart):
    """What it takes to write a report's figures."""

    name: str
    time_zone: str
    currency: str
    currency_digits: Annotated[int, Field(description="Decimals of the minor unit: 2 for EUR.")]
    points_one: str
    points_many: str
    names: Annotated[
        Mapping[str, Mapping[str, str]],
        Field(
            description="What the document in force calls the levels, rewards and surveys of "
            "`rows`: for each unit the names by id. Of a survey it is its question."
        ),
    ]


class ReportAnswer(AnswerPart):
    """A report; `rows` have a value for each of `columns`."""

    report: str
    title: str
    about: Annotated[str, Field(description="How it counts, in Markdown.")]
    program: ReportProgram
    first_day: date
    last_day: date
    by: ReportStep
    as_of: Annotated[datetime, Field(description="What the lake held then is in the report.")]
    columns: tuple[ReportColumn, ...]
    chart: ReportChart
    rows: tuple[tuple[int | float | str | None, ...], ...]


@api.get(
    "/reports/<name>",
    allow={"analyst", "manager"},
    media=("text/csv", "text/html"),
    refuses=(NotFound, TooLarge),
)
def read_report(
    program_id: ProgramId,
    name: Annotated[str, Path(description=f"One of {', '.join(reports.names())}.")],
    *,
    first: Annotated[ReportDay, Query(alias="from", description="A day in the program's zone.")],
    last: Annotated[ReportDay, Query(alias="to", description="The last day, included.")],
    by: Annotated[
        ReportStep, Query(description="The steps of `trend` and `members`; weeks begin on Mondays.")
    ] = "month",
    within_days: Annotated[
        int,
        Query(
            ge=1,
            le=365,
            description="For how many days what follows counts, in `messages` and `promoters`.",
        ),
    ] = reports.WITHIN_DAYS,
) -> Response[ReportAnswer | str]:
    """Read a report on a period.

    Answers JSON, CSV to `Accept: text/csv`, or to `text/html` a page that can be kept and printed.
    """
    asked = reports.report(name)
    require_period(first, last, pointer="/query/to")
    as_of = clock.now()
    programs = desk.shelf(settings(ReportingSettings).table)
    document = programs.in_force(program_id, now=as_of).document
    period = Period(
        first=first,
        last=last,
        zone=document.zone,
        as_of=as_of,
        by=by,
        within_days=within_days,
    )
    try:
        facts = mirror().fetch(program_id, asked.reads, columns=columns.read_by(name))
        table = reports.run(asked, period, facts=facts, document=document, connect=engine().over)
    except TooLarge as refusal:
        raise TooLarge(
            f"{refusal.detail} As a file it has more room: "
            f"POST /v1/programs/{program_id}/reports/exports."
        ) from refusal
    form = _preferred(api.event.headers.get("accept", ""))
    if form == "text/csv":
        return _csv(table, name=f"{name}_{first}_{last}", as_of=as_of)
    answer = _answer(asked, table, period, document=document)
    if form == "text/html":
        return _html(report_pages.page(answer.model_dump(mode="json")))
    return reply(answer)


@api.get("/reports", allow=ANYONE)
def open_reports(
    program_id: ProgramId,  # noqa: ARG001  # the page asks for it by its own address
) -> Response[str]:
    """Open the pages of the reports.

    A page without data: it asks whoever reads it to sign in, and the API with their token.
    """
    return _html(report_pages.shell(settings(SignInSettings)))


@api.get(
    "/v1/assets/<digest>/<name>",
    prefix="",
    allow=ANYONE,
    media=("text/css", "text/javascript"),
    refuses=(NotFound,),
)
def read_asset(
    digest: Annotated[str, Path(pattern="^[0-9a-f]{16}$")],
    name: Annotated[str, Path(pattern="^[a-z]{1,20}\\.(css|js)$")],
) -> Response[str]:
    """Read a script or a style of these pages; what a digest names never changes."""
    text, content_type = report_pages.asset(digest, name)
    return Response(
        status_code=200,
        content_type=content_type,
        body=text,
        headers={"cache-control": "public, max-age=31536000, immutable"},
        compress=True,
    )


def _answer(report: Report, table: Table, period: Period, *, document: Program) -> ReportAnswer:
    return ReportAnswer(
        report=report.name,
        title=report.title,
        about=report.about,
        program=ReportProgram(
            name=document.name,
            time_zone=document.time_zone,
            currency=document.currency,
            currency_digits=exponent(document.currency) or 0,
            points_one=document.points.one,
            points_many=document.points.many,
            names=report_pages.names(table, document),
        ),
        first_day=period.first,
        last_day=period.last,
        by=period.by,
        as_of=period.as_of,
        columns=tuple(ReportColumn(**asdict(column)) for column in table.columns),
        chart=ReportChart(**asdict(report.chart)),
        rows=table.rows,
    )


def _html(page: HtmlPage) -> Response[Any]:
    return html_page(page.html, policy=page.policy, compress=True)


@cache
def mirror() -> Mirror:
    """The lake as far as this container knows it, in a folder that goes with the container."""
    return Mirror(
        clients.s3(),
        bucket=settings(ReportingSettings).lake_bucket,
        root=FilePath(tempfile.mkdtemp(prefix="lake-")),
    )


@cache
def engine() -> ReportEngine:
    return ReportEngine()


def _preferred(accept: str) -> str:
    """The form that a client would rather have than any other."""
    weights = {
        media.strip().lower(): float(weight or 1)
        for media, weight in re.findall(
            r"([^,;]+)(?:;\s*q=([01](?:\.\d{0,3})?))?[^,]*", accept, re.IGNORECASE
        )
    }
    return max(FORMS, key=lambda form: weights.get(form, 0))


def _csv(table: Table, *, name: str, as_of: datetime) -> Response[Any]:
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(column.name for column in table.columns)
    rows.writerows(map(as_text, row) for row in table.rows)
    return Response(
        status_code=200,
        content_type="text/csv; charset=utf-8",
        body=written.getvalue(),
        headers={
            "content-disposition": f'attachment; filename="{name}.csv"',
            "loyalty-as-of": rfc3339(as_of),
        },
    )
