"""Orders that a replay decided, and what of their entries it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from loyalty.domain.ledger.entries import Accrual, Clawback, Edit, Entry

if TYPE_CHECKING:
    from loyalty.domain.campaigns.limits import LimitUse
    from loyalty.domain.ledger.postings import Posting
    from loyalty.domain.ledger.refunds import OrderState
    from loyalty.domain.program.document import PublishedProgram


@dataclass(slots=True)
class OrderOnTrial:
    """An order that was decided in a replay, and the points that it gave and gave back."""

    accrual: Entry
    decided_by: PublishedProgram
    state: OrderState | None
    expired_at_once: Mapping[date, int]
    net: int


def expiries(posting: Posting) -> tuple[Entry, ...]:
    """The entries for points that expire with a posting."""
    return tuple(each for each in posting.entries if each.kind == "expiry")


def uses_of(entry: Entry) -> tuple[LimitUse, ...]:
    """What an entry uses of limits, or gives back."""
    detail = entry.detail
    return detail.counted if isinstance(detail, Accrual | Clawback | Edit) else ()


def change_of(entry: Entry) -> int:
    """The points that an entry moves, pending ones included."""
    return entry.points + entry.pending_points
