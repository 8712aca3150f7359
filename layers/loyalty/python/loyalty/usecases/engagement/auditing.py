"""Compare each award of a member with its entries. Nothing is repaired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from loyalty.domain.ledger.award_audit import audit_award
from loyalty.domain.ledger.entries import AwardCause

if TYPE_CHECKING:
    from loyalty.domain.ledger.audit import Difference
    from loyalty.domain.ledger.entries import Entry
    from loyalty.domain.ledger.member_awards import MemberAward
    from loyalty.usecases.ports import Desk


class AwardsOnRecord(Protocol):
    def award_on_record(self, award_id: str) -> tuple[MemberAward, Sequence[Entry]] | None:
        """An award and all its entries, read strongly; None if there is no such award."""
        ...


def audit_awards(member_id: str, *, awards: AwardsOnRecord, desk: Desk) -> list[Difference]:
    """Every difference between the awards of a member's entries and those entries.

    A program that never had a challenge is not read for it.
    """
    if desk.program.counts_since is None:
        return []
    causes = [entry.cause for entry in desk.books.entries(member_id)]
    award_ids = sorted({cause.award_id for cause in causes if isinstance(cause, AwardCause)})
    return [
        difference
        for award_id in award_ids
        # A step may be written between two pages of a read; it is not there the second time.
        if _differences(award_id, awards=awards)
        for difference in _differences(award_id, awards=awards)
    ]


def _differences(award_id: str, *, awards: AwardsOnRecord) -> list[Difference]:
    found = awards.award_on_record(award_id)
    return audit_award(*found) if found else []
