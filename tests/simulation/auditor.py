"""Checks after every single write that the books keep their promises, from the items alone."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from local.memory import Written
from loyalty.domain.program.document import PublishedProgram
from loyalty.table.operations import Item, Key
from tests.simulation import naive

# How a voucher's state may change; states that are not listed are final.
STEPS: Final = frozenset(
    {
        (None, "held"),
        (None, "issued"),
        ("held", "issued"),
        ("held", "cancelled"),
        ("issued", "used"),
        # Some of the points that paid return, or are taken again.
        ("used", "used"),
        ("used", "issued"),
        ("issued", "cancelled"),
        # Given to a shop, which has to deactivate it before the points return.
        ("issued", "issued"),
        ("issued", "cancelling"),
        ("cancelling", "cancelled"),
        ("cancelling", "used"),
        ("issued", "expired"),
    }
)
LEDGER: Final = frozenset({"ACCOUNT", "ENTRY", "ORDER", "RESPONSE", "STOCK", "VOUCHER", "VOUCHERS"})
SETTLED_AS: Final = ("clawed", "owed", "forgiven", "excused")


class Violation(AssertionError):
    """The books broke a promise."""


def _check_step(before: Any, voucher: Any) -> None:
    """A voucher only takes allowed steps, and none that ignores a shop with its code."""
    step = (before["state"] if before else None, voucher["state"])
    if step not in STEPS:
        raise Violation(f"a voucher went from {step[0]} to {step[1]}")
    had, has = (each["about"].get("in_shops", []) if each else [] for each in (before, voucher))
    if (had != has) != (step == ("issued", "issued")):
        raise Violation(f"a voucher went from {step[0]} to {step[1]}, in shops {had} and {has}")
    steps, taken = (
        each["about"].get("return_steps", 0) if each else 0 for each in (before, voucher)
    )
    if taken - steps != (step == ("used", "used")):
        raise Violation(f"a voucher went from {step[0]} to {step[1]}, in steps {steps} and {taken}")
    if step == ("issued", "cancelled") and has:
        raise Violation("a voucher was cancelled while a shop had its code")


@dataclass(slots=True)
class Sums:
    """All entries of one member, added up."""

    entries: int = 0
    points: int = 0
    pending_points: int = 0
    debt: int = 0
    lots: dict[str, int] = field(default_factory=dict)
    pending: dict[str, int] = field(default_factory=dict)
    qualifying: dict[str, int] = field(default_factory=dict)

    def add(self, entry: Any) -> None:
        self.entries += 1
        self.points += entry["points"]
        self.pending_points += entry["pending_points"]
        self.debt += entry.get("debt", 0)
        _add(self.lots, entry["lots"])
        if "pending" in entry:
            _add(self.pending, entry["pending"])
        if counted := _counted(entry):
            counter, amount = counted
            _add(self.qualifying, {counter: amount})


def _counted(entry: Any) -> tuple[str, int] | None:
    """What an entry of an order adds towards a level."""
    counted = entry.get("about", {}).get("qualifying") or entry.get("order", {}).get("qualifying")
    return tuple(counted) if counted else None


def _add(sums: dict[str, int], changes: dict[str, int]) -> None:
    for name, change in changes.items():
        total = sums.get(name, 0) + change
        if total:
            sums[name] = total
        else:
            sums.pop(name, None)


@dataclass(slots=True)
class OrderSums:
    """All entries of one order, added up."""

    accruals: int = 0
    accrued_at: str = ""
    earned: int = 0
    clawed_back: int = 0
    counted: int = 0
    refunds: int = 0
    settled: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SETTLED_AS, 0))
    state: Any = None


@dataclass(slots=True)
class RequestSums:
    """The points of one redemption and of its return."""

    spent: int = 0
    returned: int = 0
    returned_because: str = ""
    taken_again: int = 0
    voucher: Any = None
    # The lots spent from whose points had been reinstated before.
    reinstated: frozenset[str] = frozenset()


class Auditor:
    """Watches every write. `decided_by` is the program, `decided_at` the time it was decided at."""

    def __init__(self, *, zone: ZoneInfo, may_owe: bool, strict_about_quiet: bool) -> None:
        self._zone = zone
        self.may_owe = may_owe
        self._strict_about_quiet = strict_about_quiet
        self.members: dict[str, Sums] = defaultdict(Sums)
        self.accounts: dict[str, Any] = {}
        self.orders: dict[tuple[str, ...], OrderSums] = defaultdict(OrderSums)
        self.redemptions: dict[str, RequestSums] = defaultdict(RequestSums)
        self.returned = 0
        # Lots with points that were reinstated: another cancellation does not extend them.
        self._reinstated: dict[str, set[str]] = defaultdict(set)
        # The points of each member's orders, by the day on which they became available.
        self._from_orders: dict[str, list[tuple[str, int]]] = defaultdict(list)
        # The latest day on which a write of each account was decided. A write that was decided
        # earlier may come later; a level that ended by the later day does not end again.
        self._days: dict[str, date] = {}
        # The levels that each member reached, with the days.
        self.reached: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self.stock_out: dict[str, int] = defaultdict(int)
        self._stock_shards: dict[str, dict[str, Any]] = defaultdict(dict)
        # What the write at hand lets expire no more, because a late redemption spends it.
        self._restored: dict[str, int] = {}
        self._expired: dict[tuple[str, str], int] = defaultdict(int)

    def observe(
        self, written: Sequence[Written], *, decided_by: PublishedProgram, decided_at: datetime
    ) -> None:
        """Check everything that a write touched.

        Raises:
            Violation: a promise is broken.
        """
        members: set[str] = set()
        today = decided_at.astimezone(self._zone).date()
        self._restored = _restored(written)
        for key, before, after in written:
            wire: Any = self._undeleted(key, after)
            match key.sk.partition("#"):
                case "ACCOUNT", _, _:
                    member_id = wire["member_id"]
                    self._days[member_id] = max(today, self._days.get(member_id, today))
                    self._account(before, wire, decided_by)
                    members.add(member_id)
                case "ENTRY", _, _:
                    self._written_once(key, before)
                    if before is not None:
                        self._nothing_is_lost(key, before, wire, {each.key for each in written})
                    if wire["kind"] == "placeholder":
                        self._placeholder(key, before, wire)
                        continue
                    self._entry(key, wire, decided_by)
                    members.add(wire["member_id"])
                case "ORDER", _, _:
                    self.orders[_order(key)].state = wire
                case "VOUCHER", _, _:
                    self._voucher(before, wire, decided_at)
        self._stock(written)
        self._activity(written, decided_by, today)
        for member_id in members:
            self._balance(member_id)
            self._qualifying(member_id)
        for order in {_order(key) for key, _, _ in written if "#ORDER#" in key.pk}:
            self._order(order)

    def _undeleted(self, key: Key, after: Item | None) -> Item | None:
        """The ledger's items are never deleted; personal data beside them may be."""
        if after is None and key.sk.partition("#")[0] in LEDGER:
            raise Violation(f"{key} was deleted")
        return after

    def _activity(self, written: Sequence[Written], program: PublishedProgram, today: date) -> None:
        """A day of activity is noted for what the program calls an activity, and nothing else."""
        items: list[Any] = [after for _, _, after in written if after is not None]
        if program.document.inactivity is None or _has_kind(items, "merge"):
            return
        counting = set(program.document.inactivity.activities)
        for key, before, after in written:
            old: Any = before
            account: Any = after
            if key.sk != "ACCOUNT" or old is None or account["status"] != "active":
                continue
            found = _activities(items, account["member_id"]) & counting
            noted = account.get("active_on", "")
            if noted != old.get("active_on", "") and not found:
                raise Violation(f"{key} notes an activity that is none")
            if found and noted < today.isoformat():
                raise Violation(f"{key} does not note an activity: {sorted(found)}")

    def _written_once(self, key: Key, before: Item | None) -> None:
        if before is not None and before["kind"] != "placeholder":
            raise Violation(f"an entry was changed: {key}")

    def _placeholder(self, key: Key, before: Item | None, placeholder: Any) -> None:
        """Each write of a placeholder adds to the one before it and loses nothing."""
        old: Any = before or {"count": 0}
        if placeholder["count"] != old["count"] + 1:
            raise Violation(f"{key} was not what it replaces when it was decided of")
        if ("order" in old and "order" not in placeholder) or (
            "guest" in old and placeholder.get("guest") != old["guest"]
        ):
            raise Violation(f"{key} forgets whose order it keeps")

    def _nothing_is_lost(self, key: Key, before: Any, after: Any, written: set[Key]) -> None:
        """The latest of what a guest's order was told to be, and every refund, go on.

        A later version withdraws a refund that may be withdrawn, by no longer listing it.
        """
        stays = [refund for refund in before["refunds"] if not refund[6]]
        told_at = [each.get("order", {}).get("told_at", "") for each in (before, after)]
        if told_at[1] < told_at[0]:
            raise Violation(f"{key} goes back to what its order was before")
        if after["kind"] == "placeholder":
            if [refund for refund in after["refunds"] if not refund[6]][: len(stays)] != stays:
                raise Violation(f"{key} forgets a refund that waits")
        elif any(
            Key(key.pk, f"ENTRY#clawback#{refund_id}") not in written for refund_id, *_ in stays
        ):
            raise Violation(f"{key} leaves a refund behind that waited for it")

    def _entry(self, key: Key, entry: Any, program: PublishedProgram) -> None:
        if entry["kind"] == "accrual":
            self._has_its_level(key, entry, program)
        self._reaches(entry, program)
        self.members[entry["member_id"]].add(entry)
        today = _local_day(entry["recorded_at"], self._zone)
        lots: dict[str, int] = entry["lots"]
        if entry["points"] != sum(lots.values()) - entry.get("debt", 0):
            raise Violation(f"{key} does not add up")
        if entry["kind"] != "expiry":
            self._takes_what_lives(key, entry, today, program)
        if not entry["history_pk"].endswith(f"#{entry['member_id']}"):
            raise Violation(f"{key} is in another member's history")
        check: Callable[[Key, Any, str, PublishedProgram], None] | None = getattr(
            self, f"_{entry['kind']}", None
        )
        if check is not None:
            check(key, entry, today, program)

    def _accrual(self, key: Key, entry: Any, today: str, _program: PublishedProgram) -> None:
        order = self.orders[_order(key)]
        order.accruals += 1
        order.counted += (_counted(entry) or ("", 0))[1]
        order.accrued_at = entry["recorded_at"]
        order.earned += sum(points for _, _, points in entry["parts"])
        self._gives(entry, today)

    def _has_its_level(self, key: Key, entry: Any, program: PublishedProgram) -> None:
        """An order earns at the level before it, or at once at the one that it reaches."""
        tiers = program.document.tiers
        counts = _counted(entry)
        account = self.accounts.get(entry["member_id"])
        if tiers is None or counts is None or account is None:
            return
        counted = self._ever_counted(account)
        day = date.fromisoformat(_local_day(entry["happened_at"], self._zone))
        rank = self._rank(account, program, day=day, counted=counted)
        if tiers.applies_at_once:
            lines = entry["order"]["lines"]
            reaches = naive.counts_for(
                lines, naive.Refunds.of(None), program.document, tier=_tier(rank, program)
            )
            _add(counted, {counts[0]: reaches})
            rank = max(rank, self._rank(account, program, day=day, counted=counted))
        tier = _tier(rank, program)
        if entry["order"].get("tier") != tier:
            raise Violation(f"{key} earned at {entry['order'].get('tier')} instead of {tier}")

    def _reaches(self, entry: Any, program: PublishedProgram) -> None:
        """The days on which a member reaches levels, by the entries one after the other."""
        account = self.accounts.get(entry["member_id"])
        if account is None or program.document.tiers is None:
            return
        before = self._ever_counted(account)
        reached = self.reached[entry["member_id"]]
        more: dict[str, int] = {}
        if counted := _counted(entry):
            more = {counted[0]: counted[1]}
        elif entry["kind"] == "merge" and entry["about"]["direction"] == "in":
            more = self._ever_counted(self.accounts[entry["about"]["member_id"]])
            reached |= self.reached[entry["about"]["member_id"]]
        after = dict(before)
        _add(after, more)
        today = date.fromisoformat(_local_day(entry["recorded_at"], self._zone))
        found, alone = (
            naive.days_reached(
                account, program.document, zone=self._zone, today=today, before=start, after=end
            )
            for start, end in ((before, after), ({}, more))
        )
        # What the other member had reached alone is not reached again by a merge.
        reached |= found - alone if entry["kind"] == "merge" else found

    def _rank(
        self, account: Any, program: PublishedProgram, *, day: date, counted: dict[str, int]
    ) -> int:
        return naive.level(
            account,
            program.document,
            zone=self._zone,
            day=day,
            counted=counted,
            reached=self.reached[account["member_id"]],
        )

    def _ever_counted(self, account: Any) -> dict[str, int]:
        """All that counted for a member toward levels, also where the account has dropped it."""
        counted = dict(self.members[account["member_id"]].qualifying)
        for absorbed in account.get("absorbed", ()):
            _add(counted, self.members[absorbed].qualifying)
        return counted | dict(account["qualifying"])

    def _bonus(self, key: Key, entry: Any, today: str, program: PublishedProgram) -> None:
        """Points that are no order's expire as the program says of what they were given for."""
        policies = program.document.expiry_by_source
        source = entry["about"]["given_for"]
        policy = policies.get(source) or policies.get("bonus") or program.document.expiry
        ends = naive.expires_on(policy, date.fromisoformat(today))
        if any(lot != ends for lot in entry["lots"]):
            raise Violation(f"{key} ends on {sorted(entry['lots'])} instead of {ends}")

    def _gives(self, entry: Any, today: str) -> None:
        self._from_orders[entry["member_id"]] += [
            (available_on, points)
            for available_on, _, points in entry["parts"]
            if available_on <= today
        ]

    def _clawback(self, key: Key, entry: Any, _today: str, _program: PublishedProgram) -> None:
        about = entry["about"]
        if min(about[name] for name in SETTLED_AS) < 0:
            raise Violation(f"{key} gives points")
        self._settled(key, entry)

    def _edit(self, key: Key, entry: Any, today: str, _program: PublishedProgram) -> None:
        given = sum(points for _, _, points in entry["parts"])
        self.orders[_order(key)].earned += given
        self._gives(entry, today)
        if given and entry["points"] + entry["pending_points"] != given:
            raise Violation(f"{key} tells another amount than it gave")
        self._settled(key, entry, given=given)

    def _settled(self, key: Key, entry: Any, *, given: int = 0) -> None:
        order, about = self.orders[_order(key)], entry["about"]
        taken = given - entry["points"] - entry["pending_points"]
        if about["clawed"] + about["owed"] != taken:
            raise Violation(f"{key} tells another amount than it took")
        order.refunds += 1
        order.counted += (_counted(entry) or ("", 0))[1]
        order.clawed_back += taken
        for name in SETTLED_AS:
            order.settled[name] += about[name]

    def _redemption(self, key: Key, entry: Any, _today: str, program: PublishedProgram) -> None:
        if any(points > 0 for points in entry["lots"].values()) or entry.get("debt"):
            raise Violation(f"{key} does not spend")
        self._is_late_within_bounds(key, entry, program)
        self._is_priced_by_its_level(key, entry, program)
        redemption = self.redemptions[_request(key)]
        if "granted_for" in entry["about"] and (entry["points"] or entry["lots"]):
            raise Violation(f"{key} was given, and cost points")
        redemption.spent = -entry["points"]
        redemption.reinstated = frozenset(
            entry["lots"].keys() & self._reinstated[entry["member_id"]]
        )

    def _is_late_within_bounds(self, key: Key, entry: Any, program: PublishedProgram) -> None:
        """A till reports late only within the bound, and takes only what had not yet expired."""
        happened_at, recorded_at = entry["happened_at"], entry["recorded_at"]
        late = datetime.fromisoformat(recorded_at) - datetime.fromisoformat(happened_at)
        if late > timedelta(minutes=program.document.late_redemption_minutes):
            raise Violation(f"{key} is reported {late} late")
        made_on = _local_day(happened_at, self._zone)
        for lot, points in self._restored.items():
            if not (lot >= made_on and points <= -entry["lots"].get(lot, 0)):
                raise Violation(f"{key} of {made_on} restores {points} of {lot}")

    def _is_priced_by_its_level(self, key: Key, entry: Any, program: PublishedProgram) -> None:
        """What is for some levels, or costs less at some, goes by the level on its day."""
        reward = program.document.reward(entry["about"]["reward_id"])
        given = "granted_for" in entry["about"]
        if reward is None or given or not (reward.tiers or reward.tier_costs):
            return
        account = self.accounts[entry["member_id"]]
        day = date.fromisoformat(_local_day(entry["happened_at"], self._zone))
        counted = self._ever_counted(account)
        tier = _tier(self._rank(account, program, day=day, counted=counted), program)
        costs = reward.tier_costs.get(tier or "", reward.cost_points)
        if (reward.tiers and tier not in reward.tiers) or entry["points"] != -costs:
            raise Violation(f"{key} costs {-entry['points']} points at {tier}")

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
        latest = self._days.get(entry["member_id"])
        today = max(today, latest.isoformat()) if latest else today
        transfers = program.document.transfers
        days = transfers.min_age_days if transfers else 0
        recent = sum(
            points
            for available_on, points in self._from_orders[entry["member_id"]]
            if available_on <= today < naive.days_after(available_on, days)
        )
        left = sum(self.accounts[entry["member_id"]]["lots"].values()) + entry["points"]
        if left < recent:
            raise Violation(f"{key} leaves {left} points, and recent orders gave {recent}")

    def _merge(self, key: Key, entry: Any, _today: str, _program: PublishedProgram) -> None:
        self._come_from_another(entry)

    def _come_from_another(self, entry: Any) -> None:
        """Transferred and merged points keep the history that limits them."""
        if entry["about"]["direction"] == "in":
            first_ends = self._reinstated[entry["about"]["member_id"]]
            self._reinstated[entry["member_id"]] |= entry["lots"].keys() & first_ends
            if entry["kind"] == "merge":
                given = self._from_orders[entry["about"]["member_id"]]
                self._from_orders[entry["member_id"]] += given

    def _takes_what_lives(
        self, key: Key, entry: Any, today: str, program: PublishedProgram
    ) -> None:
        """Only a lot's own expiry takes points from a lot whose last day has passed."""
        taken = [lot for lot, points in entry["lots"].items() if points < 0]
        if not taken or self._waited(key, entry):
            return
        account = self.accounts.get(entry["member_id"])
        for lot in taken:
            if entry["kind"] == "redemption" and -entry["lots"][lot] <= self._restored.get(lot, 0):
                continue
            if self._ends(lot, entry["member_id"], account, program) < today:
                raise Violation(f"{key} takes from {lot} on {today}, when it was over")

    def _waited(self, key: Key, entry: Any) -> bool:
        """Whether a refund came before its order: then its points were never in a lot."""
        if entry["kind"] != "clawback":
            return False
        return bool(self.orders[_order(key)].accrued_at == entry["recorded_at"])

    def _return(self, key: Key, entry: Any, today: str, program: PublishedProgram) -> None:
        redemption = self.redemptions[_request(key)]
        self._lives_on_once(key, entry, redemption, today, program)
        if entry["about"]["why"] == "refund_withdrawn":
            redemption.taken_again = -entry["points"]
            return
        redemption.returned += entry["points"]
        self.returned += 1
        redemption.returned_because = entry["about"]["why"]
        if redemption.returned > redemption.spent:
            raise Violation(f"{key} returns more than was spent")

    def _ends(self, lot: str, member_id: str, account: Any, program: PublishedProgram) -> str:
        """The last day of a lot: its own, or that of all points if they lapse sooner."""
        if lot in self._reinstated[member_id]:
            return lot
        return min(lot, naive.quiet_until(program, account, self._zone))

    def _lives_on_once(
        self, key: Key, entry: Any, redemption: RequestSums, today: str, program: PublishedProgram
    ) -> None:
        """Points return to their lot, or are reinstated once, counted from their last day."""
        account = self.accounts[entry["member_id"]]
        slices = redemption.voucher["about"]["slices"]
        ends = {
            self._ends(lot, entry["member_id"], account, program)
            for lot in slices
            if lot not in redemption.reinstated
        }
        days = program.document.reinstate_days
        lives_on = {naive.days_after(end, days) for end in ends if end < today}
        returned = {lot for lot, points in entry["lots"].items() if points > 0}
        for lot in returned - slices.keys():
            if lot not in lives_on or lot < today:
                raise Violation(f"{key} lets points live until {lot}, on {today}")
            self._reinstated[entry["member_id"]].add(lot)

    def _expiry(self, key: Key, entry: Any, today: str, program: PublishedProgram) -> None:
        account = self.accounts.get(entry["member_id"])
        for lot, points in entry["lots"].items():
            ends = self._ends(lot, entry["member_id"], account, program)
            if (points >= 0 and lot not in self._restored) or not ends < today:
                raise Violation(f"{key} expires {points} points of {lot} on {today}")
            self._expired[entry["member_id"], lot] -= points
            owners = (entry["member_id"], *(account or {}).get("absorbed", ()))
            if sum(self._expired[owner, lot] for owner in owners) < 0:
                raise Violation(f"{key} restores more points of {lot} than ever expired")

    def _activation(self, key: Key, entry: Any, today: str, _program: PublishedProgram) -> None:
        ((dates, points),) = entry["pending"].items()
        if points >= 0 or dates[:10] > today or entry["points"] != -points:
            raise Violation(f"{key} activates {points} points of {dates} on {today}")
        self._from_orders[entry["member_id"]].append((dates[:10], -points))
        if entry["happened_at"] != naive.midnight_told(dates[:10], self._zone.key):
            raise Violation(f"{key} did not happen at its midnight")

    def _account(self, before: Item | None, account: Any, program: PublishedProgram) -> None:
        self.accounts[account["member_id"]] = account
        if before is not None:
            old: Any = before
            if old["status"] != "active":
                raise Violation("a member that is no more was written to")
            if account["status"] == "active" and (
                account.get("active_on", "") < old.get("active_on", "")
            ):
                raise Violation("activity went back in time")
        for name, most in program_limits(program).items():
            if account["redeemed"].get(name, 0) > most and not account.get("absorbed"):
                raise Violation(f"{name} was redeemed more often than allowed")
        self._due(account, program)

    def _due(self, account: Any, program: PublishedProgram) -> None:
        """Due times are never late, and the index agrees with the account."""
        due = account.get("due")
        lots = account["lots"]
        ends = min((lot for lot in lots if lots[lot]), default=naive.NEVER)
        if self._strict_about_quiet and account["status"] == "active":
            member_id = account["member_id"]
            each_ends = (self._ends(lot, member_id, account, program) for lot in lots if lots[lot])
            ends = min(each_ends, default=naive.NEVER)
        coming = [dates[:10] for dates, points in account["pending"].items() if points]
        if ends < naive.NEVER:
            coming.append(naive.next_day(ends))
        if coming and (due is None or due > min(coming)):
            raise Violation(f"due on {due}, but something comes on {min(coming)}")
        if account["status"] == "active":
            day = self._days[account["member_id"]]
            changes_on = naive.level_changes_on(
                account,
                program.document,
                zone=self._zone,
                day=day,
                before=due,
                counted=self._ever_counted(account),
                reached=self.reached[account["member_id"]],
            )
            if changes_on is not None:
                raise Violation(f"due on {due}, but the level is another on {changes_on}")
        if (due is None) != ("expiring_pk" not in account):
            raise Violation("the index knows another due time than the account")
        if due is not None:
            midnight = naive.midnight_told(due, self._zone.key)
            if account["expiring_sk"] != f"{midnight}#{account['member_id']}":
                raise Violation(f"due on {due}, but the index says {account['expiring_sk']}")

    def _qualifying(self, member_id: str) -> None:
        """Counters equal the sums of the entries, unless they are too old to matter."""
        account = self.accounts[member_id]
        counted = dict(self.members[member_id].qualifying)
        for absorbed in account.get("absorbed", ()):
            _add(counted, self.members[absorbed].qualifying)
        for counter, amount in account["qualifying"].items():
            if amount != counted.get(counter, 0):
                raise Violation(f"{counter} is {amount}, the entries say {counted.get(counter, 0)}")

    def _balance(self, member_id: str) -> None:
        account, sums = self.accounts[member_id], self.members[member_id]
        lots = {lot: points for lot, points in account["lots"].items() if points}
        pending = {dates: points for dates, points in account["pending"].items() if points}
        for what, held, counted in (
            ("entries", account["entries"], sums.entries),
            ("balance", account["balance"], sums.points),
            ("lots", lots, sums.lots),
            ("debt", account["debt"], sums.debt),
            ("pending", pending, sums.pending),
            ("lots less debt", account["balance"], sum(lots.values()) - account["debt"]),
        ):
            if held != counted:
                raise Violation(f"{what}: the account says {held}, its entries {counted}")
        if account["debt"] < 0 or any(points < 0 for points in (*lots.values(), *pending.values())):
            raise Violation("less than nothing is left")
        if account["debt"] and lots:
            raise Violation("there is a debt beside lots that could pay it")
        if account["balance"] < 0 and not self.may_owe:
            raise Violation("a balance below zero, which the program does not allow")
        if account["status"] != "active" and (lots or pending or account["debt"]):
            raise Violation("a member that is no more holds points")

    def _order(self, name: tuple[str, ...]) -> None:
        order = self.orders[name]
        if order.accruals > 1:
            raise Violation(f"order {name} earned {order.accruals} times")
        if order.clawed_back > order.earned:
            raise Violation(f"more was taken back from order {name} than it earned")
        if order.refunds and order.state is None:
            raise Violation(f"order {name} was refunded and does not know it")
        if order.state is not None:
            settled = {each: order.state[each] for each in SETTLED_AS}
            # A version that changed nothing is recorded without an entry.
            if settled != order.settled or order.state["counter"] < order.refunds:
                raise Violation(f"order {name} tells {settled}, its refunds {order.settled}")

    def _voucher(self, before: Item | None, voucher: Any, decided_at: datetime) -> None:
        state, about = voucher["state"], voucher["about"]
        old: Any = before
        was = old["state"] if old else None
        _check_step(old, voucher)
        redemption = self.redemptions[about["redemption_id"].removeprefix("red_")]
        redemption.voucher = voucher
        now = decided_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        if was is None and not voucher["points"] == sum(about["slices"].values()) == (
            redemption.spent
        ):
            raise Violation("a voucher is worth another amount than was spent on it")
        # A member who was erased gets no points back.
        owed = 0 if self._is_erased(voucher["member_id"]) else redemption.spent
        self._moves_points(old, about, redemption)
        if state == "cancelled" and redemption.returned != owed:
            raise Violation("a cancelled voucher returned another amount than was spent on it")
        if redemption.returned_because == "hold_expired" and not old["about"]["held_until"] <= now:
            raise Violation("a hold was released before its time")
        if (was, state) == ("held", "issued") and old["about"]["held_until"] <= now:
            raise Violation("a hold was completed after its time")
        ends = about.get("expires_at")
        if state == "used" and ends and ends <= about["used_at"]:
            raise Violation("a voucher was used after its time")
        if state == "expired" and not ends <= now:
            raise Violation("a voucher expired before its time")
        due = {"held": about.get("held_until"), "issued": ends}.get(state)
        if (due is None) != ("expiring_sk" not in voucher) or (
            due is not None and not voucher["expiring_sk"].startswith(due)
        ):
            raise Violation(f"a voucher due {due} is in the index at another time")
        if about["stocked"]:
            self.stock_out[about["reward_id"]] += (was is None) - (state == "cancelled")

    def _moves_points(self, old: Any, about: Any, redemption: RequestSums) -> None:
        """A voucher says how many points have returned; none is taken again that had not."""
        if "returned" not in about and not (old and "returned" in old["about"]):
            return
        change = about.get("returned", 0) - old["about"].get("returned", 0)
        if change < 0:
            if redemption.taken_again > -change:
                raise Violation("more was taken again than the voucher says")
            redemption.returned += change
        if redemption.returned != about.get("returned", 0):
            raise Violation(f"{redemption.returned} returned, the voucher says {about}")

    def _is_erased(self, member_id: str) -> bool:
        account = self.accounts[member_id]
        return (
            self._is_erased(account["into"])
            if "into" in account
            else (account["status"] == "closed")
        )

    def _stock(self, written: Sequence[Written]) -> None:
        """All shards of a stock are dealt for the same number, and give out no more together."""
        changed: set[str] = set()
        for key, _, after in written:
            if key.sk == "STOCK":
                *_, reward_id, shard = key.pk.split("#")
                self._stock_shards[reward_id][shard] = after
                changed.add(reward_id)
        for reward_id in changed:
            shards = self._stock_shards[reward_id].values()
            (stock,) = {each["stock"] for each in shards}
            taken = sum(each["taken"] for each in shards)
            if taken > stock:
                raise Violation(f"{taken} of {stock} pieces of {reward_id} are gone")
            if taken != self.stock_out[reward_id]:
                raise Violation(f"{taken} of {reward_id} are gone: other vouchers say")


def _tier(rank: int, program: PublishedProgram) -> str | None:
    tiers = program.document.tiers
    return tiers.levels[rank - 1].id if tiers and rank else None


def _restored(written: Sequence[Written]) -> dict[str, int]:
    """What expired before and is spent now, by lot."""
    entries: list[Any] = [after for key, _, after in written if key.sk.startswith("ENTRY#expiry#")]
    return {lot: points for entry in entries for lot, points in entry["lots"].items() if points > 0}


def _has_kind(items: Sequence[Any], kind: str) -> bool:
    return any(item.get("kind") == kind for item in items)


def _activities(items: Sequence[Any], member_id: str) -> set[str]:
    """What the items of one write say that a member did."""
    entries = [each for each in items if each.get("member_id") == member_id and "lots" in each]
    kinds = {each["kind"] for each in entries if each["kind"] != "adjustment"}
    found = {"accrual": "order", "redemption": "redemption", "transfer": "transfer"}
    activities = {found[kind] for kind in kinds if kind in found}
    if any(each["kind"] == "adjustment" and each["points"] >= 0 for each in entries):
        activities.add("adjustment")
    if any(each["sk"].startswith("RESPONSE") for each in items):
        activities.add("survey")
    return activities


def program_limits(program: PublishedProgram) -> dict[str, int]:
    """How often a member may redeem each reward that has a limit."""
    return {
        reward.id: reward.per_member_max
        for reward in program.document.rewards
        if reward.per_member_max is not None
    }


def lapses_when_quiet(program: PublishedProgram) -> bool:
    return program.document.inactivity is not None


def _local_day(instant: str, zone: ZoneInfo) -> str:
    return datetime.fromisoformat(instant).astimezone(zone).date().isoformat()


def _order(key: Key) -> tuple[str, ...]:
    return tuple(key.pk.split("#")[3:5])


def _request(key: Key) -> str:
    return key.pk.split("#")[3]
