"""Checks on campaigns: who they were for, what they gave, and what counts in their limits."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import product
from typing import Any, Final

from local.memory import Written
from loyalty.domain.program.document import Program, PublishedProgram
from loyalty.table.operations import Key
from tests.simulation import naive_campaigns
from tests.simulation.auditing.seen import Seen, Violation, order_of
from tests.simulation.naive_campaigns import Buyer, Context, Sale

# The limit by which entries say that an order counts no more, or counts again.
ORDERS: Final = "#orders"
BUDGET: Final = "budget:"


@dataclass(slots=True)
class OrderCounts:
    """What one order gave and counted after the last write to it.

    `gives` are points by rule and campaign, `used` is what its entries say of limits, `given` what
    they say that campaigns gave, and `counted` what follows from the rules, by campaign.
    """

    gives: dict[str, int] = field(default_factory=dict)
    forgiven: int = 0
    used: Counter[str] = field(default_factory=Counter)
    given: Counter[str] = field(default_factory=Counter)
    counted: dict[str, int] = field(default_factory=dict)


class Campaigns:
    """Every decision was right when it was written, and every limit counts what entries say.

    `versions` are all versions of the program, those that are still to come too.
    """

    def __init__(self, seen: Seen, versions: Sequence[PublishedProgram]) -> None:
        self._seen = seen
        self._versions = versions
        self._orders: dict[tuple[str, ...], OrderCounts] = defaultdict(OrderCounts)
        self._accruals: dict[tuple[str, ...], Any] = {}
        self._used_by: dict[str, Counter[str]] = defaultdict(Counter)
        self._bought_on: dict[str, str] = defaultdict(str)
        self._used_of_budgets: Counter[str] = Counter()
        self._shards: dict[str, dict[int, int]] = defaultdict(dict)
        # What was known of each member since which write, and the campaigns that they joined.
        self._profiles: dict[str, list[tuple[int, Any]]] = defaultdict(lambda: [(0, {})])
        self._joined: dict[str, list[tuple[int, Any]]] = defaultdict(lambda: [(0, {})])
        # The number of the last write that counted for a member, or in a budget.
        self._touched: dict[str, int] = defaultdict(int)
        self.writes = 0

    @property
    def _is_watching(self) -> bool:
        return any(each.document.campaigns for each in self._versions)

    def enrolled(self, member_id: str, profile: Any, joined: Mapping[str, Any]) -> None:
        """A member who was there from the beginning."""
        self._profiles[member_id].append((0, profile))
        self._joined[member_id].append((0, joined))

    def decided(self, written: Sequence[Written], *, began: int) -> None:
        """Check what a write decided, with accounts as they were before it.

        `began` is how many writes there had been when its request began.
        """
        self.writes += 1
        if not self._is_watching:
            return
        for key, _, after in written:
            item: Any = after
            if key.sk == "PROFILE":
                self._profiles[_member(key)].append((self.writes, item or {}))
            elif key.sk == "TARGETING":
                joined = item["joined"] if item else {}
                self._joined[_member(key)].append((self.writes, joined))
            elif key.sk == "ENTRY#accrual" and item["kind"] == "accrual":
                self._accruals[order_of(key)] = item
                self._accrued(key, item, began, has_waited=_has(written, "clawback"))
            elif key.sk == "ORDER" and any(
                each.sk.startswith("ENTRY#edit") for each, *_ in written
            ):
                self._edited(key, item, began)

    def counted(self, written: Sequence[Written]) -> None:
        """Check what a write counted, with accounts and orders as they are after it."""
        if not self._is_watching:
            return
        entries = list(_of_orders(written))
        for key, entry in entries:
            self._adds(key, entry)
        for order, entry in {order_of(key): entry for key, entry in entries}.items():
            kinds = {each["kind"] for key, each in entries if order_of(key) == order}
            self._follows(order, entry, kinds)
        self._spread(written, entries)
        for key, _, after in written:
            if key.sk == "ACCOUNT":
                self._account(after, entries)

    # What a write decided

    def _accrued(self, key: Key, entry: Any, began: int, *, has_waited: bool) -> None:
        """An order earns by the version in force, for its member as they were before it.

        With refunds that waited for it, it may take less of a budget than it was decided with, or
        nothing; then it does not rely on what the budget has left.
        """
        account = self._seen.accounts[entry["member_id"]]
        program, sale = self._program(entry), self._sale(entry, None)
        context = naive_campaigns.context_of(entry)
        decided, tier = (context.opened, context.held_out), context.tier
        verdicts = [
            self._verdict(program, sale, buyer, member_id=entry["member_id"])
            for buyer in self._buyers(account, tier, began)
        ]
        if decided not in verdicts:
            raise Violation(f"{key} opens and withholds {decided} instead of {verdicts[-1]}")
        budgets = self._budgets(program, sale.local.date())
        if not (self._is_touched(budgets, began) or (budgets and has_waited)):
            self._may_give(key, sale, context, member_id=entry["member_id"], had={})
        gives = self._gives(entry, None)
        shares = {giver: sum(points) for giver, *points in entry["shares"]}
        shares |= naive_campaigns.given_by(entry)
        if shares != gives:
            raise Violation(f"{key} gives {shares} instead of {gives}")
        parts = naive_campaigns.dated(gives, program, day=sale.local.date(), tier=tier)
        if {(first, last): points for first, last, points in entry["parts"]} != parts:
            raise Violation(f"{key} gives at {entry['parts']} instead of {parts}")

    def _verdict(
        self, program: Program, sale: Sale, buyer: Buyer, *, member_id: str
    ) -> tuple[set[str], set[str]]:
        """The campaigns that are decided of a member and for them, and those withheld from them."""
        program_id = self._versions[0].program_id
        opened, held_out = set(), set()
        for each in program.campaigns:
            if not naive_campaigns.is_open(each, sale, buyer):
                continue
            if naive_campaigns.is_held_out(
                each, program, member_id=member_id, program_id=program_id
            ):
                held_out.add(each.id)
            elif naive_campaigns.is_of_member(each):
                opened.add(each.id)
        return opened, held_out

    def _edited(self, key: Key, state: Any, began: int) -> None:
        """A new version of an order may give what it counted before, and what limits leave."""
        accrual, counts = self._accruals[order_of(key)], self._orders[order_of(key)]
        program, sale = self._program(accrual), self._sale(accrual, state)
        if not any(map(_is_limited, program.campaigns)):
            return
        day, member_id = sale.local.date(), self._heir(accrual["member_id"])
        if self._is_touched([member_id, *self._budgets(program, day)], began):
            return
        context = replace(naive_campaigns.context_of(accrual), ceilings=state["ceilings"])
        self._may_give(key, sale, context, member_id=member_id, had=counts.counted)

    def _may_give(
        self, key: Key, sale: Sale, context: Context, *, member_id: str, had: Mapping[str, int]
    ) -> None:
        """Where limits leave less than an order would get, it gets all that they leave.

        A budget that is not read is taken to be whole: then the order's shard must have enough.
        """
        given = naive_campaigns.planned(sale.whole, context)
        budgets = [each.id for each in sale.program.campaigns if each.limits.budget]
        left: dict[str, int] = {}
        for are_read in product((True, False), repeat=len(budgets)):
            read = {each for each, is_read in zip(budgets, are_read, strict=True) if is_read}
            room = self._room(sale, member_id, had, read)
            short = naive_campaigns.ceilings(sale, context, room=room, had=had)
            left = naive_campaigns.planned(sale.whole, replace(context, ceilings=short))
            if given == left:
                return
        raise Violation(f"{key} may give {given}, and limits leave {left}")

    def _buyers(self, account: Any, tier: str | None, began: int) -> Iterator[Buyer]:
        """What was known of a member at some time between the request's begin and its write."""
        member_id = account["member_id"]
        for profile, joined in product(
            _since(self._profiles[member_id], began), _since(self._joined[member_id], began)
        ):
            yield Buyer(
                orders=account.get("orders"),
                bought_on=account.get("bought_on"),
                enrolled_on=date.fromisoformat(self._seen.local_day(account["enrolled_at"])),
                tier=tier,
                profile=profile,
                joined=joined,
            )

    def _room(
        self, sale: Sale, member_id: str, had: Mapping[str, int], read: Collection[str]
    ) -> dict[str, int]:
        """What limits leave, by the sums of all entries and by budgets that are read."""
        used, day, program = self._used_of(member_id), sale.local.date(), sale.program
        rooms: dict[str, int] = {}
        for each in program.campaigns:
            room: list[int] = []
            for name, most, is_of_orders in _caps(each, day):
                if not is_of_orders:
                    room.append(max(0, most - used[name]))
                elif used[name] >= most and not had.get(each.id):
                    room.append(0)
            budget = naive_campaigns.budget_points(each, program)
            if budget is not None:
                room.append(budget)
            if budget is not None and each.id in read:
                # One that was lowered leaves nothing once more than it was used.
                shards = self._shards[_budget(each, day)]
                shares = (naive_campaigns.share(budget, number) for number in range(16))
                room.append(sum(max(0, s - shards.get(n, 0)) for n, s in enumerate(shares)))
                room.append(max(0, budget - sum(shards.values())))
            if room:
                rooms[each.id] = min(room)
        return rooms

    # What a write counted

    def _adds(self, key: Key, entry: Any) -> None:
        member_id, order = entry["member_id"], self._orders[order_of(key)]
        for limit, amount in _uses(entry):
            order.used[limit] += amount
            if limit.startswith(BUDGET):
                self._used_of_budgets[limit] += amount
                self._touched[limit] = self.writes
            else:
                self._used_by[member_id][limit] += amount
                self._touched[member_id] = self.writes
        if entry["kind"] == "accrual":
            order.given.update(naive_campaigns.given_by(entry))
            if self._sale(entry, None).counts:
                self._used_by[member_id][ORDERS] += 1
                order.used[ORDERS] += 1
        else:
            order.given.update(entry["about"].get("campaign_points", {}))

    def _follows(self, name: tuple[str, ...], entry: Any, kinds: set[str]) -> None:
        """What an order gives and counts follows from the rules, after every write to it."""
        order, state = self._orders[name], self._seen.orders[name].state
        accrual = self._accruals[name]
        program, sale = self._program(accrual), self._sale(accrual, state)
        gives, forgiven = self._gives(accrual, state), state["forgiven"] if state else 0
        sums = self._seen.orders[name]
        if sums.earned - sum(sums.settled.values()) != sum(gives.values()):
            raise Violation(f"order {name} gives {gives}, and earned {sums.earned}")
        if kinds == {"clawback"}:
            risen = {each for each in gives if gives[each] > order.gives.get(each, 0)}
            if risen:
                raise Violation(f"a refund of order {name} made {risen} give more")
        if not any(each.amount or each.units for each in sale.remaining) and gives:
            raise Violation(f"order {name} gives {gives} for nothing")
        newly_forgiven = max(0, forgiven - order.forgiven)
        order.counted = self._counts(order, gives, program, newly_forgiven, "accrual" in kinds)
        order.gives, order.forgiven = gives, forgiven
        if state and state.get("counted", order.counted) != order.counted:
            raise Violation(f"order {name} counts {state['counted']} instead of {order.counted}")
        if {each: points for each, points in order.given.items() if points} != order.counted:
            raise Violation(f"order {name} was given {order.given} instead of {order.counted}")
        if order.used[ORDERS] != (sale.counts or forgiven > 0):
            raise Violation(f"order {name} counts {order.used[ORDERS]} times as one")
        self._bought(name, entry["member_id"], sale)
        self._used_as_counted(name, sale.local.date(), program)

    def _counts(
        self,
        order: OrderCounts,
        gives: Mapping[str, int],
        program: Program,
        newly_forgiven: int,
        is_new: bool,
    ) -> dict[str, int]:
        """What an order counts in limits: what was taken back counts no more, rounded down."""
        givers = {*gives, *order.gives}
        falls = {each: order.gives.get(each, 0) - gives.get(each, 0) for each in givers}
        fallen = sum(fall for fall in falls.values() if fall > 0)
        counted: dict[str, int] = {}
        for each in program.campaigns:
            had, now = order.counted.get(each.id, 0), gives.get(each.id, 0)
            fall = falls.get(each.id, 0)
            if fall > 0 and not is_new:
                counted[each.id] = had - fall * (fallen - newly_forgiven) // fallen
            else:
                counted[each.id] = max(had, now) if fall else had
            if counted[each.id] < now:
                raise Violation(f"{each.id} counts {counted[each.id]} of {now} points")
        return {each: points for each, points in counted.items() if points}

    def _bought(self, name: tuple[str, ...], member_id: str, sale: Sale) -> None:
        if self._sale(self._accruals[name], None).counts or sale.counts:
            day = sale.local.date().isoformat()
            self._bought_on[member_id] = max(self._bought_on[member_id], day)

    def _used_as_counted(self, name: tuple[str, ...], day: date, program: Program) -> None:
        """The entries of an order say of each limit what it counts."""
        order = self._orders[name]
        expected: Counter[str] = Counter({ORDERS: order.used[ORDERS]})
        for each in program.campaigns:
            points = order.counted.get(each.id, 0)
            for limit, _, is_of_orders in _caps(each, day):
                expected[limit] += bool(points) if is_of_orders else points
            if each.limits.budget is not None:
                expected[_budget(each, day)] += points
        if +order.used != +expected or -order.used != -expected:
            raise Violation(f"order {name} used {+order.used} instead of {+expected}")

    def _account(self, account: Any, entries: Sequence[tuple[Key, Any]]) -> None:
        """An account counts what its entries say, and limits hold whenever something is taken."""
        member_id = account["member_id"]
        if account["status"] != "active":
            return
        used = self._used_of(member_id)
        counters = {
            name.removeprefix("campaign#"): amount
            for name, amount in account["redeemed"].items()
            if name.startswith("campaign#")
        }
        for name in {*used, *counters} - {ORDERS}:
            if counters.get(name, 0) != used[name] and not self._is_forgotten(name, member_id):
                raise Violation(
                    f"{member_id} used {counters.get(name, 0)} of {name}, not {used[name]}"
                )
        if account.get("orders") is not None:
            if account["orders"] != used[ORDERS]:
                raise Violation(f"{member_id} has {account['orders']} orders, not {used[ORDERS]}")
            owners = (member_id, *account.get("absorbed", ()))
            latest = max(self._bought_on[each] for each in owners)
            if account.get("bought_on", "") != latest:
                raise Violation(f"{member_id} bought on {account.get('bought_on')}, not {latest}")
        for key, entry in entries:
            accrual = self._accruals[order_of(key)]
            program, day = self._program(accrual), self._sale(accrual, None).local.date()
            taken = Counter(dict(_uses(entry)))
            for each in program.campaigns:
                for name, most, _ in _caps(each, day):
                    if taken[name] > 0 and counters.get(name, 0) > most:
                        raise Violation(
                            f"{key} takes of {name}, and {counters[name]} of {most} are used"
                        )

    def _spread(self, written: Sequence[Written], entries: Sequence[tuple[Key, Any]]) -> None:
        """A shard of a budget gives no more than its share, and all together what entries say."""
        for key, before, after in written:
            if key.sk != "BUDGET":
                continue
            shard: Any = after
            campaign_id, period, number = key.pk.split("#")[3:6]
            self._shards[f"{BUDGET}{campaign_id}#{period}"][int(number)] = shard["used"]
            program = self._program(self._accruals[order_of(entries[0][0])])
            (campaign,) = (each for each in program.campaigns if each.id == campaign_id)
            budget = naive_campaigns.budget_points(campaign, program) or 0
            most = naive_campaigns.share(budget, int(number))
            old: Any = before or {"used": 0}
            if shard["used"] > max(most, old["used"]):
                raise Violation(f"{key} has used {shard['used']} of {most}")
        for name, shards in self._shards.items():
            if sum(shards.values()) != self._used_of_budgets[name]:
                raise Violation(
                    f"{name} is used {shards}, by entries {self._used_of_budgets[name]}"
                )

    # What was seen before

    def _gives(self, accrual: Any, state: Any) -> dict[str, int]:
        return naive_campaigns.by_giver(accrual, state, self._program(accrual))

    def _sale(self, accrual: Any, state: Any) -> Sale:
        return naive_campaigns.sale_of(accrual, state, self._program(accrual))

    def _program(self, accrual: Any) -> Program:
        version: int = accrual["program_version"]
        return self._versions[version - 1].document

    def _used_of(self, member_id: str) -> Counter[str]:
        """What a member used of limits, with all that were merged into them."""
        used = Counter(self._used_by[member_id])
        for each in self._seen.accounts[member_id].get("absorbed", ()):
            used.update(self._used_by[each])
        return used

    def _budgets(self, program: Program, day: date) -> list[str]:
        return [_budget(each, day) for each in program.campaigns if each.limits.budget]

    def _is_touched(self, names: Sequence[str], began: int) -> bool:
        """Whether another write counted there since a request began."""
        return any(self._touched[name] > began for name in names)

    def _is_forgotten(self, limit: str, member_id: str) -> bool:
        """Whether no order of a limit's period can come any more: an account may drop it."""
        _, period, *_ = limit.split("#")
        kinds = {10: "day", 8: "week", 7: "month", 4: "year"}
        if len(period) not in kinds:
            return False
        oldest = self._seen.days[member_id] - timedelta(days=90)
        return naive_campaigns.period(kinds[len(period)], oldest) > period

    def _heir(self, member_id: str) -> str:
        account = self._seen.accounts[member_id]
        return self._heir(account["into"]) if "into" in account else member_id


def _since(versions: Sequence[tuple[int, Any]], write: int) -> list[Any]:
    """The versions that were in force at a write or later."""
    before = [version for number, version in versions if number <= write]
    return [before[-1], *(version for number, version in versions if number > write)]


def _member(key: Key) -> str:
    return key.pk.rsplit("#", 1)[1]


def _has(written: Sequence[Written], kind: str) -> bool:
    """Whether a write has an entry of a kind."""
    return any(key.sk.startswith(f"ENTRY#{kind}") for key, *_ in written)


def _of_orders(written: Sequence[Written]) -> Iterator[tuple[Key, Any]]:
    for key, _, after in written:
        item: Any = after
        of_order = "#ORDER#" in key.pk and key.sk.startswith("ENTRY#")
        if of_order and item["kind"] in {"accrual", "clawback", "edit"}:
            yield key, item


def _uses(entry: Any) -> Iterator[tuple[str, int]]:
    """What an entry of an order changes in limits."""
    if entry["kind"] == "accrual":
        yield from naive_campaigns.uses_of(entry)
    else:
        yield from entry["about"].get("counted", ())


def _caps(campaign: Any, day: date) -> Iterator[tuple[str, int, bool]]:
    """The limits of a campaign for a member: their names, their most, and whether of orders."""
    limit = campaign.limits.per_member
    if limit is None or limit.per == "order":
        return
    name = f"{campaign.id}#{naive_campaigns.period(limit.per, day)}"
    if limit.points is not None:
        yield name, limit.points, False
    if limit.orders is not None:
        yield f"{name}#orders", limit.orders, True


def _budget(campaign: Any, day: date) -> str:
    per = naive_campaigns.period(campaign.limits.budget.per, day)
    return f"{BUDGET}{campaign.id}#{per}"


def _is_limited(campaign: Any) -> bool:
    member = campaign.limits.per_member
    return campaign.limits.budget is not None or (member is not None and member.per != "order")
