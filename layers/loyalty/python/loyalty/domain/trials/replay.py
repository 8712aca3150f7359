"""A replay: what happened to a person, decided again by the ledger's own rules in one world.

Until the period of the trial begins, accounts are as the books had them. From then on orders,
refunds and edits are decided again, and the calendar is computed. Everything else that moved points
happens as it did, as far as the account can pay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from loyalty.domain.campaigns.budgets import budgets_on, shards_leaving
from loyalty.domain.campaigns.member_facts import MemberFacts
from loyalty.domain.kernel.errors import ValidationFailed
from loyalty.domain.ledger import accruals, clawbacks, corrections, edits
from loyalty.domain.ledger.account import Account, lapse_of
from loyalty.domain.ledger.campaign_counts import has_goods
from loyalty.domain.ledger.entries import (
    CalendarCause,
    Entry,
)
from loyalty.domain.ledger.holding import Holding, total
from loyalty.domain.ledger.orders_to_settle import OrderToSettle
from loyalty.domain.ledger.postings import (
    addition,
    after_change,
    change_by_addition,
    change_by_taking,
    due_by,
    newly_active,
)
from loyalty.domain.ledger.settling import settle
from loyalty.domain.ledger.tiers import level_on
from loyalty.domain.trials.booked import counted, effect_of, entry_of, lots_of, pending_of, repriced
from loyalty.domain.trials.decided import OrderOnTrial, change_of, expiries, uses_of
from loyalty.domain.trials.happenings import (
    BuyStep,
    CalendarStep,
    ChangeStep,
    CloseStep,
    EnrollStep,
    GrantStep,
    Happening,
    MergeStep,
    MoveStep,
    RefundStep,
)
from loyalty.domain.trials.history import History, MemberThen
from loyalty.domain.trials.tally import Tally

if TYPE_CHECKING:
    from loyalty.domain.facts import EntryFact
    from loyalty.domain.ledger.postings import Posting
    from loyalty.domain.orders.order import Order, OrderRef
    from loyalty.domain.program.document import PublishedProgram
    from loyalty.domain.program.kinds import Activity
    from loyalty.domain.trials.rules import Rules
    from loyalty.domain.trials.sums import Measure, WorldName

_ACTIVITIES: Final[Mapping[str, Activity]] = {
    "redemption": "redemption",
    "adjustment": "adjustment",
    "transfer": "transfer",
}
# An account that is closed is emptied by an adjustment of this author.
_ERASURE: Final = "erasure"


@dataclass(slots=True)
class Replay:
    """One person in one world. Days are local to the program, and the period includes `last`."""

    tally: Tally
    rules: Rules
    first_at: datetime
    accounts: dict[str, Account] = field(default_factory=dict)
    orders: dict[OrderRef, OrderOnTrial] = field(default_factory=dict)
    _expired: dict[str, Counter[date]] = field(default_factory=dict)
    _refused: set[str | None] = field(default_factory=set)
    _prices: dict[str | None, Fraction] = field(default_factory=dict)
    _left_out: set[OrderRef] = field(default_factory=set)
    _history: History = field(default_factory=History)

    @classmethod
    def of(cls, world: WorldName, rules: Rules, *, first_at: datetime) -> Replay:
        return cls(Tally(world, rules), rules, first_at)

    def run(self, happened: Iterable[Happening], *, until: datetime) -> None:
        """Replay what happened before `until`, and leave the accounts as they are then."""
        for each in happened:
            if each.booked_at >= until:
                break
            if each.booked_at >= self.first_at:
                self._begin()
            self._happen(each)
            if self.rules.segments:
                self._history.note(each, self.rules.in_force(each.booked_at).document)
        self._begin()
        for account in list(self.accounts.values()):
            self._catch_up(account.member_id, until)
        self._count_held("held_after", until)
        for account in self.accounts.values():
            self.tally.count_what_is_left(account.holding, until)

    def levels(self, moment: datetime) -> str:
        """The level of the person at a moment; empty for none."""
        program = self.rules.in_force(moment).document
        levels = (
            level_on(account, program, day=program.today(moment))
            for account in self.accounts.values()
            if account.status == "active"
        )
        return next((level.id for level in levels if level), "")

    def _begin(self) -> None:
        """Leave what was booked, and begin to decide."""
        if self.tally.is_begun:
            return
        self.tally.is_begun = True
        for account in list(self.accounts.values()):
            # Whatever came due by now is settled, and the next due day is found.
            self.accounts[account.member_id] = replace(account, due=date.min)
            self._catch_up(account.member_id, self.first_at)
        self._count_held("held_before", self.first_at)

    def _happen(self, what: Happening) -> None:
        match what:
            case EnrollStep():
                self.accounts[what.member_id] = Account(
                    member_id=what.member_id, enrolled_at=what.booked_at, orders=0
                )
            case GrantStep():
                account = self._open(what.member_id, what.booked_at)
                program = self.rules.in_force(what.booked_at)
                self._post(
                    corrections.grant(account, what.floor, program=program, now=what.booked_at),
                    what.booked_at,
                )
            case MergeStep():
                self._merge(what)
            case CloseStep() if self.tally.is_begun:
                self._close(what)
            case CloseStep():
                # An entry of its own took what it held.
                account = self._account(what.member_id)
                self.accounts[account.member_id] = replace(account, status="closed")
            case _ if self.tally.is_begun:
                self._decide(what)
            case BuyStep():
                self._book(what.entry, is_order=has_goods(what.order))
                for each in what.refunds:
                    self._book(each.entry)
            case RefundStep() | ChangeStep() | MoveStep() | CalendarStep():
                self._book(what.entry)

    def _decide(self, what: BuyStep | RefundStep | ChangeStep | MoveStep | CalendarStep) -> None:
        match what:
            case BuyStep():
                self._buy(what)
            case RefundStep() | ChangeStep() if what.ref in self._left_out:
                return
            case RefundStep() if what.ref in self.orders:
                self._refund(what)
            case ChangeStep() if what.ref in self.orders:
                self._change(what)
            case RefundStep() | ChangeStep() | MoveStep():
                # Refunds and changes of orders from before the period are as they were.
                self._move(what.entry, what.booked_at)
            case CalendarStep():
                return

    def _buy(self, what: BuyStep) -> None:
        account = self._open(what.entry.member_id, what.booked_at)
        program = self.rules.deciding(what.entry)
        occurred_at = what.order.occurred_at.astimezone(program.document.zone)
        try:
            posting = accruals.accrue(
                what.order,
                account=account,
                program=program,
                fingerprint="",
                now=what.booked_at,
                replaces=what.placeholder,
                about=MemberFacts(
                    occurred_at=occurred_at,
                    decided=self.rules.verdicts(what.entry),
                    segments=self._segments(account, program, what.booked_at),
                ),
                shards=self._shards(what.entry, program, what.order),
            )
        except ValidationFailed:
            # The document gives more points than can be counted.
            self._left_out.add(what.order.ref)
            self.tally.count("uncountable", 1, what.booked_at)
            return
        entry = posting.entries[0]
        earned = entry.earned
        self._post(posting, what.booked_at)
        level = earned.tier
        net = sum(map(change_of, posting.entries)) - sum(map(change_of, expiries(posting)))
        self.orders[what.order.ref] = OrderOnTrial(
            accrual=entry,
            decided_by=program,
            state=posting.order_state.state if posting.order_state else None,
            expired_at_once=(-total(each.effect for each in expiries(posting))).lots,
            net=net,
        )
        self.tally.count("orders", 1, what.booked_at, level=level)
        self.tally.count("issued", earned.points, what.booked_at, level=level)
        self.tally.count("taken_back", earned.points - net, what.booked_at, level=level)
        for share in earned.shares:
            self.tally.add("issued", share.points, "giver", share.rule_id, what.booked_at)
        for each in posting.entries:
            self.tally.take_of_budgets(uses_of(each), what.booked_at)

    def _segments(
        self, account: Account, program: PublishedProgram, moment: datetime
    ) -> dict[str, str]:
        """The computed segments that the person was in when an order was recorded."""
        if not self.rules.segments:
            return {}
        document = program.document
        then = MemberThen.of(account, document, day=document.today(moment))
        return self._history.segments(self.rules.segments, then)

    def _refund(self, what: RefundStep) -> None:
        order = self.orders[what.ref]
        posting = clawbacks.claw_back(what.refund, self._to_settle(order, what.booked_at))
        self._settle_order(order, posting, what.booked_at)

    def _change(self, what: ChangeStep) -> None:
        if what.order is None:
            return
        order = self.orders[what.ref]
        posting = edits.edit(
            what.order,
            self._to_settle(order, what.booked_at),
            name=what.entry.fact_id,
            shards=self._shards(what.entry, order.decided_by, order.accrual.earned.order),
        )
        self._settle_order(order, posting, what.booked_at)

    def _to_settle(self, order: OrderOnTrial, moment: datetime) -> OrderToSettle:
        return OrderToSettle(
            accrual=order.accrual,
            state=order.state,
            account=self._open(order.accrual.member_id, moment),
            expired=self._expired_of(order),
            decided_by=order.decided_by,
            program=self.rules.in_force(moment),
            now=moment,
        )

    def _shards(
        self, entry: EntryFact, program: PublishedProgram, order: Order
    ) -> dict[str, tuple[int, ...]]:
        """What shards used of the budgets that limit an order."""
        if not program.document.campaigns:
            return {}
        budgets = budgets_on(program.document, program.document.today(order.occurred_at))
        lefts = {name: self.rules.budget_left(entry, name) for name in budgets}
        return {
            name: shards_leaving(budgets[name], left)
            for name, left in lefts.items()
            if left is not None
        }

    def _settle_order(self, order: OrderOnTrial, posting: Posting, moment: datetime) -> None:
        """Write what a refund or an edit does to an order, and count what it gave or took."""
        change = change_of(posting.entries[0])
        if posting.order_state is None:
            raise TypeError("a refund or an edit without the order's state")
        self._post(posting, moment)
        order.state = posting.order_state.state
        order.net += change
        level = order.accrual.earned.tier
        self.tally.count("issued", max(0, change), moment, level=level)
        self.tally.count("taken_back", max(0, -change), moment, level=level)
        self.tally.take_of_budgets(uses_of(posting.entries[0]), moment)

    def _merge(self, what: MergeStep) -> None:
        if self.tally.is_begun:
            self._open(what.member_id, what.booked_at)
            self._open(what.into, what.booked_at)
        loser, survivor = self._account(what.member_id), self._account(what.into)
        if loser.status != "active" or loser.member_id == survivor.member_id:
            return
        merged = corrections.merge(
            loser,
            survivor,
            program=self.rules.in_force(what.booked_at),
            request_id="",
            fingerprint="",
            now=what.booked_at,
        )
        self._post(merged, what.booked_at)

    def _close(self, what: CloseStep) -> None:
        account = self._open(what.member_id, what.booked_at)
        if account.status != "active":
            return
        closing = corrections.close(
            account, program=self.rules.in_force(what.booked_at), now=what.booked_at
        )
        for entry in closing.entries:
            lost = entry.effect
            self.tally.count("other", lost.points + lost.pending_points, what.booked_at)
        self._post(closing, what.booked_at)

    def _move(self, fact: EntryFact, moment: datetime) -> None:
        """Let something happen as it did; it is not decided again."""
        is_closing = fact.entry_kind == "adjustment" and fact.recorded_by == _ERASURE
        if is_closing or fact.redemption_id in self._refused:
            return
        account = self._open(fact.member_id, moment)
        if fact.entry_kind == "redemption":
            fact = self._priced(fact)
            if not self._can_pay(fact, account, moment):
                return
        elif fact.redemption_id in self._prices:
            fact = repriced(fact, self._prices[fact.redemption_id])
        before = _held(account)
        if fact.points > 0:
            self._give(fact, account, moment)
        elif fact.points < 0:
            self._take(fact, account, moment)
        account = self.accounts[account.member_id]
        pending = pending_of(fact, account)
        self.accounts[account.member_id] = replace(
            counted(account, fact),
            holding=account.holding + pending,
            # What becomes pending has its day; looking a day early settles nothing.
            due=min(filter(None, (account.due, pending.first_due())), default=None),
        )
        change = _held(self.accounts[account.member_id]) - before
        self.tally.count_move(fact.entry_kind, change, moment)
        self.tally.take_of_budgets(fact.counted or (), moment)

    def _priced(self, redemption: EntryFact) -> EntryFact:
        """A redemption at the price of this world, which its return gives back."""
        price, booked = self.rules.price(redemption), -redemption.points
        if price == booked or not booked:
            return redemption
        self._prices[redemption.redemption_id] = Fraction(price, booked)
        return replace(redemption, points=-price)

    def _can_pay(self, redemption: EntryFact, account: Account, moment: datetime) -> bool:
        """Whether a redemption can be paid; one that cannot does not happen."""
        self.tally.count("redemptions", 1, moment)
        if self.rules.is_real or account.balance >= -redemption.points:
            return True
        self._refused.add(redemption.redemption_id)
        self.tally.count("unaffordable", 1, moment)
        self.tally.count("unaffordable_points", -redemption.points, moment)
        return False

    def _give(self, fact: EntryFact, account: Account, moment: datetime) -> None:
        program = self.rules.in_force(moment)
        today = program.document.today(moment)
        active_on = self._active_on(fact, account, program, today)
        added = addition(
            account,
            Holding(lots=lots_of(fact, program, today=today)),
            today=today,
            lapses_after=lapse_of(account, program, active_on=active_on),
        )
        entry = entry_of(fact, added.effect, moment)
        # Points that arrive after their last day expire when the calendar is next looked at.
        change = change_by_addition(
            account, entries=(entry,), due=due_by(account, today), active_on=active_on
        )
        self.accounts[account.member_id] = after_change(account, change)

    def _take(self, fact: EntryFact, account: Account, moment: datetime) -> None:
        program = self.rules.in_force(moment)
        taken = account.holding.take(-fact.points)
        owed = -fact.points - taken.spendable
        entry = entry_of(fact, Holding(debt=owed) - taken, moment)
        today = program.document.today(moment)
        active_on = self._active_on(fact, account, program, today)
        change = change_by_taking(account, entries=(entry,), taken=taken, active_on=active_on)
        self.accounts[account.member_id] = after_change(account, change)

    def _active_on(
        self, fact: EntryFact, account: Account, program: PublishedProgram, today: date
    ) -> date | None:
        activity = "survey" if fact.given_for == "survey" else _ACTIVITIES.get(fact.entry_kind)
        return activity and newly_active(account, activity, program=program, today=today)

    def _book(self, fact: EntryFact, *, is_order: bool = False) -> None:
        """Add an entry of before the period to its account, as the books have it."""
        account = self.accounts.get(fact.member_id) or Account(member_id=fact.member_id, orders=0)
        effect = effect_of(fact)
        day = self.rules.in_force(fact.recorded_at).document.today(fact.happened_at)
        bought_on = max(filter(None, (account.bought_on, day))) if is_order else account.bought_on
        account = counted(account, fact)
        self.accounts[fact.member_id] = replace(
            account,
            holding=account.holding + effect,
            balance=account.balance + effect.points,
            entries=account.entries + 1,
            orders=(account.orders or 0) + is_order,
            bought_on=bought_on,
            active_on=self._booked_activity(fact, account),
        )
        self.tally.take_of_budgets(fact.counted or (), fact.recorded_at)
        if fact.entry_kind == "expiry":
            self._expired.setdefault(fact.member_id, Counter()).subtract(effect.lots)

    def _booked_activity(self, fact: EntryFact, account: Account) -> date | None:
        program = self.rules.in_force(fact.recorded_at)
        today = program.document.today(fact.recorded_at)
        if fact.entry_kind == "accrual":
            active_on = newly_active(account, "order", program=program, today=today)
        else:
            active_on = self._active_on(fact, account, program, today)
        return active_on or account.active_on

    def _open(self, member_id: str, moment: datetime) -> Account:
        """The account of a member or of the one whom they became, caught up with the calendar."""
        account = self._account(member_id)
        if not self.tally.is_begun:
            return account
        self._catch_up(account.member_id, moment)
        return self.accounts[account.member_id]

    def _account(self, member_id: str) -> Account:
        account = self.accounts.setdefault(member_id, Account(member_id=member_id, orders=0))
        while account.into is not None and account.into in self.accounts:
            account = self.accounts[account.into]
        return account

    def _catch_up(self, member_id: str, moment: datetime) -> None:
        program = self.rules.in_force(moment)
        today = program.document.today(moment)
        while True:
            account = self.accounts[member_id]
            if account.due is None or account.due > today or account.status != "active":
                return
            posting = settle(account, program=program, now=moment)
            if posting is None:
                return
            self._post(posting, moment)

    def _post(self, posting: Posting | None, moment: datetime) -> None:
        if posting is None:
            return
        for change in posting.changes:
            account = self.accounts[change.member_id]
            self.accounts[change.member_id] = after_change(account, change)
        for entry in posting.entries:
            self._count_expired(entry, moment)

    def _count_expired(self, entry: Entry, moment: datetime) -> None:
        if entry.kind != "expiry":
            return
        if isinstance(entry.cause, CalendarCause):
            self._expired.setdefault(entry.member_id, Counter()).subtract(entry.effect.lots)
        # What expired before the period began, and was found at its beginning, is in no sum.
        if entry.happened_at >= self.first_at:
            self.tally.count("expired", -entry.effect.points, min(entry.happened_at, moment))

    def _expired_of(self, order: OrderOnTrial) -> Mapping[date, int]:
        """How many points of each lot expired unspent, along a chain of merges."""
        expired = Counter(order.expired_at_once)
        expired.update(order.state.expired if order.state else {})
        member: str | None = order.accrual.member_id
        while member is not None:
            expired.update(self._expired.get(member, {}))
            account = self.accounts.get(member)
            member = account.into if account else None
        return expired

    def _count_held(self, measure: Measure, moment: datetime) -> None:
        for account in self.accounts.values():
            self.tally.count(measure, _held(account), moment)


def _held(account: Account) -> int:
    return account.holding.points + account.holding.pending_points
