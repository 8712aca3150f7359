"""What a check of a program document finds: faults, warnings, the most that an order can earn."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated, Any, Final

from pydantic import Field, PlainValidator, ValidationError

from loyalty.domain.kernel.errors import Fault
from loyalty.domain.orders.order import BACKDATED_DAYS_MAX
from loyalty.domain.program.campaigns import Weekday
from loyalty.domain.program.document import Program
from loyalty.domain.program.publication import faults_of_broken
from loyalty.domain.program.worst_case import EarningBound, WorstCase, worst_case
from loyalty.edge.http.problems import ProblemFault
from loyalty.edge.http.schemas import AnswerPart
from loyalty.edge.http.validation import faults_of
from loyalty.edge.models.differences import ComparedWith, Differences, DocumentChanges

# A document as it was sent: that it does not fit its models is an answer, and not a refusal.
ProposedProgram = Annotated[
    object, PlainValidator(lambda document: document, json_schema_input_type=Program)
]

_MILLION: Final = 10**6


class EarningBoundAnswer(AnswerPart):
    """The most points that an order can earn: so many for what it contains, and so many beside."""

    points_per_major_unit: Annotated[
        float, Field(description="Points for each major unit of money, such as a euro.")
    ]
    points_per_unit: Annotated[float, Field(description="Points for each unit of goods.")]
    beside: Annotated[float, Field(description="Points beside both, for the order as a whole.")]


class StretchAnswer(EarningBoundAnswer):
    """The most points that an order of some days can earn."""

    starts_on: Annotated[date | None, Field(description="The first of these days.")]
    ends_on: Annotated[date | None, Field(description="The last of these days; null: no end.")]
    weekdays: Annotated[list[Weekday], Field(description="Only these days of the week.")]


class WorstCaseAnswer(EarningBoundAnswer):
    """The most points that any order can earn, on any day and at any level, rounded up."""

    calendar: Annotated[
        list[StretchAnswer],
        Field(description="The same for each stretch of days on which nothing begins or ends."),
    ]


class CheckedProgram(AnswerPart):
    """What is wrong with a document, what is odd, and what it would change."""

    faults: Annotated[
        list[ProblemFault], Field(description="The mistakes that keep it from being published.")
    ]
    warnings: Annotated[
        list[ProblemFault],
        Field(
            description="What is allowed and may not be meant, and what publishing it would do to "
            "what is there already."
        ),
    ]
    worst_case: Annotated[
        WorstCaseAnswer | None,
        Field(description="The most that an order could earn; null while there are faults."),
    ]
    document: Annotated[
        Program | None,
        Field(description="The document with every default; null while there are faults."),
    ]
    compared_with: ComparedWith
    differences: Differences
    changes: DocumentChanges


def read_proposed(document: object) -> Program | tuple[Fault, ...]:
    """The program that a document says, or all its mistakes if it does not fit the models."""
    try:
        return Program.model_validate(document)
    except ValidationError as error:
        return faults_of(error.errors(), document, inspect=faults_of_broken)


def fault_answers(faults: Iterable[Fault]) -> list[ProblemFault]:
    return [
        ProblemFault(pointer=each.pointer, code=each.code, detail=each.detail) for each in faults
    ]


def worst_case_answer(document: Program, *, today: date) -> WorstCaseAnswer:
    """The worst case of all orders that can still arrive."""
    found: WorstCase = worst_case(document, since=today - timedelta(days=BACKDATED_DAYS_MAX))
    return WorstCaseAnswer(
        **_figures(found.overall),
        calendar=[
            StretchAnswer(
                **_figures(bound),
                starts_on=stretch.starts_on,
                ends_on=stretch.ends_on,
                weekdays=list(stretch.weekdays),
            )
            for stretch, bound in found.by_stretch
        ],
    )


def _figures(bound: EarningBound) -> dict[str, Any]:
    return {
        "points_per_major_unit": _points(bound.by_money),
        "points_per_unit": _points(bound.by_units),
        "beside": _points(bound.beside),
    }


def _points(millionths: int) -> float:
    """Points to two decimals, rounded up."""
    return -(-millionths // (_MILLION // 100)) / 100
