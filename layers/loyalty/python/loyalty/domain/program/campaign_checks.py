"""What must hold of a program's campaigns before they are published, and what is only odd."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from loyalty.domain.kernel.errors import Fault
from loyalty.domain.kernel.limits import BUDGET
from loyalty.domain.orders.order import BACKDATED_DAYS_MAX
from loyalty.domain.program import condition_checks
from loyalty.domain.program.campaign_calendar import CalendarStretch, stretches
from loyalty.domain.program.campaign_effects import FixedEffect, StepsEffect
from loyalty.domain.program.campaigns import Campaign, CampaignWindow
from loyalty.domain.program.condition_checks import ConditionAt
from loyalty.domain.program.document import Program
from loyalty.domain.program.holdouts import UniversalHoldout

# Each is a path or two of the account, and one write has room for 40.
CAPPED_MAX: Final = 10
# A limit is stored on the account under the campaign's id, for each period.
SHORT_ID: Final = 24

_EARLIEST: Final = date(1900, 1, 1)


def checks(document: Program, campaigns: Sequence[Campaign]) -> Iterator[Iterator[Fault]]:
    """The checks of a program's campaigns. `campaigns` are those that could be read."""
    for index, campaign in enumerate(campaigns):
        place = f"/campaigns/{index}"
        yield _id(campaign, place)
        yield _window(campaign, place)
        yield _hours(campaign, place)
        yield from _conditions(campaign, document, place)
        yield _lines(campaign, document, place)
        yield _steps(campaign, place)
        yield _group(campaign, document, place)
        yield _member_limit(campaign, place)
        yield _budget(campaign, document, place)
    yield _group_ids(document)
    yield _capped_together(document)


def _id(campaign: Campaign, place: str) -> Iterator[Fault]:
    if campaign.id.startswith(BUDGET):
        yield Fault(f"{place}/id", "reserved_id", f"An id cannot begin with {BUDGET}")


def _window(campaign: Campaign, place: str) -> Iterator[Fault]:
    when = campaign.when
    if when.starts_on is None or when.ends_on is None:
        return
    if when.ends_on < when.starts_on:
        yield Fault(f"{place}/when/ends_on", "empty_window", "It ends before it starts")
    elif not _has_a_day(when, when.starts_on, when.ends_on):
        detail = "None of these days of the week is between its first and its last day"
        yield Fault(f"{place}/when/weekdays", "empty_window", detail)


def _has_a_day(when: CampaignWindow, first: date, last: date) -> bool:
    days = min((last - first).days, 6) + 1
    return any(when.holds_on(first + timedelta(days=number)) for number in range(days))


def _hours(campaign: Campaign, place: str) -> Iterator[Fault]:
    for index, hours in enumerate(campaign.when.hours):
        if hours.starts_at == hours.ends_at:
            detail = "They end when they begin; for all day, leave the hours out"
            yield Fault(f"{place}/when/hours/{index}/until", "empty_window", detail)


def _conditions(campaign: Campaign, document: Program, place: str) -> Iterator[Iterator[Fault]]:
    yield _sizes(campaign, place)
    for field, name in (("members", "for"), ("orders", "if")):
        yield _condition(campaign, field, document, f"{place}/{name}")
    yield _rising(campaign, f"{place}/if")


def _sizes(campaign: Campaign, place: str) -> Iterator[Fault]:
    both = (campaign.members, f"{place}/for"), (campaign.orders, f"{place}/if")
    roots = [ConditionAt(condition=each, place=there) for each, there in both if each]
    yield from condition_checks.sizes(roots, place)


def _condition(campaign: Campaign, field: str, document: Program, place: str) -> Iterator[Fault]:
    condition = getattr(campaign, field)
    if condition is None:
        return
    root = ConditionAt(condition=condition, place=place)
    yield from condition_checks.bounds(root)
    yield from condition_checks.selectors(root, document)
    yield from condition_checks.unknown_levels(root, document)
    yield from condition_checks.unknown_segments(root, document)


def _rising(campaign: Campaign, place: str) -> Iterator[Fault]:
    effect = campaign.effect
    if campaign.orders is None:
        return
    if isinstance(effect, FixedEffect) and effect.on_refund == "in_proportion":
        # All of its conditions are read of what was bought.
        return
    yield from condition_checks.rising(ConditionAt(condition=campaign.orders, place=place))


def _lines(campaign: Campaign, document: Program, place: str) -> Iterator[Fault]:
    yield from condition_checks.selector(campaign.lines, document, f"{place}/lines")


def _steps(campaign: Campaign, place: str) -> Iterator[Fault]:
    if not isinstance(campaign.effect, StepsEffect):
        return
    for index, (lower, step) in enumerate(pairwise(campaign.effect.steps), 1):
        there = f"{place}/effect/steps/{index}"
        if step.at_least_minor <= lower.at_least_minor:
            detail = f"This must be more than the {lower.at_least_minor} of the step before"
            yield Fault(f"{there}/at_least_minor", "not_above", detail)
        if step.points <= lower.points:
            detail = f"This must be more than the {lower.points} of the step before"
            yield Fault(f"{there}/points", "not_above", detail)


def _group(campaign: Campaign, document: Program, place: str) -> Iterator[Fault]:
    groups = {group.id for group in document.campaign_groups}
    if campaign.group is not None and campaign.group not in groups:
        detail = f"There is no group “{campaign.group}” in campaign_groups"
        yield Fault(f"{place}/group", "unknown_group", detail)


def _member_limit(campaign: Campaign, place: str) -> Iterator[Fault]:
    limit = campaign.limits.per_member
    if limit is None:
        return
    if limit.points is None and limit.orders is None:
        yield Fault(f"{place}/limits/per_member", "no_bound", "Limit points, orders, or both")
    elif limit.per == "order" and limit.orders is not None:
        detail = "Every order is one order: choose a longer period"
        yield Fault(f"{place}/limits/per_member/orders", "contradiction", detail)


def _budget(campaign: Campaign, document: Program, place: str) -> Iterator[Fault]:
    budget = campaign.limits.budget
    if budget is None:
        return
    if (budget.points is None) == (budget.amount_minor is None):
        detail = "Give it in points or as amount_minor"
        yield Fault(f"{place}/limits/budget", "budget_unclear", detail)
    elif budget.amount_minor is not None and document.point_value is None:
        detail = "A budget in money needs point_value: it says what a point is worth"
        yield Fault(f"{place}/limits/budget/amount_minor", "no_point_value", detail)


def _group_ids(document: Program) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for index, group in enumerate(document.campaign_groups):
        if group.id in first:
            detail = f"/campaign_groups/{first[group.id]} already has the id “{group.id}”"
            yield Fault(f"/campaign_groups/{index}/id", "duplicate_id", detail)
        first.setdefault(group.id, index)


def _capped_together(document: Program) -> Iterator[Fault]:
    """A fault if too many campaigns with a limit per member can give points for one order."""
    if sum(_is_capped(campaign) for campaign in document.campaigns) <= CAPPED_MAX:
        return
    for stretch in stretches(document, since=_EARLIEST):
        count = _capped_of(stretch)
        if count > CAPPED_MAX:
            since = f"from {stretch.starts_on} on" if stretch.starts_on != _EARLIEST else "together"
            detail = f"{count} campaigns with a limit per member can run {since}; {CAPPED_MAX} may"
            yield Fault("/campaigns", "too_many_limits", detail)
            return


def _capped_of(stretch: CalendarStretch) -> int:
    """How many capped campaigns can give points for one order; of a group only one can."""
    capped = [campaign for campaign in stretch.campaigns if _is_capped(campaign)]
    groups = {campaign.group for campaign in capped if campaign.group is not None}
    return len(groups) + sum(campaign.group is None for campaign in capped)


def _is_capped(campaign: Campaign) -> bool:
    limit = campaign.limits.per_member
    return limit is not None and limit.per != "order"


def warnings(document: Program, *, replaces: Program | None, today: date) -> Iterator[Fault]:
    """What is allowed in a document, and probably not meant.

    `replaces` is the document in force; `today` is the program's day.
    """
    for index, campaign in enumerate(document.campaigns):
        place = f"/campaigns/{index}"
        yield from _odd_limits(campaign, place)
        if campaign.activation == "offer" and campaign.limits.per_member is None:
            detail = (
                "Each order until the last day of an offer counts, because the campaign has no "
                "limit per member"
            )
            yield Fault(f"{place}/limits/per_member", "offer_without_limit", detail)
        if campaign.activation == "join" and campaign.when.ends_on is None:
            detail = "Members who join it stay in it for ever, because it has no last day"
            yield Fault(f"{place}/when/ends_on", "join_without_end", detail)
    for index, group in enumerate(document.campaign_groups):
        count = sum(campaign.group == group.id for campaign in document.campaigns)
        if count < 2:
            what = "one campaign" if count else "no campaign"
            yield Fault(f"/campaign_groups/{index}", "group_of_one", f"This group has {what}")
    yield from _odd_holdouts(document)
    if replaces:
        yield from _dropped(document, replaces, today=today)
        yield from _other_periods(document, replaces)
        yield from _moved_holdouts(document, replaces, today=today)


def _odd_limits(campaign: Campaign, place: str) -> Iterator[Fault]:
    limits = campaign.limits
    member = limits.per_member
    if member and limits.per_order and member.points and limits.per_order > member.points:
        detail = f"This is more than the {member.points} points that a member gets at most"
        yield Fault(f"{place}/limits/per_order", "beyond_limit", detail)
    if _is_capped(campaign) and len(campaign.id) > SHORT_ID:
        detail = (
            f"Each member's limits are stored under it: {SHORT_ID} characters or fewer keep "
            "writes cheap"
        )
        yield Fault(f"{place}/id", "long_id", detail)


def _dropped(document: Program, replaces: Program, *, today: date) -> Iterator[Fault]:
    """A warning for each campaign that is left out while its late orders may still arrive."""
    ids = {campaign.id for campaign in document.campaigns}
    oldest = today - timedelta(days=BACKDATED_DAYS_MAX)
    for campaign in replaces.campaigns:
        ends_on, starts_on = campaign.when.ends_on, campaign.when.starts_on
        is_over = ends_on is not None and ends_on < oldest
        has_begun = starts_on is None or starts_on <= today
        if campaign.id not in ids and has_begun and not is_over:
            detail = (
                f"The campaign “{campaign.name}” is left out. Orders of its days that arrive late "
                f"get nothing of it; let it end, and keep it for {BACKDATED_DAYS_MAX} days"
            )
            yield Fault("/campaigns", "dropped_campaign", detail)


def _other_periods(document: Program, replaces: Program) -> Iterator[Fault]:
    """A warning for each limit that begins to count anew, because it has another period."""
    before = {campaign.id: campaign.limits for campaign in replaces.campaigns}
    for index, campaign in enumerate(document.campaigns):
        old = before.get(campaign.id)
        for field in ("per_member", "budget"):
            limit, former = getattr(campaign.limits, field), old and getattr(old, field)
            if limit and former and limit.per != former.per:
                detail = f"The period was {former.per}: what was used before no longer counts"
                place = f"/campaigns/{index}/limits/{field}/per"
                yield Fault(place, "other_period", detail)


def _odd_holdouts(document: Program) -> Iterator[Fault]:
    """A warning for each holdout that reports can measure badly."""
    everywhere = document.universal_holdout
    places = {everywhere.salt: "/universal_holdout"} if everywhere else {}
    for index, campaign in enumerate(document.campaigns):
        place = f"/campaigns/{index}"
        if campaign.holdout is None:
            continue
        if campaign.when.starts_on is None:
            detail = (
                "Say when it starts: then what members bought before is taken into account, and "
                "reports need fewer members to see what it brings"
            )
            yield Fault(f"{place}/when/starts_on", "holdout_without_start", detail)
        salt = campaign.salt
        if salt in places:
            detail = f"{places[salt]} has the same salt, so both hold the same members out"
            yield Fault(f"{place}/holdout/salt", "shared_salt", detail)
        places.setdefault(salt, f"{place}/holdout")


def _moved_holdouts(document: Program, replaces: Program, *, today: date) -> Iterator[Fault]:
    """A warning for each holdout that other members are held out by than before."""
    yield from _moved(document.universal_holdout, replaces.universal_holdout, "/universal_holdout")
    before = {campaign.id: campaign for campaign in replaces.campaigns}
    for index, campaign in enumerate(document.campaigns):
        old, place = before.get(campaign.id), f"/campaigns/{index}/holdout"
        if old is None:
            continue
        yield from _moved(_lots(campaign), _lots(old), place)
        begun = campaign.when.starts_on is None or campaign.when.starts_on <= today
        if campaign.holdout and not old.holdout and begun:
            detail = (
                "It has begun without a holdout, so members who are held out now may have had "
                "points of it; a new campaign with an id of its own measures better"
            )
            yield Fault(place, "holdout_begins_late", detail)


def _lots(campaign: Campaign) -> UniversalHoldout | None:
    """The holdout of a campaign with the salt that decides it."""
    holdout = campaign.holdout
    return UniversalHoldout(percent=holdout.percent, salt=campaign.salt) if holdout else None


def _moved(
    now: UniversalHoldout | None, before: UniversalHoldout | None, place: str
) -> Iterator[Fault]:
    if now is None or before is None:
        return
    if now.salt != before.salt:
        detail = (
            "A new salt chooses a different group: many members who were held out no longer are, "
            "and others are held out instead. What was measured so far cannot be continued"
        )
        yield Fault(f"{place}/salt", "holdout_moves", detail)
    elif now.percent != before.percent:
        change = now.percent - before.percent
        detail = (
            f"{change} more of 100 members are held out from now on; all others stay as they are"
            if change > 0
            else f"{-change} of 100 members are no longer held out; all others stay as they are"
        )
        yield Fault(f"{place}/percent", "holdout_changes", detail)
