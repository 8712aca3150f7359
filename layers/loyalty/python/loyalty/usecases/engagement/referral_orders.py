"""Count the orders of friends, and give both sides their awards or take them back.

As with challenges, a caller says only which order or member to look at. The first step writes on
the referral whether its awards should stand, with its place within the caps of the member who
brought the friend; the two awards follow. Each step is decided from what is stored and relies on
it, so a worker that dies can start again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from loyalty.domain.engagement.award_terms import AwardTerms
from loyalty.domain.engagement.referrals import (
    CODE_CHARACTERS,
    SIDES,
    CapSlot,
    Referral,
    ReferralChange,
    ReferralSide,
    ReferralTally,
    Referrer,
    counting,
    gift_of,
    governing,
    has_room,
    is_due,
    is_given,
    month_of,
    standing,
    tally_of_order,
    undone,
)
from loyalty.domain.kernel.calendar import midnight
from loyalty.domain.kernel.errors import NotFound, ReferralNotAccepted, TryAgain
from loyalty.domain.ledger.entries import Entry, OrderCause
from loyalty.domain.ledger.postings import Posting
from loyalty.domain.ledger.refunds import state_of, unrefunded
from loyalty.domain.orders.order import OrderRef
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.engagement.awards import AwardShelf, give_award, take_award
from loyalty.usecases.engagement.referral_viewing import terms_of_claim
from loyalty.usecases.engagement.referring import (
    ReferralClaim,
    ReferralShelf,
    SignalShelf,
    UnitedMember,
    claim_referral,
    person_of,
)

if TYPE_CHECKING:
    from loyalty.domain.orders.order import Order
    from loyalty.domain.program.referrals import Referrals
    from loyalty.usecases.ports import Desk, OrderOnFile

_CODE: Final = re.compile(rf"[A-Z2-7]{{{CODE_CHARACTERS}}}")


class FriendsShelf(ReferralShelf, SignalShelf, Protocol):
    """Both, as one implements them."""


def look_at_order(order: OrderRef, *, shelf: FriendsShelf, awards: AwardShelf, desk: Desk) -> None:
    """Count an order for the referral of its member, and settle what that is worth.

    A code of the order that is one for friends is a claim. A guest's order counts once somebody
    claims it. Nothing moves for an erased member. A program that never had referrals reads nothing.

    Raises:
        TryAgain: other writers were faster too often; looking again goes on where this ended.
    """
    if desk.program.refers_since is None:
        return
    with suppress(NotFound):
        friend_id = _count(order, shelf=shelf, desk=desk)
        if friend_id is not None:
            settle_referrals(friend_id, shelf=shelf, awards=awards, desk=desk)


def look_at_friend(member_id: str, *, shelf: FriendsShelf, awards: AwardShelf, desk: Desk) -> None:
    """Count the orders of a friend again since their claim, and settle what they are worth.

    For a claim, for what a person decided of it, and for a member who was merged: orders may have
    come first.

    Raises:
        TryAgain: other writers were faster too often.
    """
    if desk.program.refers_since is None:
        return
    with suppress(NotFound):
        person = person_of(member_id, desk=desk)
        brought = governing(shelf.referrals(person.ids))
        if brought is not None:
            since = midnight(brought.counts_from, desk.program.document.zone)
            orders = {
                OrderRef(entry.cause.source, entry.cause.order_id)
                for each in person.ids
                for entry in desk.books.entries(each, since=since)
                if isinstance(entry.cause, OrderCause) and entry.kind == "accrual"
            }
            for order in sorted(orders):
                _count(order, shelf=shelf, desk=desk)
        settle_referrals(member_id, shelf=shelf, awards=awards, desk=desk)


def settle_referrals(
    member_id: str, *, shelf: ReferralShelf, awards: AwardShelf, desk: Desk
) -> None:
    """Decide what should stand of a friend's referral, and let the awards follow.

    Raises:
        NotFound: there is no such member, or the member was erased.
        TryAgain: other writers were faster too often.
    """
    while _decide(member_id, shelf=shelf, desk=desk):
        pass
    for referral in shelf.referrals(person_of(member_id, desk=desk).ids):
        for side in SIDES:
            _settle(referral, side, shelf=shelf, awards=awards, desk=desk)


@until_saved
def _count(order: OrderRef, *, shelf: FriendsShelf, desk: Desk) -> str | None:
    """Count an order as it is now. Returns its member; None: nobody ever brought them."""
    file = desk.books.order(OrderCause(order.source, order.order_id, "accrual"))
    if not isinstance(file.accrual, Entry):
        raise NotFound
    friend = person_of(file.accrual.member_id, desk=desk)
    left = unrefunded(file.accrual.earned.order, state_of(file.accrual.earned, file.state))
    referrals = shelf.referrals(friend.ids)
    brought = governing(referrals)
    if brought is None and _claim_by_code(left, friend, shelf=shelf, desk=desk):
        referrals = shelf.referrals(friend.ids)
        brought = governing(referrals)
    if not referrals:
        return None
    tally = _tally(left, brought, file, desk=desk) if brought else None
    before = shelf.order(order)
    after = replace(
        before,
        friend_id=brought.friend_id if brought and tally else None,
        counts_as=tally,
        revision=before.revision + 1,
    )
    if (before.friend_id, before.counts_as) == (after.friend_id, after.counts_as):
        return friend.member_id
    change = ReferralChange(
        referrals=_recounted(
            referrals, less=(before.friend_id, before.counts_as), more=(after.friend_id, tally)
        ),
        order=after,
        state_counter=file.state.counter if file.state else None,
    )
    desk.books.post(Posting(referral=change, active=friend.member_id))
    return friend.member_id


def _tally(
    left: Order, referral: Referral, file: OrderOnFile, *, desk: Desk
) -> ReferralTally | None:
    """As what an order counts; one that was rejected in a review counts nothing."""
    if file.state and file.state.verdict == "rejected":
        return None
    return tally_of_order(left, referral, desk.version(referral.version).document)


def _recounted(
    referrals: Sequence[Referral],
    *,
    less: tuple[str | None, ReferralTally | None],
    more: tuple[str | None, ReferralTally | None],
) -> tuple[Referral, ...]:
    """The referrals that an order counts for no longer, and from now on."""
    changed = {each.friend_id: each for each in referrals}
    for (friend_id, tally), times in ((less, -1), (more, 1)):
        if friend_id is not None and tally is not None:
            changed[friend_id] = counting(changed[friend_id], tally, times)
    written = {each.friend_id: each for each in referrals}
    return tuple(
        # An order that counts as something else now is one change of its referral.
        replace(after, revision=written[friend_id].revision + 1)
        for friend_id, after in changed.items()
        if after != written[friend_id]
    )


def _claim_by_code(left: Order, friend: UnitedMember, *, shelf: FriendsShelf, desk: Desk) -> bool:
    """Claim by the codes of an order; returns whether one of them brought its member."""
    if desk.program.document.referrals is None:
        return False
    for code in left.codes:
        if not _CODE.fullmatch(code):
            continue
        claim = ReferralClaim(code=code, friend_id=friend.member_id, ordered_at=left.occurred_at)
        with suppress(NotFound, ReferralNotAccepted):
            claim_referral(claim, shelf=shelf, signals=shelf, desk=desk)
            return True
    return False


@until_saved
def _decide(member_id: str, *, shelf: ReferralShelf, desk: Desk) -> bool:
    """Write what should stand of one referral; returns whether one changed."""
    friend = person_of(member_id, desk=desk)
    referrals = shelf.referrals(friend.ids)
    first = governing(referrals)
    for referral in referrals:
        terms = terms_of_claim(referral, desk=desk)
        referrer = _referrer(referral, desk=desk)
        is_theirs = referral == first and not (referrer and referrer.member_id == friend.member_id)
        stays = referral.stands and terms.if_undone == "keep"
        due = is_theirs and (stays or is_due(referral, referrals, terms))
        if due == referral.stands:
            continue
        change = (
            _standing(referral, referrer, terms, shelf=shelf, desk=desk)
            if due
            else _undone(referral, shelf=shelf)
        )
        desk.books.post(Posting(referral=change, active=friend.member_id))
        return True
    return False


def _standing(
    referral: Referral,
    referrer: UnitedMember | None,
    terms: Referrals,
    *,
    shelf: ReferralShelf,
    desk: Desk,
) -> ReferralChange:
    """Let a referral stand, with a place within the caps if one is left.

    A referral that is restored takes a place of the same month again.
    """
    if referrer is None or terms.referrer is None:
        return ReferralChange(referrals=(standing(referral, slot=None, now=desk.now),))
    month = referral.month or month_of(desk.today)
    every = shelf.referrers(referrer.ids)
    own = _place_of(referral, every)
    others = tuple(each for each in every if each.member_id != own.member_id)
    if not has_room(every, terms.caps, month):
        full = ReferralChange(referrals=(standing(referral, slot=None, now=desk.now),))
        return replace(full, referrers_seen=(own, *others))
    slot = CapSlot(own.member_id, month)
    return ReferralChange(
        referrals=(standing(referral, slot=slot, now=desk.now),),
        referrers=(own.taking(month, 1),),
        referrers_seen=others,
        codeless=tuple({referrer.member_id} - {each.member_id for each in every}),
    )


def _place_of(referral: Referral, referrers: Sequence[Referrer]) -> Referrer:
    """Whose place a referral takes, of the member who brought the friend and all merged into them.

    The code may be that of a merged member, and the survivor may never have asked for one.
    """
    return min(
        referrers,
        key=lambda each: (each.member_id != referral.referrer_id, each.code != referral.code),
    )


def _undone(referral: Referral, *, shelf: ReferralShelf) -> ReferralChange:
    """Let a referral not stand any more, and give its place back."""
    slot = referral.slot
    places = shelf.referrers([slot.referrer_id]) if slot else ()
    return ReferralChange(
        referrals=(undone(referral),),
        referrers=tuple(each.taking(slot.month, -1) for each in places if slot),
    )


def _referrer(referral: Referral, *, desk: Desk) -> UnitedMember | None:
    """The member who brought a friend; None: they were erased."""
    try:
        return person_of(referral.referrer_id, desk=desk)
    except NotFound:
        return None


def _settle(
    referral: Referral,
    side: ReferralSide,
    *,
    shelf: ReferralShelf,
    awards: AwardShelf,
    desk: Desk,
) -> None:
    """Give one side what it is promised, or take it back, as the referral says."""
    terms = terms_of_claim(referral, desk=desk)
    gift = gift_of(side, terms)
    if gift is None:
        return

    def relying(posting: Posting) -> Posting:
        if list(shelf.referrals([referral.friend_id])) != [referral]:
            raise TryAgain("The referral has just changed")
        return replace(posting, referral=ReferralChange(seen=(referral,)))

    award_id = referral.award_id(side)
    if not is_given(referral, side):
        take_award(award_id, beside=relying, shelf=awards, desk=desk)
        return
    give_award(
        award_id,
        member_id=referral.friend_id if side == "friend" else referral.referrer_id,
        terms=AwardTerms(
            given_for="referral",
            rule_id=side,
            version=referral.version,
            points=gift.points or 0,
            wait_days=terms.wait_days,
            reward_id=gift.reward_id,
        ),
        beside=relying,
        shelf=awards,
        desk=desk,
    )
