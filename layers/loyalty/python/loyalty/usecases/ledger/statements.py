"""A member's statement, and the balance of any past moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from loyalty.domain.kernel.errors import LimitReached, NotFound, TryAgain
from loyalty.domain.ledger.audit import Difference, audit
from loyalty.domain.ledger.explaining import Explanation, explain
from loyalty.domain.ledger.holding import Holding, total
from loyalty.domain.ledger.statements import (
    Statement,
    StatementPeriod,
    counted_before,
    statement,
    unrecorded,
)
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.ledger.accounts import open_account
from loyalty.usecases.ports import Desk, Raced

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.entries import Cause, Entry

# A statement of this many entries is some 2 MB of JSON, always below the gateway's 6 MB.
PERIOD_ENTRIES_MAX: Final = 1_000
# Up to this many entries, all are read. Of a larger account only the necessary part is read.
READ_WHOLE_MAX: Final = 5_000
# How many entries one answer adds up, which takes a function some seconds.
ADDED_MAX: Final = 10_000
# How many orders an explanation breaks down: one batch of reads.
EXPLAINED_ORDERS_MAX: Final = 100
# How many entries may be counted, in about a hundred reads.
COUNTED_MAX: Final = 200_000
_TICK: Final = timedelta(microseconds=1)


class _Recorded(NamedTuple):
    """What the books hold of a period: the sum of all entries before it, and the entries in it."""

    account: Account
    opening: Holding
    entries: Sequence[Entry]


def statement_of(member_id: str, *, first: date, last: date, desk: Desk) -> Statement:
    """What a member's account held before and after a period, and what happened in it.

    Raises:
        NotFound: no such member.
        LimitReached: too many entries lie in the period, or on both sides of it.
        TryAgain: the list of entries stayed behind the account.
    """
    period = StatementPeriod.of_days(first, last, zone=desk.program.document.zone)
    recorded = _recorded(member_id, period, desk=desk)
    due = unrecorded(recorded.account, program=desk.program, now=desk.now)
    return statement(recorded.opening, recorded.entries, due=due, period=period)


def balance_at(member_id: str, moment: datetime, *, desk: Desk) -> Holding:
    """What a member's account held at a moment, as it was shown then.

    Raises:
        NotFound: no such member.
        LimitReached: too many entries lie on both sides of the moment.
        TryAgain: the list of entries stayed behind the account.
    """
    after = moment + _TICK
    recorded = _recorded(member_id, StatementPeriod(after, after), desk=desk)
    due = unrecorded(recorded.account, program=desk.program, now=desk.now)
    return recorded.opening + counted_before(due, after)


@dataclass(frozen=True, slots=True)
class ExplainedBalance:
    """Why a member held what they held; `accruals` are the newest orders, with their breakdowns."""

    explanation: Explanation
    accruals: Mapping[Cause, Entry]


@until_saved
def explain_balance(member_id: str, moment: datetime, *, desk: Desk) -> ExplainedBalance:
    """Which entries a member's points at a moment came from, and which took the rest.

    Raises:
        NotFound: no such member.
        LimitReached: the account has more entries than one answer adds up.
        TryAgain: the list of entries stayed behind the account.
    """
    account = open_account(desk, member_id, strong=True)
    _require_few(account.entries, READ_WHOLE_MAX)
    due = unrecorded(account, program=desk.program, now=desk.now)
    entries = [
        entry for entry in (*every_entry(account, desk=desk), *due) if entry.counted_at <= moment
    ]
    # Of one instant, what brings points comes before what takes them.
    entries.sort(key=lambda entry: (entry.counted_at, entry.recorded_at, entry.points < 0))
    explanation = explain(entries)
    newest = sorted(explanation.origins, key=lambda origin: origin.entry.recorded_at, reverse=True)
    orders = dict.fromkeys(
        origin.entry.cause for origin in newest if origin.entry.kind == "accrual"
    )
    shown = list(orders)[:EXPLAINED_ORDERS_MAX]
    return ExplainedBalance(explanation, desk.books.whole_entries(shown))


def audit_member(member_id: str, *, desk: Desk) -> list[Difference]:
    """Every difference between a member's own account, ended or not, and its entries.

    If the list of entries keeps lagging behind the account, that is a difference too.

    Raises:
        NotFound: there never was such a member.
    """

    def own() -> Account:
        account = desk.books.account(member_id, strong=True)
        if account is None:
            raise NotFound("There is no such member")
        return account

    try:
        account, entries = _on_record(own, desk=desk)
    except TryAgain:
        account, entries = own(), tuple(desk.books.entries(member_id))
    return audit(account, entries, program=desk.program)


@until_saved
def _recorded(member_id: str, period: StatementPeriod, *, desk: Desk) -> _Recorded:
    account = open_account(desk, member_id, strong=True)
    if account.entries > READ_WHOLE_MAX:
        return _recorded_of_many(account, period, desk=desk)
    entries = every_entry(account, desk=desk)
    inside = [entry for entry in entries if period.contains(entry.counted_at)]
    _require_few(len(inside), PERIOD_ENTRIES_MAX)
    return _Recorded(account, counted_before(entries, period.starts), inside)


def _recorded_of_many(account: Account, period: StatementPeriod, *, desk: Desk) -> _Recorded:
    """Read only the period and the shorter side of it, and count the entries on the other side.

    The sum before the period is the sum of the entries before it, or what the account holds less
    all entries since.
    """
    _require_few(account.entries, COUNTED_MAX)
    books, member_id = desk.books, account.member_id
    inside = books.entries(
        member_id, since=period.starts, before=period.ends, at_most=PERIOD_ENTRIES_MAX + 1
    )
    _require_few(len(inside), PERIOD_ENTRIES_MAX)
    earlier = books.count_entries(member_id, before=period.starts)
    later = books.count_entries(member_id, since=period.ends)
    if earlier + len(inside) + later != account.entries:
        raise Raced
    _require_few(min(earlier, later), ADDED_MAX)
    if earlier <= later:
        before = books.entries(member_id, before=period.starts)
        return _Recorded(account, total(entry.effect for entry in before), inside)
    after = books.entries(member_id, since=period.ends)
    if len(after) != later:
        raise Raced
    since = total(entry.effect for entry in (*inside, *after))
    return _Recorded(account, account.holding - since, inside)


def _require_few(entries: int, entries_max: int) -> None:
    if entries > entries_max:
        raise LimitReached(
            f"This needs more than {entries_max:,} ledger entries. Request a shorter or a later "
            "period, or page through the history"
        )


@until_saved
def _on_record(read: Callable[[], Account], *, desk: Desk) -> tuple[Account, tuple[Entry, ...]]:
    account = read()
    return account, every_entry(account, desk=desk)


def every_entry(account: Account, *, desk: Desk) -> tuple[Entry, ...]:
    """An account's entries, as many as it says there are.

    The list of entries may be a moment behind the account; the account's count tells.

    Raises:
        Raced: the list is behind.
    """
    entries = tuple(desk.books.entries(account.member_id))
    if len(entries) != account.entries:
        raise Raced
    return entries
