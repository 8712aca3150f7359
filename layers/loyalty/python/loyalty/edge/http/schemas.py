"""What several functions' requests and answers are made of.

The names of models are unique over the whole API, because OpenAPI merges them by name.
"""

from datetime import date, datetime
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query
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

__all__ = [
    "AmountMinor",
    "AnswerPart",
    "Cursor",
    "Day",
    "ExternalId",
    "Instant",
    "Label",
    "LotPoints",
    "Moment",
    "Money",
    "OrderRef",
    "PageLimit",
    "PendingPoints",
    "Points",
    "RequestPart",
    "rfc3339",
]

PageLimit = Annotated[int, Query(ge=1, le=100, description="How many items a page may have.")]
Cursor = Annotated[
    str | None,
    Query(max_length=2000, description="`next_cursor` of the page before."),
]


class RequestPart(BaseModel):
    """A part of what a caller sends: unknown fields are refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class AnswerPart(BaseModel):
    """A part of what we answer. Every field is always there, so clients need not ask for it."""

    model_config = ConfigDict(
        frozen=True, defer_build=True, json_schema_serialization_defaults_required=True
    )


class OrderRef(RequestPart):
    """Names an order: the shop or till it was made in, and its id there."""

    source: Annotated[ExternalId, Field(description="The shop or till, as its orders name it.")]
    order_id: Annotated[ExternalId, Field(description="The order's id in the shop or till.")]


class LotPoints(AnswerPart):
    """Points of one expiry date; in an entry, the signed change to them."""

    expires_on: Annotated[
        date | None,
        Field(description="The last day to spend them, in the program's time zone; null: never."),
    ]
    points: Annotated[int, Field(description="How many points.")]


class PendingPoints(AnswerPart):
    """Points that cannot be spent yet; in an entry, the signed change to them."""

    available_on: Annotated[date, Field(description="The first day to spend them.")]
    expires_on: Annotated[
        date | None, Field(description="The last day to spend them; null: never.")
    ]
    points: Annotated[int, Field(description="How many points.")]


class Money(RequestPart):
    """An amount in minor units of its currency: 4999 and USD are $49.99."""

    amount: AmountMinor
    currency: CurrencyCode

    def minor(self, *, currency: str, pointer: str) -> int:
        """The amount in minor units of the program's currency.

        Raises:
            CurrencyMismatch: it is money of another currency.
            ValidationFailed: there is no such currency.
        """
        if self.currency == currency:
            return self.amount
        raise _wrong_currency(self.currency, wanted=currency, pointer=pointer)


def rfc3339(instant: datetime) -> str:
    """An aware UTC instant as the API writes it."""
    return instant.isoformat().replace("+00:00", "Z")


def _wrong_currency(code: str, *, wanted: str, pointer: str) -> CurrencyMismatch | ValidationFailed:
    if exponent(code) is None:
        detail = f"There is no currency {code}."
        fault = Fault(f"{pointer}/currency", "unknown_currency", detail)
        return ValidationFailed(detail, faults=(fault,))
    detail = f"The program counts in {wanted}, not in {code}."
    fault = Fault(f"{pointer}/currency", "currency_mismatch", detail)
    return CurrencyMismatch(detail, faults=(fault,))
