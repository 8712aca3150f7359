"""From the till over the stream and the queue to a bonus, and back again."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from functions.campaigns import handler as campaigns
from functions.engagement import handler as engagement
from functions.enrollment import handler as enrollment
from functions.relay import handler as relay
from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.program.document import PublishedProgram
from loyalty.edge.aws import clients
from loyalty.edge.aws.queues.work import PageQueue
from tests.integration.conftest import TABLE, Clock
from tests.support import till
from tests.support.activities import activity
from tests.support.challenges import challenge
from tests.support.eventbridge import EventBridge
from tests.support.http import Claims, Context, call, person
from tests.support.queues import consume, receive
from tests.support.stream import batch, records

type Publish = Callable[..., PublishedProgram]

THREE: Final = challenge(wait_days=0)


@pytest.fixture(autouse=True)
def bus(monkeypatch: pytest.MonkeyPatch) -> EventBridge:
    fake = EventBridge()
    monkeypatch.setattr(clients, "eventbridge", lambda: fake)
    return fake


def relayed() -> list[dict[str, str]]:
    """Let the relay read all changes so far."""
    return relay.handler(batch(records(TABLE)), Context())["batchItemFailures"]


def looked_at() -> int:
    """Let the worker take what is in its queue; returns the number of messages."""
    messages = receive(os.environ["LOYALTY_ENGAGEMENT_QUEUE_URL"])
    assert consume(engagement.handler, messages) == []
    return len(messages)


def seen(what: str, as_: Claims) -> list[dict[str, Any]]:
    answer = call(campaigns.handler, "GET", f"{till.PROGRAM}/members/me/{what}", as_=as_)
    assert answer.status == 200
    items: list[dict[str, Any]] = answer.body["items"]
    return items


def test_the_third_order_brings_a_bonus_and_its_refund_takes_it_back(publish: Publish) -> None:
    publish(challenges=[THREE])
    ana = till.enroll()
    for number in range(3):
        till.earn(ana, 1000, order_id=f"{number}")

    assert (relayed(), looked_at()) == ([], 1)
    assert till.member(ana)["balance"] == 30 + 50

    assert till.refund("2", amount=till.money(1000)).status == 201
    relayed()
    looked_at()

    assert till.member(ana)["balance"] == 20


def test_a_member_sees_their_card_and_their_badge(publish: Publish) -> None:
    card = challenge(show="stamps", gives=[{"points": 50}, {"badge": "regular"}], times_max=9)
    weeks = {"every": "week", "in_a_row": 4, "freezes": 1}
    streak = challenge(id="weeks", name="Four weeks", target=None, streak=weeks)
    publish(challenges=[card, streak], badges=[{"id": "regular", "name": "Regular"}])
    oneself = person("ana")
    ana = till.enroll_oneself(oneself)
    for number in range(4):
        till.earn(ana, 1000, order_id=f"{number}")
    relayed()
    looked_at()

    regular = {"id": "regular", "name": "Regular", "description": None, "image_url": None}
    card_seen, streak_seen = seen("challenges", oneself)
    assert card_seen == {
        "id": "three",
        "name": "Three visits",
        "state": "running",
        "show": "stamps",
        "counts": "orders",
        "progress": 1,
        "target": 3,
        "missing": 2,
        "until": None,
        "completed": 1,
        "times_max": 9,
        "activation": "auto",
        "joined_at": None,
        "completed_ever": 1,
        "gives": {"points": 50, "reward": None, "badges": [regular]},
        "card": {"stamps": 1, "of": 3, "cards": 1},
        "streak": None,
        "starts_on": None,
        "ends_on": None,
    }
    assert (streak_seen["counts"], streak_seen["card"]) == ("periods", None)
    assert (streak_seen["progress"], streak_seen["missing"]) == (1, 3)
    assert streak_seen["until"] == "2026-11-22"
    assert streak_seen["streak"] == {"every": "week", "freezes_left": 1, "has_counted": True}
    assert seen("badges", oneself) == [regular]


def test_a_program_that_never_had_a_challenge_queues_nothing(publish: Publish) -> None:
    publish()
    till.earn(till.enroll(), 1000, order_id="1")

    assert (relayed(), looked_at()) == ([], 0)


def test_the_first_order_under_the_first_challenge_counts_at_once(
    publish: Publish, time: Clock
) -> None:
    publish()
    ana = till.enroll()
    till.earn(ana, 1000, order_id="1")
    relayed()

    publish(version=2, challenges=[challenge(target=1)])
    time.now += timedelta(seconds=30)
    till.earn(ana, 1000, order_id="2")
    relayed()
    looked_at()

    assert till.member(ana)["balance"] == 20 + 50


def test_changes_are_read_again_if_the_queue_refuses_them(
    publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(challenges=[THREE])
    till.earn(till.enroll(), 1000, order_id="1")

    def refuse(*_: object) -> None:
        raise TryAgain("The queue did not accept every message")

    with monkeypatch.context() as patched:
        patched.setattr(PageQueue, "send", refuse)
        (failed,) = relayed()

    assert failed == {"itemIdentifier": records(TABLE)[0]["dynamodb"]["SequenceNumber"]}
    assert (relayed(), looked_at()) == ([], 1)


def test_a_visit_that_waits_for_an_order_counts_once_it_arrives(publish: Publish) -> None:
    publish(activities=[activity(id="visit", points=5, needs_order_days=30)])
    ana = till.enroll()
    visit = {
        "source": "door",
        "activity_id": "1",
        "activity": "visit",
        "member_id": ana,
        "occurred_at": "2026-11-21T09:00:00Z",
    }
    path = f"{till.PROGRAM}/activities"
    waiting = call(campaigns.handler, "POST", path, body=visit, as_=till.CASHIER)
    till.earn(ana, 1000, order_id="1")

    assert relayed() == []
    looked_at()

    again = call(campaigns.handler, "POST", path, body=visit, as_=till.CASHIER)
    assert (waiting.body["status"], again.body["status"]) == ("waiting", "awarded")
    assert (again.status, again.body["entry"]["points"]) == (200, 5)


def test_a_plan_that_is_bought_as_a_product_lasts_as_long_as_it_is_kept(publish: Publish) -> None:
    billing = [{"skus": ["PRIME-YEAR"], "months": 12}]
    publish(plans=[{"id": "prime", "name": "Prime", "billing": billing}])
    ana = till.enroll()
    fee = till.line(2900, sku="PRIME-YEAR")
    till.earn(ana, 2900, order_id="fee", lines=[fee])

    assert (relayed(), looked_at()) == ([], 1)
    assert till.member(ana)["balance"] == 0
    assert till.member(ana)["plan"]["until"] == "2027-11-20"

    assert till.refund("fee", amount=till.money(2900)).status == 201
    relayed()
    looked_at()
    assert till.member(ana)["plan"] is None


def test_a_plan_gives_something_on_its_first_day(publish: Publish) -> None:
    publish(plans=[{"id": "prime", "name": "Prime", "benefits": {"on_start": {"points": 50}}}])
    ana = till.enroll()
    body = {"plan": "prime", "until": "2027-11-20", "reason": "paid at the counter"}
    path = f"{till.PROGRAM}/members/{ana}/plan"
    assert call(enrollment.handler, "PUT", path, body=body, as_=till.MANAGER).status == 200

    assert (relayed(), looked_at()) == ([], 1)

    (bonus,) = till.history(ana)
    assert (bonus["points"], bonus["given_for"], bonus["rule_id"]) == (50, "plan", "prime")
    assert till.member(ana)["balance"] == 50


def test_reviews_count_for_a_challenge_until_one_is_removed(publish: Publish) -> None:
    counts = {"what": "activities", "activity": "review"}
    publish(
        activities=[activity(points=0)],
        challenges=[challenge(id="critic", counts=counts, target=2, gives=[{"points": 50}])],
    )
    ana = till.enroll()
    path = f"{till.PROGRAM}/activities"
    for number in "12":
        review = {
            "source": "reviews",
            "activity_id": number,
            "activity": "review",
            "member_id": ana,
            "occurred_at": "2026-11-21T09:00:00Z",
        }
        call(campaigns.handler, "POST", path, body=review, as_=till.CASHIER)
    assert relayed() == []
    looked_at()
    completed = till.member(ana)["balance"]

    call(campaigns.handler, "DELETE", f"{path}/reviews/1", as_=till.CASHIER)
    assert relayed() == []
    looked_at()

    assert (completed, till.member(ana)["balance"]) == (50, 0)
