"""The contract's examples, field by field, on the deployed stack."""

import csv
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from local.people import email_of
from tests.e2e.conftest import OpenProgram
from tests.e2e.described import (
    Body,
    DescribedApi,
    enroll,
    eventually,
    excerpt,
    instant,
    line,
    order,
)


def test_a_program_is_published_read_and_replaced(api: DescribedApi) -> None:
    document = api.program.document | {"name": "Bean & Leaf & Cup"}

    read = api.send("manager", "GET", "", status=200)
    blind = api.call("manager", "PUT", "", json=document, status=428)
    etag = {"If-Match": read.headers["ETag"]}
    published = api.send("manager", "PUT", "", json=document, headers=etag, status=200)
    stale = api.call("manager", "PUT", "", json=api.program.document, headers=etag, status=412)

    expected = {"version": 1, "published_at": ..., "document": ...}
    assert excerpt(read.json(), expected) == expected
    assert read.json()["document"]["name"] == api.program.document["name"]
    assert blind["code"] == "precondition_required"
    assert (published.json()["version"], published.headers["ETag"]) == (2, '"2"')
    assert stale["code"] == "stale_version"


def test_a_member_is_enrolled_and_found(api: DescribedApi) -> None:
    ana = {
        "identities": [
            {"kind": "email", "value": "ana@example.com", "verified": True},
            {"kind": "customer", "source": "shop", "value": "207119551"},
        ],
        "profile": {"name": "Ana", "locale": "fr-FR", "birthday": "1990-02-28"},
        "consents": {"email": True},
    }
    expected = {
        "id": ...,
        "status": "active",
        "balance": 0,
        "debt": 0,
        "lots": [],
        "pending": [],
        "profile": ana["profile"],
        "identities": ana["identities"],
        "consents": {"email": True},
        "enrolled_at": ...,
    }
    lookup = {"identity": {"kind": "email", "value": "Ana@Example.com"}}

    enrolled = api.call("service", "POST", "/members", json=ana, status=201)
    taken = api.call("cashier", "POST", "/members", json=ana, status=409)
    found = api.call("cashier", "POST", "/members/lookup", json=lookup)
    nobody = {"identity": {"kind": "email", "value": "nobody@example.com"}}
    missing = api.call("cashier", "POST", "/members/lookup", json=nobody, status=404)

    assert excerpt(enrolled, expected) == expected
    assert (taken["code"], taken["member_id"]) == ("identity_taken", enrolled["id"])
    assert found == enrolled
    assert missing["code"] == "not_found"


def test_a_person_enrolled_at_a_till_is_linked_at_their_first_sign_in(api: DescribedApi) -> None:
    email = email_of("member", api.program.id)
    at_the_till = enroll(api, email)
    stranger = api.call("member", "GET", "/members/me", status=404)

    linked = api.call("member", "POST", "/members", json={})
    me = api.call("member", "GET", "/members/me")

    assert stranger["code"] == "not_found"
    assert linked["id"] == me["id"] == at_the_till
    assert [(each["kind"], each["verified"]) for each in me["identities"]] == [
        ("subject", True),
        ("email", True),
    ]


def test_an_order_earns_once(api: DescribedApi) -> None:
    member_id = enroll(api)
    sold = order("1001", member_id=member_id)
    expected = {
        "status": "earned",
        "member_id": member_id,
        "entry": {
            "id": ...,
            "kind": "accrual",
            "points": 49,
            "pending_points": 0,
            "available_on": ...,
            "expires_on": ...,
            "program_version": 1,
            "breakdown": [{"rule_id": "base", "line_id": "1", "points": 49}],
        },
    }

    quoted = api.call("cashier", "POST", "/orders/quote", json=sold)
    earned = api.send("cashier", "POST", "/orders", json=sold, status=201)
    again = api.send("cashier", "POST", "/orders", json=sold, status=200)
    edited = sold | {"lines": [line(5000)]}
    conflict = api.call("cashier", "POST", "/orders", json=edited, status=409)
    member = api.call("cashier", "GET", f"/members/{member_id}")

    assert quoted["points"] == 49
    assert excerpt(earned.json(), expected) == expected
    assert again.content == earned.content
    assert conflict["code"] == "order_conflict"
    expires_on = earned.json()["entry"]["expires_on"]
    assert (member["balance"], member["lots"]) == (49, [{"expires_on": expires_on, "points": 49}])


def test_the_order_of_an_unknown_customer_is_a_guests(api: DescribedApi) -> None:
    sold = order("1002", identities=[{"kind": "email", "value": "who@example.com"}])

    stored = api.call("service", "POST", "/orders", json=sold, status=202)

    assert stored == {"status": "guest", "vouchers": []}


def test_a_refund_takes_back_and_one_that_comes_first_waits(api: DescribedApi) -> None:
    member_id = enroll(api)
    now = instant()
    api.call("cashier", "POST", "/orders", json=order("1", member_id=member_id), status=201)
    half = {"refund_id": "r1", "occurred_at": now, "amount": {"amount": 2500, "currency": "EUR"}}
    unit = {"refund_id": "r1", "occurred_at": now, "lines": [{"line_id": "1", "quantity": 1}]}

    refunded = api.call("service", "POST", "/orders/pos/1/refunds", json=half, status=201)
    again = api.call("service", "POST", "/orders/pos/1/refunds", json=half)
    waiting = api.call("service", "POST", "/orders/pos/2/refunds", json=unit, status=202)
    api.call("cashier", "POST", "/orders", json=order("2", member_id=member_id), status=201)
    balance = api.call("cashier", "GET", f"/members/{member_id}")["balance"]

    expected = {"status": "refunded", "entry": {"kind": "clawback", "points": -25}, "debt": 0}
    assert excerpt(refunded, expected) == expected
    assert again == refunded
    assert waiting["status"] == "waiting"
    # One of the two cups of the second order was returned before it arrived: 24.99 is left,
    # and of the first order as well.
    assert balance == 24 + 25


def test_a_manager_adjusts_with_a_reason(api: DescribedApi) -> None:
    member_id = enroll(api)
    path = f"/members/{member_id}/adjustments"
    adjustment = {"points": 100, "reason": "goodwill", "reference": "case 12"}

    adjusted = api.call("manager", "POST", path, json=adjustment, key="k", status=201)
    again = api.call("manager", "POST", path, json=adjustment, key="k")
    other = api.call("manager", "POST", path, json=adjustment | {"points": 1}, key="k", status=409)

    expected = {"entry": {"kind": "adjustment", "points": 100, "reason": "goodwill"}}
    assert excerpt(adjusted, expected) == expected
    assert again == adjusted
    assert other["code"] == "idempotency_conflict"


def test_points_buy_a_voucher_that_is_used_once(api: DescribedApi) -> None:
    member_id = enroll(api)
    path = f"/members/{member_id}/redemptions"
    latte = {"reward_id": "latte", "hold": False}
    poor = api.call("cashier", "POST", path, json=latte, status=409)
    earned = api.call(
        "cashier", "POST", "/orders", json=order("1", member_id=member_id), status=201
    )
    expected = {
        "id": ...,
        "reward_id": "latte",
        "points": 40,
        "state": "issued",
        "voucher": {"code": ..., "expires_at": None},
        "slices": [{"expires_on": earned["entry"]["expires_on"], "points": 40}],
    }

    redeemed = api.call("cashier", "POST", path, json=latte, key="k", status=201)
    again = api.call("cashier", "POST", path, json=latte, key="k")
    code = redeemed["voucher"]["code"]
    checked = api.call("cashier", "GET", f"/vouchers/{code}")
    use = {"order": {"source": "pos", "order_id": "1002"}}
    used = api.call("cashier", "POST", f"/vouchers/{code}/use", json=use, key="u")
    used_again = api.call("cashier", "POST", f"/vouchers/{code}/use", json=use, key="u")
    refused = api.call("service", "POST", f"/vouchers/{code}/use", json=use, status=409)
    listed = api.call("cashier", "GET", path)

    assert poor["code"] == "insufficient_points"
    assert excerpt(redeemed, expected) == expected
    assert again == redeemed
    assert redeemed["id"].startswith("red_")
    assert checked["state"] == "issued"
    expected = {"code": code, "state": "used", "used_at": ...}
    assert excerpt(used, expected) == expected
    assert used_again == used
    assert refused["code"] == "voucher_used"
    assert [(each["id"], each["state"]) for each in listed["items"]] == [(redeemed["id"], "used")]


def test_a_held_redemption_is_completed_or_cancelled(api: DescribedApi) -> None:
    member_id = enroll(api)
    path = f"/members/{member_id}/redemptions"
    api.call("cashier", "POST", "/orders", json=order("1", 9000, member_id=member_id), status=201)
    held = [
        api.call("cashier", "POST", path, json={"reward_id": "latte", "hold": True}, status=201)
        for _ in range(2)
    ]

    completed = api.call("cashier", "POST", f"{path}/{held[0]['id']}/complete")
    cancelled = api.call("cashier", "POST", f"{path}/{held[1]['id']}/cancel")
    late = api.call("cashier", "POST", f"{path}/{held[1]['id']}/complete", status=409)
    balance = api.call("cashier", "GET", f"/members/{member_id}")["balance"]

    assert [each["state"] for each in held] == ["held", "held"]
    assert (completed["state"], cancelled["state"]) == ("issued", "cancelled")
    assert late["code"] == "wrong_state"
    assert balance == 90 - 40


def test_history_is_paged_newest_first(api: DescribedApi) -> None:
    member_id = enroll(api)
    path = f"/members/{member_id}/history"
    for number in range(3):
        sold = order(str(number), 100 * (number + 1), member_id=member_id)
        api.call("cashier", "POST", "/orders", json=sold, status=201)

    first = api.call("cashier", "GET", path, params={"limit": 2})
    cursor = first["next_cursor"]
    second = api.call("cashier", "GET", path, params={"limit": 2, "cursor": cursor})
    tampered = {"cursor": cursor[:-1] + ("A" if cursor[-1] != "A" else "B")}
    refused = api.call("cashier", "GET", path, params=tampered, status=422)

    assert [entry["points"] for entry in first["items"]] == [3, 2]
    assert ([entry["points"] for entry in second["items"]], second["next_cursor"]) == ([1], None)
    assert refused["code"] == "invalid_cursor"


def test_the_report_shows_what_happened_as_json_and_as_csv(api: DescribedApi) -> None:
    member_id = enroll(api)
    api.call("cashier", "POST", "/orders", json=order("1", member_id=member_id), status=201)
    latte = {"reward_id": "latte", "hold": False}
    api.call("cashier", "POST", f"/members/{member_id}/redemptions", json=latte, status=201)
    zone = ZoneInfo(api.program.document["time_zone"])
    today = datetime.now(zone).date()
    days = {"from": today.isoformat(), "to": today.isoformat()}
    expected = {
        "members": 1,
        "new_members": 1,
        "active_members": 1,
        "orders": 1,
        "revenue_minor": 4999,
        "points_earned": 49,
        "points_redeemed": 40,
        "points_outstanding": 9,
        "redemption_rate": ...,
    }

    def report() -> Body:
        return api.call("analyst", "GET", "/reports/summary", params=days)

    shown = eventually(report, lambda report: excerpt(row(report), expected) == expected)
    table = api.send(
        "analyst",
        "GET",
        "/reports/summary",
        params=days,
        headers={"Accept": "text/csv"},
        status=200,
    )

    assert shown["report"] == "summary"
    assert datetime.fromisoformat(shown["as_of"]).astimezone(zone).date() == today
    (points_earned,) = (each for each in shown["columns"] if each["name"] == "points_earned")
    assert (points_earned["type"], points_earned["unit"]) == ("integer", "points")
    (line_of_csv,) = csv.DictReader(table.text.splitlines())
    assert list(line_of_csv) == list(row(shown))
    assert line_of_csv["points_earned"] == "49"


def test_a_storefront_is_connected_and_its_secret_never_shown(api: DescribedApi) -> None:
    shop = {
        "platform": "shopify",
        "source": "shop",
        "store": "bean-and-leaf",
        "secrets": ["shpss_not_to_be_told"],
    }

    connected = api.send("manager", "PUT", "/storefronts/online", json=shop, status=201)
    again = api.send("manager", "PUT", "/storefronts/online", json=shop, status=200)
    read = api.send("manager", "GET", "/storefronts/online", status=200)
    checked = api.send("manager", "POST", "/storefronts/online/check", status=200)

    assert "no_deliveries" in {each["code"] for each in checked.json()["findings"]}
    expected = {"platform": "shopify", "source": "shop", "store": "bean-and-leaf"}
    assert excerpt(connected.json(), expected) == expected
    for answer in (connected, again, read, checked):
        assert "shpss_not_to_be_told" not in answer.text


DAYS = {"from": "2026-11-01", "to": "2026-11-02"}


@pytest.mark.parametrize(
    ("role", "call", "sent", "refusal"),
    [
        ("cashier", "POST /orders", {"content": b"{"}, (400, "malformed_json")),
        ("cashier", "POST /orders", {"content": b""}, (400, "malformed_json")),
        ("cashier", "POST /orders", {"json": {}}, (422, "validation_failed")),
        ("cashier", "POST /orders", {"content": b" " * 300_000}, (413, "too_large")),
        ("analyst", "POST /orders", {"json": {}}, (403, "forbidden")),
        ("member", "POST /orders", {"json": {}}, (403, "forbidden")),
        ("cashier", "GET /members/mem_nobody", {}, (404, "not_found")),
        ("member", "GET /members/mem_nobody", {}, (404, "not_found")),
        ("cashier", "GET /vouchers/AAAAAAAAAAAAAAAA", {}, (404, "not_found")),
        ("analyst", "GET /reports/none", {"params": DAYS}, (404, "not_found")),
    ],
)
def test_a_refusal_is_a_problem_with_its_code(
    api: DescribedApi, role: str, call: str, sent: Any, refusal: tuple[int, str]
) -> None:
    (status, code), (method, path) = refusal, call.split()

    answer = api.send(role, method, path, status=status, **sent)

    assert answer.headers["content-type"] == "application/problem+json"
    expected = {"type": ..., "title": ..., "status": status, "code": code, "detail": ...}
    assert excerpt(answer.json(), expected) == expected
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_a_request_that_needs_a_key_says_so(api: DescribedApi) -> None:
    member_id = enroll(api)
    with api.program.client("cashier") as cashier:
        answer = cashier.post(f"/members/{member_id}/redemptions", json={"reward_id": "latte"})

    assert (answer.status_code, answer.json()["code"]) == (400, "missing_idempotency_key")


def test_an_unknown_route_is_answered_with_a_problem_too(program: OpenProgram) -> None:
    with program.client("manager") as manager:
        answer = manager.get("/nothing/here")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_nobody_can_access_a_program_or_a_member_that_is_not_theirs(
    api: DescribedApi, open_program: Callable[..., OpenProgram]
) -> None:
    member_id = enroll(api)
    other = open_program()

    def problem_for(role: str, path: str) -> tuple[int, str]:
        with other.deployed.client(api.program.id, other.tokens[role]) as stranger:
            answer = stranger.get(path)
        return answer.status_code, answer.json()["code"]

    not_found = (404, "not_found")
    for role in ("cashier", "manager", "service"):
        assert problem_for(role, f"/members/{member_id}") == not_found
    assert problem_for("manager", "") == not_found
    assert problem_for("member", f"/members/{member_id}") == not_found


def row(report: Body) -> Body:
    (only,) = report["rows"]
    return dict(zip((column["name"] for column in report["columns"]), only, strict=True))
