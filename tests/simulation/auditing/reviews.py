"""Checks on safeguards: what they count and hold, and what a review releases or takes back."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from local.memory import Written
from loyalty.domain.program.document import PublishedProgram
from loyalty.table.operations import Key
from tests.simulation import naive
from tests.simulation.auditing.seen import Seen, Violation, order_of


class Reviews:
    """Every order beyond a limit is reviewed, and pending points are exactly what orders hold."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        # Orders and points that count for each member, by kind and day.
        self._counted: dict[str, Counter[str]] = defaultdict(Counter)

    def accrued(self, written: Sequence[Written], program: PublishedProgram) -> None:
        """An order is held as long as the strictest limit says that it exceeds, and reviewed."""
        for key, _, after in written:
            entry: Any = after
            if key.sk != "ENTRY#accrual" or entry["kind"] != "accrual":
                continue
            order = self._seen.orders[order_of(key)]
            order.accrual = entry
            names = self._names(entry, program)
            before = self._count_of(entry["member_id"])
            exceeded = {
                each.id: each.hold_days or 0
                for each in program.document.safeguards
                for name, amount in names.items()
                if name.startswith(f"day#{each.count}#") and before[name] + amount > each.at_most
            }
            self._counted[entry["member_id"]].update(names)
            if self._is_forgotten(entry):
                continue
            today = self._seen.local_day(entry["recorded_at"])
            days = max(exceeded.values(), default=0)
            held_until = naive.days_after(today, days) if days else None
            if entry["order"].get("held_until") != held_until:
                raise Violation(f"{key} is held otherwise than until {held_until}")
            reviews: list[Any] = [item for each, _, item in written if each.sk == "REVIEW"]
            found = {each for review in reviews for each, *_ in review["about"]["excesses"]}
            if found != exceeded.keys():
                raise Violation(f"{key} is reviewed for {found} instead of {exceeded}")

    def review(self, key: Key, before: Any, after: Any) -> None:
        """A review is opened, and decided once."""
        was = before and before["state"]
        if (was, after["state"] == "open") not in {(None, True), ("open", False)}:
            raise Violation(f"{key} was {was} and is {after['state']}")

    def activated(self, key: Key, entry: Any) -> None:
        """A review releases all that an order still holds, and nothing else."""
        order = self._seen.orders[order_of(key)]
        today = self._seen.local_day(entry["recorded_at"])
        held, free = Counter[str](), Counter[str]()
        for (first, last, left), place in zip(_left(order), _places(order), strict=True):
            if place > max(first, today):
                held[f"{place}/{last}"] += left
                free[f"{first}/{last}" if first > today else ""] += left
        arrived = entry["points"]
        waiting = {dates: points for dates, points in free.items() if dates}
        moved = Counter(waiting)
        moved.subtract(held)
        if arrived != free[""] or entry.get("pending", {}) != {
            dates: points for dates, points in moved.items() if points
        }:
            raise Violation(f"{key} moves {entry.get('pending')} and {arrived}, not {moved}")
        self._seen.from_orders[entry["member_id"]] += [
            (first, left)
            for (first, _, left), place in zip(_left(order), _places(order), strict=True)
            if place > max(first, today) and first <= today
        ]

    def account(self, account: Any) -> None:
        """An account counts the orders of a day, and what it was given is pending there."""
        member_id = account["member_id"]
        if account["status"] != "active":
            return
        day = self._latest_day(member_id)
        counted = self._count_of(member_id)
        for name in {*counted, *account["redeemed"]}:
            is_recent = name.startswith("day#") and name[-10:] >= naive.days_after(day, -1)
            if is_recent and account["redeemed"].get(name, 0) != counted[name]:
                raise Violation(f"{member_id} counts {account['redeemed'].get(name)} of {name}")
        owners = {member_id, *account.get("absorbed", ())}
        expected = self._pending_of(owners)
        pending = account["pending"]
        for dates in {*pending, *expected}:
            if dates[:10] > day and pending.get(dates, 0) != expected[dates]:
                raise Violation(
                    f"{member_id} waits for {pending.get(dates, 0)} points of {dates}, "
                    f"and their orders and awards have {expected[dates]} there"
                )

    def _pending_of(self, owners: set[str]) -> Counter[str]:
        """What orders and awards of some members have left, by when it is available and ends."""
        expected = Counter[str]()
        for order in self._seen.orders.values():
            if order.accrual is None or order.accrual["member_id"] not in owners:
                continue
            for (_, last, left), place in zip(_left(order), _places(order), strict=True):
                expected[f"{place}/{last}"] += left
        for award in self._seen.awards.values():
            if award["member_id"] in owners:
                parts = zip(award["given"], award["taken"], strict=True)
                for (first, last, points), gone in parts:
                    expected[f"{first}/{last}"] += points - gone
        return expected

    def _names(self, entry: Any, program: PublishedProgram) -> dict[str, int]:
        """What an order adds to the counters of its day, if it counts."""
        points = sum(points for _, _, points in entry["parts"])
        day, today = (self._seen.local_day(entry[name]) for name in ("happened_at", "recorded_at"))
        if not points or day < naive.days_after(today, -1):
            return {}
        kinds = {each.count for each in program.document.safeguards}
        return {f"day#{kind}#{day}": 1 if kind == "orders" else points for kind in kinds}

    def _is_forgotten(self, entry: Any) -> bool:
        """Whether a slow writer counts on a day that other writers have made the account forget."""
        if entry["member_id"] not in self._seen.days:
            return False
        latest = self._latest_day(entry["member_id"])
        return self._seen.local_day(entry["happened_at"]) < naive.days_after(latest, -1)

    def _latest_day(self, member_id: str) -> str:
        """The latest day on which the account, or one that was merged into it, was written.

        A slow writer may merge an account that others made forget its days since.
        """
        absorbed = self._seen.accounts.get(member_id, {}).get("absorbed", ())
        days = self._seen.days
        return max(days[each] for each in (member_id, *absorbed) if each in days).isoformat()

    def _count_of(self, member_id: str) -> Counter[str]:
        counted = Counter(self._counted[member_id])
        account = self._seen.accounts.get(member_id, {})
        for each in account.get("absorbed", ()):
            counted.update(self._counted[each])
        return counted


def _left(order: Any) -> list[tuple[str, str, int]]:
    """The parts of an order by their own dates, less what was taken of each."""
    state = order.state or {}
    parts = [*order.accrual["parts"], *state.get("given", ())]
    taken = state.get("taken", [0] * len(parts))
    return [
        (first, last, points - gone)
        for (first, last, points), gone in zip(parts, taken, strict=True)
    ]


def _places(order: Any) -> list[str]:
    """For each part, when it becomes available: as long as it is held, not before that day."""
    return [place(order, first, last) for first, last, _ in _left(order)]


def place(order: Any, first: str, last: str) -> str:
    """The day on which a part of an order becomes available, held or not."""
    until = order.accrual["order"].get("held_until")
    is_released = (order.state or {}).get("verdict") == "released"
    return first if until is None or is_released else max(first, min(until, last))
