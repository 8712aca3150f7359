"""Orders and refunds as callers tell them, and what they are answered."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt

from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.kernel.fields import POINTS_MAX
from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.ledger.order_vouchers import VOUCHERS_MAX
from loyalty.domain.orders.order import AHEAD_MAX, LINES_MAX, Line, Order, fingerprint
from loyalty.edge.http.schemas import (
    AnswerPart,
    Day,
    ExternalId,
    Instant,
    Label,
    Money,
    RequestPart,
)
from loyalty.edge.models.entries import EntryAnswer, EntryShare
from loyalty.edge.models.identities import NamedIdentity
from loyalty.edge.models.order_vouchers import VoucherStepAnswer


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
    voucher_codes: Annotated[
        tuple[Label, ...],
        Field(
            max_length=VOUCHERS_MAX,
            description="The vouchers it was paid with: each is used, once. Those of your own "
            "discounts are passed over.",
        ),
    ] = ()

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


class RefundedLine(RequestPart):
    line_id: ExternalId
    quantity: Annotated[StrictInt, Field(ge=1, le=1_000_000)]


class RefundRequest(RequestPart):
    """A refund: units of lines, or an amount without lines, or the whole order."""

    refund_id: ExternalId
    occurred_at: Instant
    lines: Annotated[tuple[RefundedLine, ...], Field(max_length=LINES_MAX)] = ()
    amount: Money | None = None
    whole: Annotated[
        StrictBool, Field(description="Of a cancelled order: all that was not refunded yet.")
    ] = False

    def asked(self, *, currency: str, now: datetime) -> RequestedRefund:
        """The refund in the program's words.

        Raises:
            ValidationFailed: it says nothing, or more than one of lines, amount and whole; a line
                twice; a time in the future.
            CurrencyMismatch: money of another currency than the program's.
        """
        faults = tuple(self._faults(now))
        if faults:
            raise ValidationFailed(faults[0].detail, faults=faults)
        amount_minor = self.amount.minor(currency=currency, pointer="/amount") if self.amount else 0
        quantities = {line.line_id: line.quantity for line in self.lines}
        return RequestedRefund(
            refund_id=self.refund_id,
            occurred_at=self.occurred_at,
            quantities=quantities,
            amount_minor=amount_minor,
            whole=self.whole,
            fingerprint=fingerprint(
                self.occurred_at.isoformat(), quantities, amount_minor, self.whole
            ),
        )

    def _faults(self, now: datetime) -> Iterator[Fault]:
        if sum((bool(self.lines), self.amount is not None, self.whole)) != 1:
            detail = "Say what was refunded by one of lines, amount and whole"
            yield Fault("", "refund_unclear", detail)
        named = [line.line_id for line in self.lines]
        for number, line_id in enumerate(named):
            if line_id in named[:number]:
                detail = f"Two lines are called {line_id}"
                yield Fault(f"/lines/{number}/line_id", "duplicate_line", detail)
        if self.occurred_at > now + AHEAD_MAX:
            yield Fault("/occurred_at", "time_out_of_range", "A refund is not in the future")


class RefundAnswer(AnswerPart):
    """The refund was counted; `entry.clawback` says how much of it and where the points came from.

    A refund of what was refunded before counts for nothing: `counted` is then zero.
    """

    status: Literal["refunded"] = "refunded"
    entry: EntryAnswer
    counted: Money
    debt: Annotated[int, Field(description="Of the member, after this refund.")]
    vouchers: Annotated[
        list[VoucherStepAnswer],
        Field(description="Of a whole refund: what became of the order's vouchers."),
    ]


class RefundWaiting(AnswerPart):
    """The order is not here yet; the refund is taken when it comes."""

    status: Literal["waiting"] = "waiting"
    vouchers: list[VoucherStepAnswer]


class AdjustmentRequest(RequestPart):
    """Points to add (positive) or take (negative)."""

    points: Annotated[StrictInt, Field(ge=-POINTS_MAX, le=POINTS_MAX)]
    reason: Label
    reference: Label | None = None
    expires_on: Annotated[
        Day | None, Field(description="The last day of added points; by the program otherwise.")
    ] = None
    below_zero: Annotated[
        StrictBool, Field(description="Let a take leave a debt, paid by later earnings.")
    ] = False

    def require_sense(self, *, today: date) -> None:
        """Refuse nothing to do, and a last day that is over or that a take has no use for.

        Raises:
            ValidationFailed: one of these.
        """
        faults: list[Fault] = []
        if self.points == 0:
            faults.append(Fault("/points", "nothing_to_do", "Add or take at least one point"))
        if self.expires_on and (self.points < 0 or self.expires_on < today):
            detail = "Only added points have a last day, and it is not over yet"
            faults.append(Fault("/expires_on", "date_out_of_range", detail))
        if faults:
            raise ValidationFailed(faults[0].detail, faults=tuple(faults))


class OrderEarned(AnswerPart):
    """The order earned; `entry` says what and why."""

    status: Literal["earned"] = "earned"
    member_id: str
    entry: EntryAnswer
    vouchers: list[VoucherStepAnswer]


class OrderKept(AnswerPart):
    """The order of a guest waits to be claimed; one that names nobody is ignored."""

    status: Literal["guest", "ignored"]
    vouchers: list[VoucherStepAnswer]


class OrderAnswer(AnswerPart):
    """What became of an order.

    `waiting`: only refunds have come so far; `guest` and `ignored`: nobody has it yet.
    """

    source: str
    order_id: str
    status: Literal["earned", "guest", "ignored", "waiting"]
    member_id: str | None
    entries: Annotated[list[EntryAnswer], Field(description="The accrual first.")]
    refunds_waiting: list[str]


class QuoteAnswer(AnswerPart):
    """What an order would earn now, for the member it names or else for a guest."""

    member_id: Annotated[str | None, Field(description="The member quoted for; null: a guest.")]
    tier: Annotated[str | None, Field(description="The member's level on the day of the order.")]
    balance: Annotated[
        int | None, Field(description="Points that the member can spend now, before this order.")
    ]
    points: int
    pending_points: int
    breakdown: list[EntryShare]
