"""The ledger of one program, kept in the table: postings in, accounts and entries out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo
from itertools import islice
from typing import TYPE_CHECKING, Final, cast

from loyalty.domain.campaigns.limits import CampaignPeriod
from loyalty.domain.kernel.calendar import midnight
from loyalty.domain.ledger.entries import Cause, Entry, OrderCause, Placeholder
from loyalty.table import (
    activities,
    budgets,
    engagement,
    households,
    keys,
    plans,
    records,
    referrals,
    stock,
)
from loyalty.table.engine import Engine, every, key_of, pages
from loyalty.table.histories import newest
from loyalty.table.operations import (
    Absent,
    Action,
    AnyOf,
    Assign,
    Check,
    Compare,
    Condition,
    Delete,
    Increase,
    Missing,
    Operation,
    Put,
    Query,
    Refused,
    Remove,
    Update,
    at_least,
    at_most,
    equal,
    greater,
    less,
)
from loyalty.table.records.accounts import held_to_map
from loyalty.table.records.approvals import HELD, approval_to_item
from loyalty.table.records.households import household_from_item
from loyalty.table.records.members import member_from_item
from loyalty.table.records.plans import plans_from_item
from loyalty.table.records.responses import response_key, response_to_item
from loyalty.table.records.reviews import OPEN, review_to_item
from loyalty.table.records.targeting import targeting_from_item
from loyalty.usecases.ports import Listed, OrderOnFile, Overtaken, Participant

if TYPE_CHECKING:
    from loyalty.domain.campaigns.budgets import ShardsUsed
    from loyalty.domain.households.household import Household
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.campaign_counts import CampaignCounting
    from loyalty.domain.ledger.order_vouchers import OrderVouchers
    from loyalty.domain.ledger.postings import (
        AccountChange,
        AllowanceUsed,
        DueTime,
        OrderSeen,
        Posting,
    )
    from loyalty.domain.ledger.stock import StockShards
    from loyalty.domain.ledger.vouchers import Voucher
    from loyalty.domain.plans.tellings import MemberPlans

# Each is read together with its accrual, and one batch reads up to a hundred items.
GUEST_ORDERS_A_PAGE: Final = 50
ALLOWANCE_KEPT_FOR: Final = timedelta(days=7)


class TableBooks:
    """Implements `Books`. `zone` is the program's: due days begin at its midnights."""

    def __init__(self, engine: Engine, *, program_id: str, zone: tzinfo) -> None:
        self._engine = engine
        self._program = program_id
        self._zone = zone

    def account(self, member_id: str, *, strong: bool = False) -> Account | None:
        item = self._engine.get(keys.account(self._program, member_id), strong=strong)
        return records.account_from_item(item) if item else None

    def entry(self, cause: Cause) -> Entry | Placeholder | None:
        item = self._engine.get(records.cause_key(self._program, cause), strong=True)
        return records.entry_from_item(item) if item else None

    def whole_entries(self, causes: Sequence[Cause]) -> Mapping[Cause, Entry]:
        by_key = {records.cause_key(self._program, cause): cause for cause in causes}
        found = self._engine.get_many(by_key, strong=False)
        entries = {by_key[key]: records.entry_from_item(item) for key, item in found.items()}
        return {cause: each for cause, each in entries.items() if isinstance(each, Entry)}

    def order(self, cause: OrderCause) -> OrderOnFile:
        accrual = keys.accrual(self._program, cause.source, cause.order_id)
        state = keys.order_state(self._program, cause.source, cause.order_id)
        entry = records.cause_key(self._program, cause)
        found = self._engine.get_many((accrual, state, entry), strong=True)
        return OrderOnFile(
            accrual=records.entry_from_item(found[accrual]) if accrual in found else None,
            state=records.order_state_from_item(found[state]) if state in found else None,
            entry=cast("Entry", records.entry_from_item(found[entry])) if entry in found else None,
        )

    def order_entries(self, source: str, order_id: str) -> Sequence[Entry | Placeholder]:
        partition = keys.order_partition(self._program, source, order_id)
        # "accrual" sorts before every other kind of entry.
        return [
            records.entry_from_item(item)
            for item in every(self._engine, Query(pk=partition, begins_with="ENTRY#", strong=True))
        ]

    def budgets_used(self, periods: Collection[CampaignPeriod]) -> ShardsUsed:
        return budgets.read(self._engine, self._program, periods)

    def participant(
        self, member_id: str, *, profile: bool = False, targeting: bool = False
    ) -> Participant:
        of_account = keys.account(self._program, member_id)
        of_profile = keys.profile(self._program, member_id)
        of_targeting = keys.targeting(self._program, member_id)
        asked_for = ((of_account, True), (of_profile, profile), (of_targeting, targeting))
        found = self._engine.get_many([key for key, is_read in asked_for if is_read], strong=True)
        return Participant(
            account=records.account_from_item(found[of_account]) if of_account in found else None,
            member=member_from_item(found[of_profile]) if of_profile in found else None,
            targeting=targeting_from_item(found[of_targeting]) if of_targeting in found else None,
        )

    def plans(self, member_id: str) -> MemberPlans | None:
        item = self._engine.get(keys.member_plans(self._program, member_id), strong=True)
        return plans_from_item(item) if item else None

    def household(self, household_id: str) -> Household | None:
        key = keys.household(self._program, household_id)
        item = self._engine.get(key, strong=True)
        return household_from_item(item) if item else None

    def voucher(self, code: str) -> Voucher | None:
        item = self._engine.get(keys.voucher(self._program, code), strong=True)
        return records.voucher_from_item(item) if item else None

    def order_vouchers(self, source: str, order_id: str) -> OrderVouchers | None:
        key = keys.order_vouchers(self._program, source, order_id)
        item = self._engine.get(key, strong=True)
        return records.order_vouchers_from_item(item) if item else None

    def expiries(self, member_id: str, lot: date) -> Sequence[Entry]:
        query = Query(
            pk=keys.member_partition(self._program, member_id),
            begins_with=f"ENTRY#expiry#{lot.isoformat()}#",
            strong=True,
        )
        return [cast("Entry", records.entry_from_item(item)) for item in every(self._engine, query)]

    def entries(
        self,
        member_id: str,
        *,
        since: datetime | None = None,
        before: datetime | None = None,
        at_most: int | None = None,
    ) -> Sequence[Entry]:
        query = replace(self._history(member_id, since, before), limit=min(at_most or 1000, 1000))
        listed = islice(every(self._engine, query), at_most)
        return [cast("Entry", records.entry_from_item(item)) for item in listed]

    def count_entries(
        self, member_id: str, *, since: datetime | None = None, before: datetime | None = None
    ) -> int:
        query = replace(self._history(member_id, since, before), limit=10_000, only_counts=True)
        return sum(page.count for page in pages(self._engine, query))

    def _history(self, member_id: str, since: datetime | None, before: datetime | None) -> Query:
        """Positions go on after the moment, so `before` lists none that count at that moment."""
        return Query(
            pk=keys.history_partition(self._program, member_id),
            index="history",
            first=keys.instant(since) if since else None,
            last=keys.instant(before) if before else None,
        )

    def stock(self, reward_id: str) -> StockShards:
        return stock.read(self._engine, self._program, reward_id, strong=True)

    def deal_stock(self, reward_id: str, seen: StockShards, becomes: StockShards) -> None:
        operations = stock.deal(self._program, reward_id, seen, becomes)
        try:
            self._engine.write(operations)
        except Refused as refused:
            raise Overtaken(entry=None, accounts={}, short_stock=True) from refused

    def sold_out(self, stocks: Mapping[str, int], *, near: str) -> Collection[str]:
        return stock.sold_out(self._engine, self._program, stocks, near=near)

    def vouchers(
        self, member_ids: Sequence[str], *, limit: int, start: str | None
    ) -> Listed[Voucher]:
        partitions = [keys.vouchers_partition(self._program, each) for each in member_ids]
        page = newest(self._engine, partitions, limit=limit, start=start)
        return Listed([records.voucher_from_item(item) for item in page.items], page.next)

    def post(self, posting: Posting) -> None:
        operations = list(self.operations(posting))
        try:
            self._engine.write(operations)
        except Refused as refused:
            raise self._overtaken(operations, refused) from refused

    def keep(self, placeholder: Placeholder) -> None:
        item = records.placeholder_to_item(placeholder, self._program)
        key = keys.accrual(self._program, placeholder.source, placeholder.order_id)
        condition = (
            (Absent(),) if placeholder.count == 1 else _is_placeholder(placeholder.count - 1)
        )
        found_by = records.guest_orders_of(placeholder, self._program)
        operations = [Put(key, item, condition), *(Put(key_of(each), each) for each in found_by)]
        try:
            self._engine.write(operations)
        except Refused as refused:
            raise self._overtaken(operations, refused) from refused

    def guest_orders(
        self, guest: str, *, since: datetime, start: str | None
    ) -> Listed[Placeholder]:
        partition = keys.guest_order(self._program, guest, "", "", "").pk
        query = Query(
            pk=partition,
            first=start or keys.instant(since),
            last=keys.AFTER_ALL_TIMES,
            # One more than the page shows, to know whether it is the last, and `start` itself.
            limit=GUEST_ORDERS_A_PAGE + 2,
            strong=True,
        )
        listed = [item for item in self._engine.query(query) if item["sk"] != start]
        page = listed[:GUEST_ORDERS_A_PAGE]
        # An order whose versions have different times is listed under each of them.
        accruals = dict.fromkeys(
            keys.accrual(self._program, cast("str", item["source"]), cast("str", item["order"]))
            for item in page
        )
        found = self._engine.get_many(accruals, strong=True)
        on_file = [records.entry_from_item(found[key]) for key in accruals if key in found]
        return Listed(
            [each for each in on_file if isinstance(each, Placeholder)],
            cast("str", page[-1]["sk"]) if len(listed) > len(page) else None,
        )

    def operations(self, posting: Posting) -> Sequence[Operation]:
        """The posting as one transaction; the cause's own entry, the guard of the rest, first."""
        operations: list[Operation] = []
        for number, entry in enumerate(posting.entries):
            item = records.entry_to_item(entry, self._program)
            condition: tuple[Condition, ...] = (Absent(),)
            if number == 0 and posting.replaces is not None:
                condition = _is_placeholder(posting.replaces.count)
            operations.append(Put(records.cause_key(self._program, entry.cause), item, condition))
        if (changed := posting.order_state) is not None:
            key = keys.order_state(self._program, changed.source, changed.order_id)
            seen = changed.counter_seen
            operations.append(
                Put(
                    key,
                    records.order_state_to_item(changed.state, key),
                    (Absent(),) if seen is None else (equal(("counter",), seen),),
                )
            )
        if posting.issues is not None:
            operations.append(self._put_voucher(posting.issues, (Absent(),)))
        if (held := posting.order_vouchers) is not None:
            key = keys.order_vouchers(self._program, held.source, held.order_id)
            seen = held.counter - 1
            operations.append(
                Put(
                    key,
                    records.order_vouchers_to_item(held, key),
                    (equal(("counter",), seen),) if seen else (Absent(),),
                )
            )
        if posting.voucher is not None:
            seen_state = equal(("state",), posting.voucher.seen.state)
            unchanged = (_in_shops(posting.voucher.seen), _return_steps(posting.voucher.seen))
            conditions = (seen_state, *unchanged)
            operations.append(self._put_voucher(posting.voucher.becomes, conditions))
        operations.extend(self._counters(posting))
        operations.extend(self._beside(posting))
        if posting.active is not None:
            is_active = equal(("status",), "active")
            operations.append(Check(keys.account(self._program, posting.active), (is_active,)))
        if posting.order_seen is not None:
            operations.extend(self._order_checks(posting.order_seen))
        operations.extend(self._change(change) for change in posting.changes)
        if posting.replaces is not None:
            # A claimed order need not be found as a guest's any more.
            found_by = records.guest_orders_of(posting.replaces, self._program)
            operations.extend(Delete(key_of(each)) for each in found_by)
        return operations

    def _beside(self, posting: Posting) -> Iterator[Operation]:
        """What is written beside entries and accounts: what caused them, or what they rest on."""
        if (approval := posting.approval) is not None:
            key = keys.approval(self._program, approval.approval_id)
            item = approval_to_item(approval, self._program)
            yield Put(key, item, (equal(("state",), HELD),))
        if (review := posting.review) is not None:
            key = keys.review(self._program, review.review_id)
            seen = equal(("state",), OPEN) if review.decision else Absent()
            yield Put(key, review_to_item(review, self._program), (seen,))
        if (response := posting.response) is not None:
            item = response_to_item(response, self._program)
            yield Put(response_key(response, self._program), item, (Absent(),))
        if posting.engagement is not None:
            yield from engagement.writes(self._program, posting.engagement)
        if posting.plans is not None:
            yield plans.write(self._program, posting.plans)
        if posting.referral is not None:
            yield from referrals.writes(self._program, posting.referral)
        if posting.household is not None:
            yield households.write(self._program, posting.household)
        if posting.award is not None:
            yield engagement.write_award(self._program, posting.award)
        if posting.activity is not None:
            yield from activities.writes(self._program, posting.activity)

    def _put_voucher(self, voucher: Voucher, conditions: tuple[Condition, ...]) -> Put:
        key = keys.voucher(self._program, voucher.code)
        return Put(key, records.voucher_to_item(voucher, self._program), conditions)

    def _order_checks(self, seen: OrderSeen) -> Iterator[Operation]:
        if seen.vouchers_counter is not None:
            vouchers = keys.order_vouchers(self._program, seen.source, seen.order_id)
            yield Check(vouchers, (equal(("counter",), seen.vouchers_counter),))
        if seen.placeholder_count is not None:
            accrual = keys.accrual(self._program, seen.source, seen.order_id)
            yield Check(accrual, _is_placeholder(seen.placeholder_count))
            return
        counter = seen.state_counter
        state = keys.order_state(self._program, seen.source, seen.order_id)
        yield Check(state, (Absent(),) if counter is None else (equal(("counter",), counter),))

    def _counters(self, posting: Posting) -> Iterator[Operation]:
        """Updates of counters beside the accounts that must stay within a limit."""
        if posting.stock is not None:
            yield stock.take(self._program, posting.stock)
        if posting.allowance is not None:
            yield self._use_allowance(posting.allowance)
        for taken in posting.budgets:
            yield budgets.take(self._program, taken)

    def _use_allowance(self, used: AllowanceUsed) -> Update:
        """Relies on the caller's adjustments of that day leaving enough room for this one."""
        kept_until = midnight(used.day + ALLOWANCE_KEPT_FOR, self._zone)
        room = at_most(("points",), used.points_max - used.points)
        return Update(
            keys.adjusted(self._program, used.caller, used.day.isoformat()),
            actions=(
                Increase(("points",), used.points),
                Assign(("ttl",), int(kept_until.timestamp())),
            ),
            conditions=(_missing_or(room),),
            creates=True,
        )

    def _change(self, change: AccountChange) -> Operation:
        if change.becomes is not None:
            return self._replace(change, change.becomes)
        return Update(
            keys.account(self._program, change.member_id),
            actions=tuple(self._actions(change)),
            conditions=tuple(_reliances(change)),
        )

    def _replace(self, change: AccountChange, account: Account) -> Put:
        if change.entries_seen is None:
            raise ValueError("replacing an account must rely on its version")
        due_at = midnight(account.due, self._zone) if account.due else None
        return Put(
            keys.account(self._program, account.member_id),
            records.account_to_item(account, self._program, due_at=due_at),
            tuple(_reliances(change)),
        )

    def _actions(self, change: AccountChange) -> Sequence[Action]:
        effect = change.effect
        actions: list[Action] = [Increase(("entries",), change.entries)]
        if effect.points:
            actions.append(Increase(("balance",), effect.points))
        if effect.debt:
            actions.append(Increase(("debt",), effect.debt))
        actions += _actions_on_maps(change)
        if change.active_on is not None:
            actions.append(Assign(("active_on",), change.active_on.isoformat()))
        if change.campaigns.orders:
            actions.append(Increase(("orders",), change.campaigns.orders))
        if change.campaigns.bought_on is not None:
            actions.append(Assign(("bought_on",), change.campaigns.bought_on.isoformat()))
        if (announced := change.announces) is not None:
            announced_path = ("tier_announced",)
            actions.append(
                Assign(announced_path, announced.level)
                if announced.level
                else Remove(announced_path)
            )
            actions.append(Increase(("tier_ups" if announced.is_up else "tier_downs",), 1))
        if change.tier_reached:
            reached = records.reached_to_list(change.tier_reached)
            actions.append(Assign(("tier_reached",), reached))
        if change.revises_tier:
            actions.append(Increase(("tier_revision",), 1))
        if change.due is not None and change.due.moves:
            actions += self._move_due(change.member_id, change.due)
        return actions

    def _move_due(self, member_id: str, due: DueTime) -> Sequence[Action]:
        index = keys.due_keys("expiring", self._program, member_id, midnight(due.on, self._zone))
        return [
            Assign(("due",), due.on.isoformat()),
            *(Assign((name,), value) for name, value in index.items()),
        ]

    def _overtaken(self, operations: Sequence[Operation], refused: Refused) -> Overtaken:
        """The current state of the books, as far as a refused transaction reports it."""
        entry: Entry | Placeholder | None = None
        accounts: dict[str, Account] = {}
        short_budgets: set[CampaignPeriod] = set()
        short_stock = over_allowance = False
        for index, item in refused.found.items():
            key = operations[index].key
            if key.sk == "STOCK":
                short_stock = True
            elif key.sk.startswith("ADJUSTED#"):
                over_allowance = True
            elif key.sk == "BUDGET":
                short_budgets.add(CampaignPeriod(*key.pk.split("#")[3:5]))
            elif item is None:
                continue
            elif index == 0 and key.sk.startswith("ENTRY#"):
                entry = records.entry_from_item(item)
            elif key.sk == "ACCOUNT":
                account = records.account_from_item(item)
                accounts[account.member_id] = account
        return Overtaken(
            entry=entry,
            accounts=accounts,
            short_stock=short_stock,
            over_allowance=over_allowance,
            short_budgets=frozenset(short_budgets),
        )


def _actions_on_maps(change: AccountChange) -> Iterator[Action]:
    for lot, points in change.effect.lots.items():
        path = ("lots", lot.isoformat())
        yield Remove(path) if lot in change.lots_exactly else Increase(path, points)
    for dates, points in change.effect.pending.items():
        yield Increase(("pending", records.pending_name(dates)), points)
    for period, amount in change.qualifying.items():
        yield Increase(("qualifying", period), amount)
    for reward_id, times in change.redeemed.items():
        yield Increase(("redeemed", reward_id), times)
    for counter, amount in change.campaigns.used.items():
        yield Increase(("redeemed", counter), amount)
    for day, points in change.giveable_from.items():
        yield Increase(("giveable_from", day.isoformat()), points)
    for lot, first_end in change.reinstated.items():
        yield Assign(("reinstated", lot.isoformat()), first_end.isoformat())
    yield from map(Remove, change.forgets)


def _in_shops(seen: Voucher) -> Condition:
    """No other shop was given the code since the voucher was read."""
    path = ("about", "in_shops")
    return equal(path, list(seen.in_shops)) if seen.in_shops else Missing(path)


def _return_steps(seen: Voucher) -> Condition:
    """No points of the voucher returned, or were taken again, since it was read."""
    path = ("about", "return_steps")
    return equal(path, seen.return_steps) if seen.return_steps else Missing(path)


def _is_placeholder(count: int) -> tuple[Condition, ...]:
    return (equal(("kind",), "placeholder"), equal(("count",), count))


def _reliances(change: AccountChange) -> Sequence[Condition]:
    """Exactly what the change was decided from, as conditions."""
    conditions: list[Condition] = [equal(("status",), "active")]
    for name, seen in (
        ("entries", change.entries_seen),
        ("balance", change.balance_seen),
        ("debt", change.debt_seen),
    ):
        if seen is not None:
            conditions.append(equal((name,), seen))
    if change.balance_at_most is not None:
        conditions.append(at_most(("balance",), change.balance_at_most))
    for lot, points in change.lots_exactly.items():
        conditions.append(equal(("lots", lot.isoformat()), points))
    for lot, points in change.lots_at_least.items():
        conditions.append(at_least(("lots", lot.isoformat()), points))
    for dates, points in change.pending_at_least.items():
        conditions.append(at_least(("pending", records.pending_name(dates)), points))
    for reward_id, most in change.redeemed_below.items():
        conditions.append(_missing_or(less(("redeemed", reward_id), most)))
    if change.active_on is not None:
        conditions.append(_missing_or(less(("active_on",), change.active_on.isoformat())))
    if change.household_seen is not None:
        conditions.append(equal(("household",), held_to_map(change.household_seen)))
    conditions += _reliances_on_levels(change)
    conditions += _reliances_on_campaigns(change.campaigns)
    if (due := change.due) is not None:
        day = due.on.isoformat()
        conditions.append(
            _missing_or(greater(("due",), day)) if due.moves else at_most(("due",), day)
        )
    return conditions


def _reliances_on_levels(change: AccountChange) -> Iterator[Condition]:
    for counter, most in change.qualifying_at_most.items():
        yield _missing_or(at_most(("qualifying", counter), most))
    for counter, seen in change.qualifying_exactly.items():
        same = equal(("qualifying", counter), seen)
        yield same if seen else _missing_or(same)
    if (revision := change.tier_revision_seen) is not None:
        path = ("tier_revision",)
        yield equal(path, revision) if revision else Missing(path)


def _reliances_on_campaigns(counting: CampaignCounting) -> Iterator[Condition]:
    for counter, most in counting.at_most.items():
        yield _missing_or(at_most(("redeemed", counter), most))
    for counter, seen in counting.exactly.items():
        same = equal(("redeemed", counter), seen)
        yield same if seen else _missing_or(same)
    if counting.is_unknown:
        # A number that is not known must not become a small one.
        yield Missing(("orders",))
    if (within := counting.orders_within) is not None:
        if within.lowest is not None:
            yield at_least(("orders",), within.lowest)
        if within.highest is not None:
            yield at_most(("orders",), within.highest)
    if counting.bought_on is not None:
        yield _missing_or(less(("bought_on",), counting.bought_on.isoformat()))
    for day in counting.bought_on_seen or ():
        yield equal(("bought_on",), day.isoformat()) if day else Missing(("bought_on",))


def _missing_or(comparison: Compare) -> AnyOf:
    return AnyOf((Missing(comparison.path), comparison))
