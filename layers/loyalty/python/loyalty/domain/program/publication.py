"""The checks of a whole program document before it is published."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import cache, partial
from zoneinfo import available_timezones

from loyalty.domain.kernel.calendar import add_months, end_of_month, end_of_week
from loyalty.domain.kernel.currencies import exponent
from loyalty.domain.kernel.errors import Fault
from loyalty.domain.program import (
    activity_checks,
    board_checks,
    campaign_checks,
    challenge_checks,
    goal_checks,
    level_checks,
    plan_checks,
    referral_checks,
    safeguard_checks,
    segment_checks,
    wording,
)
from loyalty.domain.program.activities import RewardedActivity
from loyalty.domain.program.boards import Board
from loyalty.domain.program.campaigns import Campaign
from loyalty.domain.program.challenges import Badge, Challenge
from loyalty.domain.program.condition_checks import included_and_excluded
from loyalty.domain.program.document import Program
from loyalty.domain.program.earning_rules import EarningRule
from loyalty.domain.program.expiry_policies import (
    AfterEarningExpiry,
    Expiry,
    FixedDateExpiry,
    NeverExpiry,
)
from loyalty.domain.program.goals import Goal
from loyalty.domain.program.kinds import CHARGES, LOTS_MAX
from loyalty.domain.program.levels import (
    TierLevel,
)
from loyalty.domain.program.lives import (
    expiry_policies,
    life_days_min,
    months_days_min,
    placed_policies,
)
from loyalty.domain.program.messages import MessageTemplate
from loyalty.domain.program.parts import Unread, read_partly
from loyalty.domain.program.plans import Plan
from loyalty.domain.program.rewards import Reward
from loyalty.domain.program.safeguards import Safeguard
from loyalty.domain.program.segments import Segment
from loyalty.domain.program.surveys import ProgramSurvey
from loyalty.domain.program.watches import Watch

# Time zones that are no place: they follow the machine, or mean "not set".
_NO_PLACE = frozenset({"Factory", "localtime"})
type _Identified = (
    Campaign
    | Challenge
    | RewardedActivity
    | Board
    | Badge
    | EarningRule
    | Goal
    | TierLevel
    | Plan
    | Reward
    | ProgramSurvey
    | Safeguard
    | Segment
    | Watch
)

_WORTH_MONEY = frozenset({"amount_off", "gift_card", "donation"})


def faults(document: Program) -> tuple[Fault, ...]:
    """Every mistake that involves more than one field's type, each with its place in the document.

    The document may have been read partly (`parts.read_partly`). A check that needs a field that
    could not be read ends there; the other checks continue.
    """
    return tuple(fault for check in _checks(document) for fault in _until_unread(check))


def faults_of_broken(document: object) -> tuple[Fault, ...]:
    """The mistakes beyond single fields of a document that does not fit its models."""
    return faults(read_partly(Program, document)) if isinstance(document, dict) else ()


def _settings(document: Program) -> Iterator[Iterator[Fault]]:
    yield _time_zone(document)
    yield _currency(document)
    yield _same_locales(lambda: document.points.translations, "/points")
    yield _transfers(document)
    yield _anniversary(document)
    yield _expiry(document)
    yield _activities(document)
    yield _sources(document)
    yield from activity_checks.checks(_parts(lambda: document.activities))


def _messages(document: Program) -> Iterator[Iterator[Fault]]:
    yield _points_expiring(document)
    yield _stages(document)
    yield _tier_ending(document)
    yield _segments_entered(document)
    yield _quiet_hours(document)
    yield _templates(document)


def _checks(document: Program) -> Iterator[Iterator[Fault]]:
    yield from _settings(document)
    rules = _parts(lambda: document.earning_rules)
    rewards = _parts(lambda: document.rewards)
    levels = _parts(lambda: document.tiers.levels if document.tiers else ())
    surveys = _parts(lambda: document.surveys)
    campaigns = _parts(lambda: document.campaigns)
    segments = _parts(lambda: document.segments)
    goals = _parts(lambda: document.goals)
    safeguards = _parts(lambda: document.safeguards)
    watches = _parts(lambda: document.watches)
    challenges = _parts(lambda: document.challenges)
    badges = _parts(lambda: document.badges)
    plans = _parts(lambda: document.plans)
    identified: dict[str, Sequence[_Identified]] = {
        "earning_rules": rules,
        "rewards": rewards,
        "tiers/levels": levels,
        "surveys": surveys,
        "segments": segments,
        "goals": goals,
        "safeguards": safeguards,
        "watches": watches,
        "challenges": challenges,
        "badges": badges,
        "boards": _parts(lambda: document.boards),
        "plans": plans,
        "activities": _parts(lambda: document.activities),
    }
    for name, parts in identified.items():
        yield _ids(name, parts)
    yield _ids("campaigns", campaigns, beside=rules)
    for index, rule in enumerate(rules):
        place = f"/earning_rules/{index}"
        yield _rule_window(rule, place)
        yield _rule_categories(rule, place)
        yield _rule_skus(rule, place)
        yield _rule_charges(rule, place)
        yield _rule_levels(rule, document, place)
    for index, reward in enumerate(rewards):
        yield from _reward(reward, document, f"/rewards/{index}")
        yield _same_locales(partial(getattr, reward, "translations"), f"/rewards/{index}")
    yield from level_checks.checks(document, levels)
    yield from campaign_checks.checks(document, campaigns)
    yield from goal_checks.checks(document, goals)
    yield from safeguard_checks.checks(safeguards, watches)
    yield from segment_checks.checks(document, segments)
    yield from challenge_checks.checks(document, challenges, badges)
    yield from board_checks.checks(document, _parts(lambda: document.boards), challenges)
    yield from plan_checks.checks(document, plans)
    yield from referral_checks.checks(document)
    yield from _messages(document)
    yield from _survey_checks(surveys)


def _survey_checks(surveys: Sequence[ProgramSurvey]) -> Iterator[Iterator[Fault]]:
    for index, survey in enumerate(surveys):
        yield _survey_score(survey, f"/surveys/{index}")
        yield _survey_window(survey, f"/surveys/{index}")


def _until_unread(check: Iterator[Fault]) -> Iterator[Fault]:
    with suppress(Unread):
        yield from check


def _parts[P](read: Callable[[], tuple[P, ...]]) -> tuple[P, ...]:
    """The parts of a list; empty if the list could not be read."""
    try:
        return read()
    except Unread:
        return ()


def lots_open_max(policy: AfterEarningExpiry) -> int:
    """How many lots a member who earns every day has open at most, under this policy."""
    if policy.round_to == "month":
        # Four years include a leap year, so every sequence of month lengths occurs.
        month_ends = [end_of_month(date(2024 + m // 12, m % 12 + 1, 1)) for m in range(48)]
        return max(_months_between(day, _lives_until(policy, day)) for day in month_ends) + 1
    days = max(
        (_lives_until(policy, day) - day).days
        for day in (date(2024, 1, 1) + timedelta(days=n) for n in range(4 * 366))
    )
    if policy.round_to == "none":
        return days + 1
    # Counted from a Sunday, a number of days touches the most weeks.
    sunday = end_of_week(date(2024, 1, 1))
    return (end_of_week(sunday + timedelta(days=days)) - sunday).days // 7 + 1


def _time_zone(document: Program) -> Iterator[Fault]:
    if not _is_zone_known(document):
        detail = f"There is no time zone “{document.time_zone}” in the IANA database"
        yield Fault("/time_zone", "unknown_time_zone", detail)


def _is_zone_known(document: Program) -> bool:
    return document.time_zone in _time_zones()


@cache
def _time_zones() -> frozenset[str]:
    """The zones that there are; looking for them reads some five hundred files."""
    return frozenset(available_timezones() - _NO_PLACE)


def _currency(document: Program) -> Iterator[Fault]:
    if exponent(document.currency) is None:
        detail = f"There is no currency “{document.currency}” in ISO 4217"
        yield Fault("/currency", "unknown_currency", detail)


def _transfers(document: Program) -> Iterator[Fault]:
    transfers = document.transfers
    if transfers and transfers.points_max < transfers.points_min:
        detail = f"This must be at least points_min, which is {transfers.points_min}"
        yield Fault("/transfers/points_max", "contradiction", detail)


def _ids(
    name: str, parts: Sequence[_Identified], *, beside: Sequence[EarningRule] = ()
) -> Iterator[Fault]:
    """Faults for ids that are used twice, also by one of the rules `beside`."""
    for index, part in enumerate(parts):
        part_id = _id_of(part)
        if part_id is not None and part_id in map(_id_of, beside):
            detail = f"An earning rule already has the id “{part_id}”"
            yield Fault(f"/{name}/{index}/id", "duplicate_id", detail)
    first: dict[str, int] = {}
    for index, part in enumerate(parts):
        part_id = _id_of(part)
        if part_id is None:
            continue
        if part_id in first:
            detail = f"/{name}/{first[part_id]} already has the id “{part_id}”"
            yield Fault(f"/{name}/{index}/id", "duplicate_id", detail)
        first.setdefault(part_id, index)


def _id_of(part: _Identified) -> str | None:
    try:
        return part.id
    except Unread:
        return None


def _rule_window(rule: EarningRule, place: str) -> Iterator[Fault]:
    starts_on, ends_on = rule.when.starts_on, rule.when.ends_on
    if starts_on and ends_on and ends_on < starts_on:
        yield Fault(f"{place}/when/ends_on", "empty_window", "It ends before it starts")


def _rule_categories(rule: EarningRule, place: str) -> Iterator[Fault]:
    excluded, included = rule.exclude_categories, rule.include_categories
    yield from included_and_excluded(included, excluded, f"{place}/exclude_categories")


def _rule_skus(rule: EarningRule, place: str) -> Iterator[Fault]:
    yield from included_and_excluded(rule.include_skus, rule.exclude_skus, f"{place}/exclude_skus")


def _rule_charges(rule: EarningRule, place: str) -> Iterator[Fault]:
    for index, charge in enumerate(rule.also_earn_on):
        if charge in rule.exclude_categories:
            detail = f"“{charge}” earns here, but its category is excluded"
            yield Fault(f"{place}/also_earn_on/{index}", "contradiction", detail)
    for index, category in enumerate(rule.include_categories):
        if category in CHARGES and category not in rule.also_earn_on:
            detail = f"“{category}” earns nothing unless also_earn_on names it too"
            yield Fault(f"{place}/include_categories/{index}", "never_earns", detail)


def _rule_levels(rule: EarningRule, document: Program, place: str) -> Iterator[Fault]:
    yield from _unknown_levels(f"{place}/when/tiers", rule.when.tiers, document)


def _expiry(document: Program) -> Iterator[Fault]:
    lots = 0
    seen: list[Expiry] = []
    for place, policy in placed_policies(document):
        mistakes = tuple(_expiry_mistakes(policy, place))
        yield from mistakes
        if not mistakes and policy not in seen:
            seen.append(policy)
            lots += lots_open_max(policy) if isinstance(policy, AfterEarningExpiry) else 2
            if lots > LOTS_MAX:
                detail = (
                    f"A member could have {lots} lots of points open, {LOTS_MAX} are allowed: "
                    "round to the week or the month, or let points live shorter"
                )
                yield Fault(place, "too_many_lots", detail)


def _activities(document: Program) -> Iterator[Fault]:
    activities = document.inactivity.activities if document.inactivity else ()
    for index, activity in enumerate(activities):
        place = f"/inactivity/activities/{index}"
        if activity in activities[:index]:
            yield Fault(place, "duplicate_activity", f"“{activity}” is an activity already")
        elif activity == "survey" and not document.surveys:
            yield Fault(place, "contradiction", "The program has no surveys")


def _sources(document: Program) -> Iterator[Fault]:
    policies = document.expiry_by_source
    if "transfer" in policies and document.transfers is None:
        detail = "Members cannot transfer points in this program"
        yield Fault("/expiry_by_source/transfer", "contradiction", detail)
    if "survey" in policies and not document.surveys:
        yield Fault("/expiry_by_source/survey", "contradiction", "The program has no surveys")


def _expiry_mistakes(policy: Expiry, place: str) -> Iterator[Fault]:
    match policy:
        case AfterEarningExpiry() if (policy.months is None) == (policy.days is None):
            yield Fault(place, "months_or_days", "Give either months or days")
        case FixedDateExpiry(month=month, day=day) if day > end_of_month(date(2024, month, 1)).day:
            yield Fault(f"{place}/day", "no_such_day", f"Month {month} has no day {day}")


def _reward(reward: Reward, document: Program, place: str) -> Iterator[Iterator[Fault]]:
    """The checks of one reward."""
    yield _reward_free(reward, place)
    yield _reward_percent(reward, place)
    yield _reward_amount(reward, place)
    yield _reward_cost(reward, place)
    yield _reward_pay(reward, place)
    yield _reward_window(reward, document, place)
    yield _reward_openings(reward, document, place)
    yield _unknown_levels_of_reward(reward, document, place)
    yield _reward_tier_costs(reward, document, place)
    yield segment_checks.of_reward(reward, document, place)


def _anniversary(document: Program) -> Iterator[Fault]:
    anniversary = document.presents.anniversary
    if anniversary is None:
        return
    place = "/presents/anniversary"
    if (anniversary.bonus_points is None) == (anniversary.reward_id is None):
        yield Fault(place, "present_unclear", "Give either bonus_points or a reward_id")
    if anniversary.reward_id is None:
        return
    reward = document.reward(anniversary.reward_id)
    if reward is None:
        detail = f"There is no reward “{anniversary.reward_id}”"
        yield Fault(f"{place}/reward_id", "unknown_reward", detail)
    elif reward.stock is not None or reward.pay is not None:
        detail = "A present cannot be a reward with a stock, or one that pays with points"
        yield Fault(f"{place}/reward_id", "present_limited", detail)


def _reward_free(reward: Reward, place: str) -> Iterator[Fault]:
    if reward.offered and reward.cost_points == 0 and reward.kind != "access":
        detail = "A reward that members redeem costs at least one point"
        yield Fault(f"{place}/cost_points", "costs_nothing", detail)


def _reward_percent(reward: Reward, place: str) -> Iterator[Fault]:
    if reward.percent is not None and reward.kind != "percent_off":
        yield Fault(f"{place}/percent", "not_for_kind", f"A {reward.kind} has no percent")


def _reward_amount(reward: Reward, place: str) -> Iterator[Fault]:
    if reward.amount_minor is not None and reward.kind not in _WORTH_MONEY:
        yield Fault(f"{place}/amount_minor", "not_for_kind", f"A {reward.kind} has no amount")


def _reward_cost(reward: Reward, place: str) -> Iterator[Fault]:
    if reward.cost_minor is not None and reward.pay:
        detail = "A reward that pays with points costs what they pay: leave out cost_minor"
        yield Fault(f"{place}/cost_minor", "contradiction", detail)


def _reward_pay(reward: Reward, place: str) -> Iterator[Fault]:
    if reward.pay and reward.kind != "amount_off":
        yield Fault(f"{place}/pay", "not_for_kind", f"Points do not pay for a {reward.kind}")


def _reward_window(reward: Reward, document: Program, place: str) -> Iterator[Fault]:
    if not _is_zone_known(document):
        return
    opens_at, closes_at = reward.window(document.zone)
    if not reward.opens and opens_at and closes_at and closes_at <= opens_at:
        yield Fault(f"{place}/available_until", "empty_window", "It ends before it starts")


def _reward_openings(reward: Reward, document: Program, place: str) -> Iterator[Fault]:
    if reward.opens and reward.available_from:
        detail = "It opens at the moments of `opens`: leave out available_from"
        yield Fault(f"{place}/available_from", "contradiction", detail)
    if not _is_zone_known(document):
        return
    _, closes_at = reward.window(document.zone)
    moments = reward.moments(document.zone)
    for index, (opens_at, _) in enumerate(moments):
        if closes_at and closes_at <= opens_at:
            yield Fault(f"{place}/opens/{index}/at", "empty_window", "It ends before it opens")
    for_all = min((moment for moment, condition in moments if condition is None), default=None)
    for index, (opens_at, _) in enumerate(moments):
        if for_all and opens_at > for_all:
            detail = "It is open to everyone by then"
            yield Fault(f"{place}/opens/{index}/at", "opens_later", detail)


def _unknown_levels_of_reward(reward: Reward, document: Program, place: str) -> Iterator[Fault]:
    yield from _unknown_levels(f"{place}/tiers", reward.tiers, document)


def _reward_tier_costs(reward: Reward, document: Program, place: str) -> Iterator[Fault]:
    if not reward.tier_costs:
        return
    levels = _level_ids(document)
    for level_id, cost in reward.tier_costs.items():
        if level_id not in levels:
            detail = f"There is no level “{level_id}”"
            yield Fault(f"{place}/tier_costs/{level_id}", "unknown_level", detail)
        elif cost > reward.cost_points:
            detail = f"This is more than cost_points, which is {reward.cost_points}"
            yield Fault(f"{place}/tier_costs/{level_id}", "contradiction", detail)


def _unknown_levels(place: str, named: Sequence[str], document: Program) -> Iterator[Fault]:
    if not named:
        return
    levels = _level_ids(document)
    for index, level_id in enumerate(named):
        if level_id not in levels:
            yield Fault(f"{place}/{index}", "unknown_level", f"There is no level “{level_id}”")


def _level_ids(document: Program) -> frozenset[str]:
    """The ids of all levels. If one cannot be read, this raises `Unread`."""
    return frozenset(level.id for level in document.tiers.levels) if document.tiers else frozenset()


def _points_expiring(document: Program) -> Iterator[Fault]:
    never = all(isinstance(policy, NeverExpiry) for policy in expiry_policies(document))
    if document.reminders.points_expiring and never and document.inactivity is None:
        yield Fault("/reminders/points_expiring", "contradiction", "The points never expire")


def _stages(document: Program) -> Iterator[Fault]:
    expiring = document.reminders.points_expiring
    stages = expiring.days_before if expiring else ()
    place = "/reminders/points_expiring/days_before"
    for index, days in enumerate(stages):
        if days in stages[:index]:
            yield Fault(f"{place}/{index}", "duplicate_stage", f"{days} days are a stage already")
    lives = [_life_days(policy) for _, policy in placed_policies(document)]
    if document.inactivity:
        lives.append(months_days_min(document.inactivity.months))
    life_days = min((days for days in lives if days is not None), default=None)
    for index, days in enumerate(stages):
        if life_days is not None and days >= life_days:
            detail = (
                f"Some points live only {life_days} days: this reminder would come with the points"
            )
            yield Fault(f"{place}/{index}", "contradiction", detail)


def _life_days(policy: Expiry) -> int | None:
    """As `life_days_min`; None also for a policy that gives both months and days, a mistake."""
    if isinstance(policy, AfterEarningExpiry) and (policy.months is None) == (policy.days is None):
        return None
    return life_days_min(policy)


def _tier_ending(document: Program) -> Iterator[Fault]:
    if document.reminders.tier_ending and document.tiers is None:
        yield Fault("/reminders/tier_ending", "contradiction", "The program has no levels")


def _quiet_hours(document: Program) -> Iterator[Fault]:
    if (quiet := document.messages.quiet_hours) and quiet.starts_at == quiet.ends_at:
        detail = "They end when they start; null means none"
        yield Fault("/messages/quiet_hours/ends_at", "empty_window", detail)


def _same_locales(translations: Callable[[], Mapping[str, object]], place: str) -> Iterator[Fault]:
    """Faults for tags that differ only in case, such as `fr-CA` and `fr-ca`: one locale."""
    seen: dict[str, str] = {}
    for tag in translations():
        first = seen.setdefault(tag.lower(), tag)
        if first != tag:
            detail = f"“{first}” is the same locale"
            yield Fault(f"{place}/translations/{tag}", "duplicate_locale", detail)


def _segments_entered(document: Program) -> Iterator[Fault]:
    computed = {each.id: each.is_computed for each in document.segments}
    campaigns = {each.id for each in document.campaigns}
    named = [each.segment for each in document.reminders.segment_entered]
    for index, message in enumerate(document.reminders.segment_entered):
        place = f"/reminders/segment_entered/{index}"
        if message.segment not in computed:
            detail = f"There is no segment “{message.segment}”"
            yield Fault(f"{place}/segment", "unknown_segment", detail)
        elif not computed[message.segment]:
            detail = "Members do not enter it: it is evaluated on use, not every hour"
            yield Fault(f"{place}/segment", "never_entered", detail)
        elif message.segment in named[:index]:
            detail = "Members who enter it get a message already"
            yield Fault(f"{place}/segment", "duplicate_segment", detail)
        if message.announces is not None and message.announces not in campaigns:
            detail = f"There is no campaign “{message.announces}”"
            yield Fault(f"{place}/announces", "unknown_campaign", detail)


def _segment_of_template(
    template: MessageTemplate, document: Program, place: str
) -> Iterator[Fault]:
    if template.segment is None:
        return
    if template.kind != "segment_entered":
        detail = "Only messages of the kind segment_entered are about a segment"
        yield Fault(f"{place}/segment", "contradiction", detail)
    elif template.segment not in {each.id for each in document.segments}:
        detail = f"There is no segment “{template.segment}”"
        yield Fault(f"{place}/segment", "unknown_segment", detail)


def _templates(document: Program) -> Iterator[Fault]:
    first: dict[tuple[str, str | None, str], int] = {}
    for index, template in enumerate(document.messages.templates):
        place = f"/messages/templates/{index}"
        yield from _until_unread(_same_template(first, index, template, place))
        yield from _until_unread(_segment_of_template(template, document, place))
        yield from wording.faults(template, place=place)


def _same_template(
    first: dict[tuple[str, str | None, str], int], index: int, template: MessageTemplate, place: str
) -> Iterator[Fault]:
    name = (template.kind, template.segment, (template.locale or "").lower())
    if name in first:
        detail = f"/messages/templates/{first[name]} is for the same kind and locale"
        yield Fault(f"{place}/locale", "duplicate_template", detail)
    first.setdefault(name, index)


def _survey_score(survey: ProgramSurvey, place: str) -> Iterator[Fault]:
    lowest, highest = survey.scale
    if survey.low_score_max is not None and not lowest <= survey.low_score_max < highest:
        detail = f"A low score of {survey.kind} is {lowest} to {highest - 1}"
        yield Fault(f"{place}/low_score_max", "out_of_range", detail)


def _survey_window(survey: ProgramSurvey, place: str) -> Iterator[Fault]:
    if survey.starts_on and survey.ends_on and survey.ends_on < survey.starts_on:
        yield Fault(f"{place}/ends_on", "empty_window", "It ends before it starts")


def _lives_until(policy: AfterEarningExpiry, day: date) -> date:
    if policy.months is not None:
        return add_months(day, policy.months)
    return day + timedelta(days=policy.days or 0)


def _months_between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month
