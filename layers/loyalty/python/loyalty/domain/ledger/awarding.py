"""Giving a member what they have earned by more than one order, and taking it back.

An award's points have fixed dates. Where the points that are taken back come from is decided as for
the points of an order.
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
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.entries import BonusOccasion, EntryKind
    from loyalty.domain.program.document import PublishedProgram


class AwardSettlement(NamedTuple):
    """An award after a step, with the entries and the change of the account that make it."""

    award: MemberAward
    entries: tuple[Entry, ...]
    changes: tuple[AccountChange, ...]


def new_award(
    award_id: str,
    *,
    member_id: str,
    given_for: BonusOccasion,
    rule_id: str,
    points: int,
    wait_days: int,
    program: PublishedProgram,
    now: datetime,
) -> MemberAward:
    """An award that nothing was given of yet. Its points' days follow from the day of `now`."""
    available_on = program.document.today(now) + timedelta(days=wait_days)
    return MemberAward(
        award_id=award_id,
        member_id=member_id,
        given_for=given_for,
        rule_id=rule_id,
        points=points,
        available_on=available_on,
        expires_on=expires_on(policy_of(program.document, given_for), available_on=available_on),
    )


def settle_award(
    award: MemberAward,
    *,
    target: int,
    account: Account,
    expired: Mapping[date, int] = MappingProxyType({}),
    program: PublishedProgram,
    now: datetime,
) -> AwardSettlement:
    """Let so many points of an award stand, on the settled account of its owner.

    Points that were forgiven when the award was taken back count first if it is given again.
    `expired` says how many points of the award's lot expired unspent.
    """
    owing = award.points_given - target - award.standing.settled
    after = replace(award, target=target, step=award.step + 1)
    if owing > 0:
        return _taken_back(after, owing, account=account, expired=expired, program=program, now=now)
    if owing < 0:
        return _given(after, -owing, account=account, program=program, now=now)
    return AwardSettlement(after, (), ())


def _given(
    award: MemberAward, points: int, *, account: Account, program: PublishedProgram, now: datetime
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
    entries = (entry, *expiry_at_once(entry, added.expired))
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
