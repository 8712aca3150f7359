"""An order's life on each platform, delivered too often and in any order, by killed consumers."""

import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random

import boto3
import pytest

from functions.enrollment.handler import handler as enrollment
from functions.intake.handler import handler as intake
from functions.storefronts.handler import handler as storefronts
from loyalty.table.engine import DynamoEngine
from loyalty.table.operations import Operation
from tests.integration.conftest import Clock
from tests.support.deliveries import MANAGER, PROGRAM_ID, connect, drain, post
from tests.support.http import call, service
from tests.support.platforms import PlatformServer
from tests.support.queues import Message, consume, receive
from tests.support.received import RECEIVED_AT
from tests.support.shops import Shop, Telling, shops

FIVE = {shop.platform: shop for shop in shops(began_at=RECEIVED_AT)}


@pytest.fixture(params=FIVE)
def shop(request: pytest.FixtureRequest, publish: Callable[..., object]) -> Shop:
    publish(currency="USD")
    shop = FIVE[request.param]
    assert connect(**shop.connection).status == 201
    return shop


@pytest.fixture
def member_id(shop: Shop) -> str:
    path = f"/v1/programs/{PROGRAM_ID}/members"
    body = {"identities": [shop.customer]}
    return str(call(enrollment, "POST", path, body=body, as_=service(PROGRAM_ID)).body["id"])


def points(member_id: str) -> int:
    """The balance, which is the sum of all entries, one of which is the order's own."""
    path = f"/v1/programs/{PROGRAM_ID}/members/{member_id}"
    balance = int(call(enrollment, "GET", path, as_=service(PROGRAM_ID)).body["balance"])
    history = call(enrollment, "GET", f"{path}/history", as_=service(PROGRAM_ID)).body["items"]
    assert sum(entry["points"] for entry in history) == balance
    assert [entry["kind"] for entry in history].count("accrual") == 1
    return balance


def deliver(telling: Telling, clock: Clock) -> None:
    assert post(telling.body, telling.sign(telling.body, clock.now)).status == 200


def turn(shop: Shop, chapter: int, *, platform: PlatformServer) -> None:
    for path, reply in shop.chapters[chapter].answers.items():
        platform.answer(path, reply)


@pytest.mark.parametrize("seed", range(3))
def test_points_are_exact_when_deliveries_come_repeatedly_and_in_any_order(
    shop: Shop, member_id: str, platform: PlatformServer, time: Clock, seed: int
) -> None:
    random = Random(seed)
    time.now = RECEIVED_AT + timedelta(minutes=10)
    for last in (1, 2):
        turn(shop, last, platform=platform)
        tellings = [
            telling
            for chapter in shop.chapters[: last + 1]
            for telling in chapter.tellings
            for _ in range(random.randint(1, 3))
        ]
        random.shuffle(tellings)
        for telling in tellings:
            deliver(telling, time)
            time.now += timedelta(milliseconds=1)
        drain()

        assert points(member_id) == shop.chapters[last].points


class Killed(BaseException):
    """The consumer's process is gone: nothing that catches exceptions runs any more."""


class Killer:
    """Kills the consumer before or after one of its writes, or once it has written all."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, random: Random) -> None:
        self._random = random
        self._left = 0
        self._is_late = False
        self.kills = 0
        write = DynamoEngine.write

        def deadly(engine: DynamoEngine, operations: Sequence[Operation]) -> None:
            self._left -= 1
            if self._left == 0 and not self._is_late:
                raise Killed
            write(engine, operations)
            if self._left == 0:
                raise Killed

        monkeypatch.setattr(DynamoEngine, "write", deadly)

    def consume(self, messages: list[Message]) -> None:
        """Let consumers take a batch until one survives it; what is killed deleted nothing."""
        for attempt in range(1, 5):
            for message in messages:
                message["attributes"]["ApproximateReceiveCount"] = str(attempt)
            self._left = self._random.randint(1, 2 * len(messages) + 1) if attempt < 4 else 0
            self._is_late = self._random.random() < 0.5
            try:
                assert consume(intake, messages) == []
            except Killed:
                self.kills += 1
                continue
            # It lived to the end of its batch, and died before its messages were deleted.
            self.kills += attempt < 4


@pytest.mark.parametrize("seed", range(2))
def test_points_are_exact_wherever_the_intake_is_killed(
    shop: Shop,
    member_id: str,
    platform: PlatformServer,
    time: Clock,
    monkeypatch: pytest.MonkeyPatch,
    *,
    seed: int,
) -> None:
    random = Random(seed)
    time.now = RECEIVED_AT + timedelta(minutes=10)
    turn(shop, 1, platform=platform)
    tellings = [telling for chapter in shop.chapters[:2] for telling in chapter.tellings * 2]
    for telling in tellings:
        deliver(telling, time)
        time.now += timedelta(milliseconds=1)
    url = os.environ["LOYALTY_INTAKE_QUEUE_URL"]
    with monkeypatch.context() as patched:
        killer = Killer(patched, random=random)
        while messages := receive(url):
            killer.consume(messages)
            for message in messages:
                boto3.client("sqs").delete_message(
                    QueueUrl=url, ReceiptHandle=message["receiptHandle"]
                )

    assert killer.kills >= 3
    assert points(member_id) == shop.chapters[1].points
    path = f"/v1/programs/{PROGRAM_ID}/storefronts/online/deliveries"
    listed = call(storefronts, "GET", path, as_=MANAGER, query={"limit": "100"}).body["items"]
    assert len(listed) == len(tellings)
    assert not {each["status"] for each in listed} & {"received", "failed", "parked"}
