"""Which rules and campaigns can hold together, day by day."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from loyalty.domain.program.campaigns import WEEKDAYS, Campaign, CampaignWindow, Weekday
from loyalty.domain.program.document import Program
from loyalty.domain.program.earning_rules import EarningRule, RuleConditions

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarStretch:
    """Local days on which the same rules and campaigns can hold.

    `starts_on` and `ends_on` are included; None: there is no first or last day. `weekdays` are
    those among them that the stretch is about.
    """

    starts_on: date | None
    ends_on: date | None
    weekdays: tuple[Weekday, ...]
    rules: tuple[EarningRule, ...]
    campaigns: tuple[Campaign, ...]


def stretches(document: Program, *, since: date) -> Iterator[CalendarStretch]:
    """All stretches from a day on, soonest first; weekdays that are alike are together."""
    turns = sorted(turn for turn in {since, *_turns(document)} if turn >= since)
    for number, turn in enumerate(turns):
        following = turns[number + 1] if number + 1 < len(turns) else None
        yield from _alike(document, turn, following)


def can_hold(window: CampaignWindow, day: date) -> bool:
    """Whether there is a time on this local day at which the window holds."""
    if window.holds_on(day):
        return True
    is_overnight = any(hours.is_overnight for hours in window.hours)
    return is_overnight and window.holds_on(day - _DAY)


def _turns(document: Program) -> Iterator[date]:
    """Every day on which a rule or a campaign can begin or cease to hold."""
    windows: Iterable[CampaignWindow | RuleConditions] = (
        *(rule.when for rule in document.earning_rules),
        *(campaign.when for campaign in document.campaigns),
    )
    for window in windows:
        # Hours may last until the next morning.
        if window.starts_on:
            yield from (window.starts_on, window.starts_on + _DAY)
        if window.ends_on:
            yield from (window.ends_on + _DAY, window.ends_on + 2 * _DAY)


def _alike(document: Program, starts_on: date, following: date | None) -> Iterator[CalendarStretch]:
    """The stretches from one day to the day before another one, one for all weekdays alike."""
    last = starts_on + _WEEK - _DAY
    if following is not None:
        last = min(last, following - _DAY)
    days = [starts_on + _DAY * number for number in range((last - starts_on).days + 1)]
    rules = tuple(rule for rule in document.earning_rules if _rule_holds(rule, starts_on))
    alike: dict[tuple[int, ...], list[date]] = {}
    for day in days:
        numbers = (
            number for number, each in enumerate(document.campaigns) if can_hold(each.when, day)
        )
        alike.setdefault(tuple(numbers), []).append(day)
    for holding, same in alike.items():
        yield CalendarStretch(
            starts_on=starts_on,
            ends_on=following and following - _DAY,
            weekdays=tuple(WEEKDAYS[index] for index in sorted(day.weekday() for day in same)),
            rules=rules,
            campaigns=tuple(document.campaigns[number] for number in holding),
        )


def _rule_holds(rule: EarningRule, day: date) -> bool:
    starts_on, ends_on = rule.when.starts_on, rule.when.ends_on
    return (starts_on is None or starts_on <= day) and (ends_on is None or day <= ends_on)
