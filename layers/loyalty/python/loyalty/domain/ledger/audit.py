"""The audit compares an account with its entries and names every difference. It repairs nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loyalty.domain.ledger.account import Account, lapse_of
from loyalty.domain.ledger.entries import Accrual, Clawback, Edit, Entry, OrderCause
from loyalty.domain.ledger.holding import total

if TYPE_CHECKING:
    from loyalty.domain.program.document import PublishedProgram


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure, named by `what`, on which the account and its entries disagree."""

    what: str
    of_account: object
    of_entries: object


def audit(
    account: Account, entries: Iterable[Entry], *, program: PublishedProgram
) -> list[Difference]:
    """Every difference between an account and the sum of its entries; empty if the books agree."""
    return list(_differences(account, tuple(entries), program))


def _differences(
    account: Account, entries: tuple[Entry, ...], program: PublishedProgram
) -> Iterator[Difference]:
    sums = total(entry.effect for entry in entries)
    held = account.holding
    compared = (
        ("entries", account.entries, len(entries)),
        ("balance", account.balance, sums.points),
        ("debt", held.debt, sums.debt),
        ("lots", held.lots, sums.lots),
        ("pending", held.pending, sums.pending),
    )
    for what, held_now, summed in compared:
        if held_now != summed:
            yield Difference(what, held_now, summed)
    if held.debt and held.lots:
        yield Difference("debt_beside_lots", held.debt, held.lots)
    if held.is_negative:
        yield Difference("negative", held, None)
    due = held.first_due(lapses_after=lapse_of(account, program), spared=account.reinstated)
    is_late = due is not None and (account.due is None or account.due > due)
    if is_late and account.status == "active":
        yield Difference("due_late", account.due, due)
    yield from _overdrawn(entries)


def _overdrawn(entries: tuple[Entry, ...]) -> Iterator[Difference]:
    """Orders that lost more points than they earned, among the orders whose accrual is here."""
    earned: Counter[tuple[str, str]] = Counter()
    clawed: Counter[tuple[str, str]] = Counter()
    accrued: set[tuple[str, str]] = set()
    for entry in entries:
        if not isinstance(entry.cause, OrderCause):
            continue
        order = (entry.cause.source, entry.cause.order_id)
        match entry.detail:
            case Accrual() as accrual:
                accrued.add(order)
                earned[order] += accrual.points
            case Edit() as edit:
                earned[order] += sum(part.points for part in edit.parts)
                clawed[order] += edit.clawed + edit.owed
            case Clawback() as clawback:
                clawed[order] += clawback.clawed + clawback.owed
    for order in sorted(accrued):
        if clawed[order] > earned[order]:
            yield Difference("clawed_beyond_earned", clawed[order], earned[order])
