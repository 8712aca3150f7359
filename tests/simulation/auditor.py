"""Checks after every single write that the books keep their promises, from the items alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from local.memory import Written
from loyalty.domain.program.document import PublishedProgram
from loyalty.table.operations import Item, Key
from tests.simulation.auditing.accounts import Accounts
from tests.simulation.auditing.activities import Activities
from tests.simulation.auditing.campaigns import Campaigns
from tests.simulation.auditing.engagement import Engagement
from tests.simulation.auditing.entries import Entries
from tests.simulation.auditing.levels import Levels
from tests.simulation.auditing.orders import Orders
from tests.simulation.auditing.reviews import Reviews
from tests.simulation.auditing.seen import OrderSums, Seen, Violation, order_of
from tests.simulation.auditing.spending import Spending

LEDGER: Final = frozenset(
    {
        "ACCOUNT",
        "ACTIVITY",
        "AWARD",
        "BUDGET",
        "ENTRY",
        "ORDER",
        "PROGRESS",
        "RESPONSE",
        "REVIEW",
        "SHARE",
        "STOCK",
        "USED",
        "VOUCHER",
        "VOUCHERS",
    }
)


class Auditor:
    """Watches every write. `decided_by` is the program, `decided_at` the time it was decided at."""

    def __init__(
        self,
        *,
        zone: ZoneInfo,
        may_owe: bool,
        strict_about_quiet: bool,
        versions: Sequence[PublishedProgram],
    ) -> None:
        self._seen = seen = Seen(zone, may_owe, strict_about_quiet)
        self._accounts = Accounts(seen)
        self._levels = levels = Levels(seen)
        self._orders = orders = Orders(seen)
        self._spending = spending = Spending(seen, levels)
        self._reviews = reviews = Reviews(seen)
        self._engagement = engagement = Engagement(seen, versions)
        self._entries = Entries(
            seen,
            levels=levels,
            orders=orders,
            spending=spending,
            reviews=reviews,
            engagement=engagement,
        )
        self._activities = Activities(seen, versions)
        self._campaigns = Campaigns(seen, versions)

    @property
    def accounts(self) -> dict[str, Any]:
        """Every account's item, by its member."""
        return self._seen.accounts

    @property
    def orders(self) -> dict[tuple[str, ...], OrderSums]:
        """The sums of every order's entries, by its source and id."""
        return self._seen.orders

    @property
    def may_owe(self) -> bool:
        return self._seen.may_owe

    def is_erased(self, member_id: str) -> bool:
        """Whether a member was erased, or is one by now who was."""
        return self._seen.is_erased(member_id)

    def heir(self, member_id: str) -> str:
        """Whom a member became by merges."""
        return self._seen.heir(member_id)

    def local_day(self, instant: str) -> str:
        """The day of an instant in the program's time zone."""
        return self._seen.local_day(instant)

    @property
    def returned(self) -> int:
        """How many redemptions were returned."""
        return self._seen.returned

    @property
    def writes(self) -> int:
        """How many writes there were."""
        return self._campaigns.writes

    def enrolled(self, account: Any, *, profile: Any, joined: Mapping[str, Any]) -> None:
        """A member who was there from the beginning."""
        self._seen.accounts[account["member_id"]] = account
        self._campaigns.enrolled(account["member_id"], profile or {}, joined)

    def observe(
        self,
        written: Sequence[Written],
        *,
        decided_by: PublishedProgram,
        decided_at: datetime,
        began: int,
    ) -> None:
        """Check everything that a write touched.

        `began` is how many writes there had been when its request began.

        Raises:
            Violation: a promise is broken.
        """
        seen = self._seen
        members: set[str] = set()
        today = decided_at.astimezone(seen.zone).date()
        seen.restored = _restored(written)
        self._campaigns.decided(written, began=began)
        self._reviews.accrued(written, decided_by)
        self._engagement.observe(written, decided_by)
        for key, before, after in written:
            wire: Any = _undeleted(key, after)
            match key.sk.partition("#"):
                case "ACCOUNT", _, _:
                    member_id = wire["member_id"]
                    seen.days[member_id] = max(today, seen.days.get(member_id, today))
                    self._accounts.account(before, wire, decided_by)
                    members.add(member_id)
                case "ENTRY", _, _:
                    self._entries.written_once(key, before)
                    if before is not None:
                        keys = {each.key for each in written}
                        self._orders.nothing_is_lost(key, before, wire, keys)
                    if wire["kind"] == "placeholder":
                        self._orders.placeholder(key, before, wire)
                        continue
                    self._entries.entry(key, wire, decided_by)
                    members.add(wire["member_id"])
                case "ORDER", _, _:
                    seen.orders[order_of(key)].state = wire
                case "VOUCHER", _, _:
                    self._spending.voucher(before, wire, decided_at)
                case "REVIEW", _, _:
                    self._reviews.review(key, before, wire)
        self._spending.stock(written)
        self._accounts.activity(written, decided_by, today)
        for member_id in members:
            self._accounts.balance(member_id)
            self._reviews.account(seen.accounts[member_id])
            self._levels.counters_add_up(member_id)
        for order in {order_of(key) for key, _, _ in written if "#ORDER#" in key.pk}:
            self._orders.adds_up(order)
        self._engagement.adds_up(written, decided_at)
        self._activities.observe(written, decided_by)
        self._campaigns.counted(written)


def lapses_when_quiet(program: PublishedProgram) -> bool:
    return program.document.inactivity is not None


def _undeleted(key: Key, after: Item | None) -> Item | None:
    """The ledger's items are never deleted; personal data beside them may be."""
    if after is None and key.sk.partition("#")[0] in LEDGER:
        raise Violation(f"{key} was deleted")
    return after


def _restored(written: Sequence[Written]) -> dict[str, int]:
    """What expired before and is spent now, by lot."""
    entries: list[Any] = [after for key, _, after in written if key.sk.startswith("ENTRY#expiry#")]
    return {lot: points for entry in entries for lot, points in entry["lots"].items() if points > 0}
