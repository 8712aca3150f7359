"""Checks on single entries, by their kinds."""

from collections.abc import Callable
from datetime import date
from typing import Any

from loyalty.domain.program.document import PublishedProgram
from loyalty.table.operations import Item, Key
from tests.simulation import naive
from tests.simulation.auditing.engagement import Engagement
from tests.simulation.auditing.levels import Levels
from tests.simulation.auditing.orders import Orders
from tests.simulation.auditing.reviews import Reviews
from tests.simulation.auditing.seen import Seen, Violation
from tests.simulation.auditing.spending import Spending


class Entries:
    """Every entry is written once and adds up."""

    def __init__(
        self,
        seen: Seen,
        *,
        levels: Levels,
        orders: Orders,
        spending: Spending,
        reviews: Reviews,
        engagement: Engagement,
    ) -> None:
        self._seen = seen
        self._engagement = engagement
        self._reviews = reviews
        self._levels = levels
        self._orders = orders
        self._of_kind: dict[str, Callable[[Key, Any, str, PublishedProgram], None]] = {
            "accrual": orders.accrual,
            "clawback": orders.clawback,
            "edit": orders.edit,
            "redemption": spending.redemption,
            "return": spending.return_,
            "bonus": self._bonus,
            "transfer": self._transfer,
            "merge": self._merge,
            "expiry": self._expiry,
            "activation": self._activation,
        }

    def written_once(self, key: Key, before: Item | None) -> None:
        if before is not None and before["kind"] != "placeholder":
            raise Violation(f"an entry was changed: {key}")

    def entry(self, key: Key, entry: Any, program: PublishedProgram) -> None:
        if entry["kind"] == "accrual":
            self._levels.has_its_level(key, entry, program)
        self._levels.reaches(entry, program)
        self._seen.members[entry["member_id"]].add(entry)
        today = self._seen.local_day(entry["recorded_at"])
        lots: dict[str, int] = entry["lots"]
        if entry["points"] != sum(lots.values()) - entry.get("debt", 0):
            raise Violation(f"{key} does not add up")
        if entry["kind"] != "expiry":
            self._takes_what_lives(key, entry, today, program)
        if not entry["history_pk"].endswith(f"#{entry['member_id']}"):
            raise Violation(f"{key} is in another member's history")
        if "#AWARD#" in key.pk and entry["kind"] != "expiry":
            self._engagement.entry(key, entry, today, program)
        elif check := self._of_kind.get(entry["kind"]):
            check(key, entry, today, program)

    def _bonus(self, key: Key, entry: Any, today: str, program: PublishedProgram) -> None:
        """Points that are no order's expire as the program says of what they were given for."""
        policies = program.document.expiry_by_source
        source = entry["about"]["given_for"]
        policy = policies.get(source) or policies.get("bonus") or program.document.expiry
        ends = naive.expires_on(policy, date.fromisoformat(today))
        if any(lot != ends for lot in entry["lots"]):
            raise Violation(f"{key} ends on {sorted(entry['lots'])} instead of {ends}")

    def _transfer(self, key: Key, entry: Any, today: str, program: PublishedProgram) -> None:
        self._come_from_another(entry)
        if entry["about"]["direction"] == "out":
            self._leaves_what_may_be_taken_back(key, entry, today, program)

    def _leaves_what_may_be_taken_back(
        self, key: Key, entry: Any, today: str, program: PublishedProgram
    ) -> None:
        """Nobody gives away points that a refund of a recent order would have to take back.

        A slow writer may have decided on the day before, while other writers have moved the
        account to the next day. Which orders are recent is decided by the account's day.
        """
        latest = self._seen.days.get(entry["member_id"])
        today = max(today, latest.isoformat()) if latest else today
        transfers = program.document.transfers
        days = transfers.min_age_days if transfers else 0
        recent = sum(
            points
            for available_on, points in self._seen.from_orders[entry["member_id"]]
            if available_on <= today < naive.days_after(available_on, days)
        )
        left = sum(self._seen.accounts[entry["member_id"]]["lots"].values()) + entry["points"]
        if left < recent:
            raise Violation(f"{key} leaves {left} points, and recent orders gave {recent}")

    def _merge(self, key: Key, entry: Any, _today: str, _program: PublishedProgram) -> None:
        self._come_from_another(entry)

    def _come_from_another(self, entry: Any) -> None:
        """Transferred and merged points keep the history that limits them."""
        if entry["about"]["direction"] == "in":
            first_ends = self._seen.reinstated[entry["about"]["member_id"]]
            self._seen.reinstated[entry["member_id"]] |= entry["lots"].keys() & first_ends
            if entry["kind"] == "merge":
                given = self._seen.from_orders[entry["about"]["member_id"]]
                self._seen.from_orders[entry["member_id"]] += given

    def _takes_what_lives(
        self, key: Key, entry: Any, today: str, program: PublishedProgram
    ) -> None:
        """Only a lot's own expiry takes points from a lot whose last day has passed."""
        taken = [lot for lot, points in entry["lots"].items() if points < 0]
        if not taken or self._orders.waited(key, entry):
            return
        account = self._seen.accounts.get(entry["member_id"])
        for lot in taken:
            if entry["kind"] == "redemption" and -entry["lots"][lot] <= self._seen.restored.get(
                lot, 0
            ):
                continue
            if self._seen.ends(lot, entry["member_id"], account, program) < today:
                raise Violation(f"{key} takes from {lot} on {today}, when it was over")

    def _expiry(self, key: Key, entry: Any, today: str, program: PublishedProgram) -> None:
        account = self._seen.accounts.get(entry["member_id"])
        for lot, points in entry["lots"].items():
            ends = self._seen.ends(lot, entry["member_id"], account, program)
            if (points >= 0 and lot not in self._seen.restored) or not ends < today:
                raise Violation(f"{key} expires {points} points of {lot} on {today}")
            self._seen.expired[entry["member_id"], lot] -= points
            owners = (entry["member_id"], *(account or {}).get("absorbed", ()))
            if sum(self._seen.expired[owner, lot] for owner in owners) < 0:
                raise Violation(f"{key} restores more points of {lot} than ever expired")

    def _activation(self, key: Key, entry: Any, today: str, _program: PublishedProgram) -> None:
        if "#ORDER#" in key.pk:
            self._reviews.activated(key, entry)
            return
        ((dates, points),) = entry["pending"].items()
        if points >= 0 or dates[:10] > today or entry["points"] != -points:
            raise Violation(f"{key} activates {points} points of {dates} on {today}")
        self._seen.from_orders[entry["member_id"]].append((dates[:10], -points))
        if entry["happened_at"] != naive.midnight_told(dates[:10], self._seen.zone.key):
            raise Violation(f"{key} did not happen at its midnight")
