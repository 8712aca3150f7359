"""How points of each expiry model end, lazily right whether or not a sweep ever ran."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from loyalty.domain.program.document import PublishedProgram
from tests.integration.conftest import Clock
from tests.support import till
from tests.support.documents import rule

type Rules = Callable[..., None]

SIX_MONTHS = {"months": 6}
NEVER = {"model": "never"}


@pytest.fixture
def rules(publish: Callable[..., PublishedProgram], time: Clock) -> Rules:
    """Put a program in force, the first time and each time after."""
    versions = iter(range(1, 10))

    def change(**parts: object) -> None:
        today = time.now.date()
        is_inactivity = "inactivity" in parts
        publish(
            version=next(versions),
            earning_rules=[rule()],
            inactivity_since=today if is_inactivity else None,
            **parts,
        )
        time.now += timedelta(minutes=1)

    return change


def on(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T10:00:00").replace(tzinfo=UTC)


def test_a_fixed_date_ends_the_points_of_its_year(rules: Rules, time: Clock) -> None:
    rules(expiry={"model": "fixed_date", "month": 12, "day": 31})
    ana = till.enroll()

    entry = till.earn(ana, 4999).body["entry"]

    assert entry["expires_on"] == "2026-12-31"
    time.now = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
    assert till.member(ana)["balance"] == 0


def test_points_that_never_expire_say_so(rules: Rules, time: Clock) -> None:
    rules(expiry={"model": "never"})
    ana = till.enroll()

    entry = till.earn(ana, 4999).body["entry"]

    assert entry["expires_on"] is None
    time.now = on("2060-01-01")
    assert till.member(ana)["lots"] == [{"expires_on": None, "points": 49}]


def test_all_points_of_a_quiet_account_expire_together(rules: Rules, time: Clock) -> None:
    rules(expiry=NEVER, inactivity=SIX_MONTHS)
    ana = till.enroll()
    till.earn(ana, 3000)
    time.now = on("2027-03-01")
    till.earn(ana, 2000, occurred_at="2027-03-01T10:00:00Z")

    time.now = on("2027-09-01")
    last_day = till.member(ana)
    time.now = on("2027-09-02")
    after = till.member(ana)

    assert (last_day["balance"], last_day["lots"]) == (
        50,
        [{"expires_on": "2027-09-01", "points": 50}],
    )
    assert (after["balance"], after["lots"]) == (0, [])


def test_an_order_after_the_quiet_time_does_not_bring_points_back(
    rules: Rules, time: Clock
) -> None:
    rules(expiry=NEVER, inactivity=SIX_MONTHS)
    ana = till.enroll()
    till.earn(ana, 3000)
    time.now = on("2027-06-01")

    till.earn(ana, 700, occurred_at="2027-06-01T10:00:00Z")

    assert till.member(ana)["balance"] == 7


def test_switching_inactivity_on_expires_nobody_before_a_full_period(
    rules: Rules, time: Clock
) -> None:
    rules(expiry={"model": "never"})
    ana = till.enroll()
    till.earn(ana, 4999)
    time.now = on("2028-11-21")
    rules(expiry=NEVER, inactivity=SIX_MONTHS)

    time.now = on("2029-05-21")
    assert till.member(ana)["balance"] == 49
    time.now = on("2029-05-22")
    assert till.member(ana)["balance"] == 0


def test_a_changed_expiry_model_applies_to_new_points_only(rules: Rules, time: Clock) -> None:
    rules(expiry={"model": "after_earning", "months": 12, "round_to": "month"})
    ana = till.enroll()
    till.earn(ana, 4999)
    rules(expiry={"model": "after_earning", "days": 30, "round_to": "none"})
    till.earn(ana, 1000)

    assert till.member(ana)["lots"] == [
        {"expires_on": "2026-12-21", "points": 10},
        {"expires_on": "2027-11-30", "points": 49},
    ]


def test_age_and_inactivity_together_end_points_by_whichever_is_sooner(
    rules: Rules, time: Clock
) -> None:
    rules(expiry={"model": "after_earning", "months": 8, "round_to": "none"}, inactivity=SIX_MONTHS)
    ana = till.enroll()
    till.earn(ana, 3000)
    assert till.member(ana)["lots"] == [{"expires_on": "2027-05-21", "points": 30}]
    time.now = on("2027-03-01")
    till.earn(ana, 2000, occurred_at="2027-03-01T10:00:00Z")

    assert till.member(ana)["lots"] == [
        {"expires_on": "2027-07-21", "points": 30},
        {"expires_on": "2027-09-01", "points": 20},
    ]
    time.now = on("2027-07-22")
    assert till.member(ana)["balance"] == 20
    time.now = on("2027-09-02")
    assert till.member(ana)["balance"] == 0


def test_only_what_the_program_calls_an_activity_keeps_points_alive(
    rules: Rules, time: Clock
) -> None:
    visit = {"id": "visit", "kind": "csat", "question": "How was it?"}
    rules(
        expiry=NEVER, surveys=[visit], inactivity=SIX_MONTHS | {"activities": ["order", "survey"]}
    )
    ana = till.enroll()
    till.earn(ana, 3000, order_id="o-1")
    time.now = on("2027-01-10")
    till.adjust(ana, 5)
    assert till.member(ana)["lots"] == [{"expires_on": "2027-05-21", "points": 35}]

    # The answer gives no points, and so makes no entry.
    till.answer("visit", order="o-1", score=4)

    assert till.member(ana)["lots"] == [{"expires_on": "2027-07-10", "points": 35}]


def test_points_of_some_levels_never_expire(rules: Rules, time: Clock) -> None:
    gold = {"id": "gold", "name": "Gold", "reached_at": 1000, "expiry": NEVER}
    rules(
        expiry={"model": "after_earning", "months": 1, "round_to": "none"},
        tiers={"basis": "spend", "period": "calendar_year", "levels": [gold]},
    )
    ana = till.enroll()
    till.earn(ana, 3000)
    till.earn(ana, 2000)

    time.now = on("2060-01-01")

    assert till.member(ana)["lots"] == [{"expires_on": None, "points": 20}]
