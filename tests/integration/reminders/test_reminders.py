"""Reminders through their handler: woken by the schedule and by changes, once for each cause."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import boto3
import pytest

from functions.enrollment.handler import handler as enrollment
from functions.relay.handler import handler as relay
from functions.reminders.handler import handler
from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.program.document import PublishedProgram
from loyalty.edge.aws import clients
from loyalty.table import keys
from loyalty.table.engine import DynamoEngine
from loyalty.table.messages import TableLetters
from loyalty.table.operations import Query
from loyalty.usecases.messaging.waking import WAKING_EVENTS, WAKING_IF_LATE
from tests.integration.conftest import TABLE, Clock
from tests.support import till
from tests.support.documents import reward
from tests.support.eventbridge import EventBridge
from tests.support.http import Context, call
from tests.support.queues import work_off
from tests.support.stream import batch, records

MONTH: Final = {"model": "after_earning", "days": 30, "round_to": "none"}
REMINDERS: Final = {
    "points_expiring": {"days_before": [7, 1]},
    "voucher_expiring": {"days_before": 3},
    "birthday": {"bonus_points": 20},
    "welcome": {},
    "lapsed": {"after_days": 60},
}
type Written = Callable[[str], list[str]]
type RunReminders = Callable[[], list[str]]


@pytest.fixture(autouse=True)
def bean(publish: Callable[..., PublishedProgram], monkeypatch: pytest.MonkeyPatch) -> None:
    """The program, with reminders. Few shards: every query takes moto milliseconds."""
    publish(
        expiry=MONTH,
        reminders=REMINDERS,
        messages={"per_week_max": 10},
        rewards=[reward(voucher_days=10)],
    )
    monkeypatch.setattr(keys, "SHARDS", 2)


@pytest.fixture
def letters(engine: DynamoEngine) -> Written:
    """What was written to a member so far, as day and kind."""

    def of(member_id: str) -> list[str]:
        partition = keys.member_partition("bean", member_id)
        found = engine.query(Query(pk=partition, begins_with="MESSAGE#"))
        return [str(item["sk"]).removeprefix("MESSAGE#") for item in found]

    return of


@pytest.fixture
def run_reminders(monkeypatch: pytest.MonkeyPatch) -> RunReminders:
    """Publish what has changed. Returns the names of all events so far."""
    seen = 0

    def run() -> list[str]:
        nonlocal seen
        bus = EventBridge()
        monkeypatch.setattr(clients, "eventbridge", lambda: bus)
        relay(batch(records(TABLE)), Context())
        names = {kind.name for kind in WAKING_EVENTS}
        names_if_late = {kind.name for kind in WAKING_IF_LATE}
        news, seen = bus.entries[seen:], len(bus.entries)
        for entry in news:
            name, detail = entry["DetailType"], json.loads(entry["Detail"])
            if name in names or (name in names_if_late and detail["late"]):
                send("changed", detail["member_id"])
        assert work_off(handler, queue_url()) == []
        return [entry["DetailType"] for entry in bus.entries]

    return run


def queue_url() -> str:
    return os.environ["LOYALTY_REMINDERS_QUEUE_URL"]


def send(lane: str, *items: str) -> None:
    page = {"v": 1, "program_id": "bean", "lane": lane, "items": items}
    boto3.client("sqs").send_message(QueueUrl=queue_url(), MessageBody=json.dumps(page))


def run() -> None:
    """A whole run of the schedule."""
    assert handler({}, Context()) is None
    assert work_off(handler, queue_url()) == []


def agree(member_id: str, **profile: str) -> None:
    body = {"consents": {"email": True}, "profile": profile}
    path = f"{till.PROGRAM}/members/{member_id}"
    assert call(enrollment, "PATCH", path, body=body, as_=till.CASHIER).status == 200


@pytest.fixture
def ana(run_reminders: RunReminders) -> str:
    """A member who agrees to mail and was welcomed."""
    member_id = till.enroll()
    agree(member_id)
    run_reminders()
    return member_id


def test_a_newcomer_is_welcomed_as_soon_as_the_bus_tells(
    ana: str, letters: Written, run_reminders: RunReminders
) -> None:
    assert letters(ana) == ["2026-11-21#welcome"]
    assert run_reminders().count("MessageDue") == 1


def test_the_schedule_sends_each_stage_once_on_its_day(
    ana: str, letters: Written, time: Clock
) -> None:
    till.earn(ana, 4999)
    started = time.now

    for hours in range(0, 31 * 24, 8):
        time.now = started + timedelta(hours=hours)
        run()

    assert letters(ana) == [
        "2026-11-21#welcome",
        "2026-12-14#points_expiring",
        "2026-12-20#points_expiring",
    ]


def test_a_run_that_was_missed_for_days_is_made_up_for(
    ana: str, letters: Written, time: Clock
) -> None:
    till.earn(ana, 4999)
    run()
    time.now += timedelta(days=26)

    run()
    run()

    assert letters(ana)[1:] == ["2026-12-17#points_expiring"]


def test_points_of_an_order_recorded_late_miss_no_stage(
    ana: str, letters: Written, run_reminders: RunReminders
) -> None:
    till.earn(ana, 4999, occurred_at="2026-11-20T11:00:00Z")
    run_reminders()
    assert letters(ana) == ["2026-11-21#welcome"]

    till.earn(ana, 4999, occurred_at="2026-10-25T10:00:00Z")
    run_reminders()

    assert letters(ana) == ["2026-11-21#points_expiring", "2026-11-21#welcome"]


def test_a_member_handed_out_twice_is_reminded_once(
    ana: str, letters: Written, time: Clock
) -> None:
    till.earn(ana, 4999)
    time.now += timedelta(days=24)

    send("changed", ana, ana)
    send("changed", ana)
    work_off(handler, queue_url())

    assert letters(ana)[1:] == ["2026-12-15#points_expiring"]


def test_a_birthday_s_present_is_given_once_though_the_worker_dies_after_it(
    ana: str,
    letters: Written,
    time: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    agree(ana, birthday="1990-11-25")
    time.now = datetime(2026, 11, 25, 9, tzinfo=UTC)
    with monkeypatch.context() as dying:
        dying.setattr(TableLetters, "write", _die)
        send("changed", ana)
        assert work_off(handler, queue_url())

    send("changed", ana)
    work_off(handler, queue_url())
    run()

    assert till.member(ana)["balance"] == 20
    assert letters(ana)[1:] == ["2026-11-25#birthday"]
    (present, *_) = till.history(ana)
    assert (present["kind"], present["given_for"]) == ("bonus", "birthday")


@pytest.mark.parametrize(("has_bought", "balance"), [(False, 0), (True, 10 + 20)])
def test_a_birthday_s_present_can_require_an_order_before_it(
    has_bought: bool,
    balance: int,
    ana: str,
    time: Clock,
    publish: Callable[..., PublishedProgram],
) -> None:
    birthday = {"bonus_points": 20, "after_first_order": True}
    publish(version=2, expiry=MONTH, reminders=REMINDERS | {"birthday": birthday})
    agree(ana, birthday="1990-11-25")
    time.now = datetime(2026, 11, 25, 9, tzinfo=UTC)
    if has_bought:
        till.earn(ana, 1000)

    send("changed", ana)
    work_off(handler, queue_url())

    assert till.member(ana)["balance"] == balance


ENROLLED: Final = {"sign_up": {"bonus_points": 15}, "anniversary": {"bonus_points": 50}}


def look_at(member_id: str) -> None:
    send("changed", member_id)
    work_off(handler, queue_url())


def given(member_id: str) -> list[tuple[str, str | None]]:
    """What a member was given, latest first: the kind of the entry, and for what."""
    return [
        (each["kind"], each["given_for"] or each["granted_for"])
        for each in till.history(member_id)
        if each["given_for"] or each["granted_for"]
    ]


def test_a_sign_up_and_its_anniversaries_are_given_once_each(
    ana: str, time: Clock, publish: Callable[..., PublishedProgram]
) -> None:
    publish(version=2, presents=ENROLLED)
    time.now += timedelta(minutes=1)
    for days in (0, 1, 365, 366, 3):
        time.now += timedelta(days=days)
        look_at(ana)

    assert given(ana) == [
        ("bonus", "anniversary"),
        ("bonus", "anniversary"),
        ("bonus", "sign_up"),
    ]


def test_a_sign_up_may_be_given_with_the_first_order(
    ana: str, time: Clock, publish: Callable[..., PublishedProgram]
) -> None:
    publish(version=2, presents={"sign_up": {"bonus_points": 15, "after_first_order": True}})
    time.now += timedelta(days=20)
    look_at(ana)
    assert given(ana) == []

    till.earn(ana, 1000, occurred_at=time.now.isoformat())
    look_at(ana)

    assert given(ana) == [("bonus", "sign_up")]


def test_an_anniversary_may_be_a_reward(
    ana: str, time: Clock, publish: Callable[..., PublishedProgram]
) -> None:
    publish(
        version=2,
        presents={"anniversary": {"reward_id": "latte"}},
        rewards=[reward(offered=False, cost_points=0)],
    )
    time.now += timedelta(days=366)
    for _ in range(2):
        look_at(ana)
        run()

    assert given(ana) == [("redemption", "anniversary")]
    (latte,) = till.redemptions(ana).body["items"]
    assert (latte["points"], latte["granted_for"]) == (0, "anniversary")


COMPLETED: Final = {
    "completed_profile": {"bonus_points": 30, "fields": ["birthday", "attributes.milk"]}
}


def complete(member_id: str) -> None:
    """Tell what makes a profile complete."""
    body = {"profile": {"birthday": "1990-02-28", "attributes": {"milk": "oat"}}}
    path = f"{till.PROGRAM}/members/{member_id}"
    assert call(enrollment, "PATCH", path, body=body, as_=till.CASHIER).status == 200


def test_a_completed_profile_is_rewarded_once_whatever_becomes_of_it(
    ana: str, time: Clock, publish: Callable[..., PublishedProgram]
) -> None:
    publish(version=2, presents=COMPLETED)
    time.now += timedelta(minutes=1)
    agree(ana, birthday="1990-02-28")
    look_at(ana)
    assert given(ana) == []

    complete(ana)
    look_at(ana)
    assert till.member(ana)["balance"] == 30

    # By then the check has forgotten that it gave the points.
    for days in (0, 400):
        time.now += timedelta(days=days)
        look_at(ana)

    assert given(ana) == [("bonus", "completed_profile")]


def test_two_with_one_completed_profile_get_no_second_bonus_by_a_merge(
    ana: str, time: Clock, publish: Callable[..., PublishedProgram]
) -> None:
    publish(version=2, presents=COMPLETED)
    time.now += timedelta(minutes=1)
    complete(ana)
    look_at(ana)
    ben = till.enroll("ben@example.com")
    till.merge(ana, into=ben)

    look_at(ben)

    assert given(ben) == [("bonus", "completed_profile")]
    assert till.member(ben)["balance"] == 30


def test_two_who_are_merged_get_no_second_present(
    ana: str, time: Clock, publish: Callable[..., PublishedProgram]
) -> None:
    publish(version=2, presents=ENROLLED)
    time.now += timedelta(minutes=1)
    look_at(ana)
    ben = till.enroll("ben@example.com")
    till.merge(ana, into=ben)

    look_at(ben)

    assert given(ben) == [("bonus", "sign_up")]
    assert till.member(ben)["balance"] == 15


def test_who_leaves_and_returns_gets_no_presents_for_a_year(
    ana: str, time: Clock, publish: Callable[..., PublishedProgram]
) -> None:
    publish(version=2, presents=ENROLLED, reminders={"birthday": {"bonus_points": 20}})
    time.now += timedelta(minutes=1)
    look_at(ana)
    till.erase(ana)

    again = till.enroll()
    agree(again, birthday="1990-11-25")
    for days in (0, 4):
        time.now += timedelta(days=days)
        look_at(again)
    assert given(again) == []

    for days in (362, 3):
        time.now += timedelta(days=days)
        look_at(again)
    assert given(again) == [("bonus", "birthday"), ("bonus", "anniversary")]


@pytest.mark.parametrize(("days", "balance"), [(59, 0), (60, 20)])
def test_a_birthday_that_was_just_changed_gives_no_points(
    days: int, balance: int, ana: str, time: Clock
) -> None:
    agree(ana, birthday="1990-01-01")
    birthday = time.now.date() + timedelta(days=days)
    agree(ana, birthday=birthday.replace(year=1990).isoformat())
    time.now += timedelta(days=days)

    look_at(ana)

    assert till.member(ana)["balance"] == balance


def _die(*_: object) -> None:
    raise TryAgain("gone")


def test_a_birthday_entered_a_few_days_before_is_not_missed(
    ana: str,
    letters: Written,
    time: Clock,
    run_reminders: RunReminders,
) -> None:
    agree(ana, birthday="1990-11-25")
    run_reminders()
    time.now = datetime(2026, 11, 25, 9, tzinfo=UTC)

    run()

    assert letters(ana)[1:] == ["2026-11-25#birthday"]


def test_a_short_lived_voucher_is_announced_in_time(
    ana: str,
    letters: Written,
    time: Clock,
    run_reminders: RunReminders,
) -> None:
    till.earn(ana, 4999)
    till.redeem(ana)
    run_reminders()
    time.now += timedelta(days=7)

    run()

    assert "2026-11-28#voucher_expiring" in letters(ana)


def test_a_member_who_keeps_buying_has_not_lapsed(ana: str, letters: Written, time: Clock) -> None:
    for _ in range(5):
        till.earn(ana, 100, occurred_at=time.now.isoformat().replace("+00:00", "Z"))
        time.now += timedelta(days=40)
        run()
    lapsed = [each for each in letters(ana) if each.endswith("lapsed")]
    time.now += timedelta(days=21)

    run()

    assert lapsed == []
    assert [each for each in letters(ana) if each.endswith("lapsed")] == ["2027-06-30#lapsed"]


def test_a_merged_member_is_not_reminded_again_as_the_survivor(
    ana: str,
    letters: Written,
    run_reminders: RunReminders,
    engine: DynamoEngine,
) -> None:
    bob = till.enroll("bob@example.com")
    agree(bob)
    run_reminders()
    path = f"{till.PROGRAM}/members/{ana}/merge"
    headers = {"Idempotency-Key": "m1"}
    answer = call(enrollment, "POST", path, body={"into": bob}, as_=till.MANAGER, headers=headers)
    assert answer.status == 201

    run_reminders()

    assert letters(bob) == ["2026-11-21#welcome"]
    assert engine.get(keys.correspondence("bean", ana), strong=True) is None


def test_nothing_is_left_of_a_member_who_is_erased(
    ana: str, engine: DynamoEngine, run_reminders: RunReminders
) -> None:
    till.erase(ana)
    send("changed", ana)
    work_off(handler, queue_url())
    run_reminders()

    assert engine.get(keys.correspondence("bean", ana), strong=True) is None


def test_a_look_that_has_nothing_to_tell_writes_nothing(ana: str, engine: DynamoEngine) -> None:
    before = engine.get(keys.correspondence("bean", ana), strong=True)

    send("changed", ana)
    work_off(handler, queue_url())

    assert engine.get(keys.correspondence("bean", ana), strong=True) == before
