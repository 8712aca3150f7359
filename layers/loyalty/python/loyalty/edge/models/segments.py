"""Segments, as staff see them."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import Field, PlainValidator

from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.program.condition_words import condition_in_words
from loyalty.domain.program.document import Program
from loyalty.domain.program.publication import faults
from loyalty.domain.program.segments import Segment, SegmentRule
from loyalty.edge.http.schemas import AnswerPart, MemberId, NextCursor, RequestPart
from loyalty.edge.models.program_checks import read_proposed
from loyalty.lake.segment_snapshots import SegmentMember
from loyalty.usecases.segments import SegmentRun

_MEMBER_ID: Final = re.compile(r"mem_[0-9A-Za-z_]{1,60}")
_PLACE: Final = "/segments/0"

# A rule as it was sent: what is wrong with it is said in the words of the document's checks.
_ProposedRule = Annotated[
    object, PlainValidator(lambda rule: rule, json_schema_input_type=SegmentRule)
]


class SegmentAnswer(AnswerPart):
    """A segment of the version in force."""

    id: Annotated[str, Field(description="The segment's id in the program document.")]
    name: Annotated[str, Field(description="The segment's name in the program document.")]
    in_words: Annotated[str, Field(description="Who is in it, in words.")]
    live: Annotated[
        bool, Field(description="Whether it is evaluated where it is used, and so never late.")
    ]
    members: Annotated[
        int | None,
        Field(
            description="How many members it has by this definition; null: nobody counts them, "
            "because it asks about profiles, or they were not counted yet."
        ),
    ]
    as_of: Annotated[datetime | None, Field(description="When they were counted, in UTC.")]


class SegmentList(AnswerPart):
    """The segments of the version in force."""

    items: Annotated[list[SegmentAnswer], Field(description="All, in the document's order.")]
    next_cursor: Annotated[None, Field(description="Always null: there is one page.")] = None


class SegmentMemberAnswer(AnswerPart):
    """A member of a segment."""

    member_id: MemberId
    since: Annotated[
        datetime, Field(description="When they were first found in it by this definition, in UTC.")
    ]


class SegmentMemberPage(AnswerPart):
    """A page of the members of a segment, in the order of their ids."""

    items: Annotated[list[SegmentMemberAnswer], Field(description="The members.")]
    next_cursor: NextCursor
    as_of: Annotated[
        datetime | None,
        Field(description="When they were found, in UTC; null: they were not found yet."),
    ]


class SegmentCountRequest(RequestPart):
    """A definition to try; a segment of a document can be sent as it is."""

    who: Annotated[_ProposedRule, Field(description="Who is in it.")]
    id: Annotated[object, Field(description="It may be sent along, and changes nothing.")] = None
    name: Annotated[object, Field(description="It may be sent along, and changes nothing.")] = None

    def segment(self, document: Program) -> Segment:
        """The segment, which the document could have.

        Raises:
            ValidationFailed: it has mistakes, or nobody can count its members.
        """
        proposed = {"id": "counted", "name": "Counted", "who": self.who}
        read = read_proposed(document.model_dump(mode="json") | {"segments": [proposed]})
        found = tuple(_of_rule(faults(read) if isinstance(read, Program) else read))
        if found or not isinstance(read, Program):
            raise ValidationFailed("The segment has mistakes", faults=found)
        (segment,) = read.segments
        if not segment.is_computed or segment.is_listed:
            what = "who is on a list" if segment.is_listed else "profiles"
            detail = f"It asks about {what}, and nobody counts who fits"
            raise ValidationFailed(detail, faults=(Fault("/who", "not_countable", detail),))
        return segment


class SegmentCount(AnswerPart):
    """How many members a definition fits."""

    members: Annotated[int, Field(description="The members that it fits now.")]


def segment_list(document: Program, run: SegmentRun | None) -> SegmentList:
    return SegmentList(items=[_answer(each, document, run) for each in document.segments])


def _answer(segment: Segment, document: Program, run: SegmentRun | None) -> SegmentAnswer:
    size = run.sizes.get(segment.id) if run else None
    is_counted = size is not None and size.definition == segment.fingerprint
    who: dict[str, Any] = segment.who.model_dump(mode="json", exclude_none=True)
    return SegmentAnswer(
        id=segment.id,
        name=segment.name,
        in_words=condition_in_words(who, currency=document.currency),
        live=segment.is_live,
        members=size.members if size and is_counted else None,
        as_of=run.as_of if run and is_counted else None,
    )


def segment_member_answer(member: SegmentMember) -> SegmentMemberAnswer:
    return SegmentMemberAnswer(member_id=member.member_id, since=member.since)


def is_member_id(position: str) -> bool:
    """Whether a page of members can go on after this."""
    return _MEMBER_ID.fullmatch(position) is not None


def _of_rule(found: Iterable[Fault]) -> Iterable[Fault]:
    """The faults of the one segment, with their places in the request."""
    for fault in found:
        if fault.pointer.startswith(_PLACE):
            yield Fault(fault.pointer.removeprefix(_PLACE), fault.code, fault.detail)
