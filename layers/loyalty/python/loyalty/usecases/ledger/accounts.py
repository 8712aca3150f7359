"""Find the account that a write belongs to, caught up with the calendar where needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.ledger.settling import settle
from loyalty.usecases.attempts import Attempts
from loyalty.usecases.ports import Desk, Overtaken

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account

# Merges are rare, and chains of merges much more so.
MERGES_MAX: Final = 8


def open_account(desk: Desk, member_id: str, *, strong: bool) -> Account:
    """The active account of a member, or of the member that it was merged into.

    Raises:
        NotFound: there is no such member, or the member was erased.
    """
    return lineage(desk, member_id, strong=strong)[-1]


def lineage(desk: Desk, member_id: str, *, strong: bool) -> tuple[Account, ...]:
    """A member's account and those that it was merged into, in order; the last is active."""
    path: list[Account] = []
    for _ in range(MERGES_MAX):
        account = desk.books.account(member_id, strong=strong)
        if account is None and not strong:
            # A stale read can miss a member who has just enrolled.
            account = desk.books.account(member_id, strong=True)
        if account is None or account.status == "closed":
            raise NotFound("There is no such member")
        path.append(account)
        if account.status == "active" or account.into is None:
            return tuple(path)
        member_id = account.into
    raise NotFound("There is no such member")


def settled(desk: Desk, account: Account) -> Account:
    """The account after recording everything that the calendar did to it.

    It writes only if something is due. It needs no second read, because the write relies on the
    version of the account that was seen.
    """
    attempts = Attempts(desk)
    while True:
        attempts.begin()
        posting = settle(account, program=desk.program, now=desk.now)
        if posting is None:
            return account
        try:
            desk.books.post(posting)
        except Overtaken:
            account = open_account(desk, account.member_id, strong=True)
        else:
            # Once more, for the steps that one write cannot hold.
            return settled(desk, posting.changes[0].becomes or account)


def as_settled(desk: Desk, account: Account) -> Account:
    """The account as `settled` would leave it; nothing is written."""
    while (posting := settle(account, program=desk.program, now=desk.now)) is not None:
        account = posting.changes[0].becomes or account
    return account


def settled_lineage(desk: Desk, member_id: str) -> tuple[Account, ...]:
    """A member's account and those that it was merged into, read strongly; the last is settled."""
    attempts = Attempts(desk)
    while True:
        attempts.begin()
        path = lineage(desk, member_id, strong=True)
        account = settled(desk, path[-1])
        if account.member_id == path[-1].member_id:
            return (*path[:-1], account)


def expired_in(lots: Collection[date], path: Sequence[Account], *, desk: Desk) -> Counter[date]:
    """How many points of each lot expired unspent, along a chain of merges."""
    expired: Counter[date] = Counter()
    for lot in lots:
        for account in path:
            for entry in desk.books.expiries(account.member_id, lot):
                expired[lot] -= entry.effect.lots.get(lot, 0)
    return expired
