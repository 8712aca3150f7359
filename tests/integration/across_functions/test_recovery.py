"""The runbook's recovery of the table, played through: restore, adopt, carry, replay."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from functions.enrollment.handler import handler as enrollment
from functions.storefronts.handler import handler as storefronts
from operate.carry import carry
from operate.restore import restore
from operate.stage import OperationError
from tests.integration.conftest import TABLE, Clock
from tests.support import cold, till
from tests.support.deliveries import MANAGER, PROGRAM_ID, connect, deliver, drain
from tests.support.http import call
from tests.support.shopify import WITH_CUSTOMER, payload
from tests.support.stage import StageOnMoto, restorable_moment, stage_on_moto

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

STOREFRONT = f"/v1/programs/{PROGRAM_ID}/storefronts/online"
EACH_EARNS = 587


@pytest.fixture
def stage() -> StageOnMoto:
    return stage_on_moto()


@pytest.fixture
def ana(publish: Callable[..., object]) -> str:
    """A customer of a connected shop."""
    publish(currency="USD")
    connect()
    identity = {"kind": "customer", "source": "shop", "value": "207119551"}
    answer = call(
        enrollment,
        "POST",
        f"{till.PROGRAM}/members",
        body={"identities": [identity]},
        as_=till.CASHIER,
    )
    return str(answer.body["id"])


def orders(number: int, *, time: Clock) -> None:
    time.now += timedelta(minutes=1)
    body = payload(WITH_CUSTOMER, paid_at=time.now, id=number)
    assert deliver(body, event_id=f"order-{number}").status == 200
    drain()


def adopt(stage: StageOnMoto, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deploy the stage with another table."""
    stage.outputs["TableName"] = table
    monkeypatch.setenv("LOYALTY_TABLE", table)
    cold.forget()


def outcomes() -> list[str]:
    page: list[dict[str, Any]] = call(
        storefronts, "GET", f"{STOREFRONT}/deliveries", as_=MANAGER
    ).body["items"]
    return [each["status"] for each in page]


def replay(since: datetime, until: datetime) -> int:
    """Apply the deliveries of a period again; gives how many there were."""
    period = {"from": since.isoformat(), "to": (until + timedelta(minutes=1)).isoformat()}
    answer = call(storefronts, "POST", f"{STOREFRONT}/deliveries/replay", body=period, as_=MANAGER)
    assert answer.status == 202, answer.text
    drain()
    return int(answer.body["queued"])


def test_what_shops_delivered_after_the_restored_moment_counts_once(
    stage: StageOnMoto, ana: str, time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders(1, time=time)
    moment, restored_at = restorable_moment(), time.now
    lines = restore(stage, moment, is_protected=True, pause=print, say=lambda _: None)
    restored = lines.split('"')[1]
    orders(2, time=time)
    orders(3, time=time)
    assert till.member(ana)["balance"] == 3 * EACH_EARNS
    with pytest.raises(OperationError, match="still uses ledger"):
        carry(stage, source=TABLE, since=restored_at)

    adopt(stage, restored, monkeypatch)
    assert till.member(ana)["balance"] == EACH_EARNS
    # From some time before the moment on, to be sure.
    since = restored_at - timedelta(hours=1)
    assert carry(stage, source=TABLE, since=since) == 2
    assert carry(stage, source=TABLE, since=since) == 0
    assert outcomes() == ["received", "received", "earned"]
    assert replay(since, time.now) == 3

    assert till.member(ana)["balance"] == 3 * EACH_EARNS
    assert outcomes() == ["earned"] * 3
    history = call(
        enrollment, "GET", f"{till.PROGRAM}/members/{ana}/history", as_=till.CASHIER
    ).body["items"]
    assert [each["kind"] for each in history] == ["accrual"] * 3


def test_a_delivery_that_was_erased_meanwhile_stays_erased(
    stage: StageOnMoto, ana: str, time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ana
    orders(1, time=time)
    lines = restore(stage, restorable_moment(), is_protected=True, pause=print, say=lambda _: None)
    adopt(stage, lines.split('"')[1], monkeypatch)
    for item in boto3.client("dynamodb").scan(TableName=stage.output("TableName"))["Items"]:
        if item["sk"]["S"].startswith("RECEIVED#"):
            boto3.client("dynamodb").update_item(
                TableName=stage.output("TableName"),
                Key={"pk": item["pk"], "sk": item["sk"]},
                UpdateExpression="REMOVE content SET is_erased = :yes",
                ExpressionAttributeValues={":yes": {"BOOL": True}},
            )

    assert carry(stage, source=TABLE, since=time.now - timedelta(hours=1)) == 0
    assert replay(time.now - timedelta(hours=1), time.now) == 1
    assert outcomes() == ["earned"]
