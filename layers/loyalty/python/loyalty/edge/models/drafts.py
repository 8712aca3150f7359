"""Drafts of program documents, and the list of published versions."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StrictInt

from loyalty.domain.kernel.limits import EXTERNAL_ID
from loyalty.domain.program.differences import DocumentDifference
from loyalty.domain.program.document import PublishedProgram
from loyalty.domain.program.drafts import Draft
from loyalty.edge.http.params import Path
from loyalty.edge.http.redaction import OfStaff
from loyalty.edge.http.schemas import AnswerPart, NextCursor, RequestPart, StaffName
from loyalty.edge.models.differences import (
    ComparedWith,
    Differences,
    DocumentChanges,
    difference_answers,
    sentences,
)
from loyalty.edge.models.programs import PublishedAt, Version
from loyalty.usecases.program.drafts import DraftContent
from loyalty.usecases.program.versions import ListedVersion

DraftId = Annotated[
    str, Path(pattern=EXTERNAL_ID, description="The draft's id, of your own choosing.")
]
VersionNumber = Annotated[
    int, Path(ge=1, lt=10**9, description="The version's number; the first one is 1.")
]
Revision = Annotated[int, Field(description="How often it was saved; it is the `ETag`, too.")]
BasedOn = Annotated[
    int | None, Field(description="The version that the work began with; null if there was none.")
]


class DraftRequest(RequestPart):
    """A document that somebody is working on."""

    document: Annotated[
        dict[str, Any], Field(description="The document. It is kept as it is, mistakes included.")
    ]
    based_on: Annotated[
        StrictInt | None,
        Field(ge=1, lt=10**9, description="The version that the work began with."),
    ] = None

    def content(self) -> DraftContent:
        return DraftContent(
            document=json.dumps(self.document, ensure_ascii=False, separators=(",", ":")),
            based_on=self.based_on,
        )


class DraftHead(AnswerPart):
    """A draft without its document."""

    id: Annotated[str, Field(description="The draft's id.")]
    revision: Revision
    based_on: BasedOn
    changed_at: Annotated[datetime, Field(description="When it was saved last, in UTC.")]
    changed_by: Annotated[
        str, Field(description="The subject (`sub`) of the token of the person who saved it last.")
    ]
    changed_by_name: StaffName


class DraftAnswer(DraftHead):
    """A draft with its document."""

    document: Annotated[dict[str, Any], Field(description="The document, as it was saved.")]


class DraftList(AnswerPart):
    """Every draft of a program, the latest change first."""

    items: Annotated[list[DraftHead], Field(description="The drafts, at most twenty.")]


class VersionAnswer(AnswerPart):
    """A version of the program document, without the document."""

    version: Version
    published_at: PublishedAt
    published_by: Annotated[
        str | None,
        OfStaff(),
        Field(description="The subject (`sub`) of the token of the person who published it."),
    ]
    published_by_name: StaffName
    note: Annotated[str | None, Field(description="Why it was published, if they said so.")]


class VersionDifferences(VersionAnswer):
    """A version of the program document, and what it says differently from another one."""

    compared_with: ComparedWith
    differences: Differences
    changes: DocumentChanges


class VersionPage(AnswerPart):
    """A page of versions, newest first."""

    items: Annotated[list[VersionAnswer], Field(description="The versions of this page.")]
    next_cursor: NextCursor


def draft_head(draft: Draft, *, names: Mapping[str, str]) -> DraftHead:
    """A draft as it is listed; `names` are those of staff, by subject."""
    return DraftHead(
        id=draft.draft_id,
        revision=draft.revision,
        based_on=draft.based_on,
        changed_at=draft.changed_at,
        changed_by=draft.changed_by,
        changed_by_name=names.get(draft.changed_by),
    )


def draft_answer(draft: Draft, *, names: Mapping[str, str]) -> DraftAnswer:
    head = draft_head(draft, names=names)
    return DraftAnswer(**dict(head), document=json.loads(draft.document))


def version_differences(
    published: PublishedProgram,
    *,
    compared: PublishedProgram | None,
    found: Sequence[DocumentDifference],
    names: Mapping[str, str],
) -> VersionDifferences:
    return VersionDifferences(
        version=published.version,
        published_at=published.published_at,
        published_by=published.published_by,
        published_by_name=names.get(published.published_by or ""),
        note=published.note,
        compared_with=compared.version if compared else None,
        differences=sentences(found),
        changes=difference_answers(found),
    )


def version_answer(version: ListedVersion, *, names: Mapping[str, str]) -> VersionAnswer:
    return VersionAnswer(
        version=version.version,
        published_at=version.published_at,
        published_by=version.published_by,
        published_by_name=names.get(version.published_by or ""),
        note=version.note,
    )
