"""Home says what needs a person today, to whoever may see it, even if a part cannot be read."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from functions.exports import handler as exports
from functions.overview.handler import handler as overview
from functions.program.handler import handler as program
from functions.storefronts.handler import handler as storefronts
from functions.webhooks_out.handler import handler as webhooks_out
from loyalty.edge.aws import table as edge_table
from loyalty.table.engine import DynamoEngine
from loyalty.table.report_exports import TableReportExports
from tests.integration.conftest import Clock
from tests.support import till
from tests.support.deliveries import connect, deliver, drain
from tests.support.documents import document
from tests.support.http import Answer, Claims, call, staff
from tests.support.received import RECEIVED_AT
from tests.support.shopify import DATA_REQUEST, REDACT, WITH_CUSTOMER, payload
from tests.support.units import MeteredEngine, metered

ANALYST = staff("bean", "analyst")
BEA = staff("bean", "manager", subject="bea")


@pytest.fixture(autouse=True)
def bean(publish: Callable[..., object]) -> None:
    publish(currency="USD", adjustments={"approval_above": 100})


def home(*, as_: Claims = till.MANAGER) -> Answer:
    answer = call(overview, "GET", f"{till.PROGRAM}/home", as_=as_)
    assert answer.status == 200, answer.text
    return answer


def brief(*, as_: Claims = till.MANAGER) -> set[tuple[str, str, int, str | None]]:
    return {
        (each["kind"], each["severity"], each["count"], each["path"])
        for each in home(as_=as_).body["items"]
    }


def ask(handler: Any, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = call(handler, method, till.PROGRAM + path, body=body, as_=till.MANAGER, headers=sent)
    assert answer.status < 300, answer.text
    return answer


def park(number: int) -> None:
    """A delivery that makes no sense."""
    order = payload(WITH_CUSTOMER, paid_at=RECEIVED_AT, id=number, currency="XXX")
    deliver(order, event_id=str(number))
    drain()


def trouble() -> None:
    """One of nearly everything that can need a person."""
    connect()
    assert till.adjust(till.enroll(), 101, as_=BEA).status == 202
    deliver(REDACT, topic="customers/redact", event_id="redact")
    deliver(DATA_REQUEST, topic="customers/data_request", event_id="data")
    for number in (1, 2):
        park(number)
    endpoint = {"url": "https://crm.example.com/x", "events": ["*"]}
    ask(webhooks_out, "PUT", "/endpoints/crm", endpoint)
    export = {"report": "summary", "from": "2026-11-01", "to": "2026-11-30", "format": "csv"}
    ask(exports.handler, "POST", "/reports/exports", export, Idempotency_Key="x")
    for draft_id, based_on in (("winter", 1), ("spring", None)):
        draft = {"document": document(), "based_on": based_on}
        ask(program, "PUT", f"/drafts/{draft_id}", draft, If_None_Match="*")


def test_what_somebody_has_requested_is_for_others_to_approve() -> None:
    till.adjust(till.enroll(), 101, as_=BEA)

    assert brief() == {("approvals_waiting", "warning", 1, "/approvals")}
    assert brief(as_=BEA) == set()


def test_a_program_without_troubles_needs_nobody() -> None:
    connect()

    assert home().body == {"as_of": "2026-11-21T10:00:00Z", "items": [], "unavailable": []}


def test_each_trouble_is_counted_and_leads_to_where_it_is_solved() -> None:
    trouble()

    assert brief() == {
        ("approvals_waiting", "warning", 1, "/approvals"),
        ("deliveries_parked", "error", 2, "/storefronts/online/deliveries"),
        ("data_requests", "warning", 1, "/storefronts/online/deliveries"),
        ("erasures_stoppable", "info", 1, "/storefronts/online/erasures"),
        ("exports_under_way", "info", 1, "/reports/exports"),
        ("drafts_outdated", "warning", 1, "/drafts"),
        ("drafts", "info", 1, "/drafts"),
    }
    severities = [each["severity"] for each in home().body["items"]]
    assert severities == sorted(severities, key=["error", "warning", "info"].index)


def test_a_delivery_that_was_parked_is_no_concern_once_it_is_applied(
    publish: Callable[..., object], time: Clock
) -> None:
    connect(other_currencies="park")
    order = payload(WITH_CUSTOMER, paid_at=RECEIVED_AT, id=1, financial_status="paid")
    publish(currency="EUR", version=2)
    time.now += timedelta(minutes=1)
    deliver(order, event_id="1")
    drain()
    assert [kind for kind, *_ in brief()] == ["deliveries_parked"]

    (delivery,) = ask(storefronts, "GET", "/storefronts/online/deliveries").body["items"]
    publish(currency="USD", version=3)
    time.now += timedelta(minutes=1)
    ask(storefronts, "POST", f"/storefronts/online/deliveries/{delivery['id']}/replay")
    drain()

    assert brief() == set()


def test_a_disconnected_storefront_needs_nobody() -> None:
    connect()
    park(1)
    ask(storefronts, "DELETE", "/storefronts/online")

    assert brief() == set()


def test_a_wrong_signature_is_a_concern_until_a_delivery_is_accepted(time: Clock) -> None:
    connect()
    order = payload(WITH_CUSTOMER, paid_at=RECEIVED_AT, id=1, financial_status="paid")
    assert deliver(order, secret="another").status == 401
    assert brief() == {("storefront_signature", "error", 1, "/storefronts/online/check")}

    time.now += timedelta(minutes=1)
    assert deliver(order).status == 200
    drain()
    assert brief() == set()


def test_an_analyst_sees_the_exports_and_a_cashier_nothing() -> None:
    trouble()

    assert brief(as_=ANALYST) == {("exports_under_way", "info", 1, "/reports/exports")}
    assert brief(as_=till.CASHIER) == set()


def test_a_part_that_cannot_be_read_takes_no_other_part_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trouble()
    broken: Any = None
    monkeypatch.setattr(TableReportExports, "listed", broken)

    answer = home()

    assert answer.body["unavailable"] == ["exports"]
    assert "deliveries_parked" in answer.text


def test_home_is_a_bounded_number_of_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[MeteredEngine] = []

    def make(*arguments: Any, **named: Any) -> MeteredEngine:
        made.append(MeteredEngine(DynamoEngine(*arguments, **named)))
        return made[-1]

    monkeypatch.setattr(edge_table, "DynamoEngine", make)
    trouble()
    home()

    with metered(made[0]) as cost:
        home()

    # Storefronts twice, three kinds of troubles, the last refused delivery of a storefront,
    # erasures, endpoints, the deliveries to one of them, exports, approvals, reviews, drafts.
    assert (cost.round_trips, cost.write) == (13, 0)
    assert cost.read <= 20
