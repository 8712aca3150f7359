"""Statements and past balances, and requests to transfer points and to merge members."""

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


Debt = Annotated[int, Field(description="Points owed after a refund; the next points pay them.")]
Lots = Annotated[list[LotPoints], Field(description="Points by the day they expire.")]
Pending = Annotated[
    list[PendingPoints], Field(description="Points that cannot be spent yet, by date.")
]
Balance = Annotated[int, Field(description="Spendable points: what the lots hold, less the debt.")]


class HoldingsAnswer(AnswerPart):
    """What an account held at a moment."""

    balance: Balance
    debt: Debt
    pending_points: Annotated[int, Field(description="The sum of `pending`.")]
    lots: Lots
    pending: Pending


class BalanceAnswer(HoldingsAnswer):
    """What a member held at a moment, recomputed from the entries."""

    at: Annotated[datetime, Field(description="The moment, in UTC.")]


class StatementLot(AnswerPart):
    """The points of one expiry date over the period."""

    expires_on: Annotated[
        date | None,
        Field(
            description="The last day to spend them, in the program's time zone; "
            "null: they never expire."
        ),
    ]
    opening: Annotated[int, Field(description="Points before the first day.")]
    change: Annotated[int, Field(description="The signed change in the period.")]
    closing: Annotated[int, Field(description="Points after the last day.")]


class StatementAnswer(AnswerPart):
    """What a member held before and after a period, and every entry in it."""

    first_day: Annotated[date, Field(description="The first day, in the program's time zone.")]
    last_day: Annotated[date, Field(description="The last day, included.")]
    opening: Annotated[HoldingsAnswer, Field(description="What the member held before.")]
    entries: Annotated[list[EntryAnswer], Field(description="Every entry of the period.")]
    closing: Annotated[HoldingsAnswer, Field(description="What the member held after.")]
    lots: Annotated[list[StatementLot], Field(description="The points by expiry date.")]


class TransferRequest(RequestPart):
    """Points to give to another member."""

    to_member_id: Annotated[ExternalId, Field(description="The id of the member who gets them.")]
    points: Annotated[Points, Field(description="How many points.")]


class MergeRequest(RequestPart):
    """Asks to merge a member into another one."""

    into: Annotated[ExternalId, Field(description="The id of the member who remains.")]


class MergeAnswer(AnswerPart):
    """Two members are one now."""

    member_id: Annotated[str, Field(description="The id of the member who remains.")]
    entry: Annotated[EntryAnswer, Field(description="The entry that emptied the other account.")]


def statement_answer(statement: Statement, *, first: date, last: date) -> StatementAnswer:
    return StatementAnswer(
        first_day=first,
        last_day=last,
        opening=holdings_answer(statement.opening),
        entries=[entry_answer(entry) for entry in statement.entries],
        closing=holdings_answer(statement.closing),
        lots=[
            StatementLot(
                expires_on=last_day(line.expires_on),
                opening=line.opening,
                change=line.change,
                closing=line.closing,
            )
            for line in statement.lots
        ],
    )


def balance_answer(held: Holding, *, moment: datetime) -> BalanceAnswer:
    return BalanceAnswer(at=moment, **_holdings(held))


def holdings_answer(held: Holding) -> HoldingsAnswer:
    return HoldingsAnswer(**_holdings(held))


def require_period(first: date, last: date) -> None:
    """Refuse a period that ends before it begins, or is longer than a year.

    Raises:
        ValidationFailed: it is one of these.
    """
    days = (last - first).days + 1
    if not 0 < days <= PERIOD_DAYS_MAX:
        detail = f"A period must have 1 to {PERIOD_DAYS_MAX} days"
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
