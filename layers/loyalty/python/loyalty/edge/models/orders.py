"""Orders, refunds and adjustments, as callers send them and the API answers them."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt

from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.kernel.limits import POINTS_MAX
from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.ledger.order_vouchers import VOUCHERS_MAX
from loyalty.domain.orders.order import (
    AHEAD_MAX,
    LINES_MAX,
    PROMOTION_CODES_MAX,
    TAGS_MAX,
    TENDERS_MAX,
    Line,
    Order,
    Tender,
    fingerprint,
    promotion_codes,
    tenders_of,
)
from loyalty.edge.http.schemas import (
    AnswerPart,
    Day,
    ExternalId,
    Instant,
    Label,
    LineId,
    MemberId,
    Money,
    OrderId,
    RequestPart,
    Source,
)
from loyalty.edge.models.entries import EntryAnswer
from loyalty.edge.models.identities import NamedIdentity
from loyalty.edge.models.order_vouchers import CancelledVouchers, Vouchers
from loyalty.usecases.orders.accrual import NamedCustomer
from loyalty.usecases.orders.lookup import OrderStatus


class OrderLine(RequestPart):
    """A line of an order."""

    line_id: LineId
    sku: Annotated[Label | None, Field(description="The article's SKU, if rules name SKUs.")] = None
    category: Annotated[
        Label | None, Field(description="The article's category, if rules name categories.")
    ] = None
    quantity: Annotated[StrictInt, Field(ge=1, le=1_000_000, description="How many units.")] = 1
    amount: Annotated[
        Money, Field(description="The price of the whole line, after discounts, before tax.")
    ]
    brand: Annotated[Label | None, Field(description="The article's brand, if rules name it.")] = (
        None
    )
    tags: Annotated[
        tuple[Label, ...],
        Field(max_length=TAGS_MAX, description="The article's tags, if rules name tags."),
    ] = ()


class OrderTender(RequestPart):
    """A means of payment, and how much of the order it paid."""

    kind: Annotated[
        ExternalId,
        Field(
            description="The means of payment, by your own name. Connected shops send `card`, "
            "`cash`, `gift_card`, `store_credit`, `points` and `other`."
        ),
    ]
    amount: Annotated[Money, Field(description="How much it paid, tax included.")]


class OrderGoods(RequestPart):
    """What was bought, where, when, and how it was paid."""

    occurred_at: Annotated[
        Instant, Field(description="When the order was paid (RFC 3339, any offset).")
    ]
    channel: Annotated[
        ExternalId | None, Field(description="Where it was bought, by your own name.")
    ] = None
    location: Annotated[
        ExternalId | None, Field(description="The branch where it was bought, by your own name.")
    ] = None
    lines: Annotated[
        tuple[OrderLine, ...],
        Field(max_length=LINES_MAX, description="What was bought."),
    ]
    tenders: Annotated[
        tuple[OrderTender, ...],
        Field(
            max_length=TENDERS_MAX,
            description="How it was paid. Amounts of the same kind are added up. They need not "
            "add up to the lines: only what each paid of their sum counts.",
        ),
    ] = ()
    codes: Annotated[
        tuple[Label, ...],
        Field(
            max_length=PROMOTION_CODES_MAX,
            description="Promotion codes that the customer entered. Capital and small letters are "
            "the same.",
        ),
    ] = ()

    def named(
        self,
        source: str,
        order_id: str,
        *,
        currency: str,
        told_at: datetime | None = None,
        within: str = "",
    ) -> Order:
        """The order in the program's words; `told_at` is when this version of it was made.

        `within` is the pointer of the order in the request.

        Raises:
            ValidationFailed: two lines have the same id, or the customer is named in two ways.
            CurrencyMismatch: an amount is not in the program's currency.
        """
        faults = tuple(self._faults(within))
        if faults:
            raise ValidationFailed(faults[0].detail, faults=faults)
        return Order(
            source=source,
            order_id=order_id,
            told_at=told_at,
            occurred_at=self.occurred_at,
            channel=self.channel,
            location=self.location,
            tenders=tenders_of(
                Tender(
                    tender.kind,
                    tender.amount.minor(
                        currency=currency, pointer=f"{within}/tenders/{number}/amount"
                    ),
                )
                for number, tender in enumerate(self.tenders)
            ),
            codes=promotion_codes(self.codes),
            lines=tuple(
                Line(
                    line_id=line.line_id,
                    sku=line.sku,
                    category=line.category,
                    quantity=line.quantity,
                    amount_minor=line.amount.minor(
                        currency=currency, pointer=f"{within}/lines/{number}/amount"
                    ),
                    brand=line.brand,
                    tags=tuple(dict.fromkeys(line.tags)),
                )
                for number, line in enumerate(self.lines)
            ),
        )

    def _faults(self, within: str) -> Iterator[Fault]:
        seen: set[str] = set()
        for number, line in enumerate(self.lines):
            if line.line_id in seen:
                detail = f"Two lines have the id {line.line_id}"
                yield Fault(f"{within}/lines/{number}/line_id", "duplicate_line", detail)
            seen.add(line.line_id)


class OrderContent(OrderGoods):
    """Who bought what, and when."""

    member_id: Annotated[
        ExternalId | None, Field(description="The customer's member id, if you have it.")
    ] = None
    identities: Annotated[
        tuple[NamedIdentity, ...],
        Field(
            max_length=20,
            description="What identifies the customer, if you do not have the member id. Without "
            "either, the order is recorded and earns nothing.",
        ),
    ] = ()
    voucher_codes: Annotated[
        tuple[Label, ...],
        Field(
            max_length=VOUCHERS_MAX,
            description="The codes that paid for it: each voucher is used, once. Codes of your own "
            "discounts are ignored.",
        ),
    ] = ()
    net_vouchers: Annotated[
        StrictBool,
        Field(
            description="Whether the amounts are still without the discounts of `voucher_codes`: "
            "then what each known voucher is worth is taken off before the order earns."
        ),
    ] = False

    def customer(self) -> NamedCustomer:
        """The customer, and how they are named.

        Raises:
            ValidationFailed: an identity is not valid.
        """
        identities = [
            each.identity(pointer=f"/identities/{number}")
            for number, each in enumerate(self.identities)
        ]
        return NamedCustomer(
            named=self.member_id or ("identities" if identities else ""),
            member_id=self.member_id or None,
            identities=identities,
        )

    def _faults(self, within: str) -> Iterator[Fault]:
        yield from super()._faults(within)
        if self.member_id and self.identities:
            detail = "Name the customer by member_id or by identities, not by both"
            yield Fault(f"{within}/identities", "customer_named_twice", detail)


class OrderRequest(OrderContent):
    """A paid order. Name the customer by `member_id` or by `identities`."""

    source: Source
    order_id: OrderId

    def order(self, *, currency: str) -> Order:
        """The order in the program's words; raises as `named` does."""
        return self.named(self.source, self.order_id, currency=currency)


class OrderCorrection(OrderContent):
    """An order as it should have been recorded: all of it, not only what changed."""

    changed_at: Annotated[
        Instant | None,
        Field(
            description="When the order was changed (RFC 3339, any offset). Of two corrections the "
            "later one wins, whichever arrives first. If left out: now."
        ),
    ] = None

    def version(self, source: str, order_id: str, *, currency: str, now: datetime) -> Order:
        """The order as it is since `changed_at`, in the program's words; raises as `named` does.

        Raises:
            ValidationFailed: it was changed in the future, which would outdate all corrections.
        """
        if self.changed_at and self.changed_at > now + AHEAD_MAX:
            detail = "An order cannot have changed in the future"
            faults = (Fault("/changed_at", "time_out_of_range", detail),)
            raise ValidationFailed(detail, faults=faults)
        return self.named(source, order_id, currency=currency, told_at=self.changed_at or now)


class RefundedLine(RequestPart):
    """Units of one line of the order that were refunded."""

    line_id: LineId
    quantity: Annotated[
        StrictInt, Field(ge=1, le=1_000_000, description="How many units of the line.")
    ]


class RefundedGoods(RequestPart):
    """What was refunded: units of lines, an amount without lines, or the whole order."""

    lines: Annotated[
        tuple[RefundedLine, ...],
        Field(max_length=LINES_MAX, description="Which units of which lines were refunded."),
    ] = ()
    amount: Annotated[
        Money | None, Field(description="How much was refunded, if it was not of certain lines.")
    ] = None
    whole: Annotated[
        StrictBool,
        Field(description="Whether everything that was not refunded yet is refunded now."),
    ] = False

    def named(
        self, refund_id: str, *, occurred_at: datetime, currency: str, within: str = ""
    ) -> RequestedRefund:
        """The refund in the program's words; `within` is its pointer in the request.

        Raises:
            ValidationFailed: it gives none of lines, amount and whole, or several of them; it names
                a line twice.
            CurrencyMismatch: the amount is not in the program's currency.
        """
        faults = tuple(self._faults(within))
        if faults:
            raise ValidationFailed(faults[0].detail, faults=faults)
        pointer = f"{within}/amount"
        amount_minor = self.amount.minor(currency=currency, pointer=pointer) if self.amount else 0
        quantities = {line.line_id: line.quantity for line in self.lines}
        return RequestedRefund(
            refund_id=refund_id,
            occurred_at=occurred_at,
            quantities=quantities,
            amount_minor=amount_minor,
            whole=self.whole,
            fingerprint=fingerprint(occurred_at.isoformat(), quantities, amount_minor, self.whole),
        )

    def _faults(self, within: str) -> Iterator[Fault]:
        if sum((bool(self.lines), self.amount is not None, self.whole)) != 1:
            detail = "State what was refunded by exactly one of lines, amount and whole"
            yield Fault(within, "refund_unclear", detail)
        named = [line.line_id for line in self.lines]
        for number, line_id in enumerate(named):
            if line_id in named[:number]:
                detail = f"Two lines have the id {line_id}"
                yield Fault(f"{within}/lines/{number}/line_id", "duplicate_line", detail)


class RefundRequest(RefundedGoods):
    """A refund of units of lines, of an amount without lines, or of the whole order."""

    refund_id: Annotated[ExternalId, Field(description="The refund's id, unique within its order.")]
    occurred_at: Annotated[
        Instant, Field(description="When the money was refunded (RFC 3339, any offset).")
    ]

    def requested(self, *, currency: str, now: datetime) -> RequestedRefund:
        """The refund in the program's words; raises as `named` does.

        Raises:
            ValidationFailed: it happens in the future.
        """
        if self.occurred_at > now + AHEAD_MAX:
            detail = "A refund cannot happen in the future"
            faults = (*self._faults(""), Fault("/occurred_at", "time_out_of_range", detail))
            raise ValidationFailed(faults[0].detail, faults=faults)
        return self.named(self.refund_id, occurred_at=self.occurred_at, currency=currency)


class RefundAnswer(AnswerPart):
    """The refund was recorded; `entry.clawback` explains how it took points back.

    What had been refunded before is not refunded twice: `counted` is then zero.
    """

    status: Annotated[Literal["refunded"], Field(description="The refund was recorded.")] = (
        "refunded"
    )
    entry: Annotated[EntryAnswer, Field(description="The entry that the refund caused.")]
    counted: Annotated[Money, Field(description="How much of the refund counted.")]
    debt: Annotated[int, Field(description="The points that the member owes after this refund.")]
    vouchers: CancelledVouchers


class RefundWaiting(AnswerPart):
    """The order has not arrived yet; the refund counts when it does."""

    status: Annotated[Literal["waiting"], Field(description="The refund waits for its order.")] = (
        "waiting"
    )
    vouchers: CancelledVouchers


class AdjustmentRequest(RequestPart):
    """Points to add or to take by hand."""

    points: Annotated[
        StrictInt,
        Field(
            ge=-POINTS_MAX,
            le=POINTS_MAX,
            description="Points to add; negative: points to take.",
        ),
    ]
    reason: Annotated[Label, Field(description="Why, in words that the member may read.")]
    reference: Annotated[
        Label | None, Field(description="Your own reference, such as a case number.")
    ] = None
    expires_on: Annotated[
        Day | None,
        Field(
            description="The last day to spend added points, in the program's time zone. If left "
            "out, the program document decides."
        ),
    ] = None
    below_zero: Annotated[
        StrictBool,
        Field(
            description="Whether taking more points than the member has leaves a debt, which later "
            "earnings pay. Otherwise the request is refused."
        ),
    ] = False

    def require_sense(self, *, today: date) -> None:
        """Refuse zero points, a last day that is over, and a last day of points that are taken.

        Raises:
            ValidationFailed: it is one of these.
        """
        faults: list[Fault] = []
        if self.points == 0:
            faults.append(Fault("/points", "nothing_to_do", "Add or take at least one point"))
        if self.expires_on and (self.points < 0 or self.expires_on < today):
            detail = "Only added points have a last day, which must not be over yet"
            faults.append(Fault("/expires_on", "date_out_of_range", detail))
        if faults:
            raise ValidationFailed(faults[0].detail, faults=tuple(faults))


class OrderEarned(AnswerPart):
    """The order earned; `entry` has the points and explains them."""

    status: Annotated[Literal["earned"], Field(description="A member has earned.")] = "earned"
    member_id: MemberId
    entry: Annotated[EntryAnswer, Field(description="The accrual, with its breakdown.")]
    vouchers: Vouchers


class OrderCorrected(AnswerPart):
    """The order is as it was sent, unless a later correction arrived before."""

    status: Annotated[
        Literal["earned", "edited", "unchanged", "outdated"],
        Field(
            description="`earned`: the order was new. `edited`: its points changed by the "
            "difference. `unchanged`: it was recorded like this before. `outdated`: a later "
            "correction stands."
        ),
    ]
    entry: Annotated[
        EntryAnswer | None,
        Field(description="The accrual or the edit; null if a later correction stands."),
    ]
    vouchers: Vouchers


class OrderKept(AnswerPart):
    """The order was recorded and has earned nothing yet."""

    status: Annotated[
        Literal["guest", "ignored"],
        Field(
            description="`guest`: it earns when somebody enrolls with one of its identities. "
            "`ignored`: it names no customer."
        ),
    ]
    vouchers: Vouchers


class OrderAnswer(AnswerPart):
    """An order, with every entry that it caused."""

    source: Source
    order_id: OrderId
    status: Annotated[
        OrderStatus,
        Field(
            description="`earned`: a member has earned. `guest`: it earns when its customer "
            "enrolls. `ignored`: it names no customer. `waiting`: only refunds have arrived."
        ),
    ]
    member_id: Annotated[str | None, Field(description="The member who earned.")]
    entries: Annotated[
        list[EntryAnswer],
        Field(description="The accrual first, then refunds and changes in their order."),
    ]
    refunds_waiting: Annotated[
        list[str], Field(description="Ids of the refunds that wait for the order.")
    ]
