"""Differences between two program documents, as managers read them."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from loyalty.domain.program.differences import DifferenceKind, DocumentDifference
from loyalty.edge.http.schemas import AnswerPart


class DifferenceAnswer(AnswerPart):
    """One difference between two documents."""

    pointer: Annotated[
        str,
        Field(
            description="A JSON Pointer into the new document; into the old one, if something was "
            "removed."
        ),
    ]
    kind: Annotated[DifferenceKind, Field(description="What happened to it.")]
    before: Annotated[Any, Field(description="The value in the old document; null if none.")]
    after: Annotated[Any, Field(description="The value in the new document; null if none.")]
    text: Annotated[str, Field(description="The difference in plain English.")]


ComparedWith = Annotated[
    int | None,
    Field(description="The version that it was compared with; null if there is none."),
]


# Readers get sentences; forms that lead to what changed get its place and its values.
Differences = Annotated[
    list[str],
    Field(
        description="What it says differently from that version, in sentences and in the order of "
        "its fields; none while there are faults."
    ),
]
DocumentChanges = Annotated[
    list[DifferenceAnswer],
    Field(description="The same differences, each with its place and its values."),
]


def sentences(found: Sequence[DocumentDifference]) -> list[str]:
    return [each.text for each in found]


def difference_answers(found: Sequence[DocumentDifference]) -> list[DifferenceAnswer]:
    return [
        DifferenceAnswer(
            pointer=each.pointer,
            kind=each.kind,
            before=each.before,
            after=each.after,
            text=each.text,
        )
        for each in found
    ]
