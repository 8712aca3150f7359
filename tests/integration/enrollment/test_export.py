"""A member can have everything that is held of them, and nobody else's."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.campaigns.handler import handler as campaigns
from functions.enrollment.handler import handler as enrollment
from loyalty.domain.messaging.correspondence import Correspondence
from loyalty.domain.messaging.messages import Message
from loyalty.domain.program.kinds import MessageKind
from loyalty.table.engine import DynamoEngine
from loyalty.table.messages import TableLetters
from loyalty.usecases.people import member_export
from tests.support import till
from tests.support.activities import activity
from tests.support.http import Answer, Claims, call, person, service, staff
from tests.support.till import CASHIER, MANAGER, PROGRAM

SERVICE = service("bean")
ANA: dict[str, Any] = {"kind": "email", "value": "ana@example.com", "verified": True}
CARD: dict[str, Any] = {"kind": "card", "value": "6034-1"}


def export(member_id: str, *, as_: Claims = CASHIER, cursor: str | None = None) -> Answer:
    path = f"{PROGRAM}/members/{member_id}/export"
    return call(enrollment, "GET", path, as_=as_, query={"cursor": cursor} if cursor else None)


def everything(member_id: str) -> tuple[dict[str, list[Any]], int]:
    """All records by section, and how many pages they took."""
    found: dict[str, list[Any]] = {}
    cursor, pages = None, 0
    while pages == 0 or cursor:
        answer = export(member_id, cursor=cursor)
        assert answer.status == 200, answer.text
        for section, records in answer.body.items():
            if isinstance(records, list):
                found.setdefault(section, []).extend(records)
        cursor, pages = answer.body["next_cursor"], pages + 1
    return found, pages


def enroll(*identities: dict[str, Any], **more: Any) -> str:
    body = {"identities": list(identities)} | more
    answer = call(enrollment, "POST", f"{PROGRAM}/members", body=body, as_=SERVICE)
    return str(answer.body["id"])


def review(member_id: str, *, activity_id: str) -> None:
    body = {
        "source": "reviews",
        "activity_id": activity_id,
        "activity": "review",
        "member_id": member_id,
        "occurred_at": "2026-11-21T09:00:00Z",
        "subject": "SKU-1",
        "attributes": {"photo": True},
    }
    answer = call(campaigns, "POST", f"{PROGRAM}/activities", body=body, as_=CASHIER)
    assert answer.status == 201, answer.text


@pytest.fixture
def ana(publish: Callable[..., object]) -> str:
    publish(transfers={"points_max": 100, "min_age_days": 0})
    profile = {"name": "Ana", "birthday": "1990-02-28", "attributes": {"milk": "oat"}}
    return enroll(ANA, CARD, profile=profile, consents={"email": True})


def test_says_all_that_is_held(ana: str) -> None:
    till.earn(ana, 4999, order_id="1001")
    till.redeem(ana)
    till.adjust(ana, 5, reason="cold latte")

    found = export(ana).body

    assert found["member"]["profile"]["name"] == "Ana"
    assert found["member"]["balance"] == 14
    assert {each["value"] for each in found["member"]["identities"]} == {
        "ana@example.com",
        "6034-1",
    }
    assert found["consents"] == [{"kind": "email", "given": True, "at": "2026-11-21T10:00:00Z"}]
    by_kind = {entry["kind"]: entry for entry in found["entries"]}
    assert by_kind["accrual"]["breakdown"][0]["rate"] == {
        "points": 1,
        "per_minor": 100,
        "multiplier_percent": 100,
        "plan_percent": 100,
    }
    (line,) = by_kind["accrual"]["of_order"]["lines"]
    assert (line["sku"], line["amount"]) == ("X", {"amount": 4999, "currency": "EUR"})
    assert by_kind["adjustment"]["reason"] == "cold latte"
    (voucher,) = found["vouchers"]
    assert (voucher["reward_id"], voucher["state"]) == ("latte", "issued")
    assert found["next_cursor"] is None


def test_has_what_they_and_merged_members_did_besides_buying_but_not_who_recorded_it(
    publish: Callable[..., object],
) -> None:
    publish(activities=[activity()])
    ana, twin = till.enroll(), till.enroll("twin@example.com")
    review(ana, activity_id="r-1")
    review(twin, activity_id="r-2")
    till.merge(twin, into=ana)

    answer = export(ana)

    assert answer.body["activities"][0] == {
        "source": "reviews",
        "activity_id": "r-1",
        "activity": "review",
        "subject": "SKU-1",
        "attributes": ["photo"],
        "occurred_at": "2026-11-21T09:00:00Z",
        "status": "awarded",
        "reason": None,
        "points": 30,
        "recorded_at": "2026-11-21T10:00:00Z",
    }
    assert [each["activity_id"] for each in answer.body["activities"]] == ["r-1", "r-2"]
    assert CASHIER["sub"] not in answer.text


def test_orders_kept_for_a_guest_are_theirs_where_the_identity_is_proven(
    publish: Callable[..., object],
) -> None:
    publish(claim_days=0)
    for order_id, identity in (("proven", ANA), ("said", CARD)):
        named = {"kind": identity["kind"], "value": identity["value"]}
        till.post_order(till.order(order_id=order_id, identities=[named]))
    ana = enroll(ANA, CARD)

    guest_orders = export(ana).body["guest_orders"]

    assert [order["order_id"] for order in guest_orders] == ["proven"]


def test_includes_members_merged_into_them_and_nobody_else(ana: str) -> None:
    bob, twin = till.enroll("bob@example.com"), till.enroll("twin@example.com")
    till.earn(twin, 3000, order_id="of-twin")
    till.merge(twin, into=ana)
    till.transfer(ana, bob, 5)

    answer = export(ana)

    assert answer.body["merged_from"] == [twin]
    entries = answer.body["entries"]
    assert "of-twin" in {entry["order"]["order_id"] for entry in entries if entry["order"]}
    (given,) = [entry for entry in entries if entry["kind"] == "transfer"]
    assert given["counterpart_id"] == bob
    assert "bob@example.com" not in answer.text
    assert MANAGER["sub"] not in answer.text


def test_lists_each_of_many_records_once_over_several_pages(
    ana: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        till.earn(ana, 4999, order_id=f"order-{number}")
    for _ in range(3):
        till.redeem(ana)
    monkeypatch.setattr(member_export, "RECORDS_MAX", 3)

    found, pages = everything(ana)

    entries = [entry["id"] for entry in found["entries"]]
    assert len(entries) == len(set(entries)) == 10
    assert len({voucher["code"] for voucher in found["vouchers"]}) == 3
    assert pages >= 5


def test_every_kind_of_record_goes_on_where_its_page_ended(
    publish: Callable[..., object], engine: DynamoEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(
        claim_days=0,
        surveys=[{"id": "visit", "kind": "csat", "question": "How was it?"}],
        activities=[activity()],
    )
    for order_id in ("kept-1", "kept-2"):
        named = {"kind": ANA["kind"], "value": ANA["value"]}
        till.post_order(till.order(order_id=order_id, identities=[named]))
    ana = enroll(ANA)
    for order_id in ("1", "2"):
        till.earn(ana, 4999, order_id=order_id)
        till.answer("visit", order=order_id, score=4)
        till.redeem(ana)
        review(ana, activity_id=order_id)
    kinds: tuple[MessageKind, ...] = ("welcome", "birthday")
    day = till.NOW.date()
    blank = Correspondence(member_id=ana)
    TableLetters(engine, program_id="bean").write(
        blank,
        blank,
        [
            Message(member_id=ana, kind=kind, day=day, written_at=till.NOW, until=day)
            for kind in kinds
        ],
    )
    monkeypatch.setattr(member_export, "RECORDS_MAX", 1)
    monkeypatch.setattr("loyalty.table.books.GUEST_ORDERS_A_PAGE", 1)

    found, _ = everything(ana)

    assert len({entry["id"] for entry in found["entries"]}) == len(found["entries"]) == 6
    assert len({voucher["code"] for voucher in found["vouchers"]}) == len(found["vouchers"]) == 2
    assert sorted(each["kind"] for each in found["messages"]) == ["birthday", "welcome"]
    assert sorted(each["about"] for each in found["survey_responses"]) == ["pos/1", "pos/2"]
    assert sorted(each["activity_id"] for each in found["activities"]) == ["1", "2"]
    assert sorted(each["order_id"] for each in found["guest_orders"]) == ["kept-1", "kept-2"]


def test_a_page_ends_early_where_entries_explain_much(
    ana: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty.table.member_export.DETAILS_A_PAGE", 50)
    for number in range(4):
        lines = [till.line(100, line_id=f"{each}") for each in range(30)]
        till.earn(ana, 0, order_id=f"order-{number}", lines=lines)
    monkeypatch.setattr(member_export, "READS_MAX", 1)

    first = export(ana).body
    found, _ = everything(ana)

    assert len(first["entries"]) == 1
    assert len({entry["id"] for entry in found["entries"]}) == 4


def test_is_for_the_member_themself_and_for_staff(ana: str) -> None:
    own = person("sub-ana", email="ana@example.com")
    call(enrollment, "POST", f"{PROGRAM}/members", body={}, as_=own)

    assert export("me", as_=own).body["member"]["id"] == ana
    assert export(ana, as_=staff("bean", "cashier")).status == 200
    assert export(ana, as_=staff("bean", "analyst")).code == "forbidden"
    assert export(ana, as_=person("eve")).code == "not_found"
    assert export(ana, as_=staff("leaf", "manager")).code == "not_found"


def test_a_cursor_of_another_members_export_is_refused(
    ana: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = till.enroll("bob@example.com")
    till.earn(ana, 4999)
    till.earn(ana, 4999)
    monkeypatch.setattr(member_export, "RECORDS_MAX", 1)
    cursor = export(ana).body["next_cursor"]

    assert export(bob, cursor=cursor).code == "invalid_cursor"
    assert export(ana, cursor=cursor + "x").code == "invalid_cursor"


def test_is_not_found_for_an_erased_member(ana: str) -> None:
    till.erase(ana)

    assert export(ana).code == "not_found"
