"""Giving a member what they have earned by more than one order, and taking it back.

An award's points have fixed dates. Where the points that are taken back come from is decided as for
the points of an order. Its reward is a voucher, which is given and taken back with the points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from loyalty.domain.earning.awarding import Part
from loyalty.domain.earning.expiry import expires_on, policy_of
from loyalty.domain.ledger.account import lapse_of
from loyalty.domain.ledger.award_rewards import RewardStep, give_reward, take_reward
from loyalty.domain.ledger.entries import AwardCause, AwardClawback, Bonus, Entry
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.member_awards import MemberAward
from loyalty.domain.ledger.postings import (
    AccountChange,
    addition,
    change_by_addition,
    expiry_at_once,
)
from loyalty.domain.ledger.taking_back import sources_of, with_given

if TYPE_CHECKING:
    from loyalty.domain.engagement.award_terms import AwardTerms
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.entries import EntryKind
    from loyalty.domain.ledger.postings import VoucherChange
    from loyalty.domain.ledger.vouchers import Voucher
    from loyalty.domain.program.document import PublishedProgram


class RewardOfAward(NamedTuple):
    """What an award's reward is given or taken back by.

    `program` is the version that promises it. `voucher` is the one given before (None: none), and
    `code` a new one.
    """

    program: PublishedProgram
    voucher: Voucher | None
    code: str


class AwardSettlement(NamedTuple):
    """An award after a step, with all that makes it: entries, a change of the account, a voucher.

    `issues` is a new voucher, and `voucher` the end of the last one.
    """

    award: MemberAward
    entries: tuple[Entry, ...] = ()
    changes: tuple[AccountChange, ...] = ()
    issues: Voucher | None = None
    voucher: VoucherChange | None = None


def new_award(
    award_id: str,
    *,
    member_id: str,
    terms: AwardTerms,
    program: PublishedProgram,
    now: datetime,
) -> MemberAward:
    """An award that nothing was given of yet. Its points' days follow from the day of `now`.

    `program` is the version in force, which says when the points expire.
    """
    available_on = program.document.today(now) + timedelta(days=terms.wait_days)
    policy = policy_of(program.document, terms.given_for)
    return MemberAward(
        award_id=award_id,
        member_id=member_id,
        given_for=terms.given_for,
        rule_id=terms.rule_id,
        points=terms.points,
        available_on=available_on,
        expires_on=expires_on(policy, available_on=available_on),
        reward_id=terms.reward_id,
        badges=terms.badges,
    )


def settle_award(
    award: MemberAward,
    *,
    stands: bool,
    account: Account,
    expired: Mapping[date, int] = MappingProxyType({}),
    reward: RewardOfAward | None = None,
    program: PublishedProgram,
    now: datetime,
) -> AwardSettlement:
    """Give an award or take it back, on the settled account of its owner.

    Points that were forgiven when the award was taken back count first if it is given again.
    `expired` says how many points of the award's lot expired unspent. `reward` is needed if the
    award gives one.
    """
    target = award.points if stands else 0
    owing = award.points_given - target - award.standing.settled
    after = replace(
        award,
        target=target,
        stands=stands,
        step=award.step + 1,
        given_at=award.given_at or now,
        changed_at=now,
    )
    step = RewardStep(after)
    if reward is not None and stands is not award.stands:
        step = _reward_step(after, reward, account=account, now=now)
    beside = (step.entry,) if step.entry else ()
    if owing > 0:
        done = _taken_back(
            step.award, owing, account=account, expired=expired, program=program, now=now
        )
    elif owing < 0:
        done = _given(step.award, -owing, beside=beside, account=account, program=program, now=now)
    elif beside:
        change = change_by_addition(account, entries=beside, due=None)
        done = AwardSettlement(step.award, beside, (change,))
    else:
        done = AwardSettlement(step.award)
    return done._replace(issues=step.issues, voucher=step.change)


def _reward_step(
    award: MemberAward, reward: RewardOfAward, *, account: Account, now: datetime
) -> RewardStep:
    """Give an award's reward, or take its voucher back."""
    if award.reward_id is None:
        return RewardStep(award)
    if not award.stands:
        if reward.voucher is None:
            return RewardStep(award)
        return take_reward(award, voucher=reward.voucher, now=now)
    promised = reward.program.document.reward(award.reward_id)
    if promised is None:
        raise LookupError(f"version {reward.program.version} promises no {award.reward_id}")
    return give_reward(
        award,
        reward=promised,
        voucher=reward.voucher,
        code=reward.code,
        account=account,
        program=reward.program,
        now=now,
    )


def _given(
    award: MemberAward,
    points: int,
    *,
    beside: tuple[Entry, ...],
    account: Account,
    program: PublishedProgram,
    now: datetime,
) -> AwardSettlement:
    today = program.document.today(now)
    unforgiven = min(award.standing.forgiven, points)
    given = (Part(award.available_on, award.expires_on, points - unforgiven),)
    added = addition(
        account,
        Holding.from_parts(given, today=today),
        today=today,
        lapses_after=lapse_of(account, program),
    )
    entry = _entry(award, "bonus", account=account, program=program, now=now)
    entry = replace(
        entry,
        effect=added.effect,
        detail=Bonus(given_for=award.given_for, rule_id=award.rule_id, stands_again=unforgiven),
    )
    entries = (entry, *expiry_at_once(entry, added.expired), *beside)
    return AwardSettlement(
        replace(award, standing=with_given(award.standing, given, added, unforgiven=unforgiven)),
        entries,
        (change_by_addition(account, entries=entries, due=added.due),),
    )


def _taken_back(
    award: MemberAward,
    points: int,
    *,
    account: Account,
    expired: Mapping[date, int],
    program: PublishedProgram,
    now: datetime,
) -> AwardSettlement:
    sources = sources_of(
        points,
        parts=award.standing.given,
        before=award.standing,
        account=account,
        expired=expired,
        policy=program.document,
    )
    entry = replace(
        _entry(award, "clawback", account=account, program=program, now=now),
        effect=sources.effect,
        detail=AwardClawback(
            given_for=award.given_for,
            rule_id=award.rule_id,
            clawed=sources.clawed,
            owed=sources.owed,
            forgiven=sources.forgiven,
            excused=sources.excused,
            debt_after=account.holding.debt + sources.owed,
        ),
    )
    return AwardSettlement(
        replace(award, standing=sources.settling(award.standing)),
        (entry,),
        (sources.change(account, entry),),
    )


def _entry(
    award: MemberAward,
    kind: EntryKind,
    *,
    account: Account,
    program: PublishedProgram,
    now: datetime,
) -> Entry:
    return Entry(
        cause=AwardCause(award.award_id, kind, award.step),
        member_id=account.member_id,
        effect=Holding(),
        happened_at=now,
        recorded_at=now,
        program_version=program.version,
    )
