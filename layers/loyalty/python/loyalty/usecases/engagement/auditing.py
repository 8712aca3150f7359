"""Compare each award of a member with its entries. Nothing is repaired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from loyalty.domain.ledger.award_audit import audit_award
from loyalty.domain.ledger.entries import AwardCause, Redemption

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
    """Every difference between the awards of a member's entries, those entries and vouchers."""
    award_ids = sorted(filter(None, map(_award_of, desk.books.entries(member_id))))
    return [
        difference
        for award_id in dict.fromkeys(award_ids)
        # A step may be written between two reads; it is not there the second time.
        if _differences(award_id, awards=awards, desk=desk)
        for difference in _differences(award_id, awards=awards, desk=desk)
    ]


def _award_of(entry: Entry) -> str | None:
    """The award that an entry gave or took back."""
    if isinstance(entry.cause, AwardCause):
        return entry.cause.award_id
    if isinstance(entry.detail, Redemption) and entry.detail.grant:
        return entry.detail.grant.award_id
    return None


def _differences(award_id: str, *, awards: AwardsOnRecord, desk: Desk) -> list[Difference]:
    found = awards.award_on_record(award_id)
    if found is None:
        return []
    award, entries = found
    voucher = desk.books.voucher(award.code) if award.code else None
    return audit_award(award, entries, voucher=voucher)
