"""Trials, as they are asked for and answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from loyalty.domain.kernel.errors import ValidationFailed
from loyalty.domain.program.document import Program
from loyalty.domain.trials.estimates import budget_uses, gain_of_all
from loyalty.domain.trials.sums import (
    GAIN_BOUNDS,
    Dimension,
    Measure,
    MemberGain,
    TrialSums,
    WorldName,
)
from loyalty.edge.http.periods import ReportDay
from loyalty.edge.http.schemas import AnswerPart, MemberId, RequestPart
from loyalty.edge.models.program_checks import ProposedProgram, read_proposed
from loyalty.usecases.trials import in_document

if TYPE_CHECKING:
    from loyalty.usecases.trials import Tried

MEMBERS_MAX: Final = 5_000
LIABLE: Final[tuple[Literal["available", "pending", "debt"], ...]] = (
    "available",
    "pending",
    "debt",
)


class TrialRequest(RequestPart):
    """A proposed document, and the days on whose orders it is tried."""

    document: Annotated[ProposedProgram, Field(description="The proposed program document.")]
    first: Annotated[
        ReportDay, Field(alias="from", description="The first day, in the document's time zone.")
    ]
    last: Annotated[ReportDay, Field(alias="to", description="The last day, included.")]
    members_max: Annotated[
        int | None,
        Field(
            ge=1,
            le=MEMBERS_MAX,
            description="The most members to try it on at once. Fewer are tried if time runs out. "
            "Null: all members are tried in the background.",
        ),
    ] = None


class TrialFidelity(AnswerPart):
    """How far a trial can be trusted: what happened, decided again, against the ledger."""

    orders: Annotated[int, Field(description="Orders that were decided again.")]
    orders_exact: Annotated[
        int, Field(description="Those that gave and kept exactly the points that were booked.")
    ]
    points_booked: Annotated[
        int, Field(description="Points that their entries in the ledger moved.")
    ]
    points_off: Annotated[int, Field(description="By how many points they differ, order by order.")]


class TrialFigures(AnswerPart):
    """The sums of the members tried, in one world. Points held before and after agree with them."""

    orders: Annotated[int, Field(description="Orders that were recorded.")]
    issued: Annotated[int, Field(description="Points that orders earned.")]
    taken_back: Annotated[int, Field(description="Points that refunds and changes took back.")]
    expired: Annotated[int, Field(description="Points that expired.")]
    spent: Annotated[int, Field(description="Points that redemptions took.")]
    returned: Annotated[int, Field(description="Points that came back from redemptions.")]
    other: Annotated[
        int, Field(description="Points of adjustments, bonuses and transfers; negative if taken.")
    ]
    redemptions: Annotated[int, Field(description="Redemptions that members asked for.")]
    unaffordable: Annotated[int, Field(description="Those that they could not have paid.")]
    unaffordable_points: Annotated[int, Field(description="The points that those cost.")]
    uncountable: Annotated[
        int, Field(description="Orders left out, because they earn more than can be counted.")
    ]
    held_before: Annotated[int, Field(description="Points held when the first day began.")]
    held_after: Annotated[
        int, Field(description="Points held when the last day ended, pending ones included.")
    ]
    worth_minor: Annotated[
        int | None,
        Field(
            description="What `held_after` is worth in minor units, by the `point_value` of the "
            "document; null without one."
        ),
    ]


class TrialWorlds(AnswerPart):
    """What really happened, by the versions in force, and what would have."""

    in_force: Annotated[TrialFigures, Field(description="What really happened.")]
    proposed: Annotated[TrialFigures, Field(description="What would have happened.")]


class TrialEstimate(AnswerPart):
    """How many points more all members would earn, net of refunds; negative: fewer."""

    points: Annotated[int, Field(description="The estimate for all members.")]
    low: Annotated[int, Field(description="The lower end of its 95 % interval.")]
    high: Annotated[int, Field(description="The upper end.")]


class TrialSlice(AnswerPart):
    """A part of the sums: a level, a rule or campaign, or a month."""

    id: Annotated[str, Field(description="The level, rule, campaign or month; empty: no level.")]
    issued_in_force: Annotated[int, Field(description="Points that orders earned.")]
    issued_proposed: Annotated[int, Field(description="Points that they would have earned.")]


class TrialGainGroup(AnswerPart):
    """Members by what they would gain in points, net of refunds."""

    at_least: Annotated[int | None, Field(description="The least gain; null: no bound.")]
    below: Annotated[int | None, Field(description="The gain that is too much; null: no bound.")]
    members: Annotated[int, Field(description="The members in the group.")]


class TrialLiability(AnswerPart):
    """Points that are held or owed when the last day ended, by when they expire."""

    state: Annotated[
        Literal["available", "pending", "debt"],
        Field(description="As in the report `liability`; a debt is negative."),
    ]
    expires_in: Annotated[
        str | None, Field(description="The month in which they expire, as `2027-03`; null: never.")
    ]
    points_in_force: Annotated[int, Field(description="The points that were held.")]
    points_proposed: Annotated[int, Field(description="The points that would have been.")]
    worth_in_force_minor: Annotated[
        int | None, Field(description="Their worth in minor units; null without a `point_value`.")
    ]
    worth_proposed_minor: Annotated[int | None, Field(description="The same, as proposed.")]


class TrialBreakage(AnswerPart):
    """Points that expired unspent, and those that are likely to."""

    rate: Annotated[
        float | None,
        Field(
            description="Of the points that were spent or expired in the period, the share that "
            "expired; null if there are none."
        ),
    ]
    likely: Annotated[
        int | None,
        Field(description="The points held at the end that expire, if this share of them does."),
    ]
    likely_minor: Annotated[
        int | None, Field(description="Their worth in minor units; null without a `point_value`.")
    ]


class TrialBreakages(AnswerPart):
    """Breakage in both worlds."""

    in_force: Annotated[TrialBreakage, Field(description="What really happened.")]
    proposed: Annotated[TrialBreakage, Field(description="What would have happened.")]


class TrialMember(AnswerPart):
    """A member who would gain or lose much."""

    member_id: MemberId
    points: Annotated[int, Field(description="Points more (negative: fewer), net of refunds.")]


class TrialLevelMove(AnswerPart):
    """Members by the level that they had on the last day, and the one they would have had."""

    in_force: Annotated[str, Field(description="The level's id; empty: none.")]
    proposed: Annotated[str, Field(description="The level's id; empty: none.")]
    members: Annotated[int, Field(description="The members who would be there.")]


class TrialBudget(AnswerPart):
    """What all members' orders would take of a campaign's budget.

    From the minute on after which it is used up, the campaign gives nothing.
    """

    campaign_id: Annotated[str, Field(description="The campaign's id.")]
    period: Annotated[str, Field(description="`all`, or the day, week, month or year.")]
    points: Annotated[int, Field(description="The budget.")]
    taken: Annotated[
        int,
        Field(
            description="What orders would take, less what refunds give back. It may be a little "
            "more than the budget: its last minute is not cut short."
        ),
    ]
    ends_on: Annotated[
        date | None, Field(description="The day on which it would be used up; null: never.")
    ]


class TrialAnswer(AnswerPart):
    """What a proposed document would have meant for the orders that were really made."""

    fidelity: Annotated[TrialFidelity, Field(description="How far it can be trusted.")]
    members_tried: Annotated[int, Field(description="The members it was tried on.")]
    members: Annotated[int, Field(description="All members of the program, merged ones once.")]
    points: Annotated[TrialWorlds, Field(description="The sums of the members tried.")]
    gain: Annotated[TrialEstimate, Field(description="What all members would gain.")]
    by_level: Annotated[list[TrialSlice], Field(description="By the level of the member.")]
    by_giver: Annotated[list[TrialSlice], Field(description="By earning rule and campaign.")]
    by_month: Annotated[list[TrialSlice], Field(description="By the month of recording.")]
    liability: Annotated[
        list[TrialLiability], Field(description="What is held at the end, by when it expires.")
    ]
    breakage: Annotated[TrialBreakages, Field(description="What expires unspent.")]
    gains: Annotated[list[TrialGainGroup], Field(description="How many gain how much.")]
    furthest_up: Annotated[list[TrialMember], Field(description="Who would gain most.")]
    furthest_down: Annotated[list[TrialMember], Field(description="Who would lose most.")]
    level_moves: Annotated[list[TrialLevelMove], Field(description="Members by their levels.")]
    budgets: Annotated[list[TrialBudget], Field(description="What budgets would have to pay.")]
    untried: Annotated[
        list[str],
        Field(
            description="Campaigns that ask something new of a member's profile, or for a computed "
            "segment that is new and compares members, or asks for goods, rewards, surveys or "
            "silence. That is not known for each order, so they were for nobody in this trial."
        ),
    ]


def trial_document(request: TrialRequest) -> Program:
    """The proposed document.

    Raises:
        ValidationFailed: it does not fit its models; the faults point into `/document`.
    """
    document = read_proposed(request.document)
    if isinstance(document, Program):
        return document
    raise in_document(ValidationFailed("The document has mistakes.", faults=document))


def trial_answer(
    tried: Tried, *, people_all: int, untried: Collection[str], in_force: Program
) -> TrialAnswer:
    sums, trial, document = tried.sums, tried.trial, tried.trial.proposed.document
    estimate = gain_of_all(sums, tried=tried.people, people_all=people_all)
    return TrialAnswer(
        fidelity=TrialFidelity(
            orders=sums.fidelity.orders,
            orders_exact=sums.fidelity.orders_exact,
            points_booked=sums.fidelity.points_booked,
            points_off=sums.fidelity.points_off,
        ),
        members_tried=tried.people,
        members=people_all,
        points=TrialWorlds(
            in_force=_figures(sums, "in_force", in_force),
            proposed=_figures(sums, "proposed", document),
        ),
        gain=TrialEstimate(points=estimate.points, low=estimate.low, high=estimate.high),
        by_level=_slices(sums, "level", _levels_first(document)),
        by_giver=_slices(sums, "giver", _givers_first(document)),
        by_month=_months(sums),
        liability=_liability(sums, in_force, document),
        breakage=TrialBreakages(
            in_force=_breakage(sums, "in_force", in_force),
            proposed=_breakage(sums, "proposed", document),
        ),
        gains=_gain_groups(sums),
        furthest_up=_members(sums.furthest_up),
        furthest_down=_members(sums.furthest_down),
        level_moves=[
            TrialLevelMove(in_force=move.in_force, proposed=move.proposed, members=members)
            for move, members in sorted(sums.levels.items())
        ],
        budgets=[
            TrialBudget(
                campaign_id=each.budget.campaign_id,
                period=each.budget.period,
                points=each.budget.points,
                taken=each.taken,
                ends_on=each.ends_on(document.zone),
            )
            for each in budget_uses(sums, trial, tried=tried.people, people_all=people_all)
        ],
        untried=list(untried),
    )


def _figures(sums: TrialSums, world: WorldName, document: Program) -> TrialFigures:
    total: Counter[Measure] = Counter()
    for cell, amount in sums.cells.items():
        if cell.world == world and cell.dimension == "all":
            total[cell.measure] += amount
    held = total["held_after"]
    return TrialFigures(
        orders=total["orders"],
        issued=total["issued"],
        taken_back=total["taken_back"],
        expired=total["expired"],
        spent=total["spent"],
        returned=total["returned"],
        other=total["other"],
        redemptions=total["redemptions"],
        unaffordable=total["unaffordable"],
        unaffordable_points=total["unaffordable_points"],
        uncountable=total["uncountable"],
        held_before=total["held_before"],
        held_after=held,
        worth_minor=_worth(held, document),
    )


def _worth(points: int, document: Program) -> int | None:
    """What points are worth, rounded toward zero as in the reports."""
    value = document.point_value
    if value is None:
        return None
    return int(Fraction(points * value.amount_minor, value.per_points))


def _liability(sums: TrialSums, in_force: Program, proposed: Program) -> list[TrialLiability]:
    left: dict[WorldName, Counter[tuple[str, str]]] = {
        "in_force": Counter(),
        "proposed": Counter(),
    }
    for cell, points in sums.cells.items():
        if cell.dimension == "expires_in":
            left[cell.world][cell.measure, cell.value] += points
    ordered = [
        (state, month)
        for state in LIABLE
        # Points that never expire come last.
        for month in sorted(
            {month for some in left.values() for each, month in some if each == state},
            key=lambda month: (not month, month),
        )
    ]
    return [
        TrialLiability(
            state=state,
            expires_in=month or None,
            points_in_force=left["in_force"][state, month],
            points_proposed=left["proposed"][state, month],
            worth_in_force_minor=_worth(left["in_force"][state, month], in_force),
            worth_proposed_minor=_worth(left["proposed"][state, month], proposed),
        )
        for state, month in ordered
    ]


def _breakage(sums: TrialSums, world: WorldName, document: Program) -> TrialBreakage:
    figures = _figures(sums, world, document)
    used = figures.spent - figures.returned
    if figures.expired + max(0, used) <= 0:
        return TrialBreakage(rate=None, likely=None, likely_minor=None)
    rate = Fraction(figures.expired, figures.expired + max(0, used))
    likely = int(max(0, figures.held_after) * rate)
    return TrialBreakage(
        rate=round(float(rate), 6), likely=likely, likely_minor=_worth(likely, document)
    )


def _slices(sums: TrialSums, dimension: Dimension, ids: Iterable[str]) -> list[TrialSlice]:
    """Points by the values of a dimension: those of the document first, in its order."""
    issued: dict[WorldName, Counter[str]] = {"in_force": Counter(), "proposed": Counter()}
    for cell, amount in sums.cells.items():
        if cell.dimension == dimension and cell.measure == "issued":
            issued[cell.world][cell.value] += amount
    there = issued["in_force"].keys() | issued["proposed"].keys()
    ordered = [each for each in dict.fromkeys(ids) if each in there]
    return _as_slices((*ordered, *sorted(there - set(ordered))), issued)


def _months(sums: TrialSums) -> list[TrialSlice]:
    issued: dict[WorldName, Counter[str]] = {"in_force": Counter(), "proposed": Counter()}
    for cell, amount in sums.cells.items():
        if cell.dimension == "all" and cell.measure == "issued":
            issued[cell.world][cell.month] += amount
    return _as_slices(sorted(issued["in_force"].keys() | issued["proposed"].keys()), issued)


def _as_slices(ids: Iterable[str], issued: dict[WorldName, Counter[str]]) -> list[TrialSlice]:
    return [
        TrialSlice(
            id=each,
            issued_in_force=issued["in_force"][each],
            issued_proposed=issued["proposed"][each],
        )
        for each in ids
    ]


def _levels_first(document: Program) -> list[str]:
    return ["", *(level.id for level in (document.tiers.levels if document.tiers else ()))]


def _givers_first(document: Program) -> list[str]:
    rules = [each.id for each in document.earning_rules]
    return [*rules, *(each.id for each in document.campaigns)]


def _gain_groups(sums: TrialSums) -> list[TrialGainGroup]:
    lows = (None, *GAIN_BOUNDS)
    return [
        TrialGainGroup(at_least=low, below=high, members=sums.gains[low])
        for low, high in zip(lows, (*GAIN_BOUNDS, None), strict=True)
        if sums.gains[low]
    ]


def _members(gains: Iterable[MemberGain]) -> list[TrialMember]:
    return [TrialMember(member_id=each.member_id, points=each.points) for each in gains]
