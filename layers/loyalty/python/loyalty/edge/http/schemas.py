"""Parts that the requests and answers of several functions share.

OpenAPI merges models by name, so a name is unique in the whole API.
"""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from loyalty.domain.kernel.currencies import exponent
from loyalty.domain.kernel.errors import CurrencyMismatch, Fault, ValidationFailed
from loyalty.domain.kernel.fields import (
    AmountMinor,
    CurrencyCode,
    Day,
    ExternalId,
    Instant,
    Label,
    Moment,
    Points,
)
from loyalty.domain.orders.order import OrderRef
from loyalty.edge.http.params import Query
from loyalty.edge.http.redaction import OfStaff

__all__ = [
    "AmountMinor",
    "AnswerPart",
    "Cursor",
    "Day",
    "ExternalId",
    "Instant",
    "Label",
    "LineId",
    "LotPoints",
    "MemberId",
    "Moment",
    "Money",
    "NamedOrder",
    "NextCursor",
    "OrderId",
    "PageLimit",
    "PendingPoints",
    "Points",
    "RedemptionId",
    "RequestPart",
    "RewardId",
    "RewardName",
    "Source",
    "StaffName",
    "named_order",
    "rfc3339",
]

PageLimit = Annotated[int, Query(ge=1, le=100, description="The most items that a page may have.")]
Cursor = Annotated[
    str | None,
    Query(
        max_length=2000,
        description="`next_cursor` of the previous page; leave it out to get the first page.",
    ),
]

# Fields of answers. Requests check the same ids as `ExternalId`.
MemberId = Annotated[str, Field(description="The member's id, which begins with `mem_`.")]
RewardId = Annotated[str, Field(description="The reward's id in the program document.")]
RewardName = Annotated[str, Field(description="The reward's name in the program document.")]
RedemptionId = Annotated[str, Field(description="The redemption's id.")]
StaffName = Annotated[
    str | None,
    OfStaff(),
    Field(
        description="What the person is called: their name as last seen, or else their e-mail; "
        "null if neither is known, or if they were erased."
    ),
]
NextCursor = Annotated[
    str | None,
    Field(description="Send it as `cursor` to get the next page; null: this is the last page."),
]

# Fields of requests and answers alike.
Source = Annotated[
    ExternalId, Field(description="The shop or till in which the order was made, by your own name.")
]
OrderId = Annotated[ExternalId, Field(description="The order's id in that shop or till.")]
LineId = Annotated[ExternalId, Field(description="The line's id, unique within its order.")]


class RequestPart(BaseModel):
    """A part of what a caller sends: unknown fields are refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class AnswerPart(BaseModel):
    """A part of what we answer. Every field is always present."""

    model_config = ConfigDict(
        frozen=True, defer_build=True, json_schema_serialization_defaults_required=True
    )


class NamedOrder(RequestPart):
    """Names an order: the shop or till in which it was made, and its id there."""

    model_config = ConfigDict(title="OrderRef")

    source: Source
    order_id: OrderId

    @property
    def ref(self) -> OrderRef:
        return OrderRef(self.source, self.order_id)


def named_order(order: OrderRef | None) -> NamedOrder | None:
    return NamedOrder(source=order.source, order_id=order.order_id) if order else None


class LotPoints(AnswerPart):
    """Points that expire on one day; in an entry, the signed change to them."""

    expires_on: Annotated[
        date | None,
        Field(
            description="The last day to spend the points, in the program's time zone; "
            "null: they never expire."
        ),
    ]
    points: Annotated[int, Field(description="How many points.")]


class PendingPoints(AnswerPart):
    """Points that cannot be spent yet; in an entry, the signed change to them."""

    available_on: Annotated[
        date, Field(description="The first day to spend the points, in the program's time zone.")
    ]
    expires_on: Annotated[
        date | None,
        Field(
            description="The last day to spend the points, in the program's time zone; "
            "null: they never expire."
        ),
    ]
    points: Annotated[int, Field(description="How many points.")]


class Money(RequestPart):
    """An amount in minor units of its currency: 4999 and USD are $49.99."""

    amount: AmountMinor
    currency: CurrencyCode

    def minor(self, *, currency: str, pointer: str) -> int:
        """The amount in minor units of the program's currency.

        Raises:
            CurrencyMismatch: it is in a different currency.
            ValidationFailed: there is no such currency.
        """
        if self.currency == currency:
            return self.amount
        raise _wrong_currency(self.currency, expected=currency, pointer=pointer)


def rfc3339(instant: datetime) -> str:
    """An aware UTC instant as the API writes it."""
    return instant.isoformat().replace("+00:00", "Z")


def _wrong_currency(
    code: str, *, expected: str, pointer: str
) -> CurrencyMismatch | ValidationFailed:
    if exponent(code) is None:
        detail = f"There is no currency {code}."
        fault = Fault(f"{pointer}/currency", "unknown_currency", detail)
        return ValidationFailed(detail, faults=(fault,))
    detail = f"The program uses {expected}, not {code}."
    fault = Fault(f"{pointer}/currency", "currency_mismatch", detail)
    return CurrencyMismatch(detail, faults=(fault,))
