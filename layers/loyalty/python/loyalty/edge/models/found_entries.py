"""Whose an entry is."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from loyalty.domain.ledger.entries import EntryKind
from loyalty.edge.http.schemas import AnswerPart, MemberId
from loyalty.lake.entry_lookup import FoundEntry


class EntryFound(AnswerPart):
    """An entry, as far as it says whose it is and what it was."""

    id: Annotated[str, Field(description="The entry's id.")]
    member_id: MemberId
    kind: Annotated[EntryKind, Field(description="What kind of cause the entry has.")]
    points: Annotated[int, Field(description="The signed change in spendable points.")]
    happened_at: Annotated[datetime, Field(description="When the cause happened, in UTC.")]


def entry_found(entry: FoundEntry) -> EntryFound:
    return EntryFound(
        id=entry.entry_id,
        member_id=entry.member_id,
        kind=entry.kind,
        points=entry.points,
        happened_at=entry.happened_at,
    )
