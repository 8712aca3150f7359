"""What an order or an activity counts for: a function of what stands of it, and of a version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from loyalty.domain.campaigns.purchases import amount_of, covering_by, units_of
from loyalty.domain.engagement.counters import challenge_counter
from loyalty.domain.engagement.participation import takes_part_at
from loyalty.domain.engagement.windows import window_on

if TYPE_CHECKING:
    from datetime import date

    from loyalty.domain.engagement.activities import RecordedActivity
    from loyalty.domain.engagement.participation import Stays
    from loyalty.domain.orders.order import Order
    from loyalty.domain.program.challenges import Challenge
    from loyalty.domain.program.document import Program

# Amounts by window, and in a window by what is told apart in it: `WHOLE`, or categories.
type Tallies = Mapping[str, Mapping[str, int]]

WHOLE: Final = "*"


def counts_of_order(
    left: Order,
    program: Program,
    *,
    tier: str | None = None,
    stays_of: Callable[[str], Stays] = lambda _counter: (),
) -> Mapping[str, Tallies]:
    """What the rest of an order counts for, by counter; counters that it does not raise are out.

    `program` is the version that decided the order's accrual, and `tier` the level that its member
    had on its day. `stays_of` is asked when the member took part under a counter, if members join.
    """
    day = program.today(left.occurred_at)
    counts: dict[str, Tallies] = {}
    for challenge in program.challenges:
        window = _window(challenge, day)
        if window is None or (challenge.tiers and tier not in challenge.tiers):
            continue
        counter = challenge_counter(challenge.id)
        tally = _tally(challenge, left, program)
        if tally and (
            challenge.activation == "auto" or takes_part_at(stays_of(counter), left.occurred_at)
        ):
            counts[counter] = {window: tally}
    return counts


def counts_of_activity(
    recorded: RecordedActivity,
    program: Program,
    *,
    stays_of: Callable[[str], Stays] = lambda _counter: (),
) -> Mapping[str, Tallies]:
    """What an activity counts for, by counter; one that does not stand counts for nothing.

    `program` is the version that judges it. `stays_of` is as for orders.
    """
    content = recorded.content
    if content is None or recorded.state != "awarded":
        return {}
    day = program.today(content.occurred_at)
    counts: dict[str, Tallies] = {}
    for challenge in program.challenges:
        window = _window(challenge, day)
        if window is None or challenge.counts.activity != content.activity:
            continue
        counter = challenge_counter(challenge.id)
        if challenge.activation == "auto" or takes_part_at(stays_of(counter), content.occurred_at):
            counts[counter] = {window: {WHOLE: 1}}
    return counts


def _window(challenge: Challenge, day: date) -> str | None:
    """The window in which something counts that occurred on a day; None if it does not count."""
    if challenge.starts_on and day < challenge.starts_on:
        return None
    if challenge.ends_on and day > challenge.ends_on:
        return None
    return window_on(challenge.streak.every if challenge.streak else challenge.window, day)


def _tally(challenge: Challenge, left: Order, program: Program) -> dict[str, int]:
    """What an order counts, by what the challenge tells apart; zeros are left out."""
    rule = challenge.counts
    if rule.what == "activities":
        return {}
    covers = covering_by(program.lists)(rule.of)
    lines = [line for line in left.lines if line.amount_minor > 0 and covers(line)]
    if amount_of(lines) < (rule.amount_minor_min or 1):
        return {}
    if rule.what == "categories":
        found = {each for line in lines for each in line.categories if each in rule.of.categories}
        return dict.fromkeys(sorted(found)[: rule.per_order_max], 1)
    amounts = {
        "orders": 1,
        "units": units_of(lines),
        "spend_minor": amount_of(lines),
    }
    amount = amounts[rule.what]
    amount = amount if rule.per_order_max is None else min(amount, rule.per_order_max)
    return {WHOLE: amount} if amount else {}
