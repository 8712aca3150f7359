"""Give awards and take them back: points, a reward and badges, for something that can be undone.

An award has an id that says what it is for, such as `activity.till.r-81`. Giving and taking back
state what should be, and not what happened: the same call again changes nothing, and a call that
was overtaken decides again from what is stored. What completes a counter, such as a challenge, is
given by `reconciling`, with the same steps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Protocol

from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.ledger.account import lapse_of
from loyalty.domain.ledger.awarding import RewardOfAward, new_award, settle_award
from loyalty.domain.ledger.postings import Posting
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.ledger.accounts import expired_in, settled_lineage

if TYPE_CHECKING:
    from loyalty.domain.engagement.award_terms import AwardTerms
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.member_awards import MemberAward
    from loyalty.usecases.ports import Desk

# Adds to the posting of an award what is to be written in the same transaction.
type Beside = Callable[[Posting], Posting]


class AwardShelf(Protocol):
    """The awards of one program."""

    def award(self, award_id: str) -> MemberAward | None:
        """Read strongly."""
        ...


def give_award(
    award_id: str,
    *,
    member_id: str,
    terms: AwardTerms,
    beside: Beside | None = None,
    shelf: AwardShelf,
    desk: Desk,
) -> MemberAward | None:
    """Let an award stand; returns it. None: there is no such member, or the member was erased.

    A merged member's award goes to the survivor. If the award stands already, this writes nothing,
    unless the terms have different points: then these stand from now on. Everything else stays as
    it was when the award was first given.

    Raises:
        TryAgain: other writers were faster too often.
    """
    try:
        return _give(
            award_id, member_id=member_id, terms=terms, beside=beside, shelf=shelf, desk=desk
        )
    except NotFound:
        return None


def take_award(
    award_id: str, *, beside: Beside | None = None, shelf: AwardShelf, desk: Desk
) -> MemberAward | None:
    """Take an award back; returns it. None: it was never given, or its member was erased.

    Points are taken as those of a refunded order are. A voucher that was used stays used, and the
    award says so by `reward_kept`. If the award does not stand, nothing is written.

    Raises:
        TryAgain: other writers were faster too often.
    """
    try:
        return _take(award_id, beside=beside, shelf=shelf, desk=desk)
    except NotFound:
        return None


@until_saved
def _give(
    award_id: str,
    *,
    member_id: str,
    terms: AwardTerms,
    beside: Beside | None,
    shelf: AwardShelf,
    desk: Desk,
) -> MemberAward:
    award = shelf.award(award_id)
    if award is not None and award.stands and award.points == terms.points:
        return award
    path = settled_lineage(desk, award.member_id if award else member_id)
    if award is None:
        award = new_award(
            award_id, member_id=path[-1].member_id, terms=terms, program=desk.program, now=desk.now
        )
    return _post(
        award_posting(
            replace(award, points=terms.points),
            stands=True,
            version=terms.version,
            path=path,
            desk=desk,
        ),
        beside=beside,
        desk=desk,
    )


@until_saved
def _take(award_id: str, *, beside: Beside | None, shelf: AwardShelf, desk: Desk) -> MemberAward:
    award = shelf.award(award_id)
    if award is None:
        raise NotFound
    if not award.stands:
        return award
    path = settled_lineage(desk, award.member_id)
    posting = award_posting(award, stands=False, version=None, path=path, desk=desk)
    return _post(posting, beside=beside, desk=desk)


def award_posting(
    award: MemberAward,
    *,
    stands: bool,
    version: int | None,
    path: Sequence[Account],
    desk: Desk,
) -> Posting:
    """What gives an award or takes it back, on the accounts of a settled chain of merges.

    `version` is the program version that promises its reward; it is not needed to take one back.
    """
    reward = None
    if award.reward_id is not None:
        reward = RewardOfAward(
            program=desk.program if version is None else desk.version(version),
            voucher=desk.books.voucher(award.code) if award.code else None,
            code=desk.new_code(),
        )
    settlement = settle_award(
        award,
        stands=stands,
        account=path[-1],
        expired=_expired_of(award, path, desk=desk),
        reward=reward,
        program=desk.program,
        now=desk.now,
    )
    return Posting(
        entries=settlement.entries,
        changes=settlement.changes,
        issues=settlement.issues,
        voucher=settlement.voucher,
        award=settlement.award,
        active=None if settlement.changes else path[-1].member_id,
    )


def _post(posting: Posting, *, beside: Beside | None, desk: Desk) -> MemberAward:
    if posting.award is None:
        raise TypeError("a posting without its award")
    desk.books.post(beside(posting) if beside else posting)
    return posting.award


def _expired_of(award: MemberAward, path: Sequence[Account], *, desk: Desk) -> Counter[date]:
    """How many points of an award's lot expired unspent, along a chain of merges."""
    lapses = lapse_of(path[-1], desk.program) < NEVER
    past = [award.expires_on] if award.expires_on < desk.today or lapses else []
    expired = expired_in(past, path, desk=desk)
    expired.update(award.standing.expired)
    return expired
