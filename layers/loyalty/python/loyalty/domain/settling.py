"""Settling: what the calendar did to an account becomes entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from loyalty.domain.account import Account, Activation, Expired, first_due, settlement
from loyalty.domain.calendar import midnight
from loyalty.domain.entries import CalendarCause, Effect, Entry
from loyalty.domain.postings import AccountChange, Posting
from loyalty.domain.program import PublishedProgram

# Each step is an item of its own, and a transaction holds 100.
STEPS_MAX: Final = 90


def settle(account: Account, *, program: PublishedProgram, now: datetime) -> Posting | None:
    """Record what became available and what expired; None when there is nothing to change.

    A rare write: it relies on the version of the account and replaces the whole of it, without
    its zero lots and with the next day on which something is due. Only settling raises or removes
    a due time. What is more than `STEPS_MAX` is left, still due, to the next round.
    """
    today = program.document.today(now)
    undated_until = program.undated_until(account.active_on)
    settled = settlement(account, today=today, undated_until=undated_until, steps_max=STEPS_MAX)
    after = settled.after
    due = first_due(after.lots, after.pending, undated_until=undated_until)
    entries = tuple(_entry(step, account, program=program, now=now) for step in settled.steps)
    if not entries and due == account.due:
        return None
    return Posting(
        entries=entries,
        changes=(
            AccountChange(
                member_id=account.member_id,
                effect=Effect(),
                entries=len(entries),
                entries_seen=account.entries,
                becomes=replace(after, due=due, entries=account.entries + len(entries)),
            ),
        ),
    )


def _entry(
    step: Activation | Expired, account: Account, *, program: PublishedProgram, now: datetime
) -> Entry:
    if isinstance(step, Activation):
        cause = CalendarCause(account.member_id, "activation", tuple(step.dates), account.entries)
        kept = step.points - step.paid_debt
        effect = Effect(
            lots={step.dates.expires_on: kept} if kept else {},
            debt=-step.paid_debt,
            pending={step.dates: -step.points},
        )
        day = step.dates.available_on
    else:
        cause = CalendarCause(account.member_id, "expiry", (step.lot,), account.entries)
        effect = Effect(lots={step.lot: -step.points})
        day = step.ended_on + timedelta(days=1)
    return Entry(
        cause=cause,
        member_id=account.member_id,
        effect=effect,
        happened_at=midnight(day, program.document.zone),
        recorded_at=now,
        program_version=program.version,
    )
