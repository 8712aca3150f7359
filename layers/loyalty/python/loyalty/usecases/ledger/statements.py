"""A member's statement, and the balance of any past moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import partial

from loyalty.domain.kernel.errors import NotFound, TryAgain
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.audit import Difference, audit
from loyalty.domain.ledger.entries import Entry
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.statements import Statement, complete, held_at, statement
from loyalty.usecases.attempts import until_saved
from loyalty.usecases.ledger.accounts import open_account
from loyalty.usecases.ports import Desk, Raced


def statement_of(member_id: str, *, first: date, last: date, desk: Desk) -> Statement:
    """What a member's account held before and after a period, and what happened in it.

    Raises:
        NotFound: no such member.
        TryAgain: the list of entries stayed behind the account.
    """
    account, entries = _on_record(partial(open_account, desk, member_id, strong=True), desk=desk)
    complete_entries = complete(entries, account, program=desk.program, now=desk.now)
    return statement(complete_entries, first=first, last=last, program=desk.program)


def balance_at(member_id: str, moment: datetime, *, desk: Desk) -> Holding:
    """What a member's account held at a moment, as it was shown then.

    Raises:
        NotFound: no such member.
        TryAgain: the list of entries stayed behind the account.
    """
    account, entries = _on_record(partial(open_account, desk, member_id, strong=True), desk=desk)
    return held_at(complete(entries, account, program=desk.program, now=desk.now), moment)


def audit_member(member_id: str, *, desk: Desk) -> list[Difference]:
    """Every difference between a member's own account, ended or not, and its entries.

    A list that stays behind the account is told as a difference, not passed over.

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
def _on_record(read: Callable[[], Account], *, desk: Desk) -> tuple[Account, tuple[Entry, ...]]:
    """An account and its entries, as many as it says there are.

    The list of entries may be a moment behind the account; the account's count tells.
    """
    account = read()
    entries = tuple(desk.books.entries(account.member_id))
    if len(entries) != account.entries:
        raise Raced
    return account, entries
