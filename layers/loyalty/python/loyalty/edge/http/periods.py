"""Periods that can be asked about: days of a program, both included."""

from datetime import date
from typing import Annotated, Final

from pydantic import Field

from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.edge.http.schemas import Day

# Ten years and the leap days in them.
PERIOD_DAYS_MAX: Final = 3_653
# Before that nobody had a program, after that nobody will read the report.
FIRST_DAY: Final = date(2000, 1, 1)
LAST_DAY: Final = date(2199, 12, 31)

ReportDay = Annotated[Day, Field(ge=FIRST_DAY, le=LAST_DAY)]


def require_period(first: date, last: date, *, pointer: str) -> None:
    """Refuse days that are no period; `pointer` is where the last one was said.

    Raises:
        ValidationFailed: it ends before it begins, or is too long.
    """
    if last < first:
        raise _invalid(pointer, "inverted_period", "The period ends before it begins.")
    if (last - first).days >= PERIOD_DAYS_MAX:
        raise _invalid(pointer, "period_too_long", f"A period has at most {PERIOD_DAYS_MAX} days.")


def _invalid(pointer: str, code: str, detail: str) -> ValidationFailed:
    return ValidationFailed(detail, faults=(Fault(pointer, code, detail),))
