"""When points expire."""

from datetime import date
from typing import Any

import pytest

from loyalty.domain.earning.expiry import expires_on, policy_of
from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.program.expiry_policies import AfterEarningExpiry
from loyalty.domain.program.kinds import PointSource
from tests.support.documents import program, published


@pytest.mark.parametrize(
    ("policy", "available_on", "last_day"),
    [
        ({"months": 12, "round_to": "month"}, "2026-11-21", "2027-11-30"),
        ({"months": 12, "round_to": "none"}, "2028-02-29", "2029-02-28"),
        ({"months": 1, "round_to": "none"}, "2026-01-31", "2026-02-28"),
        ({"months": 1, "round_to": "week"}, "2026-11-21", "2026-12-27"),
        ({"days": 90, "round_to": "none"}, "2026-11-21", "2027-02-19"),
    ],
)
def test_points_last_for_their_time_from_the_day_they_are_available(
    policy: dict[str, Any], available_on: str, last_day: str
) -> None:
    document = program(expiry={"model": "after_earning"} | policy)

    ends = expires_on(document.expiry, available_on=date.fromisoformat(available_on))

    assert ends == date.fromisoformat(last_day)


@pytest.mark.parametrize(
    ("month", "day", "available_on", "last_day"),
    [
        (12, 31, "2026-11-21", "2026-12-31"),
        (6, 30, "2026-11-21", "2027-06-30"),
        (11, 21, "2026-11-21", "2026-11-21"),
        (2, 29, "2026-11-21", "2027-02-28"),
        (2, 29, "2027-11-21", "2028-02-29"),
    ],
)
def test_a_fixed_date_is_the_next_day_of_that_date(
    month: int, day: int, available_on: str, last_day: str
) -> None:
    document = program(expiry={"model": "fixed_date", "month": month, "day": day})

    ends = expires_on(document.expiry, available_on=date.fromisoformat(available_on))

    assert ends == date.fromisoformat(last_day)


def test_points_that_never_expire_have_no_date() -> None:
    document = program(expiry={"model": "never"})

    assert expires_on(document.expiry, available_on=date(2026, 11, 21)) == NEVER


def test_inactivity_counts_from_the_last_activity_or_from_when_the_rule_was_switched_on() -> None:
    switched_on = published(inactivity={"months": 6}, inactivity_since=date(2026, 11, 1))

    quiet_for_years = switched_on.lapses_after(date(2023, 1, 5))
    active_since = switched_on.lapses_after(date(2026, 12, 31))

    assert quiet_for_years == date(2027, 5, 1)
    assert active_since == date(2027, 6, 30)


@pytest.mark.parametrize(
    ("source", "days"),
    [("survey", 3), ("birthday", 5), ("bonus", 5), ("adjustment", 7), ("transfer", 7)],
)
def test_points_expire_by_what_they_were_given_for(source: PointSource, days: int) -> None:
    """A bonus without its own policy expires like any bonus, others like points of orders."""
    policies = {"survey": in_days(3), "bonus": in_days(5)}
    document = program(expiry=in_days(7), expiry_by_source=policies)

    assert policy_of(document, source) == AfterEarningExpiry.model_validate(in_days(days))


def in_days(days: int) -> dict[str, Any]:
    return {"model": "after_earning", "days": days, "round_to": "none"}
