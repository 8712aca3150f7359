"""What a million orders cost at AWS's prices, from the calls, units and bytes of one of them.

The README shows the same tables, and a test compares them row by row.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any, Final

import pytest
from botocore.client import BaseClient

from functions.enrollment import handler as enrollment
from functions.relay import handler as relay
from infra.access_log import ACCESS_LOG_FIELDS
from infra.memory import memory_of
from loyalty.domain.program.document import PublishedProgram
from loyalty.edge.aws import table as edge_table
from loyalty.sdk.services import JsonService
from loyalty.table.engine import DynamoEngine
from tests.integration.conftest import TABLE, Clock
from tests.support import prices, till
from tests.support.deliveries import connect, deliver, drain
from tests.support.http import Context, call, service
from tests.support.shopify import WITH_CUSTOMER, payload
from tests.support.stream import batch, records
from tests.support.units import MeteredEngine, metered

README: Final = Path(__file__).resolve().parents[3] / "README.md"

# The milliseconds that functions are assumed to take: the only figures here that are not measured.
MILLISECONDS: Final = {"accrual": 30, "webhooks": 45, "intake": 70, "relay": 10}
# A new table has four shards. Changes of one order that are in one shard wake the relay once. The
# more orders, the more of them share a batch.
SHARDS: Final = 4

EARN_MAX: Final = 5.50
SHOP_ORDER_MAX: Final = 11.00

# The dollars of a million, by row.
type Bill = dict[str, float]


@pytest.fixture(autouse=True)
def stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage without a dashboard, and what our own rules on the bus ask for of orders."""
    monkeypatch.delenv("LOYALTY_DASHBOARD")
    monkeypatch.setenv("LOYALTY_BUS_RULES", json.dumps({"PointsEarned": [{"late": [True]}]}))


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> list[MeteredEngine]:
    """The engines that functions make from here on."""
    made: list[MeteredEngine] = []

    def make(*arguments: Any, **named: Any) -> MeteredEngine:
        made.append(MeteredEngine(DynamoEngine(*arguments, **named)))
        return made[-1]

    monkeypatch.setattr(edge_table, "DynamoEngine", make)
    return made


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each operation of AWS was called; of events on the bus each counts."""
    counted: Counter[str] = Counter()
    call_ours, call_sdk = JsonService.call, vars(BaseClient)["_make_api_call"]

    def ours(service: JsonService, operation: str, parameters: Mapping[str, Any]) -> Any:
        counted[operation] += len(parameters["Entries"]) if operation == "PutEvents" else 1
        return call_ours(service, operation, parameters)

    def sdk(client: Any, operation: str, parameters: Mapping[str, Any]) -> Any:
        counted[operation] += 1
        return call_sdk(client, operation, parameters)

    monkeypatch.setattr(JsonService, "call", ours)
    monkeypatch.setattr(BaseClient, "_make_api_call", sdk)
    return counted


class Meters:
    """Reads every meter around something that is done once."""

    def __init__(
        self,
        engines: list[MeteredEngine],
        calls: Counter[str],
        log: StringIO,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self._engines = engines
        self._calls = calls
        self._log = log
        self._capsys = capsys

    def bill(self, do: Callable[[], Any], *, functions: Counter[str]) -> Bill:
        """Do it, let the relay see the changes, and price it; `functions` are woken for it."""
        seen = len(records(TABLE))
        (engine,) = self._engines
        self._calls.clear()
        self._log.truncate(0)
        self._log.seek(0)
        self._capsys.readouterr()
        with metered(engine) as cost:
            do()
            written, read = cost.write + sum(cost.indexes.values()), cost.read
            changes = batch(records(TABLE)[seen:])
            before_relay = Counter(self._calls)
            assert relay.handler(changes, Context()) == {"batchItemFailures": []}
        # Which endpoints there are is read once in ten seconds.
        calls = before_relay + Counter(
            {name: self._calls[name] for name in ("PutEvents", "SendMessageBatch")}
        )
        relay_wakes = _shards_of(len(changes["Records"]))
        seconds = sum(
            times * MILLISECONDS[name] / 1000 * memory_of(name) / 1024
            for name, times in (*functions.items(), ("relay", relay_wakes))
        )
        requests = functions.total() + relay_wakes
        logged = self._log.getvalue() + self._capsys.readouterr().out
        return {
            "DynamoDB, writes": written * prices.WRITE_UNITS_MILLION,
            "DynamoDB, reads": read * prices.READ_UNITS_MILLION,
            "API Gateway": prices.HTTP_REQUESTS_MILLION,
            "Lambda, requests": requests * prices.LAMBDA_REQUESTS_MILLION,
            "Lambda, time": seconds * prices.LAMBDA_GB_SECOND * prices.MILLION,
            "EventBridge": calls["PutEvents"] * prices.EVENTS_MILLION,
            "SQS": _sqs(calls),
            "S3": calls["PutObject"] * prices.S3_PUTS_MILLION
            + calls["GetObject"] * prices.S3_GETS_MILLION,
            "logs": _logs(logged),
        }


def _shards_of(changes: int) -> float:
    """Return in how many shards so many changes are on average."""
    return SHARDS * (1 - (1 - 1 / SHARDS) ** changes)


def _sqs(calls: Counter[str]) -> float:
    # Each message of the FIFO queue is sent, received and deleted.
    return 3 * calls["SendMessage"] * prices.SQS_FIFO_REQUESTS_MILLION + (
        calls["SendMessageBatch"] * prices.SQS_REQUESTS_MILLION
    )


def _logs(logged: str) -> float:
    lines = [line for line in logged.splitlines() if line.strip("\0")]
    of_functions = sum(len(line.encode()) + prices.LOG_EVENT_BYTES for line in lines)
    of_the_gateway = len(_access_log_line()) + prices.LOG_EVENT_BYTES
    gigabyte = prices.GB / prices.MILLION
    return (of_functions * prices.LOGS_GB + of_the_gateway * prices.LOGS_INFREQUENT_GB) / gigabyte


def _access_log_line() -> str:
    """A line of the access log with values of real length; what is missing is a hyphen."""
    values = {
        "request_id": "JKJaXmPLvHcESHA=",
        "route": "POST /v1/programs/{program_id}/webhooks/{storefront_id}",
        "status": "201",
        "latency_ms": "24",
        "integration_latency_ms": "22",
        "integration_status": "200",
        "response_bytes": "1024",
    }
    return json.dumps({name: values.get(name, "-") for name in ACCESS_LOG_FIELDS})


@pytest.fixture
def meters(
    engines: list[MeteredEngine],
    calls: Counter[str],
    log: StringIO,
    capsys: pytest.CaptureFixture[str],
) -> Meters:
    return Meters(engines, calls, log, capsys)


@pytest.fixture
def earn_bill(program: PublishedProgram, meters: Meters) -> Bill:
    """An order through the API, of a member whose first points are earned already."""
    ana = till.enroll()
    till.earn(ana, 4999, order_id="1")
    # The first time, the relay reads the endpoints.
    relay.handler(batch(records(TABLE)), Context())
    order = till.order(member_id=ana, order_id="0191d5a4-6d3f-7c52-9f0e-3b7f4d1c8a61")

    def earn() -> None:
        assert till.post_order(order).status == 201

    return meters.bill(earn, functions=Counter(["accrual"]))


@pytest.fixture
def shop_bill(publish: Callable[..., PublishedProgram], meters: Meters, time: Clock) -> Bill:
    """An order that a shop delivers, of a member who is known by their customer id."""
    publish(currency="USD")
    connect()
    customer = {"kind": "customer", "source": "shop", "value": "207119551"}
    answer = call(
        enrollment.handler,
        "POST",
        "/v1/programs/bean/members",
        body={"identities": [customer]},
        as_=service("bean"),
    )
    assert answer.status == 201, answer.text

    def order(number: int) -> dict[str, Any]:
        return payload(WITH_CUSTOMER, paid_at=time.now, id=number, financial_status="paid")

    def deliver_and_apply(number: int) -> None:
        assert deliver(order(number), event_id=f"evt-{number}").status == 200
        drain()

    deliver_and_apply(1)
    relay.handler(batch(records(TABLE)), Context())
    return meters.bill(lambda: deliver_and_apply(2), functions=Counter(["webhooks", "intake"]))


def test_a_million_orders_through_the_api_cost_what_we_promise(earn_bill: Bill) -> None:
    assert sum(earn_bill.values()) <= EARN_MAX, earn_bill


def test_an_ordinary_order_puts_nothing_on_the_bus_or_in_a_queue(earn_bill: Bill) -> None:
    assert earn_bill["EventBridge"] == earn_bill["SQS"] == earn_bill["S3"] == 0


def test_a_million_orders_of_a_shop_cost_what_we_promise(shop_bill: Bill) -> None:
    assert sum(shop_bill.values()) <= SHOP_ORDER_MAX, shop_bill


def test_the_readme_shows_these_costs(earn_bill: Bill) -> None:
    assert shown("through the API") == rounded(earn_bill)


def test_the_readme_shows_the_costs_of_a_shop_s_order(shop_bill: Bill) -> None:
    assert shown("of a shop") == rounded(shop_bill)


def rounded(bill: Bill) -> dict[str, str]:
    rows = {name: f"{value:.2f}" for name, value in bill.items() if value}
    return rows | {"**together**": f"**{sum(bill.values()):.2f}**"}


def shown(orders: str) -> dict[str, str]:
    """The rows of the README's table whose heading names these orders."""
    _, _, after = README.read_text(encoding="utf-8").partition(f"| a million orders {orders} |")
    table, _, _ = after.partition("\n\n")
    rows = re.findall(r"^\| ([^|]+) \|.*\| ([^|]+) \|$", table, re.MULTILINE)
    return {name: value for name, value in rows if not name.startswith("-")}


def test_the_readme_adds_up_what_a_small_shop_pays() -> None:
    table = (
        README.read_text(encoding="utf-8")
        .partition("| a small shop | a month, $ |")[2]
        .partition("\n\n")[0]
    )
    *rows, together = re.findall(r"\| (?:\*\*)?([\d.]+)(?:\*\*)? \|$", table, re.MULTILINE)

    assert f"{sum(map(float, rows)):.2f}" == together
