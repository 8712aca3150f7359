"""How every platform's payloads are read: field types, topics, and what makes no sense."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from typing import Annotated, Any, Final, TypeGuard

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from loyalty.domain.kernel.fields import Instant
from loyalty.domain.kernel.text import as_line
from loyalty.domain.shops.storefront import Command, FetchNeeded, Ignored, Parked, SendingShop

LABEL_CHARACTERS_MAX: Final = 200

_NAME: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_AMOUNT: Final = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)
_DIGITS: Final = re.compile(r"\d{1,19}", re.ASCII)


def _amount(value: object) -> Decimal:
    # Some platforms write an amount as a number; the shortest text of a float is what was meant.
    text = repr(value) if _is_number(value) else value
    if isinstance(text, str) and _AMOUNT.fullmatch(text):
        return Decimal(text)
    raise PydanticCustomError("amount_form", "Write an amount as 49.99")


def _refuse(_value: object) -> None:
    raise PydanticCustomError("other_topic", "The body of this topic has no such field")


def _id(value: object) -> object:
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value


def _whole(value: object) -> object:
    """A number of units that came as text, or as a number with nothing after its point."""
    number = _number(value)
    return int(number) if number is not None and number == number.to_integral_value() else value


def _rounded_up(value: object) -> object:
    """A number of units, where goods are also sold by weight or length."""
    number = _number(value)
    return value if number is None else int(number.to_integral_value(ROUND_CEILING))


def _number(value: object) -> Decimal | None:
    text = repr(value) if _is_number(value) else value
    return Decimal(text) if isinstance(text, str) and _AMOUNT.fullmatch(text) else None


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    return repr(value) if _is_number(value) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _several(value: object) -> object:
    return () if value is None or value == "" else value


def _part(value: object) -> object:
    return value if isinstance(value, dict) else None


def _flag(value: object) -> bool:
    return value is True or value in ("true", "1")


def _moment(value: object, handler: ValidatorFunctionWrapHandler) -> datetime | None:
    try:
        moment: datetime | None = handler(value)
    except ValidationError:
        return None
    return moment


def _none_if_unreadable(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(value)
    except ValidationError:
        return None


# What decides the points is read strictly. What decides nothing is read as well as it can be, and
# is nothing where it makes no sense: platforms leave fields out, send null, "" or another type.

# For a field that decides nothing about points: what we cannot read counts as absent.
NONE_IF_UNREADABLE: Final = WrapValidator(_none_if_unreadable)
OptionalText = Annotated[StrictStr | None, NONE_IF_UNREADABLE]

# A field that only the bodies of other topics have.
Absent = Annotated[None, BeforeValidator(_refuse)]
Id = Annotated[StrictInt, BeforeValidator(_id), Field(ge=1, lt=2**63)]
SignedAmount = Annotated[Decimal, BeforeValidator(_amount)]
Amount = Annotated[SignedAmount, Field(ge=0)]
Quantity = Annotated[StrictInt, BeforeValidator(_whole), Field(ge=0, le=10**6)]
RoundedQuantity = Annotated[StrictInt, BeforeValidator(_rounded_up), Field(ge=0, le=10**6)]
Text = Annotated[str | None, BeforeValidator(_text)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Moment = Annotated[Instant | None, WrapValidator(_moment)]
type Several[T] = Annotated[tuple[T, ...], BeforeValidator(_several)]
"""A list. None and "" are the empty one."""
type Part[T] = Annotated[T | None, BeforeValidator(_part)]
"""An object, or None for anything else: an empty object of PHP comes as a list."""


class Payload(BaseModel):
    """A part of a payload. Fields that we do not declare may hold anything."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


type Topic[C] = Callable[[bytes, SendingShop], C]
"""Reads the body of one topic. Raises `ValidationError` if the body does not have its shape."""


def reads[P: Payload, C](shape: type[P], command: Callable[[P, SendingShop], C]) -> Topic[C]:
    """A topic: the shape that its body must have, and the command that it stands for.

    Some platforms sign only the body and send the topic in a header. Anyone who captures a delivery
    can send its body again under any other topic, so `shape` must require what only the bodies of
    this topic have, and declare as `Absent` what tells the bodies of other topics apart.
    """

    def read(body: bytes, shop: SendingShop) -> C:
        return command(shape.model_validate_json(body), shop)

    return read


def read_topic[C](
    topics: Mapping[str, Topic[C]], topic: str, body: bytes, shop: SendingShop
) -> C | Ignored | Parked:
    """What a body means under a topic. Accepts any body: one that makes no sense is parked."""
    read = topics.get(topic)
    if read is None:
        return Ignored("unknown_topic")
    try:
        return read(body, shop)
    except ValidationError as error:
        return malformed(error)


def fetch(
    paths: tuple[str, ...],
    complete: Callable[[Sequence[bytes]], Command | FetchNeeded],
    *,
    body: bytes | None = None,
    without: Command | None = None,
) -> FetchNeeded:
    """What to read from the platform's API, and what the responses mean.

    `complete` may raise `ValidationError`: a response that makes no sense is parked, or, like a
    refusal, means `without`.
    """

    def completed(responses: Sequence[bytes]) -> Command | FetchNeeded:
        try:
            return complete(responses)
        except ValidationError as error:
            return without or malformed(error)

    return FetchNeeded(paths, completed, body, without)


def minor(amount: Decimal, decimals: int) -> int:
    """Minor units; what a shop computes more finely (a tax share) rounds to the nearest."""
    return int(amount.scaleb(decimals).to_integral_value(ROUND_HALF_EVEN))


def is_name(text: str | None) -> TypeGuard[str]:
    """Whether a text can be an id in our books."""
    return bool(text and _NAME.fullmatch(text))


def name_of(text: str) -> str:
    """An id that fits into our books: the platform's own, or a digest of one that is too long."""
    return text if is_name(text) else hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]


def label(text: str | None) -> str | None:
    return as_line(text or "")[:LABEL_CHARACTERS_MAX].rstrip() or None


def malformed(error: ValidationError) -> Parked:
    """Where the first mistake is. The value itself may be personal and is left out."""
    where = error.errors(include_url=False, include_context=False, include_input=False)[0]["loc"]
    return Parked("malformed", "".join(f"/{step}" for step in where))
