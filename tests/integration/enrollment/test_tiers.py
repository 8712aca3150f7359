"""Levels over HTTP and on the bus: what a member sees, what a manager grants, what is announced."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from functions.enrollment.handler import handler
from functions.relay.handler import handler as relay
from loyalty.domain.program.document import PublishedProgram
from loyalty.edge.aws import clients
from loyalty.edge.desk import open_desk
from loyalty.usecases.orders import accrual
from loyalty.usecases.orders.accrual import Customer
from tests.integration.conftest import TABLE, Clock
from tests.support import till
from tests.support.documents import rule
from tests.support.eventbridge import EventBridge
from tests.support.http import Answer, Context, call, staff
from tests.support.orders import line, order
from tests.support.stream import batch, records

MEMBERS: Final = "/v1/programs/bean/members"
MANAGER: Final = staff("bean", "manager")
TIERS: Final = {
    "basis": "qualifying_points",
    "period": "calendar_year",
    "levels": [
        {"id": "silver", "name": "Silver", "reached_at": 500, "perks": ["Free oat milk"]},
        {"id": "gold", "name": "Gold", "reached_at": 1000, "multiplier_percent": 150},
    ],
}


@pytest.fixture(autouse=True)
def program(publish: Callable[..., PublishedProgram]) -> PublishedProgram:
    return publish(tiers=TIERS, earning_rules=[rule()])


@pytest.fixture
def member_id() -> str:
    body = {"identities": [{"kind": "email", "value": "ana@example.com"}]}
    answer = call(handler, "POST", MEMBERS, body=body, as_=MANAGER)
    return str(answer.body["id"])


def earn(member_id: str, points: int, clock: Clock) -> None:
    paid = order(line(100 * points), order_id=f"{points}", occurred_at=clock.now)
    customer = Customer(member_id=member_id, named=member_id)
    accrual.earn(paid, customer=customer, desk=open_desk("bean", table=TABLE))


def read(member_id: str) -> Any:
    return call(handler, "GET", f"{MEMBERS}/{member_id}", as_=MANAGER).body


def revoke(member_id: str) -> Answer:
    return call(handler, "DELETE", f"{MEMBERS}/{member_id}/tier-floor", as_=MANAGER)


def test_a_member_sees_their_level_and_what_is_missing_to_the_next_one(
    member_id: str, time: Clock
) -> None:
    earn(member_id, 620, clock=time)

    member = read(member_id)

    assert member["tier"] == "silver"
    assert member["progress"] == {
        "basis": "qualifying_points",
        "level": {
            "id": "silver",
            "name": "Silver",
            "multiplier_percent": 100,
            "perks": ["Free oat milk"],
        },
        "holds_until": "2027-12-31",
        "amount": 620,
        "next": {"level": "gold", "missing": 380, "by": "2026-12-31"},
        "keep": None,
        "floor": None,
    }


def test_a_program_without_tiers_has_nothing_to_tell(
    member_id: str, publish: Callable[..., PublishedProgram], time: Clock
) -> None:
    publish(version=2, tiers=None)
    time.now += timedelta(minutes=1)

    member = read(member_id)

    assert (member["tier"], member["progress"]) == (None, None)


def test_a_manager_grants_a_level_until_a_day(member_id: str) -> None:
    answer = till.grant(member_id, "gold", until="2027-03-31")

    assert answer.status == 200
    assert answer.body["tier"] == "gold"
    assert answer.body["progress"]["holds_until"] == "2027-03-31"
    assert answer.body["progress"]["floor"] == {"level": "gold", "until": "2027-03-31"}
    assert read(member_id) == answer.body


def test_a_granted_level_is_gone_when_it_is_revoked_or_over(member_id: str, time: Clock) -> None:
    till.grant(member_id, "gold", until="2026-11-30")
    day = time.now

    time.now = day.replace(month=12, day=1)
    assert read(member_id)["tier"] is None
    time.now = day
    assert revoke(member_id).status == 204
    assert revoke(member_id).status == 204
    assert read(member_id)["tier"] is None


@pytest.mark.parametrize(
    ("level", "until", "pointers"),
    [
        ("platinum", "2027-03-31", {"/level": "unknown_level"}),
        ("gold", "2026-11-20", {"/until": "date_out_of_range"}),
        ("gold", "2036-11-22", {"/until": "date_out_of_range"}),
    ],
)
def test_no_level_is_granted_that_is_none_or_never_holds(
    member_id: str, level: str, until: str, pointers: dict[str, str]
) -> None:
    answer = till.grant(member_id, level, until=until)

    assert answer.status == 422
    assert answer.pointers == pointers


def test_only_managers_grant_levels(member_id: str) -> None:
    answer = till.grant(member_id, "gold", until="2027-03-31", as_=staff("bean", "cashier"))

    assert answer.status == 403


def test_every_change_of_a_level_is_announced_under_an_id_of_its_own(
    member_id: str, time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = EventBridge()
    monkeypatch.setattr(clients, "eventbridge", lambda: bus)
    for _ in range(2):
        till.grant(member_id, "gold", until="2027-03-31")
        revoke(member_id)
    earn(member_id, 620, clock=time)

    relay(batch(records(TABLE)), Context())

    announced = [each for each in bus.entries if each["DetailType"] == "TierChanged"]
    details = [json.loads(each["Detail"]) for each in announced]
    changes = [(each["tier_before"], each["tier"], each["direction"]) for each in details]
    up, down = (None, "gold", "up"), ("gold", None, "down")
    assert changes == [up, down, up, down, (None, "silver", "up")]
    assert len({each["id"] for each in details}) == 5
