"""What must hold of a program document as a whole before it is published."""

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import chain, count, pairwise
from zoneinfo import available_timezones

from loyalty.domain.kernel.calendar import add_months, end_of_month, end_of_week
from loyalty.domain.kernel.currencies import exponent
from loyalty.domain.kernel.errors import Fault
from loyalty.domain.program import wording
from loyalty.domain.program.document import (
    LOTS_MAX,
    AfterEarning,
    EarningRule,
    Expiry,
    FixedDate,
    Inactivity,
    Level,
    Never,
    Program,
    Reward,
)
from loyalty.domain.program.surveys import Survey

# Zones of the database that are no place: they follow the machine, or stand for "not set".
_NO_PLACE = frozenset({"Factory", "localtime"})
_WORTH_MONEY = frozenset({"amount_off", "gift_card", "donation"})


def faults(document: Program) -> tuple[Fault, ...]:
    """Every mistake that no single field can tell, each with its place in the document."""
    return (
        *_settings(document),
        *_ids("earning_rules", document.earning_rules),
        *_ids("rewards", document.rewards),
        *chain.from_iterable(map(_rule, count(), document.earning_rules)),
        *_expiry(document),
        *_rewards(document),
        *_ids("tiers/levels", document.tiers.levels if document.tiers else ()),
        *_tiers(document),
        *_reminders(document),
        *_messages(document),
        *_ids("surveys", document.surveys),
        *_surveys(document),
    )


def canonical(document: Program) -> str:
    """The document with every default written out: what a default is may change, this may not."""
    return json.dumps(document.model_dump(mode="json"), separators=(",", ":"), ensure_ascii=False)


def lots_open_max(policy: AfterEarning) -> int:
    """How many lots a member who earns every day has open at most, under this policy."""
    if policy.round_to == "month":
        # Over four years, a leap year among them, every length of the months ahead comes up.
        month_ends = [end_of_month(date(2024 + m // 12, m % 12 + 1, 1)) for m in range(48)]
        return max(_months_between(day, _lives_until(policy, day)) for day in month_ends) + 1
    days = max(
        (_lives_until(policy, day) - day).days
        for day in (date(2024, 1, 1) + timedelta(days=n) for n in range(4 * 366))
    )
    if policy.round_to == "none":
        return days + 1
    # From a Sunday on, the days ahead touch the most weeks.
    sunday = end_of_week(date(2024, 1, 1))
    return (end_of_week(sunday + timedelta(days=days)) - sunday).days // 7 + 1


def _settings(document: Program) -> Iterator[Fault]:
    if document.time_zone not in available_timezones() - _NO_PLACE:
        detail = f"There is no time zone “{document.time_zone}” in the IANA database"
        yield Fault("/time_zone", "unknown_time_zone", detail)
    if exponent(document.currency) is None:
        detail = f"There is no currency “{document.currency}” in ISO 4217"
        yield Fault("/currency", "unknown_currency", detail)
    transfers = document.transfers
    if transfers and transfers.points_max < transfers.points_min:
        detail = f"Less than the {transfers.points_min} points that a transfer moves at least"
        yield Fault("/transfers/points_max", "contradiction", detail)


def _ids(name: str, parts: Sequence[EarningRule | Level | Reward | Survey]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for index, part in enumerate(parts):
        if part.id in first:
            detail = f"/{name}/{first[part.id]} has the id “{part.id}” already"
            yield Fault(f"/{name}/{index}/id", "duplicate_id", detail)
        first.setdefault(part.id, index)


def _rule(number: int, rule: EarningRule) -> Iterator[Fault]:
    place = f"/earning_rules/{number}"
    starts_on, ends_on = rule.when.starts_on, rule.when.ends_on
    if starts_on and ends_on and ends_on < starts_on:
        yield Fault(f"{place}/when/ends_on", "empty_window", "It ends before it starts")
    for what, included, excluded in (
        ("categories", rule.include_categories, rule.exclude_categories),
        ("skus", rule.include_skus, rule.exclude_skus),
    ):
        for index, name in enumerate(excluded):
            if name in included:
                detail = f"“{name}” is both included and excluded"
                yield Fault(f"{place}/exclude_{what}/{index}", "contradiction", detail)
    for index, charge in enumerate(rule.also_earn_on):
        if charge in rule.exclude_categories:
            detail = f"“{charge}” earns here, but its category is excluded"
            yield Fault(f"{place}/also_earn_on/{index}", "contradiction", detail)


def _expiry(document: Program) -> Iterator[Fault]:
    match document.expiry:
        case AfterEarning() as policy if (policy.months is None) == (policy.days is None):
            yield Fault("/expiry", "months_or_days", "Give either months or days")
        case AfterEarning() as policy if (lots := lots_open_max(policy)) > LOTS_MAX:
            detail = (
                f"A member could have {lots} lots of points open, {LOTS_MAX} are allowed: "
                "round to the week or the month, or let points live shorter"
            )
            yield Fault("/expiry", "too_many_lots", detail)
        case FixedDate(month=month, day=day) if day > end_of_month(date(2024, month, 1)).day:
            yield Fault("/expiry/day", "no_such_day", f"Month {month} has no day {day}")


def _rewards(document: Program) -> Iterator[Fault]:
    is_zone_known = document.time_zone in available_timezones()
    for index, reward in enumerate(document.rewards):
        place = f"/rewards/{index}"
        if reward.percent is not None and reward.kind != "percent_off":
            yield Fault(f"{place}/percent", "not_for_kind", f"A {reward.kind} has no percent")
        if reward.amount_minor is not None and reward.kind not in _WORTH_MONEY:
            yield Fault(f"{place}/amount_minor", "not_for_kind", f"A {reward.kind} has no amount")
        if reward.pay and reward.kind != "amount_off":
            yield Fault(f"{place}/pay", "not_for_kind", f"Points do not pay for a {reward.kind}")
        opens_at, closes_at = reward.window(document.zone) if is_zone_known else (None, None)
        if opens_at and closes_at and closes_at <= opens_at:
            yield Fault(f"{place}/available_until", "empty_window", "It ends before it starts")


def _tiers(document: Program) -> Iterator[Fault]:
    levels = document.tiers.levels if document.tiers else ()
    for index, (lower, level) in enumerate(pairwise(levels), 1):
        place = f"/tiers/levels/{index}"
        if level.reached_at <= lower.reached_at:
            detail = f"It is reached at more than the {lower.reached_at} of the level before"
            yield Fault(f"{place}/reached_at", "not_above", detail)
    known = {level.id for level in levels}
    for number, rule in enumerate(document.earning_rules):
        yield from _unknown_levels(f"/earning_rules/{number}/when/tiers", rule.when.tiers, known)
    for number, reward in enumerate(document.rewards):
        place = f"/rewards/{number}"
        yield from _unknown_levels(f"{place}/tiers", reward.tiers, known)
        for level_id, cost in reward.tier_costs.items():
            if level_id not in known:
                detail = f"There is no level “{level_id}”"
                yield Fault(f"{place}/tier_costs/{level_id}", "unknown_level", detail)
            elif cost > reward.cost_points:
                detail = f"More than the {reward.cost_points} that it costs everybody"
                yield Fault(f"{place}/tier_costs/{level_id}", "contradiction", detail)


def life_days_min(policy: Expiry) -> int | None:
    """How many days points live at least; None: until a day that does not count from theirs."""
    match policy:
        case AfterEarning(months=int() as months) | Inactivity(months=months):
            return 28 * months
        case AfterEarning():
            return policy.days or 0
        case _:
            return None


def _reminders(document: Program) -> Iterator[Fault]:
    reminders = document.reminders
    if expiring := reminders.points_expiring:
        place = "/reminders/points_expiring"
        if isinstance(document.expiry, Never):
            yield Fault(place, "contradiction", "The points never expire")
        life_days = life_days_min(document.expiry)
        for index, days in enumerate(expiring.days_before):
            if days in expiring.days_before[:index]:
                detail = f"{days} days are a stage already"
                yield Fault(f"{place}/days_before/{index}", "duplicate_stage", detail)
            if life_days is not None and days >= life_days:
                detail = f"Points live {life_days} days at least: this would come with the points"
                yield Fault(f"{place}/days_before/{index}", "contradiction", detail)
    if reminders.tier_ending and document.tiers is None:
        yield Fault("/reminders/tier_ending", "contradiction", "The program has no levels")


def _messages(document: Program) -> Iterator[Fault]:
    messages = document.messages
    if (quiet := messages.quiet_hours) and quiet.starts_at == quiet.ends_at:
        detail = "They end when they start; null means none"
        yield Fault("/messages/quiet_hours/ends_at", "empty_window", detail)
    first: dict[tuple[str, str], int] = {}
    for index, template in enumerate(messages.templates):
        place = f"/messages/templates/{index}"
        name = (template.kind, (template.locale or "").lower())
        if name in first:
            detail = f"/messages/templates/{first[name]} is for the same kind and locale"
            yield Fault(f"{place}/locale", "duplicate_template", detail)
        first.setdefault(name, index)
        yield from wording.faults(template, place=place)


def _surveys(document: Program) -> Iterator[Fault]:
    for index, survey in enumerate(document.surveys):
        place = f"/surveys/{index}"
        lowest, highest = survey.scale
        if survey.low_score_max is not None and not lowest <= survey.low_score_max < highest:
            detail = f"Of a {survey.kind}, a low score is {lowest} to {highest - 1}"
            yield Fault(f"{place}/low_score_max", "out_of_range", detail)
        if survey.starts_on and survey.ends_on and survey.ends_on < survey.starts_on:
            yield Fault(f"{place}/ends_on", "empty_window", "It ends before it starts")


def _unknown_levels(place: str, named: Sequence[str], known: set[str]) -> Iterator[Fault]:
    for index, level_id in enumerate(named):
        if level_id not in known:
            yield Fault(f"{place}/{index}", "unknown_level", f"There is no level “{level_id}”")


def _lives_until(policy: AfterEarning, day: date) -> date:
    if policy.months is not None:
        return add_months(day, policy.months)
    return day + timedelta(days=policy.days or 0)


def _months_between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month
