"""What the calendar does, done by the deployed schedules: the clock is moved, nobody is called."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from local.bus import Listener, listening
from local.clock import Clock
from local.deployment import Deployment
from local.schedules import hurried, stopped
from tests.e2e.conftest import OpenProgram
from tests.e2e.described import Body, DescribedApi, eventually, mails

ZONE: Final = ZoneInfo("Europe/Paris")
DAY: Final = timedelta(days=1)

# Points live for a week, so that all of it fits into eight days, of which today is the last.
PROGRAM: Final[dict[str, Any]] = {
    "earning_rules": [
        {"id": "base", "on": "order", "points": 1, "per_minor": 100},
        {
            "id": "machines",
            "on": "order",
            "points": 1,
            "per_minor": 100,
            "include_categories": ["machine"],
            "pending_days": 2,
        },
    ],
    "expiry": {"model": "after_earning", "days": 7, "round_to": "none"},
    "tiers": {
        "basis": "spend",
        "period": "calendar_year",
        "levels": [{"id": "silver", "name": "Silver", "reached_at": 100_000}],
    },
    "reminders": {"points_expiring": {"days_before": [2]}, "birthday": {"bonus_points": 20}},
    "messages": {"quiet_hours": None, "per_week_max": 10},
}


@pytest.fixture
def deployed(apart: Deployment) -> Deployment:
    return apart


@pytest.fixture
def began_on(clock: Clock) -> date:
    """Return the day on which it all begins, at noon: a week before yesterday."""
    began_on = datetime.now(ZONE).date() - 8 * DAY
    clock.move_to(_noon(began_on))
    return began_on


@pytest.fixture
def api(began_on: date, open_program: Callable[..., OpenProgram]) -> Iterator[DescribedApi]:
    with DescribedApi(open_program(**PROGRAM)) as api:
        yield api


@pytest.fixture
def hurry(deployed: Deployment) -> Iterator[None]:
    with hurried(deployed.cloud.aws):
        yield


@pytest.fixture
def levels(deployed: Deployment) -> Iterator[Listener]:
    with listening(deployed.cloud.aws, bus=deployed.bus, to="TierChanged") as levels:
        yield levels


@pytest.mark.usefixtures("hurry")
def test_deployed_schedules_do_what_the_calendar_says(
    api: DescribedApi, clock: Clock, began_on: date, levels: Listener
) -> None:
    email = f"{uuid4().hex[:8]}@example.com"
    birthday = (began_on + 2 * DAY).replace(year=1992)
    member_id = _enroll(api, email=email, birthday=birthday.isoformat())
    path = f"/members/{member_id}"
    _buy(api, member_id, euros=50, bought_at=clock.now())
    granted = {"level": "silver", "until": (began_on + DAY).isoformat()}
    api.call("manager", "PUT", f"{path}/tier-floor", json=granted)

    clock.move_to(_noon(began_on + 2 * DAY))

    # What waited is available, the level is over, the birthday has come.
    activated, bonus = _entries(api, path, "activation"), _entries(api, path, "bonus")
    assert [entry["points"] for entry in (*activated, *bonus)] == [50, 20]
    sent = eventually(lambda: levels.heard(member_id=member_id), lambda sent: len(sent) > 1)
    assert [(each["tier_before"], each["tier"]) for each in sent] == [
        (None, "silver"),
        ("silver", None),
    ]
    (congratulation,) = eventually(lambda: mails(api.program, to=email), bool)
    assert "20 beans" in congratulation["BodyText"]

    clock.move_to(_noon(began_on + 5 * DAY))

    # A word before the first points lapse. Then a reward is set aside and forgotten.
    _, reminder = eventually(lambda: mails(api.program, to=email), lambda sent: len(sent) > 1)
    assert reminder["Subject"] == "50 beans will expire in 2 days"
    held = {"reward_id": "latte", "hold": True}
    api.call("cashier", "POST", f"{path}/redemptions", json=held, status=201)

    clock.move_to(clock.now() + timedelta(minutes=20))

    # The hold is over; the second run of the day sends no second reminder.
    (back,) = _entries(api, path, "return")
    assert back["points"] == 40
    assert len(mails(api.program, to=email)) == 2

    clock.set_right()

    # Yesterday was the last day of what was earned first.
    (gone,) = _entries(api, path, "expiry")
    assert gone["points"] == -50
    assert gone["lots"] == [{"expires_on": (began_on + 7 * DAY).isoformat(), "points": -50}]
    assert api.call("cashier", "GET", path)["balance"] == 70


def test_points_count_by_their_date_though_every_schedule_is_off(
    api: DescribedApi, clock: Clock, deployed: Deployment
) -> None:
    member_id = _enroll(api, email=f"{uuid4().hex[:8]}@example.com")
    path = f"/members/{member_id}"
    _buy(api, member_id, euros=50, bought_at=clock.now())

    with stopped(deployed.cloud.aws):
        clock.set_right()
        shown = api.call("cashier", "GET", path)
        recorded = _kinds(api, path)
        latte = {"reward_id": "latte"}
        api.call("cashier", "POST", f"{path}/redemptions", json=latte, status=201)
        api.call("cashier", "POST", f"{path}/redemptions", json=latte, status=409)

    # Of 100, 50 came into being meanwhile and 50 passed away; nobody has written it down.
    assert (shown["balance"], shown["pending"]) == (50, [])
    assert recorded == ["accrual"]
    # Spending did: 40 of them are gone, and 10 are too few for another one.
    assert sorted(_kinds(api, path)) == ["accrual", "activation", "expiry", "redemption"]
    assert api.call("cashier", "GET", path)["balance"] == 10


def _enroll(api: DescribedApi, *, email: str, **profile: str) -> str:
    body = {
        "identities": [{"kind": "email", "value": email}],
        "profile": {"locale": "en", **profile},
        "consents": {"email": True},
    }
    return str(api.call("cashier", "POST", "/members", json=body, status=201)["id"])


def _buy(api: DescribedApi, member_id: str, *, euros: int, bought_at: datetime) -> None:
    machine = {
        "line_id": "1",
        "category": "machine",
        "amount": {"amount": euros * 100, "currency": "EUR"},
    }
    order = {
        "source": "till",
        "order_id": "1",
        "member_id": member_id,
        "occurred_at": bought_at.astimezone(UTC).isoformat(),
        "lines": [machine],
    }
    api.call("cashier", "POST", "/orders", json=order, status=201)


def _entries(api: DescribedApi, path: str, kind: str) -> list[Body]:
    """Entries of a kind, once they are written; the balance is right by date before they are."""

    def written() -> list[Body]:
        return [entry for entry in _history(api, path) if entry["kind"] == kind]

    return eventually(written, bool)


def _kinds(api: DescribedApi, path: str) -> list[str]:
    return [entry["kind"] for entry in _history(api, path)]


def _history(api: DescribedApi, path: str) -> list[Body]:
    items: list[Body] = api.call("cashier", "GET", f"{path}/history")["items"]
    return items


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), ZONE)
