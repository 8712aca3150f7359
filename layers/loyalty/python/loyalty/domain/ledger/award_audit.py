"""The audit of awards: each is the sum of its entries, and every point of it is accounted for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from loyalty.domain.ledger.audit import Difference
from loyalty.domain.ledger.entries import AwardClawback, Bonus

if TYPE_CHECKING:
    from loyalty.domain.ledger.entries import Entry
    from loyalty.domain.ledger.member_awards import MemberAward
    from loyalty.domain.ledger.vouchers import Voucher


def audit_award(
    award: MemberAward, entries: Iterable[Entry], *, voucher: Voucher | None = None
) -> list[Difference]:
    """Every difference between an award, its entries and its last voucher; empty if they agree."""
    return [*_differences(award, tuple(entries)), *_of_reward(award, voucher)]


def _of_reward(award: MemberAward, voucher: Voucher | None) -> Iterator[Difference]:
    """A voucher must be there once a reward was given; one that can be used, only while it is."""
    was_given = award.reward_id is not None and award.step > 0
    has_voucher = voucher is not None and voucher.reward_id == award.reward_id
    if was_given and not has_voucher:
        yield Difference("award_voucher_lost", 1, 0)
    if voucher and voucher.state == "issued" and not (award.stands or award.reward_kept):
        yield Difference("award_voucher_left", 0, 1)


def _differences(award: MemberAward, entries: tuple[Entry, ...]) -> Iterator[Difference]:
    standing = award.standing
    bonuses = [each for each in entries if isinstance(each.detail, Bonus)]
    taken = [each.detail for each in entries if isinstance(each.detail, AwardClawback)]
    again = sum(each.detail.stands_again for each in bonuses if isinstance(each.detail, Bonus))
    compared = (
        ("award_given", award.points_given, sum(e.points + e.pending_points for e in bonuses)),
        ("award_clawed", standing.clawed, sum(each.clawed for each in taken)),
        ("award_owed", standing.owed, sum(each.owed for each in taken)),
        ("award_forgiven", standing.forgiven, sum(each.forgiven for each in taken) - again),
        ("award_excused", standing.excused, sum(each.excused for each in taken)),
    )
    for what, of_award, of_entries in compared:
        if of_award != of_entries:
            yield Difference(what, of_award, of_entries)
    if not award.is_balanced:
        unsettled = award.points_given - award.target
        yield Difference("award_unbalanced", standing.settled, unsettled)
