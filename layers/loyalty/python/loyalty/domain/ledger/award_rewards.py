"""The reward of an award: a voucher for no points, which goes with the award while it is unused."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from loyalty.domain.ledger.entries import RewardGrant
from loyalty.domain.ledger.postings import VoucherChange
from loyalty.domain.ledger.redemptions import give
from loyalty.domain.orders.order import fingerprint

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.entries import Entry
    from loyalty.domain.ledger.member_awards import MemberAward
    from loyalty.domain.ledger.vouchers import Voucher
    from loyalty.domain.program.document import PublishedProgram
    from loyalty.domain.program.rewards import Reward


class RewardStep(NamedTuple):
    """An award after its reward was given or taken back, and the writes for that.

    The entry has no effect, so the account only counts it.
    """

    award: MemberAward
    entry: Entry | None = None
    issues: Voucher | None = None
    change: VoucherChange | None = None


def give_reward(
    award: MemberAward,
    *,
    reward: Reward,
    voucher: Voucher | None,
    code: str,
    account: Account,
    program: PublishedProgram,
    now: datetime,
) -> RewardStep:
    """Give the reward of an award that is being given; `program` is the version that promises it.

    `voucher` is the one that was given before (None: none was). If it was not taken back, because
    it was used or had expired, it stands again and no other is issued. No limit of the member
    counts: a promise is kept.
    """
    if voucher is not None and voucher.state not in ("cancelled", "cancelling"):
        return RewardStep(replace(award, reward_kept=False))
    posting = give(
        reward,
        why=RewardGrant(
            granted_for=award.given_for, rule_id=award.rule_id, award_id=award.award_id
        ),
        account=account,
        program=program,
        request_id=request_of_award(award),
        fingerprint="",
        code=code,
        stock=None,
        now=now,
    )
    given = replace(award, code=code, reward_kept=False)
    return RewardStep(given, entry=posting.entries[0], issues=posting.issues)


def take_reward(award: MemberAward, *, voucher: Voucher, now: datetime) -> RewardStep:
    """Take back the voucher of an award, unless it was used: then the member keeps the reward.

    If a shop has the voucher's code, it is `cancelling` until the shop gives the code up.
    """
    match voucher.state_at(now):
        case "issued":
            becomes = replace(voucher, state="cancelling" if voucher.in_shops else "cancelled")
            return RewardStep(award, change=VoucherChange(voucher, becomes))
        case "used":
            return RewardStep(replace(award, reward_kept=True))
        case _:
            return RewardStep(award)


def request_of_award(award: MemberAward) -> str:
    """Names the request whose redemption gives an award's reward, in this step of the award."""
    return fingerprint("award", award.award_id, award.step)
