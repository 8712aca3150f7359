"""The rules of campaigns once more, naively, to compare the product with.

As in `naive`, nothing is imported of the product's rules. Orders are read as they are in the table.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from functools import cached_property
from math import floor
from typing import Any, Final

from loyalty.domain.program.document import Program
from tests.simulation import naive

NO_REFUNDS: Final = naive.Refunds.of(None)
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What an order was decided with: a level, campaigns opened and withheld, and ceilings."""

    tier: str | None = None
    opened: Collection[str] = ()
    held_out: Collection[str] = ()
    ceilings: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """What is known of a member before an order; `orders` is None if it is not known."""

    orders: int | None
    bought_on: str | None
    enrolled_on: date
    tier: str | None
    profile: Mapping[str, Any]
    joined: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Goods:
    """A line, with the amount and the units that were bought, or those that are left."""

    sku: str | None
    category: str | None
    brand: str | None
    tags: tuple[str, ...]
    amount: int
    units: int


class Sale:
    """An order as it is in force, and what its refunds left of it."""

    def __init__(
        self,
        order: Any,
        refunds: naive.Refunds,
        program: Program,
        *,
        source: str,
        occurred_at: datetime,
    ) -> None:
        self.order, self.program, self.source = order, program, source
        self.local = occurred_at.astimezone(program.zone)
        self.bought = [_goods(line, amount=line[4], units=line[3]) for line in order["lines"]]
        self.remaining = self.bought if refunds == NO_REFUNDS else _left(order["lines"], refunds)

    @cached_property
    def whole(self) -> "Sale":
        """The same order without its refunds."""
        if self.remaining is self.bought:
            return self
        return Sale(
            self.order, NO_REFUNDS, self.program, source=self.source, occurred_at=self.local
        )

    @property
    def counts(self) -> bool:
        """Whether goods that cost something are left."""
        return any(each.amount for each in self.remaining if each.category not in naive.CHARGES)

    def covered(self, selector: Any, *, read: str = "kept") -> list[_Goods]:
        goods = self.remaining if read == "kept" else self.bought
        return [each for each in goods if _covers(selector, each, self.program)]

    def says(self, fact: str) -> set[str]:
        """What the order says about a fact that no refund changes."""
        if fact == "tender":
            return {kind for kind, _ in self.order.get("tenders", ())}
        if fact == "code":
            return {code.upper() for code in self.order.get("codes", ())}
        value = self.source if fact == "source" else self.order.get(fact)
        return {value} if value else set()

    def paid_by(self, kinds: Collection[str]) -> Fraction:
        """The share that was paid by some kinds of tender; all of it if none are named."""
        if not kinds:
            return Fraction(1)
        tenders = self.order.get("tenders", ())
        paid = sum(amount for _, amount in tenders)
        return (
            Fraction(sum(a for kind, a in tenders if kind in kinds), paid) if paid else Fraction()
        )


def sale_of(accrual: Any, state: Any, program: Program) -> Sale:
    """An order in its latest version, less what was refunded."""
    order = state["order"] if state and "order" in state else accrual["order"]
    source = accrual["pk"].split("#")[3]
    occurred_at = datetime.fromisoformat(accrual["happened_at"])
    refunds = naive.Refunds.of(state)
    return Sale(order, refunds, program, source=source, occurred_at=occurred_at)


def context_of(accrual: Any) -> Context:
    """What an order was decided with, as its entry says in a row for each campaign."""
    rows = list(_rows(accrual))
    return Context(
        tier=accrual["order"].get("tier"),
        opened={name for name, *_, is_for, _ in rows if is_for},
        held_out={name for name, *_, is_for, _ in rows if is_for is False},
        ceilings={name: most for name, *_, most in rows if most is not None},
    )


def given_by(accrual: Any) -> dict[str, int]:
    """What each campaign gave for an order, by its entry."""
    return {name: sum(points) for name, points, *_ in _rows(accrual) if points}


def uses_of(accrual: Any) -> Iterator[tuple[str, int]]:
    """What an order used of limits, by its entry."""
    for name, _, uses, *_ in _rows(accrual):
        for period, points, *orders in uses:
            kind, separator, named = period.rpartition(":")
            limit = f"{kind}{separator}{name}#{named}"
            yield from [(limit, points)] * bool(points)
            yield from ((f"{limit}#orders", each) for each in orders)


def _rows(accrual: Any) -> Iterator[list[Any]]:
    """Id, points by line, uses of limits, whether it is for the member, and the ceiling."""
    missing = (None, (), (), None, None)
    for row in accrual["order"].get("campaigns", ()):
        yield [*row, *missing[len(row) :]]


def by_giver(accrual: Any, state: Any, program: Program) -> dict[str, int]:
    """What each rule and campaign gives for what is left of an order, if it was not rejected."""
    if state and state.get("verdict") == "rejected":
        return {}
    sale, context = sale_of(accrual, state, program), context_of(accrual)
    if state and "ceilings" in state:
        context = replace(context, ceilings=state["ceilings"])
    refunds = naive.Refunds.of(state)
    by_rule = naive.by_rule(sale.order["lines"], refunds, program, tier=context.tier)
    points = by_rule | gives(sale, context)
    return {giver: each for giver, each in points.items() if each}


def gives(sale: Sale, context: Context) -> dict[str, int]:
    """What each campaign gives for what is left of an order, without those that give nothing."""
    most = planned(sale.whole, context)
    given = {
        each.id: min(_worth(each, sale, context.tier), most[each.id])
        for each in sale.program.campaigns
        if each.id in most
    }
    return {name: points for name, points in given.items() if points}


def ceilings(
    sale: Sale, context: Context, *, room: Mapping[str, int], had: Mapping[str, int]
) -> dict[str, int]:
    """The most that campaigns may give whose limits leave less than the order would get."""
    found: dict[str, int] = {}
    while True:
        most_given = planned(sale.whole, replace(context, ceilings=found))
        most = {name: had.get(name, 0) + left for name, left in room.items()}
        short = {name: most[name] for name in room if most_given.get(name, 0) > most[name]}
        if not short:
            return found
        found |= short


def is_open(campaign: Any, sale: Sale, buyer: Buyer) -> bool:
    """Whether a campaign that is decided of the member was for the buyer of an order."""
    if not _runs(campaign.when, sale.local):
        return False
    if campaign.activation == "join":
        since = buyer.joined.get(campaign.id)
        # Shops tell the time of an order to the second.
        if since is None or datetime.fromisoformat(f"{since[:19]}Z") > sale.local:
            return False
    if campaign.members is None:
        return True
    facts = {leaf.fact for leaf in _leaves(campaign.members)}
    if buyer.orders is None and facts & {"first_order", "order_number", "days_since_order"}:
        return False
    return _is_for(campaign.members, sale, buyer)


def is_held_out(campaign: Any, program: Program, *, member_id: str, program_id: str) -> bool:
    """Whether a member is held out of a campaign: by its holdout, or by that of the program."""
    holdouts = [(program.universal_holdout, ""), (campaign.holdout, campaign.id)]
    for holdout, name in holdouts:
        if holdout:
            text = f"{program_id}:{holdout.salt or name}:{member_id}"
            number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
            if number % 10_000 // 100 < holdout.percent:
                return True
    return False


def is_of_member(campaign: Any) -> bool:
    return campaign.members is not None or campaign.activation == "join"


def period(per: str, day: date) -> str:
    """The period of a day, as limits are named by it."""
    year, week, _ = day.isocalendar()
    names = {
        "day": day.isoformat(),
        "week": f"{year}-W{week:02}",
        "month": day.isoformat()[:7],
        "year": day.isoformat()[:4],
    }
    return names.get(per, "all")


def budget_points(campaign: Any, program: Program) -> int | None:
    """The budget of a campaign in points; None if it has none."""
    budget = campaign.limits.budget
    if budget is None or budget.points is not None:
        return budget and int(budget.points)
    value = program.point_value
    if value is None:
        return 0
    return floor(Fraction(budget.amount_minor * value.per_points, value.amount_minor))


def share(budget: int, shard: int) -> int:
    """What each of 16 shards has of a budget: what is over goes to the first ones."""
    return len(range(shard, budget, 16))


def dated(
    points: Mapping[str, int], program: Program, *, day: date, tier: str | None
) -> dict[tuple[str, str], int]:
    """The points of rules and campaigns by the days on which they are available and expire."""
    level = program.tiers.level(tier) if program.tiers else None
    parts: dict[tuple[str, str], int] = {}
    givers: Iterable[Any] = (*program.earning_rules, *program.campaigns)
    for giver in givers:
        days = program.pending_days if giver.pending_days is None else giver.pending_days
        available_on = day + timedelta(days=days)
        policy = giver.expiry or (level and level.expiry) or program.expiry
        dates = (available_on.isoformat(), naive.expires_on(policy, available_on))
        parts[dates] = parts.get(dates, 0) + points.get(giver.id, 0)
    return {dates: each for dates, each in parts.items() if each}


def _left(lines: Sequence[list[Any]], refunds: naive.Refunds) -> list[_Goods]:
    amounts, units = naive.amounts_left(lines, refunds), naive.units_left(lines, refunds)
    return [_goods(line, amount=amounts[line[0]], units=units[line[0]]) for line in lines]


def _goods(line: list[Any], *, amount: int, units: int) -> _Goods:
    _, sku, category, *_ = line
    brand, tags = [*line[7:9], None, None][:2]
    return _Goods(sku, category, brand, tuple(tags or ()), amount, units)


def planned(sale: Sale, context: Context) -> dict[str, int]:
    """The most that each campaign may give, of all that was bought, after groups and maximum."""
    most: dict[str, int] = {}
    for each in sale.program.campaigns:
        if (is_of_member(each) and each.id not in context.opened) or each.id in context.held_out:
            continue
        if _runs(each.when, sale.local):
            most[each.id] = min(
                _worth(each, sale, context.tier),
                context.ceilings.get(each.id, naive.POINTS_MAX),
                *_order_limits(each),
            )
    winners = {_winner(group, most, sale.program) for group in sale.program.campaign_groups}
    left = sale.program.campaign_points_per_order_max
    handed_out: dict[str, int] = {}
    for each in sale.program.campaigns:
        points = most.get(each.id, 0)
        if each.group is not None and each.id not in winners:
            points = 0
        if left is not None:
            points = min(points, left)
            left -= points
        if points:
            handed_out[each.id] = points
    return handed_out


def _winner(group: Any, most: Mapping[str, int], program: Program) -> str | None:
    """The campaign of a group that counts: the first, or of the best ones the first."""
    rivals = [each.id for each in program.campaigns if each.group == group.id]
    rivals = [name for name in rivals if most.get(name, 0) > 0]
    if group.choose == "best":
        best = max((most[name] for name in rivals), default=0)
        rivals = [name for name in rivals if most[name] == best]
    return rivals[0] if rivals else None


def _order_limits(campaign: Any) -> Iterator[int]:
    limits = campaign.limits
    yield naive.POINTS_MAX if limits.per_order is None else limits.per_order
    member = limits.per_member
    if member and member.per == "order" and member.points is not None:
        yield member.points


def _worth(campaign: Any, sale: Sale, tier: str | None) -> int:
    """What a campaign is worth for what is left, without any limit."""
    effect = campaign.effect
    in_proportion = effect.kind == "fixed" and effect.on_refund == "in_proportion"
    if campaign.orders is not None and not _holds(
        campaign.orders, sale.whole if in_proportion else sale
    ):
        return 0
    goods = sale.covered(campaign.lines)
    amount, units = sum(each.amount for each in goods), sum(each.units for each in goods)
    if not (amount or units):
        return 0
    points: Fraction | int
    match effect.kind:
        case "multiply":
            earned = sum(_unrounded(rule, goods, sale, tier) for rule in sale.program.earning_rules)
            points = earned * Fraction(effect.percent - 100, 100)
        case "rate":
            money = amount * sale.paid_by(effect.tenders)
            points = naive.rounded(money * effect.points / effect.per_minor, effect.rounding)
        case "per_unit":
            points = units // effect.every * effect.points
        case "steps":
            reached = [each.points for each in effect.steps if each.at_least_minor <= amount]
            points = max(reached, default=0)
        case _ if in_proportion:
            before = sale.covered(campaign.lines, read="bought")
            whole = sum(each.amount for each in before)
            of_units = Fraction(units, sum(each.units for each in before))
            points = effect.points * (Fraction(amount, whole) if whole else of_units)
        case _:
            points = effect.points
    return floor(points)


def _unrounded(rule: Any, goods: Iterable[_Goods], sale: Sale, tier: str | None) -> Fraction:
    """What a rule earns on some goods before it is rounded, at a level."""
    if rule.when.tiers and tier not in rule.when.tiers:
        return Fraction()
    level = sale.program.tiers.level(tier) if sale.program.tiers else None
    times = Fraction(level.multiplier_percent if level and rule.level_multiplies else 100, 100)
    covers = naive.Rule.of(rule)
    amount = sum(each.amount for each in goods if covers.covers(each.category))
    points: int = rule.points
    return covers.steps(amount) * points * times


def _covers(selector: Any, goods: _Goods, program: Program) -> bool:
    if goods.category in naive.CHARGES and goods.category not in selector.also_charges:
        return False
    if goods.category in selector.not_categories or goods.sku in selector.not_skus:
        return False
    listed = [sku for name in selector.lists for sku in program.lists[name]]
    named = (selector.categories, selector.skus, selector.brands, selector.tags, selector.lists)
    return (
        not any(named)
        or goods.category in selector.categories
        or goods.sku in (*selector.skus, *listed)
        or goods.brand in selector.brands
        or any(tag in selector.tags for tag in goods.tags)
    )


def _runs(when: Any, local: datetime) -> bool:
    if not when.hours:
        return _runs_on(when, local.date())
    return any(_within(each, when, local) for each in when.hours)


def _within(hours: Any, when: Any, local: datetime) -> bool:
    """Whether hours of a day cover a time; those after midnight belong to the day before."""
    clock: time = local.time()
    if hours.starts_at < hours.ends_at:
        return hours.starts_at <= clock < hours.ends_at and _runs_on(when, local.date())
    begins = local.date() if clock >= hours.starts_at else local.date() - timedelta(days=1)
    return (clock >= hours.starts_at or clock < hours.ends_at) and _runs_on(when, begins)


def _runs_on(when: Any, day: date) -> bool:
    first, last = when.starts_on or date.min, when.ends_on or date.max
    return first <= day <= last and (not when.weekdays or WEEKDAYS[day.weekday()] in when.weekdays)


def _holds(condition: Any, sale: Sale) -> bool:
    match condition.fact:
        case "(all)":
            return all(_holds(part, sale) for part in condition.all)
        case "(any)":
            return any(_holds(part, sale) for part in condition.any)
        case "(not)":
            return not _holds(condition.negated, sale)
        case "channel" | "source" | "location" | "tender":
            return bool(sale.says(condition.fact) & set(condition.is_in))
        case "code":
            return bool(sale.says("code") & {code.upper() for code in condition.is_in})
    goods = sale.covered(condition.of, read=condition.read)
    amounts, units = [each.amount for each in goods], sum(each.units for each in goods)
    values: dict[str, Fraction | int] = {
        "amount": sum(amounts),
        "units": units,
        "distinct_skus": len({each.sku for each in goods if each.sku and each.units}),
        "dearest_line": max(amounts, default=0),
        "unit_price": Fraction(sum(amounts), units) if units else 0,
    }
    return _is_between(condition.bounds, values[condition.fact])


def _is_for(condition: Any, sale: Sale, buyer: Buyer) -> bool:
    day = sale.local.date()
    match condition.fact:
        case "(all)":
            return all(_is_for(part, sale, buyer) for part in condition.all)
        case "(any)" | "segment":
            parts = (
                condition.any if condition.fact == "(any)" else _conditions_of_segments(condition)
            )
            return any(_is_for(part, sale, buyer) for part in parts)
        case "(not)":
            return not _is_for(condition.negated, sale, buyer)
        case "first_order" | "order_number":
            return sale.counts and _is_numbered(condition, (buyer.orders or 0) + 1)
        case "days_since_order":
            bought_on = buyer.bought_on
            return bought_on is not None and _is_ago(condition, date.fromisoformat(bought_on), day)
        case "member_days":
            return _is_ago(condition, buyer.enrolled_on, day)
        case "tier":
            return buyer.tier in condition.is_in
        case _:
            return _is_said(condition, buyer, day)


def _is_numbered(condition: Any, number: int) -> bool:
    if condition.fact == "first_order":
        return number == 1
    return (
        condition.exactly in (None, number)
        and number % (condition.every or 1) == 0
        and _is_between(condition.bounds, number)
    )


def _is_ago(condition: Any, since: date, day: date) -> bool:
    return _is_between(condition.bounds, max(0, (day - since).days))


def _is_said(condition: Any, buyer: Buyer, day: date) -> bool:
    """Whether a condition holds that is read of the profile."""
    profile = buyer.profile.get("profile", {})
    match condition.fact:
        case "attribute":
            return profile.get("attributes", {}).get(condition.name) in condition.is_in
        case "locale":
            own = profile.get("locale", "").lower().split("-")
            tags = [tag.lower().split("-") for tag in condition.is_in]
            return any(own[: len(tag)] == tag for tag in tags)
        case "consent":
            return bool(buyer.profile.get("consents", {}).get(condition.name, [False])[0])
        case _:
            return "birthday" in profile and _is_birthday(condition.on, profile["birthday"], day)


def _is_birthday(near: str, birthday: str, day: date) -> bool:
    """Whether a day is the birthday, or in its week or month. Without a leap day it is the 28th."""
    if near == "month":
        return birthday[5:7] == day.isoformat()[5:7]
    alike = [day] if near == "day" else [day - timedelta(days=day.weekday() - n) for n in range(7)]
    for each in alike:
        is_leap = each.year % 4 == 0 and (each.year % 100 != 0 or each.year % 400 == 0)
        month_day = "02-28" if birthday[5:] == "02-29" and not is_leap else birthday[5:]
        if each.isoformat()[5:] == month_day:
            return True
    return False


def _conditions_of_segments(condition: Any) -> list[Any]:
    """What segments ask of a member; histories have none that are computed from the lake."""
    return [definition.live for definition in condition.definitions]


def _leaves(condition: Any) -> Iterator[Any]:
    match condition.fact:
        case "(all)":
            parts = condition.all
        case "(any)":
            parts = condition.any
        case "(not)":
            parts = (condition.negated,)
        case "segment":
            parts = _conditions_of_segments(condition)
        case _:
            yield condition
            return
    for part in parts:
        yield from _leaves(part)


def _is_between(bounds: tuple[int | None, int | None], value: Fraction | int) -> bool:
    lowest, highest = bounds
    return (lowest is None or lowest <= value) and (highest is None or value <= highest)
