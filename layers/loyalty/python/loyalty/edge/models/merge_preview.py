"""What a merge would do, in numbers, before somebody requests it."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from loyalty.domain.ledger.merging import MergedPerson
from loyalty.domain.people.identity import IdentityKind
from loyalty.edge.http.schemas import AnswerPart, MemberId
from loyalty.edge.models.statements import HoldingsAnswer, holdings_answer
from loyalty.usecases.people.merge_preview import MergePreview

Level = Annotated[str | None, Field(description="The level's id; null: no level.")]


class MergedLevelsAnswer(AnswerPart):
    """The levels of both today, and of the member who remains."""

    merged: Level
    remaining: Level
    after: Level


class MergedPersonAnswer(AnswerPart):
    """What of a person moves. What the member who remains has already stays as it is."""

    identities: Annotated[
        dict[IdentityKind, int], Field(description="How many identities move, by kind.")
    ]
    identities_stay_apart: Annotated[
        bool,
        Field(
            description="Both together have too many identities for one member: nothing of the "
            "person moves, and the other identities still lead to the member who remains."
        ),
    ]
    fields_taken: Annotated[
        list[str], Field(description="Fields of the profile that move, by name.")
    ]
    fields_lost: Annotated[
        list[str], Field(description="Fields in which they differ, and whose value is lost.")
    ]
    consents_taken: Annotated[
        dict[str, bool], Field(description="Consents that move, by kind of message.")
    ]
    consents_lost: Annotated[
        list[str], Field(description="Consents in which they differ, and whose answer is lost.")
    ]
    presents_from: Annotated[
        date | None,
        Field(
            description="The day from which they get presents, if one of them returned after an "
            "erasure; null: at once. A present that either got is not given again."
        ),
    ]


class MergePreviewAnswer(AnswerPart):
    """What a merge would do now. Nothing was written."""

    merged_id: Annotated[MemberId, Field(description="The id of the member who would end.")]
    remaining_id: Annotated[MemberId, Field(description="The id of the member who would remain.")]
    merged: Annotated[HoldingsAnswer, Field(description="What the first one holds today.")]
    remaining: Annotated[HoldingsAnswer, Field(description="What the other one holds today.")]
    after: Annotated[
        HoldingsAnswer, Field(description="What the one who remains would hold after it.")
    ]
    paid_debt: Annotated[int, Field(description="Points that would pay a debt at once.")]
    lots_joined: Annotated[
        int, Field(description="Lots whose points would join a later lot, as a member has 60.")
    ]
    levels: Annotated[
        MergedLevelsAnswer | None, Field(description="Null in a program without levels.")
    ]
    open_vouchers: Annotated[
        int,
        Field(description="Vouchers of the first one that can still be used, after the merge too."),
    ]
    has_more_vouchers: Annotated[
        bool, Field(description="Whether only the newest hundred vouchers were counted.")
    ]
    person: Annotated[
        MergedPersonAnswer | None,
        Field(description="Null if an earlier merge has moved all that there was."),
    ]


def merge_preview_answer(preview: MergePreview) -> MergePreviewAnswer:
    points, levels = preview.points, preview.levels
    return MergePreviewAnswer(
        merged_id=preview.merged_id,
        remaining_id=preview.remaining_id,
        merged=holdings_answer(points.merged),
        remaining=holdings_answer(points.remaining),
        after=holdings_answer(points.after),
        paid_debt=points.paid_debt,
        lots_joined=points.lots_joined,
        levels=MergedLevelsAnswer(
            merged=levels.merged, remaining=levels.remaining, after=levels.after
        )
        if levels
        else None,
        open_vouchers=preview.open_vouchers,
        has_more_vouchers=preview.has_more_vouchers,
        person=_person(preview.person) if preview.person else None,
    )


def _person(person: MergedPerson) -> MergedPersonAnswer:
    return MergedPersonAnswer(
        identities=dict(person.identities),
        identities_stay_apart=person.identities_stay_apart,
        fields_taken=list(person.fields_taken),
        fields_lost=list(person.fields_lost),
        consents_taken=dict(person.consents_taken),
        consents_lost=list(person.consents_lost),
        presents_from=person.presents_from,
    )
