"""A warm earn's own processor time: all that the function does, with a table that answers at once.

Three ways to call the table are measured in turns: not at all (the rules, the edge and the log),
through our own client, and through the SDK, each with an answer in place of the network.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, redirect_stdout
from datetime import UTC, date, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any, Final
from unittest.mock import patch

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config

from bench.figures import Figure, median
from functions.accrual.handler import handler
from local.aws import REGION
from local.memory import MemoryEngine
from loyalty.domain.kernel.calendar import midnight
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.holding import Holding
from loyalty.edge.aws import clients, table
from loyalty.edge.logs import logger
from loyalty.sdk.connections import KeptConnections, Reply
from loyalty.table import keys, records
from loyalty.table.engine import item_to_wire
from loyalty.table.operations import Key, Put
from loyalty.table.programs import TablePrograms
from tests.support import cold
from tests.support.documents import published
from tests.support.http import Context, event, staff

PROGRAM_ID: Final = "bean-and-leaf"
MEMBER_ID: Final = "mem_01M808KVJ7QKTTH5VDTSVSAD72"
NOW: Final = datetime.now(UTC)
LAST_DAY: Final = date(NOW.year + 1, NOW.month, 1)
ROUNDS: Final = 5
EARNS: Final = 200
WARM_UP: Final = 20
ENVIRONMENT: Final = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    # As long as Lambda's.
    "AWS_SESSION_TOKEN": "t" * 1000,
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "LOYALTY_TABLE": "ledger",
    "LOYALTY_IDENTITY_SECRET": "none",
    "LOYALTY_CALLER_SHARE_PERCENT": "0",
}

# A way to call the table, for as long as the stack is open.
type Setup = Callable[[ExitStack], None]


def own_time() -> Iterator[Figure]:
    """Measure the processor time of one earn, per way to call the table."""
    ways: dict[str, Setup] = {
        "without the table's client": _in_memory,
        "our own client": _through_our_client,
        "the SDK": _through_the_sdk,
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(ROUNDS):
        for name, set_up in ways.items():
            with ExitStack() as stack:
                stack.enter_context(patch.dict(os.environ, ENVIRONMENT))
                stack.enter_context(redirect_stdout(StringIO()))
                stack.enter_context(patch.object(logger, "stream", StringIO()))
                cold.forget()
                clients.forget()
                set_up(stack)
                taken[name].append(_earn(f"{number}-{name[:3]}"))
    cold.forget()
    clients.forget()
    for name, seconds in taken.items():
        value = median(seconds) * 1000
        yield Figure(bench="own time of a warm earn", figure=name, value=value, unit="ms")


def _earn(batch: str) -> float:
    """Return the processor seconds of one earn, of many different orders."""
    orders = [
        event(
            "POST",
            f"/v1/programs/{PROGRAM_ID}/orders",
            body=_order(f"{batch}-{number}"),
            as_=staff(PROGRAM_ID, "cashier"),
        )
        for number in range(WARM_UP + EARNS)
    ]
    context: Any = Context()
    for order in orders[:WARM_UP]:
        _require(handler(order, context))
    started = time.process_time()
    for order in orders[WARM_UP:]:
        _require(handler(order, context))
    return (time.process_time() - started) / EARNS


def _order(order_id: str) -> dict[str, Any]:
    line = {"line_id": "1", "amount": {"amount": 4999, "currency": "EUR"}, "category": "drink"}
    return {
        "source": "bench",
        "order_id": order_id,
        "member_id": MEMBER_ID,
        "occurred_at": NOW.isoformat(),
        "lines": [line],
    }


def _require(answer: Mapping[str, Any]) -> None:
    if answer["statusCode"] != 201:  # created
        raise RuntimeError(f"answered {answer}")


def _stored() -> MemoryEngine:
    """A table with a program and a member who has one lot."""
    memory = MemoryEngine()
    program = published(program_id=PROGRAM_ID)
    TablePrograms(memory).publish(program)
    account = Account(
        member_id=MEMBER_ID,
        balance=100,
        entries=1,
        holding=Holding(lots={LAST_DAY: 100}),
        due=date(NOW.year, 1, 1) + timedelta(days=1),
        enrolled_at=NOW - timedelta(days=300),
    )
    due_at = midnight(account.due or LAST_DAY, program.document.zone)
    item = records.account_to_item(account, PROGRAM_ID, due_at=due_at)
    memory.write([Put(keys.account(PROGRAM_ID, MEMBER_ID), item, ())])
    return memory


def _in_memory(stack: ExitStack) -> None:
    memory = _stored()
    stack.enter_context(patch.object(table, "DynamoEngine", lambda *_, **__: _Forgetful(memory)))


class _Forgetful:
    """Reads of a table, and takes writes without keeping them."""

    def __init__(self, memory: MemoryEngine) -> None:
        self._memory = memory

    def get(self, key: Key, *, strong: bool) -> Any:
        return self._memory.get(key, strong=strong)

    def write(self, _operations: Any) -> None:
        return


class _Answers:
    """The table's answers as bytes; an answer is made once for the same question."""

    def __init__(self) -> None:
        self._memory = _stored()
        self._made: dict[bytes, bytes] = {}

    def to(self, operation: str, body: bytes) -> bytes:
        if operation != "GetItem":
            return b"{}"
        if body not in self._made:
            key = json.loads(body)["Key"]
            item = self._memory.get(Key(key["pk"]["S"], key["sk"]["S"]), strong=True)
            self._made[body] = json.dumps({"Item": item_to_wire(item)} if item else {}).encode()
        return self._made[body]


def _through_our_client(stack: ExitStack) -> None:
    answers = _Answers()

    def exchange(
        _: Any, _method: str, _path: str, headers: Mapping[str, str], body: bytes
    ) -> Reply:
        return Reply(200, answers.to(headers["x-amz-target"].rpartition(".")[2], body))

    stack.enter_context(patch.object(KeptConnections, "exchange", exchange))


def _through_the_sdk(stack: ExitStack) -> None:
    answers = _Answers()
    sdk = boto3.client(
        "dynamodb", region_name=REGION, config=Config(retries={"total_max_attempts": 1})
    )
    methods: dict[str, Callable[..., Any]] = {
        "GetItem": sdk.get_item,
        "TransactWriteItems": sdk.transact_write_items,
    }

    def send(request: Any, **_: Any) -> Any:
        target = request.headers["X-Amz-Target"].decode()
        text = answers.to(target.rpartition(".")[2], request.body)
        return AWSResponse(request.url, 200, HTTPHeaders(), _Raw(text))

    class Sdk:
        def call(self, operation: str, parameters: Mapping[str, Any]) -> Any:
            return methods[operation](**parameters)

    sdk.meta.events.register("before-send", send)
    stack.enter_context(patch.object(clients, "dynamodb", Sdk))


class _Raw(BytesIO):
    """What the SDK expects of a response's body."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()
