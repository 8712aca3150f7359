"""Campaigns over HTTP: joined and left, seen by members, and watched by managers."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

import pytest

from functions.campaigns.handler import handler
from functions.enrollment.handler import handler as enrollment
from loyalty.domain.campaigns.offers import Offer, OfferReason
from loyalty.domain.campaigns.targeting import Targeting
from loyalty.domain.program.document import PublishedProgram
from loyalty.table import keys
from loyalty.table.engine import DynamoEngine
from loyalty.table.targeting import TableTargeting
from tests.integration.conftest import Clock
from tests.support import till
from tests.support.campaigns import campaign
from tests.support.http import Answer, Claims, call, person, staff

ANALYST: Final = staff("bean", "analyst")
CLUB: Final = campaign(
    id="club",
    name="Club",
    activation="join",
    when={"starts_on": "2026-11-01", "ends_on": "2026-12-31"},
    effect={"kind": "fixed", "points": 100},
    limits={
        "per_member": {"points": 150, "orders": 3, "per": "month"},
        "budget": {"points": 1000},
    },
)


@pytest.fixture(autouse=True)
def bean(publish: Callable[..., PublishedProgram]) -> None:
    publish(campaigns=[CLUB, campaign(id="all")])


def of_member(member_id: str, *, as_: Claims = till.CASHIER) -> Answer:
    return call(handler, "GET", f"{till.PROGRAM}/members/{member_id}/campaigns", as_=as_)


def join(member_id: str, name: str = "club", *, as_: Claims = till.CASHIER) -> Answer:
    return call(handler, "PUT", f"{till.PROGRAM}/members/{member_id}/campaigns/{name}", as_=as_)


def leave(member_id: str, name: str = "club", *, as_: Claims = till.CASHIER) -> Answer:
    return call(handler, "DELETE", f"{till.PROGRAM}/members/{member_id}/campaigns/{name}", as_=as_)


def offers_of(member_id: str, *, as_: Claims = till.CASHIER) -> Answer:
    return call(handler, "GET", f"{till.PROGRAM}/members/{member_id}/offers", as_=as_)


def campaigns(name: str = "", *, as_: Claims = ANALYST) -> Answer:
    return call(handler, "GET", f"{till.PROGRAM}/campaigns{name}", as_=as_)


def points_by_rule(answer: Answer) -> dict[str, int]:
    return {share["rule_id"]: share["points"] for share in answer.body["entry"]["breakdown"]}


def test_a_member_joins_orders_and_sees_how_far_they_have_come() -> None:
    ana = till.enroll()
    (club, everybody) = of_member(ana).body["items"]
    assert (club["id"], club["joined"], club["can_join"]) == ("club", False, True)
    assert (everybody["id"], everybody["joined"], everybody["can_join"]) == ("all", False, False)
    assert points_by_rule(till.earn(ana, 4999)) == {"base": 49, "all": 10}

    answer = join(ana)

    assert (answer.status, answer.body["joined"], answer.body["can_join"]) == (200, True, False)
    assert join(ana).body == answer.body
    assert points_by_rule(till.earn(ana, 4999))["club"] == 100
    (club, _) = of_member(ana).body["items"]
    assert club == {
        "id": "club",
        "name": "Club",
        "joined": True,
        "joined_at": "2026-11-21T10:00:00Z",
        "can_join": False,
        "eligible": True,
        "why_not": [],
        "text": "",
        "caps": [
            {"per": "month", "points": 150, "orders": None, "used": 100},
            {"per": "month", "points": None, "orders": 3, "used": 1},
        ],
        "starts_on": "2026-11-01",
        "ends_on": "2026-12-31",
    }
    assert (leave(ana).status, leave(ana).status) == (204, 204)
    assert "club" not in points_by_rule(till.earn(ana, 4999))


def test_a_member_reads_what_stands_against_a_campaign_and_what_is_missing(
    publish: Callable[..., PublishedProgram], time: Clock
) -> None:
    publish(version=2, campaigns=[campaign(**{"for": {"fact": "order_number", "every": 3}})])
    time.now += timedelta(minutes=1)
    me = person("sub-ana", email="ana@example.com")
    till.earn(till.enroll_oneself(me), 4999)

    (third,) = of_member("me", as_=me).body["items"]

    assert (third["eligible"], third["why_not"]) == (
        False,
        [{"fact": "order_number", "every": 3, "is": 2, "missing": 1}],
    )
    assert third["text"].endswith("it is 2. 1 order is missing.")


def test_a_member_joins_for_themselves_and_for_nobody_else() -> None:
    me = person("sub-ana", email="ana@example.com")
    till.enroll_oneself(me)
    bob = till.enroll("bob@example.com")

    assert join("me", as_=me).status == 200
    assert of_member("me", as_=me).body["items"][0]["joined"]
    assert (join(bob, as_=me).status, leave(bob, as_=me).status) == (404, 404)
    assert not of_member(bob).body["items"][0]["joined"]


def test_what_cannot_be_joined_is_refused_by_name() -> None:
    ana = till.enroll()

    assert (join(ana, "all").status, join(ana, "all").code) == (409, "wrong_state")
    assert (join(ana, "nothing").status, leave(ana, "nothing").status) == (404, 404)
    assert join("mem_nobody").status == 404


def test_a_manager_watches_the_budget(time: Clock) -> None:
    ana = till.enroll()
    join(ana)
    till.earn(ana, 4999, order_id="1")

    club = campaigns("/club").body

    assert club == {
        "id": "club",
        "name": "Club",
        "state": "running",
        "activation": "join",
        "group": None,
        "starts_on": "2026-11-01",
        "ends_on": "2026-12-31",
        "budget": {"per": "campaign", "points": 1000, "used": 100, "left": 900, "money": None},
    }
    till.refund("1", whole=True)
    assert campaigns("/club").body["budget"]["used"] == 0
    assert [each["id"] for each in campaigns().body["items"]] == ["club", "all"]
    assert campaigns().body["items"][1]["budget"] is None
    time.now += timedelta(days=60)
    assert campaigns("/club").body["state"] == "ended"
    assert campaigns("/nothing").status == 404


def test_a_budget_in_money_has_both(publish: Callable[..., PublishedProgram]) -> None:
    limits = {"budget": {"amount_minor": 5000, "per": "month"}}
    publish(
        version=2, point_value={"amount_minor": 2}, campaigns=[campaign(id="club", limits=limits)]
    )
    till.earn(till.enroll(), 4999)

    assert campaigns("/club").body["budget"] == {
        "per": "month",
        "points": 2500,
        "used": 10,
        "left": 2490,
        "money": {
            "amount": till.money(5000),
            "used": till.money(20),
            "left": till.money(4980),
        },
    }


def test_a_member_reads_what_was_offered_and_what_it_gave(
    publish: Callable[..., PublishedProgram], time: Clock, engine: DynamoEngine
) -> None:
    publish(version=2, campaigns=[campaign(id="oat", activation="offer")])
    time.now += timedelta(minutes=1)
    me = person("sub-ana", email="ana@example.com")
    ana = till.enroll_oneself(me)
    assert offers_of("me", as_=me).body["items"] == []
    because = OfferReason("you_bought", thing_kind="sku", thing_id="BEANS")
    made_at = time.now - timedelta(days=1)
    mine = Offer(offered_at=made_at, until=date(2026, 12, 4), because=because, chosen_of=3)
    TableTargeting(engine, program_id="bean").keep_offers(
        None, Targeting(member_id=ana, offers={"oat": mine})
    )

    (offered,) = offers_of("me", as_=me).body["items"]
    till.earn(ana, 4999)
    (used,) = offers_of(ana).body["items"]

    assert offered == {
        "id": "oat",
        "name": "Welcome",
        "state": "open",
        "offered_at": "2026-11-20T10:01:00Z",
        "until": "2026-12-04",
        "because": {"kind": "you_bought", "thing": {"kind": "sku", "id": "BEANS"}},
        "orders": 0,
        "points": 0,
        "eligible": True,
        "why_not": [],
        "text": "",
        "caps": [],
    }
    assert (used["state"], used["orders"], used["points"]) == ("used", 1, 10)


def test_members_who_are_merged_have_joined_and_who_is_erased_has_not(
    engine: DynamoEngine, time: Clock
) -> None:
    ana, bob = till.enroll(), till.enroll("bob@example.com")
    join(bob)

    till.merge(bob, ana)

    assert of_member(bob).body["items"][0]["joined"]
    exported = call(
        enrollment, "GET", f"{till.PROGRAM}/members/{ana}/export", as_=till.CASHIER
    ).body
    assert exported["joined_campaigns"] == [
        {"campaign_id": "club", "joined_at": "2026-11-21T10:00:00Z"}
    ]
    assert exported["offers"] == []
    till.erase(ana)
    left = [keys.targeting("bean", each) for each in (ana, bob)]
    assert engine.get_many(left, strong=True) == {}
    assert join(ana).status == 404
