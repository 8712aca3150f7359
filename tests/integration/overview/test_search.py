"""One box for everything: a text leads to whatever it names, for whoever may see that."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest

from functions.archive.handler import handler as archive
from functions.enrollment.handler import handler as enrollment
from functions.overview.handler import handler as overview
from functions.program.handler import handler as program
from functions.storefronts.handler import handler as storefronts
from functions.webhooks_out.handler import handler as webhooks_out
from loyalty.domain.kernel.errors import TryAgain
from loyalty.table.engine import DynamoEngine
from loyalty.table.sources import TableSources
from tests.integration.conftest import TABLE
from tests.support import till
from tests.support.deliveries import connect, deliver, drain
from tests.support.http import Answer, Claims, Context, call, service, staff
from tests.support.received import RECEIVED_AT
from tests.support.shopify import WITH_CUSTOMER, payload
from tests.support.stream import batch, records

ANALYST = staff("bean", "analyst")


@pytest.fixture(autouse=True)
def bean(publish: Any) -> None:
    publish(currency="USD")


def search(text: str, *, as_: Claims = till.MANAGER) -> Answer:
    return call(overview, "POST", f"{till.PROGRAM}/search", body={"text": text}, as_=as_)


def found(text: str, *, as_: Claims = till.MANAGER) -> list[dict[str, Any]]:
    answer = search(text, as_=as_)
    assert answer.status == 200, answer.text
    items: list[dict[str, Any]] = answer.body["items"]
    return items


def member(member_id: str, found_by: str, claim: str | None = "claimed") -> dict[str, Any]:
    return {"kind": "member", "member_id": member_id, "found_by": found_by, "claim": claim}


def order(order_id: str, member_id: str | None, *, source: str = "pos") -> dict[str, Any]:
    return {"kind": "order", "source": source, "order_id": order_id, "member_id": member_id}


def earn(member_id: str, order_id: str, **parts: Any) -> None:
    line = till.line(4999) | {"amount": till.money(4999, "USD")}
    till.earn(member_id, 4999, order_id=order_id, lines=[line], **parts)


def pass_the_stream_on() -> None:
    """Let the archive see every change of the table."""
    assert archive(batch(records(TABLE)), Context()) == {"batchItemFailures": []}


def with_card(member_id: str, card: str) -> None:
    till.change(member_id, identities=[{"kind": "card", "value": card}])


def test_a_member_is_found_by_each_identity_and_by_their_id() -> None:
    ana = till.enroll("ana@example.com")
    till.change(ana, identities=[{"kind": "phone", "value": "+33612345678"}])
    with_card(ana, "6034-1")

    assert found("Ana@example.com") == [member(ana, "email")]
    assert found("+33 6 12 34 56 78") == [member(ana, "phone")]
    assert found("6034-1") == [member(ana, "card")]
    assert found(ana) == [member(ana, "member_id", None)]


def test_a_phone_is_found_as_it_is_dialed_in_the_programs_country(
    publish: Callable[..., object],
) -> None:
    publish(version=2, currency="USD", time_zone="Europe/Paris", messages={"locale": "it-IT"})
    ana, leo = till.enroll("ana@example.com"), till.enroll("leo@example.com")
    till.change(ana, identities=[{"kind": "phone", "value": "+33612345678"}])
    till.change(leo, identities=[{"kind": "phone", "value": "+393312345678"}])

    assert found("06 12 34 56 78") == [member(ana, "phone")]
    assert found("331 2345678") == [member(leo, "phone")]
    assert found("07911 123456") == []


def test_a_merged_member_leads_to_who_they_are_now_and_an_erased_one_nowhere() -> None:
    ana, bob = till.enroll("ana@example.com"), till.enroll("bob@example.com")
    merge = {"into": bob}
    path = f"{till.PROGRAM}/members/{ana}/merge"
    call(enrollment, "POST", path, body=merge, as_=till.MANAGER, headers={"Idempotency-Key": "m"})

    assert found("ana@example.com") == [member(bob, "email")]
    assert found(ana) == [member(bob, "member_id", None)]

    till.erase(bob)
    assert found("bob@example.com") == found(ana) == found(bob) == []


def test_an_order_is_found_by_its_id_alone_once_its_till_was_seen() -> None:
    ana = till.enroll("ana@example.com")
    earn(ana, "2001")

    assert found("2001") == []
    assert found("pos/2001") == [order("2001", ana)]
    pass_the_stream_on()
    assert found("#2001") == [order("2001", ana)]


def test_a_shops_orders_and_customers_are_found_by_their_ids() -> None:
    connect()
    deliver(payload(WITH_CUSTOMER, paid_at=RECEIVED_AT, id=5001, financial_status="paid"))
    drain()
    assert found("5001") == [order("5001", None, source="shop")]

    ana = till.enroll("ana@example.com")
    customer = {"kind": "customer", "source": "shop", "value": "207119551"}
    till.change(ana, as_=service("bean"), identities=[customer | {"verified": True}])

    assert found("5001") == [order("5001", ana, source="shop")]
    assert found("207119551") == [member(ana, "customer", "proven")]


def test_an_order_and_a_card_of_one_number_are_both_found() -> None:
    ana, bob = till.enroll("ana@example.com"), till.enroll("bob@example.com")
    with_card(ana, "2001")
    earn(bob, "2001")
    pass_the_stream_on()

    assert found("2001") == [member(ana, "card"), order("2001", bob)]


def test_a_voucher_is_found_by_its_code_and_by_its_redemption() -> None:
    ana = till.enroll("ana@example.com")
    earn(ana, "2001")
    redeemed = till.redeem(ana).body
    code = redeemed["voucher"]["code"]
    voucher = {
        "kind": "voucher",
        "code": code,
        "redemption_id": redeemed["id"],
        "member_id": ana,
    }

    assert found(f"{code[:4]} {code[4:]}".lower(), as_=till.CASHIER) == [voucher]
    assert found(redeemed["id"], as_=till.CASHIER) == [voucher]
    # An adjustment has no redemption.
    entry = till.adjust(ana, 5, key="a").body["entry"]
    assert found(entry["id"].replace("ent_", "red_")) == []


def test_deliveries_lead_a_manager_to_the_storefront_and_the_endpoint() -> None:
    connect()
    deliver(payload(WITH_CUSTOMER, paid_at=RECEIVED_AT, id=5001, financial_status="paid"))
    drain()
    path = f"{till.PROGRAM}/storefronts/online/deliveries"
    (delivery,) = call(storefronts, "GET", path, as_=till.MANAGER).body["items"]
    endpoint = f"{till.PROGRAM}/endpoints/crm"
    body = {"url": "https://hooks.example.com/x", "events": ["PointsEarned"]}
    assert call(webhooks_out, "PUT", endpoint, body=body, as_=till.MANAGER).status == 201
    call(webhooks_out, "POST", f"{endpoint}/test", as_=till.MANAGER)
    (sent,) = call(webhooks_out, "GET", f"{endpoint}/deliveries", as_=till.MANAGER).body["items"]

    assert found(delivery["id"]) == [
        {"kind": "delivery", "storefront_id": "online", "delivery_id": delivery["id"]}
    ]
    assert found(sent["event_id"]) == [
        {"kind": "endpoint_delivery", "endpoint_id": "crm", "event_id": sent["event_id"]}
    ]
    assert found(delivery["id"], as_=till.CASHIER) == []
    assert found(sent["event_id"], as_=till.CASHIER) == []


def test_an_analyst_finds_nobody_by_what_identifies_a_person_and_no_voucher() -> None:
    ana = till.enroll("ana@example.com")
    with_card(ana, "2001")
    earn(ana, "2001")
    pass_the_stream_on()
    code = till.redeem(ana).body["voucher"]["code"]

    assert found("ana@example.com", as_=ANALYST) == found(code, as_=ANALYST) == []
    assert found("2001", as_=ANALYST) == [order("2001", ana)]
    assert found(ana, as_=ANALYST) == [member(ana, "member_id", None)]


@pytest.mark.parametrize("text", ["", " \t ", "☕" * 500, "<b>ana</b>", "\x00", "\u202eana", "@@"])
def test_a_text_that_names_nothing_finds_nothing(text: str) -> None:
    assert found(text) == []


def test_a_text_that_is_too_long_is_refused() -> None:
    answer = search("☕" * 2000)

    assert (answer.status, answer.pointers) == (422, {"/text": "string_too_long"})


def test_what_was_searched_is_neither_logged_nor_stored(log: StringIO, dynamodb: Any) -> None:
    ana = till.enroll("ana@example.com")
    with_card(ana, "6034-1")
    before = str(dynamodb.scan(TableName=TABLE)["Items"]).count("6034-1")
    for text in ("6034-1", "6034-1@", "6034-1" * 100):
        search(text)

    assert "6034-1" not in log.getvalue()
    assert str(dynamodb.scan(TableName=TABLE)["Items"]).count("6034-1") == before


def test_a_search_is_an_action_about_whom_it_found() -> None:
    ana = till.enroll("ana@example.com")
    search("ana@example.com", as_=till.CASHIER)

    path = f"{till.PROGRAM}/actions"
    query = {"action": "member.search"}
    (action,) = call(program, "GET", path, as_=till.MANAGER, query=query).body["items"]

    assert action["target"] == {"kind": "member", "id": ana}
    assert "example.com" not in str(action)


def test_facts_do_not_wait_for_a_source_that_cannot_be_noted(
    monkeypatch: pytest.MonkeyPatch, engine: DynamoEngine
) -> None:
    def unavailable(*_: object) -> None:
        raise TryAgain

    ana = till.enroll("ana@example.com")
    earn(ana, "2001")
    with monkeypatch.context() as patched:
        patched.setattr(TableSources, "note", unavailable)
        pass_the_stream_on()
    assert TableSources(engine).all("bean") == []

    pass_the_stream_on()
    pass_the_stream_on()
    assert TableSources(engine).all("bean") == ["pos"]
