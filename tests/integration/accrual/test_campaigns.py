"""Campaigns over HTTP: what they would give and why not, what they gave, what a refund takes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import boto3
import pytest

from loyalty.domain.program.document import PublishedProgram
from tests.integration.conftest import TABLE, Clock
from tests.support import till
from tests.support.documents import rule
from tests.support.erasing import items
from tests.support.http import Answer, person, staff
from tests.support.till import line, money, order

SPEND_60: Final[dict[str, Any]] = {
    "id": "spend-60",
    "name": "Spend 60",
    "if": {"fact": "amount", "at_least_minor": 6000},
    "effect": {"kind": "fixed", "points": 50},
}
SATURDAY: Final[dict[str, Any]] = {
    "id": "saturday",
    "name": "Double Saturday",
    "when": {"weekdays": ["sat"]},
    "effect": {"kind": "multiply", "percent": 200},
}
WELCOME: Final[dict[str, Any]] = {
    "id": "welcome",
    "name": "Welcome",
    "for": {"fact": "first_order"},
    "effect": {"kind": "fixed", "points": 20},
    "limits": {
        "budget": {"points": 100},
        "per_member": {"points": 30, "orders": 2, "per": "month"},
    },
}

type Campaigns = Callable[..., None]


@pytest.fixture
def campaigns(publish: Callable[..., PublishedProgram], time: Clock) -> Campaigns:
    """Publish campaigns beside one rule: a point for each whole euro."""
    versions = iter(range(1, 10))

    def put_in_force(*of: dict[str, Any], **parts: Any) -> None:
        publish(version=next(versions), earning_rules=[rule()], campaigns=list(of), **parts)
        time.now += timedelta(minutes=1)

    return put_in_force


def quoted(**parts: Any) -> dict[str, Any]:
    answer = till.quote(order(**parts))
    assert answer.status == 200, answer.text
    body: dict[str, Any] = answer.body
    return body


def by_id(answers: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {answer["id"]: answer for answer in answers}


def explained(order_id: str, **parts: Any) -> dict[str, Any]:
    answer = till.explain_order(order_id, **parts)
    assert answer.status == 200, answer.text
    body: dict[str, Any] = answer.body
    return body


def sold(amount: int, member_id: str, **parts: Any) -> str:
    body = order(amount, member_id=member_id, **parts)
    assert till.post_order(body).status == 201
    return str(body["order_id"])


def test_a_quote_says_of_each_campaign_what_it_gives_or_what_is_missing(
    campaigns: Campaigns,
) -> None:
    campaigns(SPEND_60, SATURDAY)

    quote = quoted(amount=4999, member_id=till.enroll())

    assert (quote["points"], quote["pending_points"]) == (98, 0)
    assert quote["campaigns"] == [
        {
            "id": "spend-60",
            "name": "Spend 60",
            "applies": False,
            "points": 0,
            "could_give": 50,
            "why_not": [{"fact": "amount", "at_least_minor": 6000, "is": 4999, "missing": 1001}],
            "text": "10.01 EUR more for 50 beans.",
        },
        {
            "id": "saturday",
            "name": "Double Saturday",
            "applies": True,
            "points": 49,
            "could_give": 49,
            "why_not": [],
            "text": "49 beans: 2 times what the earning rules give.",
        },
    ]
    assert quote["breakdown"][1] == {
        "rule_id": "saturday",
        "line_id": "1",
        "points": 49,
        "eligible_minor": 4999,
        "rate": None,
    }


def test_what_is_quoted_is_earned(campaigns: Campaigns) -> None:
    campaigns(SPEND_60, SATURDAY, WELCOME, pending_days=14)
    body = order(7000, member_id=till.enroll())

    quote = till.quote(body).body
    earned = till.post_order(body).body["entry"]

    assert quote["breakdown"] == earned["breakdown"]
    assert (quote["points"], quote["pending_points"]) == (0, earned["pending_points"])
    assert quote["pending_points"] == 70 + 50 + 70 + 20


def test_a_quote_for_a_guest_leaves_out_what_is_decided_of_a_member(campaigns: Campaigns) -> None:
    campaigns(SPEND_60, WELCOME)

    quote = quoted(amount=7000)

    assert quote["points"] == 120
    assert by_id(quote["campaigns"])["welcome"]["why_not"] == [{"fact": "for"}]


@pytest.mark.parametrize(
    ("limits", "why_not", "text"),
    [
        (
            {"budget": {"points": 20}},
            {"fact": "budget", "left": 0},
            "Its budget is spent.",
        ),
        (
            {"per_member": {"orders": 1, "per": "month"}},
            {"fact": "cap", "left": 0},
            "The member has had all that it gives one member.",
        ),
    ],
)
def test_a_quote_knows_limits_and_takes_nothing_of_them(
    campaigns: Campaigns, limits: dict[str, Any], why_not: dict[str, Any], text: str
) -> None:
    campaigns(WELCOME | {"for": None, "limits": limits})
    ana = till.enroll()

    first, again = (quoted(amount=1000, member_id=ana) for _ in range(2))
    sold(1000, ana)
    after = quoted(amount=1000, member_id=ana)

    assert (first["points"], again["points"], after["points"]) == (30, 30, 10)
    (campaign,) = after["campaigns"]
    assert (campaign["why_not"], campaign["could_give"], campaign["text"]) == ([why_not], 0, text)


def test_an_order_is_explained_leaf_by_leaf(campaigns: Campaigns) -> None:
    campaigns(SPEND_60, SATURDAY, WELCOME)
    bought = sold(4999, till.enroll())

    body = explained(bought)

    assert (body["status"], body["points"], body["kept"]) == ("earned", 118, 118)
    assert body["program_version"] == 1
    spend, saturday, welcome = body["campaigns"]
    assert (spend["applies"], spend["points"]) == (False, 0)
    assert spend["findings"] == [
        {"fact": "when", "holds": True, "text": "It runs at that time."},
        {
            "fact": "amount",
            "at_least_minor": 6000,
            "is": 4999,
            "missing": 1001,
            "holds": False,
            "text": "The amount is not at least 60.00 EUR: it is 49.99 EUR.",
        },
    ]
    assert (saturday["applies"], saturday["points"]) == (True, 49)
    assert [each["text"] for each in welcome["findings"]] == [
        "It runs at that time.",
        "The member was one of those that it is for (it is the first order).",
    ]
    (base,) = body["rules"]
    assert (base["id"], base["points"], base["eligible_minor"]) == ("base", 49, 4999)
    assert base["text"] == "49 beans: 1 bean for each 1.00 EUR, on 49.99 EUR."


def test_after_a_refund_it_says_what_was_earned_and_what_is_kept(campaigns: Campaigns) -> None:
    campaigns(SPEND_60, SATURDAY)
    bought = sold(7000, till.enroll())
    assert till.refund(bought, amount=money(2000)).status == 201

    body = explained(bought)

    figures = {each["id"]: (each["points"], each["kept"]) for each in body["campaigns"]}
    assert figures == {"spend-60": (50, 0), "saturday": (70, 50)}
    assert (body["points"], body["kept"]) == (190, 100)


def test_an_order_is_explained_by_the_version_that_decided_it_for_ever(
    campaigns: Campaigns,
) -> None:
    campaigns(SPEND_60, WELCOME)
    ana = till.enroll()
    bought = sold(7000, ana)
    before = explained(bought)
    campaigns()
    sold(100, ana)

    assert explained(bought) == before
    assert {each["id"]: each["points"] for each in before["campaigns"]} == {
        "spend-60": 50,
        "welcome": 20,
    }


def test_an_order_that_was_corrected_is_explained_as_it_is_now(campaigns: Campaigns) -> None:
    campaigns(SPEND_60)
    ana = till.enroll()
    body = order(4999, member_id=ana)
    till.post_order(body)
    assert till.correct_order(body | {"lines": [line(6500)]}).body["status"] == "edited"

    (spend,) = explained(body["order_id"])["campaigns"]

    assert (spend["points"], spend["kept"]) == (50, 50)


def test_an_order_that_nobody_earned_by_has_no_reasons(campaigns: Campaigns) -> None:
    campaigns(SPEND_60)
    body = order(7000)
    assert till.post_order(body).status == 202

    explanation = explained(body["order_id"])
    quote = till.quote_refund(body["order_id"], whole=True).body

    assert (explanation["status"], explanation["campaigns"]) == ("ignored", [])
    assert (quote["status"], quote["points"]) == ("waiting", 0)
    assert till.explain_order("nothing").status == 404
    assert till.quote_refund("nothing", whole=True).status == 404


def test_a_refund_s_quote_is_what_the_refund_then_takes_and_writes_nothing(
    campaigns: Campaigns,
) -> None:
    campaigns(SPEND_60, SATURDAY, WELCOME)
    ana = till.enroll()
    bought = sold(7000, ana)
    before = items(boto3.client("dynamodb"), TABLE)

    quote = till.quote_refund(bought, amount=money(7000))

    assert quote.status == 200
    assert items(boto3.client("dynamodb"), TABLE) == before
    assert quote.body == {
        "status": "new",
        "points": -210,
        "counted": money(7000),
        "campaigns": [
            {"id": "spend-60", "points": -50},
            {"id": "saturday", "points": -70},
            {"id": "welcome", "points": -20},
        ],
        "rules": [{"id": "base", "points": -70}],
        "limits": [
            {
                "campaign_id": "welcome",
                "limit": "cap",
                "period": "2026-11",
                "points": 20,
                "orders": 1,
            },
            {
                "campaign_id": "welcome",
                "limit": "budget",
                "period": "all",
                "points": 20,
                "orders": 0,
            },
        ],
    }
    entry = till.refund(bought, amount=money(7000)).body["entry"]
    assert entry["points"] == -210
    # The limits have their points back: the order counts as none, so the next is the first.
    assert by_id(quoted(amount=100, member_id=ana)["campaigns"])["welcome"]["points"] == 20


def test_a_refund_s_quote_knows_what_was_refunded_before(campaigns: Campaigns) -> None:
    campaigns(SPEND_60)
    bought = sold(7000, till.enroll())
    till.refund(bought, "r1", amount=money(1500))

    again = till.quote_refund(bought, "r1", amount=money(1500)).body
    rest = till.quote_refund(bought, "r2", whole=True).body
    other = till.quote_refund(bought, "r1", amount=money(1600))
    unknown = till.quote_refund(bought, "r3", lines=[{"line_id": "9", "quantity": 1}])

    assert (again["status"], again["points"]) == ("recorded", 0)
    assert (rest["points"], rest["counted"]) == (-55, money(5500))
    assert (other.status, other.code) == (409, "idempotency_conflict")
    assert (unknown.status, unknown.body["errors"][0]["code"]) == (422, "unknown_line")


@pytest.mark.parametrize("ask", [till.explain_order, till.quote_refund])
def test_members_see_it_of_their_own_orders_and_no_other_exists_for_them(
    campaigns: Campaigns, ask: Callable[..., Answer]
) -> None:
    campaigns(SPEND_60)
    pia = person("pia")
    mine, other = sold(7000, till.enroll_oneself(pia)), sold(7000, till.enroll())
    what = {"whole": True} if ask is till.quote_refund else {}
    guest = order(100)
    till.post_order(guest)

    assert ask(mine, as_=pia, **what).status == 200
    refused = [ask(each, as_=pia, **what) for each in (other, guest["order_id"], "nothing")]
    assert {(each.status, each.body["detail"]) for each in refused} == {
        (404, "There is no such order")
    }
    assert ask(mine, as_=person("eve"), **what).status == 404
    assert ask(mine, as_=staff("bean", "analyst"), **what).status == 403


def test_a_balance_with_points_of_campaigns_can_be_explained(campaigns: Campaigns) -> None:
    campaigns(SPEND_60)
    ana = till.enroll()
    sold(7000, ana)

    (lot,) = till.explain(ana).body["lots"]

    assert "spend-60: 50" in lot["origins"][0]["text"]
