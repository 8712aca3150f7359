"""Why a member holds what they hold, over HTTP: in figures that add up, and in sentences."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from functions.accrual import handler as accrual
from functions.adjustments import handler as adjustments
from loyalty.domain.program.document import PublishedProgram
from tests.integration.conftest import Clock
from tests.support import till
from tests.support.campaigns import campaign
from tests.support.documents import rule
from tests.support.http import call, person, staff


@pytest.fixture(autouse=True)
def bean(publish: Callable[..., PublishedProgram]) -> None:
    publish(clawback="unlimited")


@pytest.fixture
def ana(time: Clock) -> str:
    """A member who bought twice, gave something back, and had a latte."""
    ana = till.enroll()
    till.earn(ana, 4999, order_id="5001")
    time.now += timedelta(days=1)
    till.earn(ana, 2000, order_id="5002")
    till.redeem(ana)
    refund(2, "5002", amount=500)
    return ana


def refund(number: int, order_id: str, *, amount: int) -> None:
    body = {
        "refund_id": f"r{number}",
        "occurred_at": "2026-11-22T10:00:00Z",
        "amount": till.money(amount),
    }
    path = f"{till.PROGRAM}/orders/pos/{order_id}/refunds"
    answer = call(accrual.handler, "POST", path, body=body, as_=till.CASHIER)
    assert answer.status == 201, answer.text


def test_every_point_leads_to_its_entry_and_to_what_took_the_others(ana: str) -> None:
    entries = {entry["id"]: entry for entry in till.history(ana)}

    answer = till.explain(ana)

    assert answer.status == 200, answer.text
    body = answer.body
    assert body["balance"] == till.member(ana)["balance"] == 24
    (lot,) = body["lots"]
    first, second = lot["origins"]
    assert [(each["brought"], each["remaining"]) for each in (first, second)] == [(49, 9), (20, 15)]
    assert [each["kind"] for each in first["taken"] + second["taken"]] == ["redemption", "clawback"]
    for origin in (first, second):
        assert entries[origin["entry_id"]]["kind"] == "accrual"
        for taken in origin["taken"]:
            assert taken["entry_id"] in entries


def test_the_breakdown_of_an_order_says_which_rule_gave_what(ana: str) -> None:
    (lot,) = till.explain(ana).body["lots"]

    (share,) = lot["origins"][0]["breakdown"]

    assert (share["rule_id"], share["points"], share["eligible_minor"]) == ("base", 49, 4999)


def test_points_of_a_campaign_are_told_by_its_id(publish: Callable[..., PublishedProgram]) -> None:
    publish(version=2, earning_rules=[rule()], campaigns=[campaign()])
    ben = till.enroll()
    till.earn(ben, 4999, order_id="5001")

    (lot,) = till.explain(ben).body["lots"]

    (origin,) = lot["origins"]
    assert "(base: 49 for 49.99 EUR at 1 per 1.00 EUR, welcome: 10)" in origin["text"]


def test_it_can_be_read_to_a_customer(ana: str) -> None:
    body = till.explain(ana).body
    (lot,) = body["lots"]

    assert body["text"] == "On November 22, 2026 the balance was 24 beans."
    assert lot["text"] == "24 beans to spend until November 30, 2027"
    assert [origin["text"] for origin in lot["origins"]] == [
        (
            "49 beans for order 5001 on November 21, 2026 "
            "(base: 49 for 49.99 EUR at 1 per 1.00 EUR); "
            "40 spent on Latte on November 22, 2026; 9 left"
        ),
        (
            "20 beans for order 5002 on November 21, 2026 "
            "(base: 20 for 20.00 EUR at 1 per 1.00 EUR); "
            "5 taken back on November 22, 2026 by refund r2 of 5002; 15 left"
        ),
    ]


def test_a_past_balance_is_explained_in_force(ana: str) -> None:
    body = till.explain(ana, at="2026-11-21T12:00:00Z").body

    assert (body["balance"], body["at"]) == (49, "2026-11-21T12:00:00Z")
    ((origin,),) = [lot["origins"] for lot in body["lots"]]
    assert origin["taken"] == []


def test_a_debt_names_what_made_it(ana: str) -> None:
    refund(3, "5001", amount=4999)

    body = till.explain(ana).body

    assert (body["balance"], body["lots"]) == (-25, [])
    (change,) = body["debt_changes"]
    assert (change["kind"], change["points"]) == ("clawback", 25)
    assert body["text"].endswith("25 beans are owed; the next points pay them.")


def test_a_member_reads_their_own_and_nobody_elses(ana: str) -> None:
    pia = person("pia", email="pia@example.com")
    till.enroll_oneself(pia)

    assert till.explain("me", as_=pia).body["balance"] == 0
    assert till.explain(ana, as_=pia).status == 404
    assert till.explain(ana, as_=staff("bean", "analyst")).status == 200


def test_the_reason_of_an_adjustment_is_part_of_the_sentence(ana: str) -> None:
    body: dict[str, Any] = {"points": 10, "reason": "The latte was cold"}
    path = f"{till.PROGRAM}/members/{ana}/adjustments"
    key = {"Idempotency-Key": "adjust-1"}
    call(adjustments.handler, "POST", path, body=body, as_=till.MANAGER, headers=key)

    (lot,) = till.explain(ana).body["lots"]

    assert lot["origins"][-1]["text"] == (
        "10 beans added by hand on November 22, 2026: The latte was cold"
    )
