"""What members see of their referrals, and managers of held ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from loyalty.domain.engagement.referrals import Referral, ReferralStage, governing, month_of
from loyalty.usecases.engagement.referring import code_of, person_of, terms_in_force

if TYPE_CHECKING:
    from datetime import datetime

    from loyalty.domain.program.referrals import Referrals
    from loyalty.usecases.engagement.referring import ReferralShelf
    from loyalty.usecases.ports import Desk

# The newest friends of a member, all on one page.
FRIENDS_MAX: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FriendStage:
    """How far a friend got, without their id."""

    stage: ReferralStage
    claimed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberReferral:
    """A member's code, what it promises them, and what it brought.

    `given_for` is how many friends they were given something for, and `left` how many more they
    can be, this month and ever (None: no limit). `own` is who brought themself, with its terms.
    """

    code: str
    terms: Referrals
    given_for: int
    left_in_month: int | None
    left_ever: int | None
    friends: Sequence[FriendStage]
    own: OwnReferral | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnReferral:
    """The referral of a friend as they see it themself."""

    referral: Referral
    terms: Referrals
    stage: ReferralStage
    orders: int


def own_referral(referral: Referral, referrals: Sequence[Referral], *, desk: Desk) -> OwnReferral:
    """A friend's referral with the terms of its version; `referrals` are all of the same person."""
    terms = terms_of_claim(referral, desk=desk)
    return OwnReferral(
        referral=referral,
        terms=terms,
        stage=referral.stage(terms, today=desk.today),
        orders=sum(each.orders for each in referrals),
    )


def referral_of_member(
    member_id: str, *, new_code: Callable[[str], str], shelf: ReferralShelf, desk: Desk
) -> MemberReferral:
    """What a member sees of their friends, and of the referral that brought them.

    The first look makes their code.

    Raises:
        NotFound: the program has no referrals, there is no such member, or they were erased.
        TryAgain: other writers were faster too often.
    """
    terms = terms_in_force(desk)
    code = code_of(member_id, new_code=new_code, shelf=shelf, desk=desk).code
    person = person_of(member_id, desk=desk)
    referrers = shelf.referrers(person.ids)
    in_month = sum(each.given.get(month_of(desk.today), 0) for each in referrers)
    ever = sum(each.given_ever for each in referrers)
    friends = shelf.friends_of(person.ids, limit=FRIENDS_MAX, start=None).items
    brought = shelf.referrals(person.ids)
    own = governing(brought)
    return MemberReferral(
        code=code,
        terms=terms,
        given_for=ever,
        left_in_month=_left(terms.caps.per_month, in_month),
        left_ever=_left(terms.caps.ever, ever),
        friends=[_friend(each, desk=desk) for each in friends],
        own=own_referral(own, brought, desk=desk) if own else None,
    )


def terms_of_claim(referral: Referral, *, desk: Desk) -> Referrals:
    """The referrals of the version in which a claim was made."""
    terms = desk.version(referral.version).document.referrals
    if terms is None:
        raise LookupError(f"version {referral.version} of the program has no referrals")
    return terms


def stages_of(referrals: Sequence[Referral], *, desk: Desk) -> Mapping[str, ReferralStage]:
    """How each referral stands, by the friend's id."""
    return {each.friend_id: _friend(each, desk=desk).stage for each in referrals}


def _friend(referral: Referral, *, desk: Desk) -> FriendStage:
    terms = terms_of_claim(referral, desk=desk)
    return FriendStage(
        stage=referral.stage(terms, today=desk.today), claimed_at=referral.claimed_at
    )


def _left(most: int | None, given: int) -> int | None:
    return None if most is None else max(0, most - given)
