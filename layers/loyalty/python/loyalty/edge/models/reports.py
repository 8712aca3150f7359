"""Reports, as the API answers them in JSON."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from loyalty.domain.kernel.currencies import exponent
from loyalty.edge import report_pages
from loyalty.edge.http.schemas import AnswerPart
from loyalty.lake.reports import OF_SEGMENT, ChartKind, Report, ReportPeriod, ReportStep, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loyalty.domain.program.document import Program
    from loyalty.domain.program.segments import Segment
    from loyalty.usecases.segments import SegmentRun


class ReportColumn(AnswerPart):
    """A column of a report."""

    name: Annotated[str, Field(description="The column's name, unique within the report.")]
    type: Annotated[
        Literal["integer", "decimal", "string", "date", "date-time"],
        Field(description="The type of the column's values."),
    ]
    unit: Annotated[str, Field(description="What is counted: points, minor units, members, …")]
    description: Annotated[str, Field(description="What the column says, in words.")]


class ReportChart(AnswerPart):
    """The chart that suits a report, by the names of its columns."""

    kind: Annotated[ChartKind, Field(description="What kind of chart it is.")]
    x: Annotated[str | None, Field(description="The column of the horizontal axis.")]
    y: Annotated[
        tuple[str, ...],
        Field(description="What is measured: columns, or `a / b` for the ratio of two sums."),
    ]
    series: Annotated[str | None, Field(description="The column that separates the series.")]
    facet: Annotated[
        str | None, Field(description="The column for whose values there is one chart each.")
    ]


class ReportProgram(AnswerPart):
    """What is needed to format a report's figures."""

    name: Annotated[str, Field(description="The program's name.")]
    time_zone: Annotated[str, Field(description="The time zone of the report's days.")]
    currency: Annotated[str, Field(description="The program's currency (ISO 4217).")]
    currency_digits: Annotated[int, Field(description="The decimals of its minor unit: 2 for EUR.")]
    points_one: Annotated[str, Field(description="What the program calls one point.")]
    points_many: Annotated[str, Field(description="What it calls several points.")]
    names: Annotated[
        Mapping[str, Mapping[str, str]],
        Field(
            description="Names of the levels, rewards and surveys in `rows`: for each unit, the "
            "names by id. A survey's name is its question."
        ),
    ]


class ReportSegment(AnswerPart):
    """A segment whose members a report is about."""

    id: Annotated[str, Field(description="The segment's id in the program document.")]
    name: Annotated[str, Field(description="The segment's name in the program document.")]
    members: Annotated[int, Field(description="How many members it has.")]
    as_of: Annotated[datetime, Field(description="When they were found, in UTC.")]


class ReportAnswer(AnswerPart):
    """A report on a period."""

    report: Annotated[str, Field(description="The report's name.")]
    title: Annotated[str, Field(description="The report's title.")]
    about: Annotated[str, Field(description="How it counts, in Markdown.")]
    program: Annotated[ReportProgram, Field(description="What is needed to format its figures.")]
    first_day: Annotated[date, Field(description="The first day, in the program's time zone.")]
    last_day: Annotated[date, Field(description="The last day, included.")]
    by: Annotated[ReportStep, Field(description="The steps of a report over time.")]
    as_of: Annotated[
        datetime, Field(description="The report has what the lake held at this moment, in UTC.")
    ]
    segments: Annotated[
        tuple[ReportSegment, ...],
        Field(description="The segments whose members it is about; empty: all members."),
    ]
    by_segment: Annotated[
        bool,
        Field(
            description="Whether several segments stand beside each other; then the first column "
            "says which one a row is about."
        ),
    ]
    columns: Annotated[tuple[ReportColumn, ...], Field(description="The columns of `rows`.")]
    chart: Annotated[ReportChart, Field(description="The chart that suits the report.")]
    rows: Annotated[
        tuple[tuple[int | float | str | None, ...], ...],
        Field(description="The rows; each has a value for every column."),
    ]
    totals: Annotated[
        Mapping[str, int | None],
        Field(
            description="The sums of the columns that have one, by name; null if a value of the "
            "column is null."
        ),
    ]


def report_segments(
    segments: "Iterable[Segment]", run: "SegmentRun | None"
) -> tuple[ReportSegment, ...]:
    """Segments whose members a run found."""
    return tuple(
        ReportSegment(
            id=each.id, name=each.name, members=run.sizes[each.id].members, as_of=run.as_of
        )
        for each in segments
        if run
    )


def report_answer(
    report: Report,
    table: Table,
    period: ReportPeriod,
    *,
    document: "Program",
    segments: tuple[ReportSegment, ...] = (),
) -> ReportAnswer:
    is_beside = OF_SEGMENT in table.columns
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
        segments=segments,
        by_segment=is_beside,
        columns=tuple(ReportColumn(**asdict(column)) for column in table.columns),
        chart=ReportChart(**asdict(report.chart)),
        rows=table.rows,
        # A member may be in several segments, so what they have is no part of one whole.
        totals={} if is_beside else {name: table.total(name) for name in report.totals},
    )
