"""Drafts: documents that somebody is still working on, which may have mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

# So many fit on a page, and nobody loses sight of them.
DRAFTS_MAX: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft of a program document; `document` is its JSON text, kept as it was sent.

    `based_on` is the version that the work began with; None if there was none. `revision` counts
    the times it was saved, from 1. `changed_by` is the token subject of who saved it last.
    """

    draft_id: str
    revision: int
    based_on: int | None
    changed_at: datetime
    changed_by: str
    document: str = ""
