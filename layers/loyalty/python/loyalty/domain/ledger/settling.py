"""Settling: activations and expiries that the calendar caused become entries."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from loyalty.domain.kernel.calendar import midnight
from loyalty.domain.ledger.account import (
    Account,
    Activation,
    Expired,
    Settlement,
    counters_of_use,
    lapse_of,
    settlement,
)
from loyalty.domain.ledger.entries import CalendarCause, Entry
from loyalty.domain.ledger.giving import giveable_on, still_waiting
from loyalty.domain.ledger.member_plans import next_gift_of_plan, with_plan_announced
from loyalty.domain.ledger.postings import Posting, replacing
from loyalty.domain.ledger.tiers import announced, changes_on, level_on, tidied

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program, PublishedProgram

# Each step is an item of its own, and a transaction holds 100.
STEPS_MAX: Final = 90


def settle(account: Account, *, program: PublishedProgram, now: datetime) -> Posting | None:
    """Record what became available and what expired; None if there is nothing to change.

    This is a rare write: it relies on the account's version and replaces the whole account,
    without its zero lots and with the next due day. Only settling moves a due date later or
    removes it. Steps beyond `STEPS_MAX` are left for the next round, and the due date stays:
    no write ever adds a due date in the past.
    """
    document = program.document
    today = document.today(now)
    lapses_after = lapse_of(account, program)
    settled = settlement(account, today=today, lapses_after=lapses_after, steps_max=STEPS_MAX)
    after = replace(
        tidied(settled.after, document, day=today),
        redeemed=counters_of_use(account, today=today),
        giveable_from=_giveable_from(settled, account, document, today=today),
        reinstated={lot: end for lot, end in account.reinstated.items() if lot >= today},
    )
    after = with_due(after, program=program, today=today)
    if after.due is not None and after.due <= today:
        after = replace(after, due=account.due or after.due)
    entries = tuple(_entry(step, account, program=program, now=now) for step in settled.steps)
    announces = (after.tier_announced, after.plan) != (account.tier_announced, account.plan)
    if not (entries or announces or _wakes(account, after.due, today)):
        return None
    return Posting(
        entries=entries,
        changes=(replacing(account, after, entries=len(entries)),),
    )


def _giveable_from(
    settled: Settlement, account: Account, program: Program, *, today: date
) -> dict[date, int]:
    """Points that cannot be given away yet, including those that have just become available."""
    by_day = Counter(account.giveable_from)
    for step in settled.steps:
        if isinstance(step, Activation):
            by_day[giveable_on(step.dates.available_on, program)] += step.points
    return still_waiting(by_day, today=today)


def with_due(account: Account, *, program: PublishedProgram, today: date) -> Account:
    """A settled account, its level and plan announced, and the next day on which it is due."""
    document = program.document
    days = (
        account.holding.first_due(
            lapses_after=lapse_of(account, program), spared=account.reinstated
        ),
        changes_on(account, document, day=today),
        *(account.plan.turns_after(today)[:1] if account.plan else ()),
        next_gift_of_plan(account, document, today=today),
    )
    with_level = announced(account, level_on(account, document, day=today), document)
    with_plan = with_plan_announced(with_level, day=today)
    return replace(with_plan, due=min((day for day in days if day is not None), default=None))


def _wakes(account: Account, due: date | None, today: date) -> bool:
    """Whether the account's due date has arrived or is too late. An early date may stay."""
    if account.due is None:
        return due is not None
    return account.due <= today or (due is not None and due < account.due)


def _entry(
    step: Activation | Expired, account: Account, *, program: PublishedProgram, now: datetime
) -> Entry:
    if isinstance(step, Activation):
        cause = CalendarCause(account.member_id, "activation", tuple(step.dates), account.entries)
        day = step.dates.available_on
    else:
        cause = CalendarCause(account.member_id, "expiry", (step.lot,), account.entries)
        day = step.ended_on + timedelta(days=1)
    return Entry(
        cause=cause,
        member_id=account.member_id,
        effect=step.effect,
        happened_at=midnight(day, program.document.zone),
        recorded_at=now,
        program_version=program.version,
    )
