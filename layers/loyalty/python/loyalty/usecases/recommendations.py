"""Recommendations: read what a member bought lately, choose, and forget it.

Nothing is stored about what a member likes. So an answer is always current, an erased member leaves
nothing behind, and who objects is simply not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from loyalty.domain.kernel.errors import InsufficientPoints
from loyalty.domain.ledger.account import view
from loyalty.domain.ledger.entries import Accrual
from loyalty.domain.ledger.tiers import level_on
from loyalty.domain.recommendations.latest import ending_points, pace_of, things_in
from loyalty.domain.recommendations.scoring import (
    ANONYMOUS,
    Basis,
    Candidate,
    GoodsRecommendation,
    Recommender,
    RewardRecommendation,
    Shopper,
)
from loyalty.usecases.ledger.redemption import rewards_of
from loyalty.usecases.people.members import look_up

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.people.member import Member
    from loyalty.domain.recommendations.things import Neighborhood
    from loyalty.usecases.ledger.redemption import RewardOfMember
    from loyalty.usecases.ports import Desk, Members

ORDERS_READ: Final = 20
# Refunds, redemptions and the calendar's entries lie between the orders.
ENTRIES_READ: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendations:
    """What to recommend to a member, and what the answer rests on."""

    rewards: tuple[RewardRecommendation, ...]
    goods: tuple[GoodsRecommendation, ...]
    basis: Basis
    locale: str | None


def recommend(
    member_id: str, *, neighborhood: Neighborhood, members: Members, desk: Desk
) -> Recommendations:
    """What to recommend to a member now. Nothing is written.

    It reads their profile, their newest entries and the lines of their latest orders; of a member
    who objects to personalization, only what rewards read.

    Raises:
        NotFound: no such member.
    """
    enrolled = look_up(member_id, members=members)
    member, account = enrolled.member, enrolled.account
    rewards = rewards_of(account, desk=desk)
    shopper = ANONYMOUS
    if not member.objects_to_personalization:
        shopper = shopper_of(member, account, members=members, desk=desk)
    recommender = Recommender(shopper, neighborhood)
    return Recommendations(
        rewards=recommender.rewards(_candidates(rewards)),
        goods=recommender.goods(),
        basis=recommender.basis,
        locale=member.profile.locale,
    )


def shopper_of(member: Member, account: Account, *, members: Members, desk: Desk) -> Shopper:
    """What is known of a member from their account, newest entries and latest orders."""
    owners = (account.member_id, *account.absorbed)
    newest = members.history(owners, limit=ENTRIES_READ, start=None)
    causes = [entry.cause for entry in newest.items if entry.kind == "accrual"][:ORDERS_READ]
    entries = desk.books.whole_entries(causes) if causes else {}
    orders = [each.detail.order for each in entries.values() if isinstance(each.detail, Accrual)]
    current = view(account, program=desk.program, now=desk.now)
    level = level_on(current, desk.program.document, day=desk.today)
    return Shopper(
        bought=things_in(orders),
        level=level.id if level else None,
        pace=pace_of(
            newest.items,
            is_all=newest.next is None,
            enrolled_at=member.enrolled_at,
            now=desk.now,
        ),
        ending=ending_points(current, desk.program, today=desk.today),
    )


def _candidates(rewards: Iterable[RewardOfMember]) -> Iterable[Candidate]:
    """The rewards that only points can be missing for."""
    return (
        Candidate(
            reward=each.reward, cost_points=each.cost_points, missing_points=each.missing_points
        )
        for each in rewards
        if each.refusal is None or isinstance(each.refusal, InsufficientPoints)
    )
