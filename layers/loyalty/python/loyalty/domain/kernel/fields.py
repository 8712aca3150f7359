"""Constrained field types shared by the program document and the HTTP models.

Integers are strict: no 12.0, no "12", no true. Dates and times are text in one form each.
"""

import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    StrictInt,
    StrictStr,
)
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import CoreSchema

from loyalty.domain.kernel.limits import AMOUNT_MINOR_MAX, EXTERNAL_ID, POINTS_MAX
from loyalty.domain.kernel.text import is_line, is_lines

# Beyond these years a day has no midnight in some time zone. To say "forever", leave the date out.
YEAR_MIN: Final = 1900
YEAR_MAX: Final = 9998

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME_OF_DAY: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            pass
        else:
            return _bounded(day)
    raise PydanticCustomError("date_form", "Write a calendar day as 2026-11-30")


def _instant(value: object) -> datetime:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        try:
            moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        else:
            return _bounded(moment)
    raise PydanticCustomError("time_form", "Write a time as 2026-11-30T08:00:00Z (RFC 3339)")


def _bounded[D: date](day: D) -> D:
    if not YEAR_MIN <= day.year <= YEAR_MAX:
        raise PydanticCustomError(
            "date_out_of_range", f"A date must lie between the years {YEAR_MIN} and {YEAR_MAX}"
        )
    return day


def _line(text: str) -> str:
    if is_line(text):
        return text
    raise PydanticCustomError("unprintable_text", "Write one line without control characters")


def _lines(text: str) -> str:
    if is_lines(text):
        return text
    raise PydanticCustomError("unprintable_text", "Write text without control characters")


def _moment(value: object) -> date:
    if isinstance(value, datetime) or (isinstance(value, str) and len(value) > 10):
        return _instant(value)
    return _day(value)


def _time_of_day(value: object) -> time:
    if isinstance(value, time):
        return value
    if isinstance(value, str) and _TIME_OF_DAY.fullmatch(value):
        return time.fromisoformat(value)
    raise PydanticCustomError("time_of_day_form", "Write a time of day as 21:30")


class _Form:
    """Describes in JSON Schema what the validator before it accepts."""

    def __init__(self, **schema: Any) -> None:
        self.schema = schema

    def __get_pydantic_json_schema__(
        self, _core: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(self.schema)


ExternalId = Annotated[StrictStr, Field(pattern=EXTERNAL_ID)]
# Every text that people read is one of these two, whatever its length.
LINE: Final = AfterValidator(_line)
LINES: Final = AfterValidator(_lines)
Label = Annotated[StrictStr, Field(min_length=1, max_length=200), LINE]
Points = Annotated[StrictInt, Field(ge=1, le=POINTS_MAX)]
AmountMinor = Annotated[
    StrictInt,
    Field(
        ge=0,
        le=AMOUNT_MINOR_MAX,
        description="In the currency's minor units: 4999 is €49.99.",
    ),
]
CurrencyCode = Annotated[StrictStr, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217.")]
Day = Annotated[date, BeforeValidator(_day), _Form(type="string", format="date")]
Instant = Annotated[datetime, BeforeValidator(_instant), _Form(type="string", format="date-time")]
Moment = Annotated[
    date | datetime,
    BeforeValidator(_moment),
    _Form(
        anyOf=[
            {"type": "string", "format": "date"},
            {"type": "string", "format": "date-time"},
        ],
    ),
]
TimeOfDay = Annotated[
    time,
    BeforeValidator(_time_of_day),
    PlainSerializer(lambda time_of_day: time_of_day.strftime("%H:%M"), when_used="json"),
    _Form(type="string", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$"),
]
