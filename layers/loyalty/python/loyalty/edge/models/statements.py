"""Statements and past balances as the API shows them; transfers and merges as it is asked."""

from datetime import date, datetime
from typing import Annotated, Any, Final

from pydantic import Field

from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.statements import Statement
from loyalty.edge.http.schemas import (
    AnswerPart,
    ExternalId,
    LotPoints,
    PendingPoints,
    Points,
    RequestPart,
)
from loyalty.edge.models.entries import EntryAnswer, entry_answer, last_day

PERIOD_DAYS_MAX: Final = 366


class HoldingsAnswer(AnswerPart):
    """What an account held at a moment."""

    balance: Annotated[int, Field(description="What the lots hold, less the debt.")]
    debt: int
    pending_points: int
    lots: list[LotPoints]
    pending: list[PendingPoints]


class BalanceAnswer(HoldingsAnswer):
    """What a member was shown at a moment, recomputed from the entries."""

    at: datetime


class StatementLot(AnswerPart):
    """The points of one expiry date over the period."""

    expires_on: date | None
    opening: int
    change: int
    closing: int


class StatementAnswer(AnswerPart):
    """What a member held before and after a period, and what happened in it."""

    first_day: date
    last_day: date
    opening: HoldingsAnswer
    entries: list[EntryAnswer]
    closing: HoldingsAnswer
    lots: list[StatementLot]


class TransferRequest(RequestPart):
    to_member_id: ExternalId
    points: Points


class MergeRequest(RequestPart):
    into: Annotated[ExternalId, Field(description="The member that remains.")]


class MergeAnswer(AnswerPart):
    """The entry that emptied the merged member; `member_id` is who remains."""

    member_id: str
    entry: EntryAnswer


def statement_answer(told: Statement, *, first: date, last: date) -> StatementAnswer:
    return StatementAnswer(
        first_day=first,
        last_day=last,
        opening=HoldingsAnswer(**_holdings(told.opening)),
        entries=[entry_answer(entry) for entry in told.entries],
        closing=HoldingsAnswer(**_holdings(told.closing)),
        lots=[
            StatementLot(
                expires_on=last_day(line.expires_on),
                opening=line.opening,
                change=line.change,
                closing=line.closing,
            )
            for line in told.lots
        ],
    )


def balance_answer(held: Holding, *, at: datetime) -> BalanceAnswer:
    return BalanceAnswer(at=at, **_holdings(held))


def require_period(first: date, last: date) -> None:
    """Refuse a period that ends before it begins, or is longer than a year.

    Raises:
        ValidationFailed: it is one of these.
    """
    days = (last - first).days + 1
    if not 0 < days <= PERIOD_DAYS_MAX:
        detail = f"A period has 1 to {PERIOD_DAYS_MAX} days"
        raise ValidationFailed(detail, faults=(Fault("/query/to", "period_out_of_range", detail),))


def _holdings(held: Holding) -> dict[str, Any]:
    return {
        "balance": held.points,
        "debt": held.debt,
        "pending_points": held.pending_points,
        "lots": [
            LotPoints(expires_on=last_day(lot), points=points)
            for lot, points in sorted(held.lots.items())
        ],
        "pending": [
            PendingPoints(
                available_on=dates.available_on,
                expires_on=last_day(dates.expires_on),
                points=points,
            )
            for dates, points in sorted(held.pending.items())
        ],
    }
