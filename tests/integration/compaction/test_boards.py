"""Compaction ranks members by the lake; once a window is settled, the worker gives its prizes."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from functions.campaigns.handler import handler as campaigns
from functions.engagement.handler import handler as engagement
from functions.relay.handler import handler as relay
from loyalty.edge.aws import clients
from tests.integration.conftest import TABLE, Clock
from tests.integration.lakeside import archived, compact
from tests.support import till
from tests.support.challenges import challenge
from tests.support.eventbridge import EventBridge
from tests.support.http import Claims, Context, call, person, staff
from tests.support.queues import consume, receive
from tests.support.stream import batch, records

pytestmark = pytest.mark.usefixtures("disk")

CUPS: Final = challenge(counts={"what": "units"}, target=1000, window="month")
BOARD: Final = {
    "id": "cups",
    "name": "Most cups",
    "challenge": "three",
    "shows": 2,
    "prizes": [{"to_place": 1, "points": 100}],
}


@pytest.fixture(autouse=True)
def bus(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = EventBridge()
    monkeypatch.setattr(clients, "eventbridge", lambda: fake)


def looked_at() -> None:
    messages = receive(os.environ["LOYALTY_ENGAGEMENT_QUEUE_URL"])
    assert consume(engagement, messages) == []


def read(path: str, *, as_: Claims) -> Any:
    answer = call(campaigns, "GET", f"{till.PROGRAM}{path}", as_=as_)
    assert answer.status == 200
    return answer.body


def test_the_first_of_a_month_get_a_prize_once_it_is_settled(
    publish: Callable[..., Any], time: Clock
) -> None:
    publish(challenges=[CUPS], boards=[BOARD])
    oneself = person("ana")
    ana, bob = till.enroll_oneself(oneself), till.enroll("bob@example.com")
    profile = {"attributes": {"nickname": "Ana"}}
    till.change(ana, profile=profile, consents={"community": True})
    till.earn(ana, 1000, lines=[till.line(1000, quantity=3)])
    till.earn(bob, 1000, lines=[till.line(1000, quantity=1)])
    relay(batch(records(TABLE)), Context())
    looked_at()
    archived()

    assert compact() == []

    standing = read("/boards/cups", as_=oneself)
    assert [(each["place"], each["score"], each["nickname"]) for each in standing["items"]] == [
        (1, 3, "Ana"),
        (2, 1, None),
    ]
    assert {each["member_id"] for each in standing["items"]} == {None}
    assert (standing["state"], standing["window"]) == ("open", f"{time.now:%Y-%m}")
    items = read("/boards/cups", as_=staff("bean", "analyst"))["items"]
    assert [each["member_id"] for each in items] == [ana, bob]
    own = read(f"/members/{bob}/boards/cups", as_=till.CASHIER)
    assert (own["score"], own["place"], own["is_named"]) == (1, 2, False)
    assert read("/boards", as_=oneself)["items"][0]["prizes"][0]["points"] == 100

    before = till.member(ana)["balance"]
    time.now += timedelta(days=31 + 14)
    assert compact() == []
    looked_at()

    month = standing["window"]
    answer = call(
        campaigns,
        "GET",
        f"{till.PROGRAM}/boards/cups",
        query={"window": month},
        as_=oneself,
    )
    assert answer.body["state"] == "final"
    assert till.member(ana)["balance"] == before + 100
