"""Say what a merge would do before it is done, by deciding it and writing nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from loyalty.domain.ledger.merging import (
    MergedLevels,
    MergedPerson,
    MergedPoints,
    merged_levels,
    merged_person,
    merged_points,
)
from loyalty.usecases.ledger.accounts import as_settled
from loyalty.usecases.ledger.corrections import decide_merge
from loyalty.usecases.people.members import look_up

if TYPE_CHECKING:
    from loyalty.usecases.ports import Desk, Members

VOUCHERS_COUNTED_MAX: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePreview:
    """What would become of both members.

    `open_vouchers` can still be used, and are listed with those of the member who remains;
    `has_more_vouchers`: only the newest of a long list were counted. `person` is None if the
    identities of the merged member were passed on before.
    """

    merged_id: str
    remaining_id: str
    points: MergedPoints
    levels: MergedLevels | None
    person: MergedPerson | None
    open_vouchers: int
    has_more_vouchers: bool


def preview_merge(loser_id: str, *, into: str, members: Members, desk: Desk) -> MergePreview:
    """What `merge` would do now. Nothing is written, also nothing that the calendar has to do.

    Raises:
        NotFound: one of them does not exist.
        ValidationFailed: both are the same member, by name or since they were merged.
    """
    decided = decide_merge(
        loser_id, into=into, request_id="", fingerprint="", settle=as_settled, desk=desk
    )
    loser, survivor, after = decided.loser, decided.survivor, decided.after
    merged = members.find(loser.member_id, strong=True)
    remaining = look_up(survivor.member_id, members=members, strong=True).member
    owners = (loser.member_id, *loser.absorbed)
    vouchers = desk.books.vouchers(owners, limit=VOUCHERS_COUNTED_MAX, start=None)
    document = desk.program.document
    return MergePreview(
        merged_id=loser.member_id,
        remaining_id=survivor.member_id,
        points=merged_points(loser, survivor, after),
        levels=merged_levels(loser, survivor, after, document, day=desk.today)
        if document.tiers
        else None,
        person=merged_person(merged.member, remaining) if merged and merged.member else None,
        open_vouchers=sum(
            each.state_at(desk.now) in ("held", "issued", "cancelling") for each in vouchers.items
        ),
        has_more_vouchers=vouchers.next is not None,
    )
