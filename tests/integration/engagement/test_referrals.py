"""From a friend's claim over the stream and the queue to points for both, and back again."""

import os
from collections.abc import Callable
from typing import Final

import pytest

from functions.campaigns import handler as campaigns
from functions.engagement import handler as engagement
from functions.enrollment import handler as enrollment
from functions.relay import handler as relay
from loyalty.domain.program.document import PublishedProgram
from loyalty.edge.aws import clients
from tests.integration.conftest import TABLE
from tests.support import till
from tests.support.eventbridge import EventBridge
from tests.support.http import Context, call
from tests.support.queues import consume, receive
from tests.support.stream import batch, records

type Publish = Callable[..., PublishedProgram]

MEMBERS: Final = f"{till.PROGRAM}/members"


@pytest.fixture(autouse=True)
def bus(monkeypatch: pytest.MonkeyPatch) -> EventBridge:
    fake = EventBridge()
    monkeypatch.setattr(clients, "eventbridge", lambda: fake)
    return fake


def look() -> None:
    """Let the relay read all changes so far, and the worker what it queued."""
    assert relay.handler(batch(records(TABLE)), Context())["batchItemFailures"] == []
    messages = receive(os.environ["LOYALTY_ENGAGEMENT_QUEUE_URL"])
    assert consume(engagement.handler, messages) == []


def test_a_friend_who_enrolls_with_a_code_brings_points_to_both(publish: Publish) -> None:
    publish(referrals={"referrer": {"points": 500}, "friend": {"points": 100}, "wait_days": 0})
    ana = till.enroll()
    path = f"{MEMBERS}/{ana}/referral"
    code = call(campaigns.handler, "GET", path, as_=till.CASHIER).body["code"]
    body = {
        "identities": [{"kind": "email", "value": "bob@example.com"}],
        "referral_code": code,
        "signals": {"device": "installation-1", "ip": "203.0.113.7"},
    }
    bob = call(enrollment.handler, "POST", MEMBERS, body=body, as_=till.CASHIER).body["id"]
    till.earn(bob, 3000, order_id="1")
    exported = call(enrollment.handler, "GET", f"{MEMBERS}/{bob}/export", as_=till.CASHIER).body
    assert [each["code"] for each in exported["referrals"]] == [code]

    look()
    friends = call(campaigns.handler, "GET", path, as_=till.CASHIER).body
    assert (friends["given_for"], friends["friends"][0]["state"]) == (1, "awarded")
    assert till.member(ana)["balance"] == 500
    assert till.refund("1", amount=till.money(3000)).status == 201
    look()

    assert till.member(ana)["balance"] == 0


def test_nobody_claims_their_own_code(publish: Publish) -> None:
    publish(referrals={"referrer": {"points": 500}})
    ana = till.enroll()
    path = f"{MEMBERS}/{ana}/referral"
    code = call(campaigns.handler, "GET", path, as_=till.CASHIER).body["code"]

    claims, body = f"{till.PROGRAM}/referrals/claims", {"code": code, "member_id": ana}
    refused = call(campaigns.handler, "POST", claims, body=body, as_=till.CASHIER)

    assert (refused.status, refused.code) == (409, "referral_refused")
    assert refused.body["reason"] == "self"
