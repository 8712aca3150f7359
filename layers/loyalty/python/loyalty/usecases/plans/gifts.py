"""What members' plans give: given when it is due, and taken back with refunded days."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from loyalty.domain.engagement.award_terms import AwardTerms
from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.plans.gifts import due_gifts, undone_gifts
from loyalty.domain.plans.given_gifts import GivenGift
from loyalty.domain.plans.tellings import MemberPlans
from loyalty.usecases.engagement.awards import give_award, take_award
from loyalty.usecases.ledger.accounts import open_account
from loyalty.usecases.ports import Raced

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.postings import Posting
    from loyalty.domain.plans.gifts import DueGift
    from loyalty.usecases.engagement.awards import AwardShelf
    from loyalty.usecases.ports import Desk


def settle_gifts(member_id: str, *, shelf: AwardShelf, desk: Desk) -> None:
    """Give what a member's plan gives today, and take back the gifts of refunded days.

    Looking again changes nothing. Nothing moves for an erased member.

    Raises:
        TryAgain: other writers were faster too often; looking again goes on where this ended.
    """
    try:
        account = open_account(desk, member_id, strong=True)
    except NotFound:
        return
    plans = desk.books.plans(account.member_id)
    if plans is None:
        return
    for name, given in undone_gifts(plans.given, plans.all_tellings()).items():
        _take(name, given, account, shelf=shelf, desk=desk)
    document = desk.program.document
    current = plans.current(document.plans, day=desk.today)
    plan = document.plan(current[1].plan_id) if current else None
    if current is None or plan is None:
        return
    source, held = current
    had = _given_to(account, plans, desk=desk)
    for due in due_gifts(held, plan, today=desk.today):
        if due.name not in had:
            _give(due, account, plan_id=plan.id, source=source, shelf=shelf, desk=desk)


def _given_to(account: Account, plans: MemberPlans, *, desk: Desk) -> set[str]:
    """The gifts of a member, and of merged members whose plans are not united with theirs yet."""
    merged = (desk.books.plans(each) for each in account.absorbed)
    return {name for each in (plans, *merged) if each is not None for name in each.given}


def _give(
    due: DueGift, account: Account, *, plan_id: str, source: str, shelf: AwardShelf, desk: Desk
) -> None:
    member_id, gift = account.member_id, due.gift
    award_id = f"plan.{member_id}.{due.name}"
    noted = GivenGift(award_id=award_id, source=source, on=due.on)

    def beside(posting: Posting) -> Posting:
        plans = desk.books.plans(member_id)
        if plans is None or undone_gifts({due.name: noted}, plans.all_tellings()):
            # The days were given back meanwhile.
            raise Raced
        return replace(posting, plans=plans.with_gift(due.name, noted))

    give_award(
        award_id,
        member_id=member_id,
        terms=AwardTerms(
            given_for="plan",
            rule_id=plan_id,
            version=desk.program.version,
            points=gift.points or 0,
            reward_id=gift.reward_id,
        ),
        beside=beside,
        shelf=shelf,
        desk=desk,
    )


def _take(name: str, given: GivenGift, account: Account, *, shelf: AwardShelf, desk: Desk) -> None:
    def beside(posting: Posting) -> Posting:
        plans = desk.books.plans(account.member_id) or MemberPlans(member_id=account.member_id)
        return replace(posting, plans=plans.without_gift(name))

    take_award(given.award_id, beside=beside, shelf=shelf, desk=desk)
