"""Orders that are made up, tried over HTTP against a document that is not published."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from functions.campaigns.handler import handler
from loyalty.domain.program.document import PublishedProgram
from tests.support import till
from tests.support.campaigns import campaign
from tests.support.documents import document, rule
from tests.support.http import Answer, Claims, call, staff
from tests.support.till import line, money

TIERS: Final = {
    "basis": "spend",
    "period": "calendar_year",
    "levels": [{"id": "gold", "name": "Gold", "reached_at": 1000, "multiplier_percent": 200}],
}
TUESDAY: Final = campaign(
    id="tuesday",
    name="Gold Tuesday",
    when={"weekdays": ["tue"]},
    effect={"kind": "multiply", "percent": 200},
    **{"for": {"fact": "tier", "is_in": ["gold"]}},
)
# A Tuesday of next year.
MOMENT: Final = "2027-11-23T15:30:00Z"


@pytest.fixture(autouse=True)
def bean(publish: Callable[..., PublishedProgram]) -> None:
    publish()


def proposed(*campaigns: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return document(earning_rules=[rule()], campaigns=list(campaigns), tiers=TIERS, **parts)


def quote(
    program: dict[str, Any],
    member: dict[str, Any] | None = None,
    *,
    as_: Claims = till.MANAGER,
    refund: dict[str, Any] | None = None,
    **order: Any,
) -> Answer:
    goods = {"occurred_at": MOMENT, "lines": [line(4999)]}
    body = {"document": program, "order": goods | order, "member": member, "refund": refund}
    return call(handler, "POST", f"{till.PROGRAM}/check/quote", body=body, as_=as_)


def test_a_campaign_that_is_not_published_says_what_it_would_give_and_to_whom() -> None:
    program = proposed(TUESDAY)

    gold = quote(program, {"tier": "gold"}).body
    plain = quote(program, {}).body
    guest = quote(program).body

    assert (gold["tier"], gold["points"]) == ("gold", 99 + 99)
    assert gold["campaigns"][0]["applies"]
    assert (plain["tier"], plain["points"]) == (None, 49)
    assert [each["fact"] for each in plain["campaigns"][0]["why_not"]] == ["tier"]
    assert [each["fact"] for each in guest["campaigns"][0]["why_not"]] == ["for"]
    assert {gold["member_id"], gold["balance"]} == {None}


def test_days_of_the_member_are_counted_back_from_the_order() -> None:
    lapsed = campaign(**{"for": {"fact": "days_since_order", "at_least": 60}})
    old = campaign(id="old", **{"for": {"fact": "member_days", "at_least": 1}})
    program = proposed(lapsed, old)

    def given(**member: Any) -> list[str]:
        answer = quote(program, member)
        assert answer.status == 200, answer.text
        return [each["id"] for each in answer.body["campaigns"] if each["applies"]]

    assert given(orders=1, last_ordered_on="2027-09-24") == ["welcome"]
    assert given(orders=1, last_ordered_on="2027-09-25") == []
    assert given(enrolled_on="2027-11-22") == ["old"]


def test_points_of_an_order_to_come_are_pending_from_its_own_day_on() -> None:
    program = proposed(campaign(pending_days=14))

    body = quote(program).body

    assert (body["points"], body["pending_points"]) == (49, 10)


def test_a_document_with_mistakes_earns_nothing_and_they_are_named_where_they_stand() -> None:
    rising = campaign(**{"if": {"fact": "amount", "at_most_minor": 100}})

    unpublishable = quote(proposed(rising))
    misfit = quote(proposed() | {"points": 3})

    assert (unpublishable.status, misfit.status) == (422, 422)
    assert unpublishable.body["errors"][0]["pointer"] == "/document/campaigns/0/if"
    assert misfit.body["errors"][0]["pointer"] == "/document/points"


def test_a_document_in_another_currency_could_not_be_published() -> None:
    answer = quote(proposed(currency="USD"), lines=[line(4999) | {"amount": money(4999, "USD")}])

    assert answer.body["errors"][0]["pointer"] == "/document/currency"


@pytest.mark.parametrize(
    ("member", "pointer"),
    [
        ({"orders": 2}, "/member/last_ordered_on"),
        ({"orders": 0, "last_ordered_on": "2026-01-01"}, "/member/last_ordered_on"),
        ({"tier": "bronze"}, "/member/tier"),
        ({"joined": ["tuesday", "club"]}, "/member/joined/1"),
    ],
)
def test_a_member_who_cannot_be_is_refused(member: dict[str, Any], pointer: str) -> None:
    answer = quote(proposed(TUESDAY), member)

    assert answer.status == 422
    assert [each["pointer"] for each in answer.body["errors"]] == [pointer]


def test_mistakes_of_the_order_are_named_where_they_stand() -> None:
    twice = quote(proposed(), lines=[line(1), line(2)])
    foreign = quote(proposed(), lines=[line(1) | {"amount": money(1, "USD")}])

    assert twice.body["errors"][0]["pointer"] == "/order/lines/1/line_id"
    assert foreign.body["errors"][0]["pointer"] == "/order/lines/0/amount/currency"


def test_a_refund_says_what_each_campaign_would_lose() -> None:
    spend = campaign(
        id="spend-60", name="Spend 60", **{"if": {"fact": "amount", "at_least_minor": 6000}}
    )
    capped = campaign(limits={"per_member": {"points": 500, "per": "month"}})
    doubled = campaign(id="double", name="Double", effect={"kind": "multiply", "percent": 200})
    program = proposed(spend, capped, doubled)
    lines = [line(4500), line(2000, "2", quantity=2)]

    def refund(**what: Any) -> dict[str, Any]:
        answer = quote(program, {}, lines=lines, refund=what)
        assert (answer.status, answer.body["points"]) == (200, 65 + 65 + 10 + 10), answer.text
        taken: dict[str, Any] = answer.body["refund"]
        return taken

    assert refund(lines=[{"line_id": "2", "quantity": 1}]) == {
        "points": -30,
        "counted": money(1000),
        "campaigns": [{"id": "spend-60", "points": -10}, {"id": "double", "points": -10}],
        "rules": [{"id": "base", "points": -10}],
        "limits": [],
    }
    assert refund(amount=money(500))["points"] == -10
    assert refund(whole=True)["points"] == -150
    assert refund(whole=True)["limits"] == [
        {"campaign_id": "welcome", "limit": "cap", "period": "2027-11", "points": 10, "orders": 0}
    ]
    assert quote(program, {}).body["refund"] is None


@pytest.mark.parametrize(
    ("refund", "pointer"),
    [
        ({}, "/refund"),
        ({"whole": True, "amount": money(100)}, "/refund"),
        ({"lines": [{"line_id": "9", "quantity": 1}]}, "/refund/lines/0/line_id"),
        ({"lines": [{"line_id": "1", "quantity": 1}] * 2}, "/refund/lines/1/line_id"),
        ({"amount": money(100, "USD")}, "/refund/amount/currency"),
    ],
)
def test_mistakes_of_the_refund_are_named_where_they_stand(
    refund: dict[str, Any], pointer: str
) -> None:
    answer = quote(proposed(), refund=refund)

    assert answer.status == 422
    assert [each["pointer"] for each in answer.body["errors"]] == [pointer]


def test_it_works_before_the_first_version() -> None:
    path = "/v1/programs/leaf/check/quote"
    body = {"document": proposed(), "order": {"occurred_at": MOMENT, "lines": [line(4999)]}}

    answer = call(handler, "POST", path, body=body, as_=staff("leaf", "manager"))

    assert (answer.status, answer.body["points"]) == (200, 49)
