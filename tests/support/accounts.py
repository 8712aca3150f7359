"""Small accounts for tests of the ledger's rules, and what postings make of them."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.holding import Holding, PendingDates, total
from loyalty.domain.ledger.postings import Posting

NO_LOTS: Mapping[date, int] = MappingProxyType({})
NO_PENDING: Mapping[PendingDates, int] = MappingProxyType({})


def account(
    lots: Mapping[date, int] = NO_LOTS,
    *,
    debt: int = 0,
    pending: Mapping[PendingDates, int] = NO_PENDING,
    member_id: str = "ana",
    **fields: Any,
) -> Account:
    """An account that holds these points; its balance follows from them."""
    holding = Holding(lots=lots, debt=debt, pending=pending)
    return Account(member_id=member_id, balance=holding.points, holding=holding, **fields)


def effect_of(posting: Posting, member_id: str = "ana") -> Holding:
    """What the entries of a posting change on a member's account, together."""
    return total(each.effect for each in posting.entries if each.member_id == member_id)
