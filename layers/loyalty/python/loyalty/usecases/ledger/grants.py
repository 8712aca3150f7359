"""Grants: rewards that are given for no points."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from loyalty.domain.kernel.errors import NotFound, OutOfStock
from loyalty.domain.ledger.entries import RequestCause, RewardGrant
from loyalty.domain.ledger.redemptions import give, why_not_given
from loyalty.domain.orders.order import fingerprint
from loyalty.usecases.ledger.accounts import as_settled, open_account, settled
from loyalty.usecases.ledger.once import Recorded, once
from loyalty.usecases.ledger.stock import StockTaker

if TYPE_CHECKING:
    from collections.abc import Callable

    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.approvals import Approval
    from loyalty.domain.ledger.postings import Posting
    from loyalty.domain.program.rewards import Reward
    from loyalty.usecases.ports import Desk


def give_reward(
    member_id: str,
    *,
    reward_id: str,
    why: RewardGrant,
    request_id: str,
    approving: Callable[[], Approval] | None = None,
    desk: Desk,
) -> Recorded:
    """Give a member a reward for no points, once.

    `approving` decides, from what is there by then, the approval that this carries out.

    Raises:
        NotFound: no such member or reward.
        IdempotencyConflict: the same request was made before with different content.
        RewardUnavailable, OutOfStock, LimitReached: it cannot be given now.
        TryAgain: other writers were faster too often.
    """
    request_fingerprint = grant_fingerprint(member_id, reward_id, why)
    stock = StockTaker(desk)

    def decide() -> Posting:
        approval = approving() if approving else None
        reward = _reward(reward_id, desk)
        account = settled(desk, open_account(desk, member_id, strong=True))
        _require_givable(reward, account, desk=desk)
        code = desk.new_code()
        posting = give(
            reward,
            why=why,
            account=account,
            program=desk.program,
            request_id=request_id,
            fingerprint=request_fingerprint,
            code=code,
            stock=stock.take(reward, code=code, version=desk.program.version),
            now=desk.now,
        )
        return replace(posting, approval=approval)

    return once(
        RequestCause(request_id, "redemption"),
        fingerprint=request_fingerprint,
        decide=decide,
        on_short_stock=stock.note_short,
        desk=desk,
    )


def require_grant_possible(member_id: str, *, reward_id: str, desk: Desk) -> None:
    """Refuse what `give_reward` would refuse now; nothing is written.

    Raises:
        NotFound: no such member or reward.
        RewardUnavailable, OutOfStock, LimitReached: it cannot be given now.
    """
    reward = _reward(reward_id, desk)
    account = as_settled(desk, open_account(desk, member_id, strong=True))
    _require_givable(reward, account, desk=desk)
    if reward.stock is not None and desk.books.sold_out({reward.id: reward.stock}, near=member_id):
        raise OutOfStock(f"{reward.name} is out of stock")


def grant_fingerprint(member_id: str, reward_id: str, why: RewardGrant) -> str:
    """Distinguishes a repeated grant from another one with the same key."""
    return fingerprint("give", member_id, reward_id, why.reason, why.reference)


def _reward(reward_id: str, desk: Desk) -> Reward:
    reward = desk.program.document.reward(reward_id)
    if reward is None:
        raise NotFound("There is no such reward")
    return reward


def _require_givable(reward: Reward, account: Account, *, desk: Desk) -> None:
    refusal = why_not_given(reward, account, program=desk.program, now=desk.now)
    if refusal is not None:
        raise refusal
