"""Warnings about a document that could be published; they keep nobody from publishing it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from loyalty.domain.kernel.errors import Fault
from loyalty.domain.program import campaign_checks, goal_checks
from loyalty.domain.program.lives import expiry_policies

if TYPE_CHECKING:
    from datetime import date

    from loyalty.domain.program.document import Program
    from loyalty.domain.program.goal_reach import FigureHistory
    from loyalty.domain.program.levels import Tiers


def warnings(
    document: Program,
    *,
    replaces: Program | None,
    today: date,
    history: FigureHistory | None = None,
) -> tuple[Fault, ...]:
    """What is allowed and may not be meant, and what publishing does to what is there already.

    `replaces` is the document in force, `today` the program's day. `history` has past figures, by
    which goals are judged; None: there are none yet.
    """
    changed = consequences(document, before=replaces) if replaces else ()
    return (
        *changed,
        *campaign_checks.warnings(document, replaces=replaces, today=today),
        *goal_checks.warnings(document, replaces=replaces, history=history, today=today),
    )


def consequences(document: Program, *, before: Program) -> tuple[Fault, ...]:
    """What publishing a document in place of another does to members and points."""
    checks = (_days, _points_held, _lapsing, _levels, _removed_rewards, _refunds)
    return tuple(fault for check in checks for fault in check(document, before))


def _days(document: Program, before: Program) -> Iterator[Fault]:
    if document.time_zone != before.time_zone:
        detail = "All days begin and end by the new time zone, also the last days of points."
        yield Fault("/time_zone", "days_move", detail)


def _points_held(document: Program, before: Program) -> Iterator[Fault]:
    if {*expiry_policies(document)} - {*expiry_policies(before)}:
        detail = "Points that members have keep their dates. Only new points expire as you set it."
        yield Fault("/expiry", "held_points_keep_dates", detail)


def _lapsing(document: Program, before: Program) -> Iterator[Fault]:
    now, then = document.inactivity, before.inactivity
    if now and (then is None or now.months != then.months):
        detail = f"From the day of publication everybody has {now.months} months to be active."
        yield Fault("/inactivity", "inactivity_begins", detail)
    elif then and now is None:
        detail = "Points that have lapsed do not come back; all others have their own dates again."
        yield Fault("/inactivity", "inactivity_ends", detail)


def _levels(document: Program, before: Program) -> Iterator[Fault]:
    now, then = document.tiers, before.tiers
    if then is None or now == then:
        return
    if now is None:
        yield Fault("/tiers", "levels_end", "No member has a level any more.")
    elif (now.basis, now.period) != (then.basis, then.period):
        detail = "What members have reached was counted in another way, so all begin at zero."
        yield Fault("/tiers", "levels_begin_again", detail)
    elif _rules(now) != _rules(then):
        detail = "Members who have a level by these rules, or no longer have one, change at once."
        yield Fault("/tiers", "levels_change_at_once", detail)


def _rules(tiers: Tiers) -> object:
    """What decides who has which level."""
    reached = [(level.id, level.reached_at, level.keeps_at) for level in tiers.levels]
    return reached, tiers.holds, tiers.one_step_down, tiers.rolling_months


def _removed_rewards(document: Program, before: Program) -> Iterator[Fault]:
    for reward in before.rewards:
        if document.reward(reward.id) is None:
            detail = (
                f"Nobody can redeem “{reward.name}” or be given it any more. Vouchers that were "
                "issued stay valid"
            )
            yield Fault("/rewards", "removed_reward", f"{detail}.")


def _refunds(document: Program, before: Program) -> Iterator[Fault]:
    if document.clawback != before.clawback:
        detail = "This also applies to refunds of orders that were made before."
        yield Fault("/clawback", "earlier_orders_too", detail)
