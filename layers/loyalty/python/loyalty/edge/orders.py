"""Orders and refunds as callers tell them, and what they are answered."""

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from loyalty.domain.errors import Fault, ValidationFailed
from loyalty.domain.orders import LINES_MAX, Line, Order
from loyalty.edge.entries import EntryAnswer, EntryShare
from loyalty.edge.identities import NamedIdentity
from loyalty.edge.schemas import AnswerPart, ExternalId, Instant, Label, Money, RequestPart


class OrderLine(RequestPart):
    line_id: ExternalId
    sku: Label | None = None
    category: Label | None = None
    quantity: Annotated[StrictInt, Field(ge=1, le=1_000_000)] = 1
    amount: Annotated[Money, Field(description="Of the whole line, after discounts, before tax.")]


class OrderRequest(RequestPart):
    """An order, once it is paid. Name the customer by `member_id` or by `identities`."""

    source: Annotated[ExternalId, Field(description="The shop or till.")]
    order_id: ExternalId
    member_id: ExternalId | None = None
    identities: Annotated[tuple[NamedIdentity, ...], Field(max_length=20)] = ()
    occurred_at: Instant
    channel: ExternalId | None = None
    lines: Annotated[tuple[OrderLine, ...], Field(max_length=LINES_MAX)]

    def order(self, *, currency: str) -> Order:
        """The order in the program's words.

        Raises:
            ValidationFailed: two lines of one id, or a customer named in two ways.
            CurrencyMismatch: money of another currency than the program's.
        """
        faults = tuple(self._faults())
        if faults:
            raise ValidationFailed(faults[0].detail, faults=faults)
        return Order(
            source=self.source,
            order_id=self.order_id,
            occurred_at=self.occurred_at,
            channel=self.channel,
            lines=tuple(
                Line(
                    line_id=line.line_id,
                    sku=line.sku,
                    category=line.category,
                    quantity=line.quantity,
                    amount_minor=line.amount.minor(
                        currency=currency, pointer=f"/lines/{number}/amount"
                    ),
                )
                for number, line in enumerate(self.lines)
            ),
        )

    def _faults(self) -> list[Fault]:
        faults: list[Fault] = []
        seen: set[str] = set()
        for number, line in enumerate(self.lines):
            if line.line_id in seen:
                detail = f"Two lines are called {line.line_id}"
                faults.append(Fault(f"/lines/{number}/line_id", "duplicate_line", detail))
            seen.add(line.line_id)
        if self.member_id and self.identities:
            detail = "Name the customer by member_id or by identities, not by both"
            faults.append(Fault("/identities", "customer_named_twice", detail))
        return faults


class OrderEarned(AnswerPart):
    """The order earned; `entry` says what and why."""

    status: Literal["earned"] = "earned"
    member_id: str
    entry: EntryAnswer


class OrderKept(AnswerPart):
    """The order of a guest waits to be claimed; one that names nobody is ignored."""

    status: Literal["guest", "ignored"]


class QuoteAnswer(AnswerPart):
    """What an order would earn now."""

    points: int
    pending_points: int
    breakdown: list[EntryShare]
