"""What people bought before anybody knew them is theirs once they are known."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.enrollment.handler import handler as enrollment
from loyalty.table import sizes
from loyalty.usecases.people.joining import CLAIMED_AT_ONCE_MAX
from tests.integration.conftest import Clock
from tests.support import till
from tests.support.deliveries import connect, deliver, drain
from tests.support.documents import rule
from tests.support.http import Answer, Claims, call, person, service
from tests.support.shopify import WITH_CUSTOMER, payload
from tests.support.till import PROGRAM, money, order

pytestmark = pytest.mark.usefixtures("program")

SERVICE = service("bean")
EMAIL = {"kind": "email", "value": "ana@example.com", "verified": True}
PHONE = {"kind": "phone", "value": "+33612345678", "verified": True}
CUSTOMER = {"kind": "customer", "source": "pos", "value": "c-1", "verified": True}


def enroll(*identities: dict[str, Any], as_: Claims = SERVICE, **more: Any) -> Answer:
    body = {"identities": list(identities)} | more
    return call(enrollment, "POST", f"{PROGRAM}/members", body=body, as_=as_)


def change(member_id: str, *identities: dict[str, Any], as_: Claims = SERVICE) -> Answer:
    path = f"{PROGRAM}/members/{member_id}"
    return call(enrollment, "PATCH", path, body={"identities": list(identities)}, as_=as_)


def buy(amount: int = 1000, *identities: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """An order of a customer who is not a member yet."""
    named = [
        {name: value for name, value in each.items() if name != "verified"} for each in identities
    ]
    body = order(amount, identities=named or [{"kind": "email", "value": EMAIL["value"]}], **parts)
    assert till.post_order(body, as_=SERVICE).status == 202
    return body


def history(member_id: str) -> list[dict[str, Any]]:
    path = f"{PROGRAM}/members/{member_id}/history"
    items: list[dict[str, Any]] = call(enrollment, "GET", path, as_=SERVICE).body["items"]
    return items


def test_a_new_member_gets_earlier_orders_with_their_dates() -> None:
    buy(4999, occurred_at="2026-11-02T09:00:00Z")

    answer = enroll(EMAIL)

    assert answer.status == 201
    assert answer.body["balance"] == 49
    (entry,) = history(answer.body["id"])
    assert (entry["kind"], entry["happened_at"]) == ("accrual", "2026-11-02T09:00:00Z")


@pytest.mark.parametrize("identity", [EMAIL, PHONE, CUSTOMER])
def test_an_order_is_found_by_any_name_that_it_was_given(identity: dict[str, Any]) -> None:
    buy(1000, CUSTOMER, EMAIL, PHONE)

    assert enroll(identity).body["balance"] == 10


def test_an_unverified_identity_claims_no_orders() -> None:
    buy()

    by_a_cashier = enroll({"kind": "email", "value": "ana@example.com"}, as_=till.CASHIER)

    assert by_a_cashier.body["balance"] == 0


def test_an_order_that_is_too_large_to_earn_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    buy(lines=[till.line(1000, line_id=f"{number}") for number in range(50)])
    buy(2000)
    monkeypatch.setattr(sizes, "ITEM_BYTES_MAX", 1_200)

    answer = enroll(EMAIL)

    assert (answer.status, answer.body["balance"]) == (201, 20)


def test_a_member_who_signs_in_claims_orders_by_identities_the_token_proves() -> None:
    buy()

    answer = enroll(as_=person(email="ana@example.com"))

    assert (answer.status, answer.body["balance"]) == (201, 10)


def test_an_email_that_the_token_does_not_prove_claims_no_orders() -> None:
    buy()

    answer = enroll(as_=person(email="ana@example.com", verified=False))

    assert answer.body["balance"] == 0


def test_a_member_who_adds_a_proven_identity_claims_its_orders() -> None:
    buy(1000, EMAIL)
    buy(2000, PHONE)
    member_id = enroll(EMAIL).body["id"]

    answer = change(member_id, PHONE)

    assert answer.body["balance"] == 30


def test_claiming_twice_earns_once() -> None:
    bought = buy()
    key = {"as_": SERVICE}
    first = enroll(EMAIL, **key).body

    change(first["id"], EMAIL)
    again = till.post_order(bought, as_=SERVICE)

    assert again.status == 200
    assert till.member(first["id"])["balance"] == 10
    assert len(history(first["id"])) == 1


@pytest.mark.parametrize(("days", "points"), [(30, 10), (31, 0)])
def test_orders_are_claimed_as_far_back_as_the_program_allows(
    time: Clock, days: int, points: int
) -> None:
    buy(occurred_at="2026-11-21T10:00:00Z")
    time.now += timedelta(days=days) - timedelta(seconds=0 if days == 30 else 86_000)

    assert enroll(EMAIL).body["balance"] == points


def test_a_program_may_turn_claiming_off(publish: Callable[..., object], time: Clock) -> None:
    publish(version=2, claim_days=0)
    time.now += timedelta(minutes=1)
    buy()

    assert enroll(EMAIL).body["balance"] == 0


def test_an_order_too_old_to_be_recorded_can_still_be_claimed(
    publish: Callable[..., object], time: Clock
) -> None:
    publish(version=2, claim_days=366)
    time.now += timedelta(minutes=1)
    buy()
    time.now += timedelta(days=200)

    assert enroll(EMAIL).body["balance"] == 10


def test_points_whose_last_day_is_over_expire_at_once(
    publish: Callable[..., object], time: Clock
) -> None:
    publish(
        version=2,
        claim_days=366,
        expiry={"model": "after_earning", "months": 1, "round_to": "none"},
        earning_rules=[rule()],
    )
    time.now += timedelta(minutes=1)
    buy()
    time.now += timedelta(days=60)

    answer = enroll(EMAIL)

    assert answer.body["balance"] == 0
    assert sorted(entry["kind"] for entry in history(answer.body["id"])) == ["accrual", "expiry"]


def test_refunds_that_came_before_the_claim_are_taken_with_it() -> None:
    bought = buy(4000)
    till.refund(bought["order_id"], amount=money(1500))

    assert enroll(EMAIL).body["balance"] == 25


def test_many_orders_are_claimed_in_the_background() -> None:
    for _ in range(CLAIMED_AT_ONCE_MAX + 3):
        buy(100)

    answer = enroll(EMAIL)

    assert answer.body["balance"] == CLAIMED_AT_ONCE_MAX
    drain()
    assert till.member(answer.body["id"])["balance"] == CLAIMED_AT_ONCE_MAX + 3


def test_the_claim_of_a_member_erased_in_the_meantime_is_dropped() -> None:
    for _ in range(CLAIMED_AT_ONCE_MAX + 1):
        buy(100)
    member_id = enroll(EMAIL).body["id"]
    call(enrollment, "DELETE", f"{PROGRAM}/members/{member_id}", as_=SERVICE)

    drain()


def test_a_storefront_s_guest_claims_by_mail_or_phone(
    publish: Callable[..., object], time: Clock
) -> None:
    publish(version=2, currency="USD")
    time.now += timedelta(minutes=1)
    connect()
    deliver(payload(WITH_CUSTOMER, paid_at=datetime(2026, 11, 21, 9, tzinfo=UTC)))
    drain()

    answer = enroll({"kind": "phone", "value": "+16136120707", "verified": True})

    assert answer.body["balance"] == 587


def test_no_table_key_contains_personal_data(dynamodb: Any) -> None:
    buy(1000, EMAIL, PHONE)

    stored = str(dynamodb.scan(TableName="ledger"))

    assert "GUEST#email#" in stored
    assert "ana@example.com" not in stored
    assert "+33612345678" not in stored
