"""Saving drafts, so that nobody overwrites what a colleague saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from loyalty.domain.kernel.errors import LimitReached, NotFound, StaleVersion
from loyalty.domain.program.drafts import DRAFTS_MAX, Draft
from loyalty.usecases.ports import Raced


class Drafts(Protocol):
    """The drafts of one program."""

    def find(self, draft_id: str) -> Draft | None: ...

    def all(self) -> Sequence[Draft]:
        """Every draft, without its document, the latest change first."""
        ...

    def save(self, draft: Draft) -> None:
        """Write the revision after the one on file; the first if there is none.

        Raises:
            Raced: another revision is on file.
        """
        ...

    def delete(self, draft_id: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftContent:
    """What somebody saves: the JSON text of a document, and the version it is based on."""

    document: str
    based_on: int | None


def save(
    draft_id: str,
    content: DraftContent,
    *,
    replacing: int | None,
    by: str,
    now: datetime,
    drafts: Drafts,
) -> Draft:
    """Save a draft as the revision after `replacing` (0: as the first).

    A repeated request succeeds again: the draft then has the next revision and the same content.

    Raises:
        StaleVersion: the draft has another revision (`replacing` None: it names no revision).
        LimitReached: the program has as many drafts as it may have.
    """
    seen = drafts.find(draft_id)
    if replacing is None or replacing != (seen.revision if seen else 0):
        return _saved_before(seen, content, replacing=replacing)
    if seen is None and len(drafts.all()) >= DRAFTS_MAX:
        raise LimitReached(f"A program can have {DRAFTS_MAX} drafts; delete one first")
    draft = Draft(
        draft_id=draft_id,
        revision=replacing + 1,
        based_on=content.based_on,
        changed_at=now,
        changed_by=by,
        document=content.document,
    )
    try:
        drafts.save(draft)
    except Raced:
        return _saved_before(drafts.find(draft_id), content, replacing=replacing)
    return draft


def read(draft_id: str, *, drafts: Drafts) -> Draft:
    """A draft with its document.

    Raises:
        NotFound: there is no such draft.
    """
    draft = drafts.find(draft_id)
    if draft is None:
        raise NotFound("There is no such draft")
    return draft


def _saved_before(seen: Draft | None, content: DraftContent, *, replacing: int | None) -> Draft:
    if (
        seen is None
        or replacing is None
        or seen.revision != replacing + 1
        or (seen.document, seen.based_on) != (content.document, content.based_on)
    ):
        raise StaleVersion
    return seen
