"""Parts that many kinds of items share: dates, points by date, moments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from loyalty.domain.campaigns.limits import LimitUse
from loyalty.domain.earning.awarding import Part
from loyalty.domain.ledger.account import TierReached
from loyalty.domain.ledger.entries import Qualifying
from loyalty.domain.ledger.holding import PendingDates

if TYPE_CHECKING:
    from loyalty.table.operations import Value

VERSION: Final = 1

# The attributes that the `history` index carries: everything that a list shows, no breakdowns.
HISTORY_ATTRIBUTES: Final = (
    "v",
    "kind",
    "member_id",
    "points",
    "pending_points",
    "lots",
    "debt",
    "pending",
    "happened_at",
    "recorded_at",
    "program_version",
    "about",
    "state",
)


def pending_name(dates: PendingDates) -> str:
    """Pending dates as the name of an entry in a map."""
    return f"{dates.available_on.isoformat()}/{dates.expires_on.isoformat()}"


def dated_to_map(lots: Mapping[date, int]) -> dict[str, Value]:
    return {day.isoformat(): points for day, points in lots.items()}


def dated_from_map(wire: Mapping[str, int]) -> dict[date, int]:
    return {date.fromisoformat(day): points for day, points in wire.items()}


def days_to_map(days: Mapping[date, date]) -> dict[str, Value]:
    return {day.isoformat(): other.isoformat() for day, other in days.items()}


def days_from_map(wire: Mapping[str, str]) -> dict[date, date]:
    return {date.fromisoformat(day): date.fromisoformat(other) for day, other in wire.items()}


def pending_to_map(pending: Mapping[PendingDates, int]) -> dict[str, Value]:
    return {pending_name(dates): points for dates, points in pending.items()}


def pending_from_map(wire: Mapping[str, int] | None) -> dict[PendingDates, int]:
    return {
        PendingDates(date.fromisoformat(name[:10]), date.fromisoformat(name[11:])): points
        for name, points in (wire or {}).items()
    }


def parts_to_list(parts: Sequence[Part]) -> list[Value]:
    return [
        [part.available_on.isoformat(), part.expires_on.isoformat(), part.points] for part in parts
    ]


def parts_from_list(wire: Sequence[Any]) -> tuple[Part, ...]:
    return tuple(
        Part(date.fromisoformat(available), date.fromisoformat(expires), points)
        for available, expires, points in wire
    )


def qualifying_to_list(qualifying: Qualifying) -> list[Value]:
    return [qualifying.counter, qualifying.amount]


def uses_to_list(uses: Sequence[LimitUse]) -> list[Value]:
    return [[limit, amount] for limit, amount in uses]


def uses_from_list(wire: Sequence[Sequence[Any]]) -> tuple[LimitUse, ...]:
    return tuple(LimitUse(limit, amount) for limit, amount in wire)


def qualifying_from_list(wire: Sequence[Any] | None) -> Qualifying | None:
    if not wire:
        return None
    counter, amount = wire
    return Qualifying(counter, amount)


def instant_from(wire: str) -> datetime:
    return datetime.fromisoformat(wire)


def maybe_instant(wire: str | None) -> datetime | None:
    return instant_from(wire) if wire else None


def reached_to_list(reached: Iterable[TierReached]) -> list[Value]:
    return [[each.level, each.on.isoformat()] for each in reached]


def reached_from_list(wire: Iterable[Sequence[str]]) -> tuple[TierReached, ...]:
    return tuple(TierReached(level, date.fromisoformat(on)) for level, on in wire)


def maybe_date(wire: str | None) -> date | None:
    return date.fromisoformat(wire) if wire else None
