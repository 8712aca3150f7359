"""Why a member holds what they hold, entry by entry and in sentences."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.kernel.currencies import written
from loyalty.domain.ledger.entries import (
    Accrual,
    Adjustment,
    AwardClawback,
    Bonus,
    BonusOccasion,
    Cause,
    Clawback,
    Counterpart,
    Entry,
    EntryKind,
    Redemption,
    Return,
    SharedPart,
)
from loyalty.domain.ledger.explaining import Origin, Taking
from loyalty.edge.http.schemas import AnswerPart, NamedOrder
from loyalty.edge.models.entries import EntryShare, last_day, shares_answer
from loyalty.edge.models.statements import Balance, Debt
from loyalty.usecases.ledger.statements import ExplainedBalance

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program

# What bonuses are given for, in a sentence.
BONUS_OCCASIONS: Final[Mapping[BonusOccasion, str]] = {
    "birthday": "a birthday",
    "survey": "a survey",
    "sign_up": "enrolling",
    "completed_profile": "a completed profile",
    "anniversary": "an anniversary",
    "challenge": "a challenge",
    "referral": "bringing a friend, or being brought",
    "plan": "a paid plan",
    "activity": "an activity",
    "board": "a place on a board",
}

EntryId = Annotated[str, Field(description="The entry's id, as in the history.")]
Sentence = Annotated[str, Field(description="The same in plain English, to read to a customer.")]


class ExplainedTaking(AnswerPart):
    """Points that an entry took away."""

    entry_id: EntryId
    kind: Annotated[EntryKind, Field(description="What kind of cause the entry has.")]
    at: Annotated[datetime, Field(description="When it counted, in UTC.")]
    points: Annotated[int, Field(description="How many of these points it took.")]
    text: Sentence


class ExplainedOrigin(AnswerPart):
    """Points that one entry added, and how many of them are left."""

    entry_id: EntryId
    kind: Annotated[EntryKind, Field(description="What kind of cause the entry has.")]
    at: Annotated[datetime, Field(description="When its cause happened, in UTC.")]
    order: Annotated[NamedOrder | None, Field(description="The order that brought them.")]
    brought: Annotated[int, Field(description="How many points the entry brought here.")]
    remaining: Annotated[int, Field(description="How many of them are left.")]
    taken: Annotated[list[ExplainedTaking], Field(description="What took the others.")]
    breakdown: Annotated[
        list[EntryShare] | None,
        Field(
            description="What each line of the order earned by which rule; null for other entries, "
            "and for orders before the newest hundred."
        ),
    ]
    text: Sentence


class ExplainedLotAnswer(AnswerPart):
    """The points of one expiry date, by origin."""

    expires_on: Annotated[
        date | None,
        Field(description="The last day to spend them (program time); null: they never expire."),
    ]
    points: Annotated[int, Field(description="Points of this date.")]
    origins: Annotated[list[ExplainedOrigin], Field(description="Where they came from.")]
    text: Sentence


class ExplainedPendingAnswer(AnswerPart):
    """Points that cannot be spent yet, by origin."""

    available_on: Annotated[date, Field(description="The day they become available.")]
    expires_on: Annotated[
        date | None, Field(description="The last day to spend them; null: they never expire.")
    ]
    points: Annotated[int, Field(description="Points of these dates.")]
    origins: Annotated[list[ExplainedOrigin], Field(description="Where they came from.")]
    text: Sentence


class ExplanationAnswer(AnswerPart):
    """What a member held at a moment, and why.

    A lot does not know its points one by one. A refund takes those of its own order first; all
    else takes the oldest of the lot first.
    """

    at: Annotated[datetime, Field(description="The moment, in UTC.")]
    balance: Balance
    debt: Debt
    pending_points: Annotated[int, Field(description="The sum of `pending`.")]
    lots: Annotated[list[ExplainedLotAnswer], Field(description="Spendable points.")]
    pending: Annotated[list[ExplainedPendingAnswer], Field(description="Points to come.")]
    debt_changes: Annotated[
        list[ExplainedTaking],
        Field(description="The changes of the debt since it was last zero; negative: a payment."),
    ]
    text: Sentence


def explanation_answer(
    explained: ExplainedBalance,
    *,
    moment: datetime,
    document: "Program",
    documents: "Mapping[int, Program]",
) -> ExplanationAnswer:
    """The answer; `documents` are those of the versions that decided the orders."""
    narrator = _Narrator(document)
    found = explained.explanation

    def origins(of: Sequence[Origin]) -> list[ExplainedOrigin]:
        return [
            _origin(each, explained.accruals, documents=documents, narrator=narrator) for each in of
        ]

    return ExplanationAnswer(
        at=moment,
        balance=found.held.points,
        debt=found.held.debt,
        pending_points=found.held.pending_points,
        lots=[
            ExplainedLotAnswer(
                expires_on=last_day(lot.expires_on),
                points=lot.points,
                origins=origins(lot.origins),
                text=narrator.lot(lot.points, lot.expires_on),
            )
            for lot in found.lots
        ],
        pending=[
            ExplainedPendingAnswer(
                available_on=each.dates.available_on,
                expires_on=last_day(each.dates.expires_on),
                points=each.points,
                origins=origins(each.origins),
                text=narrator.pending(each.points, each.dates.available_on),
            )
            for each in found.pending
        ],
        debt_changes=[_taking(change, narrator) for change in found.debt],
        text=narrator.balance(found.held.points, debt=found.held.debt, moment=moment),
    )


def _origin(
    origin: Origin,
    accruals: Mapping[Cause, Entry],
    *,
    documents: "Mapping[int, Program]",
    narrator: "_Narrator",
) -> ExplainedOrigin:
    entry = origin.entry
    whole = accruals.get(entry.cause)
    breakdown: list[EntryShare] | None = None
    if whole is not None and isinstance(whole.detail, Accrual):
        decided_by = documents[whole.program_version]
        breakdown = shares_answer(
            whole.detail.shares, document=decided_by, tier=whole.detail.tier, plan=whole.detail.plan
        )
    order = entry.order
    return ExplainedOrigin(
        entry_id=entry.id,
        kind=entry.kind,
        at=entry.happened_at,
        order=NamedOrder(source=order.source, order_id=order.order_id) if order else None,
        brought=origin.brought,
        remaining=origin.remaining,
        taken=[_taking(each, narrator) for each in origin.takings],
        breakdown=breakdown,
        text=narrator.origin(origin, breakdown),
    )


def _taking(taking: Taking, narrator: "_Narrator") -> ExplainedTaking:
    return ExplainedTaking(
        entry_id=taking.entry.id,
        kind=taking.entry.kind,
        at=taking.entry.counted_at,
        points=taking.points,
        text=narrator.taking(taking),
    )


class _Narrator:
    """Writes sentences with the names, the currency and the time zone of a program."""

    def __init__(self, document: "Program") -> None:
        self._document = document
        self._rewards = {reward.id: reward.name for reward in document.rewards}

    def balance(self, points: int, *, debt: int, moment: datetime) -> str:
        owed = f" {self._points(debt)} are owed; the next points pay them." if debt else ""
        return f"On {self._day(moment)} the balance was {self._points(points)}.{owed}"

    def lot(self, points: int, expires_on: date) -> str:
        if expires_on == NEVER:
            return f"{self._points(points)} that never expire"
        return f"{self._points(points)} to spend until {_written(expires_on)}"

    def pending(self, points: int, available_on: date) -> str:
        return f"{self._points(points)} that can be spent from {_written(available_on)} on"

    def origin(self, origin: Origin, breakdown: Sequence[EntryShare] | None) -> str:
        entry = origin.entry
        sentence = f"{self._points(origin.brought)} {self._brought(entry)}"
        if breakdown:
            sentence += f" ({', '.join(self._by_rule(breakdown))})"
        takings = "".join(f"; {self.taking(each)}" for each in origin.takings)
        left = f"; {origin.remaining} left" if origin.takings else ""
        return f"{sentence}{takings}{left}"

    def taking(self, taking: Taking) -> str:
        return f"{taking.points} {self._took(taking.entry)}"

    def _by_rule(self, breakdown: Sequence[EntryShare]) -> list[str]:
        phrases: list[str] = []
        for rule_id in dict.fromkeys(share.rule_id for share in breakdown):
            shares = [share for share in breakdown if share.rule_id == rule_id]
            points, rate = sum(share.points for share in shares), shares[0].rate
            if rate is None:
                phrases.append(f"{rule_id}: {points}")
                continue
            by_level, by_plan = rate.multiplier_percent, rate.plan_percent
            times = f" times {by_level} %" if by_level != 100 else ""
            times += f" times {by_plan} % by the plan" if by_plan != 100 else ""
            phrases.append(
                f"{rule_id}: {points} for "
                f"{self._money(sum(share.eligible_minor for share in shares))} at "
                f"{rate.points} per {self._money(rate.per_minor)}{times}"
            )
        return phrases

    def _brought(self, entry: Entry) -> str:
        on = f"on {self._day(entry.happened_at)}"
        order = f"order {entry.order.order_id}" if entry.order else "an order"
        match entry.detail:
            case Bonus() as bonus:
                return f"as a bonus for {BONUS_OCCASIONS[bonus.given_for]} {on}"
            case Adjustment() as adjustment:
                return f"added by hand {on}: {adjustment.reason}"
            case Counterpart() if entry.kind == "merge":
                return f"from a merged account {on}"
            case Counterpart():
                return f"given by another member {on}"
            case Return() | SharedPart():
                return f"returned from a cancelled redemption {on}"
        if entry.kind == "edit":
            return f"for a change of {order} {on}"
        return f"for {order} {on}"

    def _took(self, entry: Entry) -> str:
        on = f"on {self._day(entry.counted_at)}"
        match entry.detail:
            case Redemption() as redemption:
                name = self._rewards.get(redemption.reward_id, redemption.reward_id)
                return f"spent on {name} {on}"
            case Clawback(refund_id="~review", order_id=order_id):
                return f"taken back {on} by a review of {order_id}"
            case Clawback() as clawback:
                return f"taken back {on} by refund {clawback.refund_id} of {clawback.order_id}"
            case AwardClawback() as taken:
                what = BONUS_OCCASIONS[taken.given_for]
                return f"taken back {on} because {what} was undone"
            case Adjustment() as adjustment:
                return f"taken by hand {on}: {adjustment.reason}"
            case Counterpart() if entry.kind == "merge":
                return f"moved to the account it was merged into {on}"
            case Counterpart():
                return f"given to another member {on}"
        words: Mapping[EntryKind, str] = {
            "expiry": "expired",
            "activation": "became available",
            "contribution": "spent by another member of the household",
            "edit": "taken back when the order changed",
        }
        return f"{words.get(entry.kind, 'taken')} {on}"

    def _points(self, points: int) -> str:
        names = self._document.points
        return f"{points:,} {names.one if points == 1 else names.many}"

    def _money(self, amount_minor: int) -> str:
        return written(amount_minor, self._document.currency)

    def _day(self, moment: datetime) -> str:
        return _written(moment.astimezone(self._document.zone).date())


MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def _written(day: date) -> str:
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"
