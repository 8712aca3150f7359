"""A campaign's budget is spent: one event at 80 %, and one with its last point."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from functions.relay import handler as relay
from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.program.document import PublishedProgram
from loyalty.edge.aws import clients
from loyalty.table.budgets import TableBudgets
from tests.integration.conftest import TABLE
from tests.support import till
from tests.support.campaigns import campaign
from tests.support.eventbridge import EventBridge
from tests.support.http import Context
from tests.support.stream import Record, batch, records

BUDGET: Final = campaign(
    id="win-back",
    effect={"kind": "fixed", "points": 50},
    limits={"budget": {"points": 1000, "per": "month"}},
)


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> EventBridge:
    fake = EventBridge()
    monkeypatch.setattr(clients, "eventbridge", lambda: fake)
    return fake


@pytest.fixture(autouse=True)
def ana(publish: Callable[..., PublishedProgram]) -> str:
    publish(campaigns=[BUDGET])
    return till.enroll()


def relayed(found: list[Record]) -> list[str]:
    answer = relay.handler(batch(found), Context())
    return [failed["itemIdentifier"] for failed in answer["batchItemFailures"]]


def spent(bus: EventBridge) -> list[dict[str, Any]]:
    details = [json.loads(entry["Detail"]) for entry in bus.entries]
    return [each for each in details if "percent" in each]


def test_each_percentage_has_one_event_however_much_is_given_back_and_spent_again(
    bus: EventBridge, ana: str
) -> None:
    for number in range(15):
        till.earn(ana, 100, order_id=f"{number}")
    assert relayed(records(TABLE)) == []
    assert relayed(records(TABLE)) == []
    assert spent(bus) == []

    for number in range(15, 20):
        till.earn(ana, 100, order_id=f"{number}")
    relayed(records(TABLE))
    # The notes are changes that the next batch has.
    relayed(records(TABLE))

    found = {each["percent"]: each for each in spent(bus)}
    assert {percent: each["left"] for percent, each in found.items()} == {80: 0, 100: 0}
    assert found[100] | {"id": "", "occurred_at": ""} == {
        "id": "",
        "program_id": "bean",
        "member_id": None,
        "occurred_at": "",
        "v": 1,
        "caused_by": None,
        "campaign_id": "win-back",
        "period": "2026-11",
        "percent": 100,
        "budget": 1000,
        "left": 0,
    }
    till.refund("3", whole=True)
    till.earn(ana, 100, order_id="20")
    relayed(records(TABLE))
    relayed(records(TABLE))
    assert len({each["id"] for each in spent(bus)}) == 2


def test_at_80_percent_there_is_one_event(bus: EventBridge, ana: str) -> None:
    seen = 0
    for number in range(17):
        till.earn(ana, 100, order_id=f"{number}")
        changes = records(TABLE)
        relayed(changes[seen:])
        seen = len(changes)

    (event,) = spent(bus)
    assert (event["percent"], event["left"]) == (80, 200)


def test_a_table_that_does_not_answer_is_asked_again_before_anything_is_published(
    bus: EventBridge, ana: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.earn(ana, 100)

    def fail(*_: object) -> tuple[int, ...]:
        raise TryAgain("The table did not answer")

    changes = records(TABLE)
    with monkeypatch.context() as broken:
        broken.setattr(TableBudgets, "used", fail)
        assert relayed(changes) == [changes[0]["dynamodb"]["SequenceNumber"]]

    assert bus.taken == []
    assert relayed(changes) == []
    assert bus.taken
