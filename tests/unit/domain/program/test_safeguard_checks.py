"""A safeguard says for how long it holds points, if it holds them, and has an id of its own."""

from typing import Any, Final

import pytest
from pydantic import ValidationError

from loyalty.domain.program.publication import faults
from tests.support.documents import program

HOLD: Final = {"id": "two", "count": "orders", "at_most": 2, "then": "hold", "hold_days": 14}
FLAG: Final = {"id": "many", "count": "points", "at_most": 2000, "then": "flag"}


def test_limits_that_hold_and_flag_are_valid() -> None:
    assert faults(program(safeguards=[HOLD, FLAG])) == ()


@pytest.mark.parametrize(
    ("safeguards", "pointer", "code"),
    [
        ([HOLD | {"hold_days": None}], "/safeguards/0/hold_days", "missing"),
        ([HOLD, FLAG | {"hold_days": 3}], "/safeguards/1/hold_days", "contradiction"),
        ([HOLD, FLAG | {"id": "two"}], "/safeguards/1/id", "duplicate_id"),
    ],
)
def test_a_mistake_is_named_at_its_place(
    safeguards: list[dict[str, Any]], pointer: str, code: str
) -> None:
    (found,) = faults(program(safeguards=safeguards))

    assert (found.pointer, found.code) == (pointer, code)


@pytest.mark.parametrize(
    "parts", [{"at_most": 0}, {"hold_days": 91}, {"then": "refuse"}, {"per": "year"}]
)
def test_what_no_safeguard_can_be_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        program(safeguards=[HOLD | parts])
