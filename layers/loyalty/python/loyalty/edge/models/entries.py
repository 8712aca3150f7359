"""A ledger entry as the API shows it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field

from loyalty.domain.earning.awarding import Share, percent_of
from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.ledger.entries import (
    Accrual,
    Adjustment,
    Clawback,
    Counterpart,
    Edit,
    Entry,
    EntryKind,
    OrderCause,
    Redemption,
    Return,
)
from loyalty.domain.program.document import Program
from loyalty.edge.http.schemas import AnswerPart, LotPoints, OrderRef, PendingPoints


class EntryRate(AnswerPart):
    """A rule's rate as it was then: so many points for so many minor units, times a level's."""

    points: int
    per_minor: int
    multiplier_percent: int


# Some 250 bytes of JSON each.
SHARES_MAX: Final = 1_000


class EntryShare(AnswerPart):
    """What one line earned under one rule, and on how much money.

    `line_id` is null in the breakdown of a very large order, which has one item for each rule.
    """

    rule_id: str
    line_id: str | None
    points: int
    eligible_minor: int
    rate: EntryRate


class EntryClawback(AnswerPart):
    """Where the points of a refund came from; the four add up to what the order earns less."""

    refund_id: str
    amount_minor: Annotated[int, Field(description="How much of the refund counted.")]
    clawed: int
    owed: Annotated[int, Field(description="Became debt, paid by later earnings.")]
    forgiven: int
    excused: Annotated[int, Field(description="Had expired unspent.")]


class EntryEdit(AnswerPart):
    """What a storefront's change of an order did to it; the four are as of a clawback.

    Where the order earns more, `forgiven` may be negative: points that a refund once forgave
    count first.
    """

    amount_minor: Annotated[int, Field(description="How much more the order is worth.")]
    clawed: int
    owed: int
    forgiven: int
    excused: int


class EntryAnswer(AnswerPart):
    """One immutable line of the ledger, with its cause and its explanation."""

    id: str
    kind: EntryKind
    points: Annotated[int, Field(description="The signed change in spendable points.")]
    pending_points: Annotated[int, Field(description="The signed change in pending points.")]
    happened_at: datetime
    recorded_at: datetime
    program_version: int
    lots: Annotated[list[LotPoints], Field(description="By expiry date; debt is not in a lot.")]
    pending: list[PendingPoints]
    debt: Annotated[int, Field(description="The signed change in debt.")]
    available_on: Annotated[
        date | None, Field(description="Of an accrual: when the last of its points is available.")
    ] = None
    expires_on: Annotated[
        date | None, Field(description="Of an accrual: the last day of its longest-lived points.")
    ] = None
    tier: Annotated[str | None, Field(description="The member's level at the time.")] = None
    breakdown: list[EntryShare] | None = None
    order: OrderRef | None = None
    clawback: EntryClawback | None = None
    edit: EntryEdit | None = None
    redemption_id: str | None = None
    reward_id: str | None = None
    reason: str | None = None
    reference: str | None = None
    counterpart_id: Annotated[
        str | None, Field(description="Of a transfer or a merge: the other member.")
    ] = None


class RecordedEntry(AnswerPart):
    """The entry that a request caused, now or when it was first sent."""

    entry: EntryAnswer


class _RuleShare(NamedTuple):
    rule_id: str
    line_id: None
    points: int
    eligible_minor: int


def shares_answer(
    shares: Iterable[Share], *, document: Program, tier: str | None
) -> list[EntryShare]:
    """A breakdown with the rates of the program version that decided it.

    One of more than `SHARES_MAX` shares is summed up by rule: every answer stays far below what
    the gateway takes.
    """
    rules = {rule.id: rule for rule in document.earning_rules}
    level = document.tiers.level(tier) if document.tiers else None
    shown: tuple[Share | _RuleShare, ...] = tuple(shares)
    if len(shown) > SHARES_MAX:
        shown = _by_rule(shown)
    return [
        EntryShare(
            rule_id=share.rule_id,
            line_id=share.line_id,
            points=share.points,
            eligible_minor=share.eligible_minor,
            rate=EntryRate(
                points=rules[share.rule_id].points,
                per_minor=rules[share.rule_id].per_minor,
                multiplier_percent=percent_of(rules[share.rule_id], level),
            ),
        )
        for share in shown
    ]


def _by_rule(shares: Sequence[Share | _RuleShare]) -> tuple[_RuleShare, ...]:
    points: Counter[str] = Counter()
    eligible_minor: Counter[str] = Counter()
    for share in shares:
        points[share.rule_id] += share.points
        eligible_minor[share.rule_id] += share.eligible_minor
    return tuple(
        _RuleShare(rule_id, None, points[rule_id], eligible_minor[rule_id]) for rule_id in points
    )


def entry_answer(entry: Entry, *, decided_by: Program | None = None) -> EntryAnswer:
    """The entry as its cause and its detail tell it.

    `decided_by` is the document of the entry's program version; with it a breakdown tells rates.
    """
    return EntryAnswer(
        id=entry.id,
        kind=entry.kind,
        points=entry.points,
        pending_points=entry.pending_points,
        happened_at=entry.happened_at,
        recorded_at=entry.recorded_at,
        program_version=entry.program_version,
        lots=[
            LotPoints(expires_on=last_day(lot), points=points)
            for lot, points in sorted(entry.effect.lots.items())
        ],
        pending=[
            PendingPoints(
                available_on=dates.available_on,
                expires_on=last_day(dates.expires_on),
                points=points,
            )
            for dates, points in sorted(entry.effect.pending.items())
        ],
        debt=entry.effect.debt,
        **_explanation(entry, decided_by),
        **_named(entry),
    )


def last_day(day: date) -> date | None:
    """The last day of points as it is shown: none for those that never expire."""
    return None if day == NEVER else day


def _explanation(entry: Entry, decided_by: Program | None) -> dict[str, Any]:
    match entry.detail:
        case Accrual() as accrual:
            return {
                "available_on": max((part.available_on for part in accrual.parts), default=None),
                "expires_on": last_day(
                    max((part.expires_on for part in accrual.parts), default=NEVER)
                ),
                "tier": accrual.tier,
                "breakdown": (
                    shares_answer(accrual.shares, document=decided_by, tier=accrual.tier)
                    if decided_by
                    else None
                ),
            }
        case Clawback() as told:
            taken = {name: getattr(told, name) for name in EntryClawback.model_fields}
            return {"clawback": EntryClawback(**taken)}
        case Edit() as told:
            changed = {name: getattr(told, name) for name in EntryEdit.model_fields}
            return {"edit": EntryEdit(**changed)}
        case Redemption() as told:
            return {"redemption_id": told.redemption_id, "reward_id": told.reward_id}
        case Return() as told:
            return {"redemption_id": told.redemption_id, "reason": told.why}
        case Adjustment() as told:
            return {"reason": told.reason, "reference": told.reference}
        case Counterpart() as told:
            return {"counterpart_id": told.member_id}
        case None:
            return {}


def _named(entry: Entry) -> dict[str, Any]:
    if isinstance(entry.cause, OrderCause):
        return {"order": OrderRef(source=entry.cause.source, order_id=entry.cause.order_id)}
    return {}
