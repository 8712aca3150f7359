"""Orders on five platforms, each delivered too often, too late, and in any sequence."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

import pytest

from local.clock import Clock
from local.deploy import stack_outputs
from local.deployment import Deployment
from tests.e2e.conftest import OpenProgram
from tests.e2e.described import Body, DescribedApi, eventually
from tests.e2e.functions import asking
from tests.support.platforms import PlatformServer, serving
from tests.support.shops import Shop, Telling, shops

SENDERS_MAX: Final = 4
BEGAN_AGO: Final = timedelta(days=40)
LATER: Final = (
    timedelta(minutes=11),
    timedelta(hours=5),
    timedelta(days=3),
    timedelta(days=31),
)
BASE: Final = {"id": "base", "on": "order", "points": 1, "per_minor": 100}


@pytest.fixture
def platform(deployed: Deployment) -> Iterator[PlatformServer]:
    """The platforms' own APIs, for the function that asks them."""
    with serving() as server, asking(deployed, "intake", origin=server.origin):
        yield server


@pytest.fixture
def began_at(clock: Clock) -> datetime:
    """It all begins forty days ago."""
    clock.move_to(datetime.now(UTC) - BEGAN_AGO)
    return clock.now().replace(microsecond=0)


@pytest.fixture
def api(began_at: datetime, open_program: Callable[..., OpenProgram]) -> Iterator[DescribedApi]:
    program = open_program(
        currency="USD",
        earning_rules=[BASE],
        expiry={"model": "after_earning", "months": 12, "round_to": "month"},
        tiers=None,
        reminders={},
    )
    with DescribedApi(program) as api:
        yield api


class Street:
    """The shops with a member each, and what is delivered of them."""

    def __init__(self, api: DescribedApi, *, platform: PlatformServer, clock: Clock) -> None:
        self._api = api
        self._platform = platform
        self._clock = clock
        self._random = Random(7)
        self._members: dict[str, str] = {}

    def open(self, shop: Shop) -> None:
        path = f"/storefronts/{shop.platform}"
        self._api.call("manager", "PUT", path, json=shop.connection, status=201)
        body = {"identities": [shop.customer]}
        self._members[shop.platform] = self._api.call(
            "service", "POST", "/members", json=body, status=201
        )["id"]

    def turn(self, shop: Shop, chapter: int) -> None:
        """What the platform's API says is of this chapter from now on."""
        for path, reply in shop.chapters[chapter].answers.items():
            self._platform.answer(path, reply)

    def deliver(self, tellings: list[tuple[Shop, Telling]], *, times_max: int = 1) -> int:
        """Deliver each once or more, all of them shuffled, and wait until they are applied."""
        sent = [each for each in tellings for _ in range(self._random.randint(1, times_max))]
        self._random.shuffle(sent)
        with ThreadPoolExecutor(SENDERS_MAX) as senders:
            list(senders.map(self._post, sent))
        eventually(self._api.program.deployed.queued_deliveries, lambda waiting: waiting == 0)
        return len(sent)

    def _post(self, delivery: tuple[Shop, Telling]) -> None:
        shop, telling = delivery
        self._api.call(
            None,
            "POST",
            f"/webhooks/{shop.platform}",
            content=telling.body,
            headers=telling.sign(telling.body, self._clock.now()),
        )

    def points(self, shop: Shop) -> int:
        """The balance, which is the sum of all entries, one of which is the order's own."""
        path = f"/members/{self._members[shop.platform]}"
        balance = int(self._api.call("service", "GET", path)["balance"])
        entries = self._api.call("service", "GET", f"{path}/history", params={"limit": 100})
        assert sum(entry["points"] for entry in entries["items"]) == balance
        assert [entry["kind"] for entry in entries["items"]].count("accrual") == 1
        return balance

    def listed(self, shop: Shop) -> list[Body]:
        path, items, cursor = f"/storefronts/{shop.platform}/deliveries", [], None
        while True:
            query = {"limit": 100} | ({"cursor": cursor} if cursor else {})
            page = self._api.call("manager", "GET", path, params=query)
            items += page["items"]
            if (cursor := page["next_cursor"]) is None:
                return items

    def forget(self) -> None:
        """Delete what would expire after a month: the inbox, and the outcome of each delivery."""
        deployed = self._api.program.deployed
        outputs = stack_outputs(deployed.cloud.aws)
        s3, prefix = deployed.cloud.aws.s3, f"{self._api.program.id}/"
        for page in s3.get_paginator("list_objects_v2").paginate(
            Bucket=outputs["InboxBucket"], Prefix=prefix
        ):
            for each in page.get("Contents", []):
                s3.delete_object(Bucket=outputs["InboxBucket"], Key=each["Key"])
        dynamodb, table = deployed.cloud.aws.dynamodb, outputs["TableName"]
        for platform in self._members:
            partition = f"PROGRAM#{self._api.program.id}#STOREFRONT#{platform}"
            for page_of_items in dynamodb.get_paginator("query").paginate(
                TableName=table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": partition}},
            ):
                for item in page_of_items["Items"]:
                    key = {"pk": item["pk"], "sk": item["sk"]}
                    dynamodb.delete_item(TableName=table, Key=key)


def told_of(shops: list[Shop], *chapters: int) -> list[tuple[Shop, Telling]]:
    return [
        (shop, telling)
        for shop in shops
        for chapter in chapters
        for telling in shop.chapters[chapter].tellings
    ]


def test_an_orders_whole_life_is_exact_on_five_platforms_however_it_is_delivered(
    api: DescribedApi, platform: PlatformServer, clock: Clock, began_at: datetime
) -> None:
    street = Street(api, platform=platform, clock=clock)
    five = shops(began_at=began_at)
    for shop in five:
        street.open(shop)
        street.turn(shop, 0)
    clock.move_to(began_at + timedelta(minutes=5))

    def right(chapter: int) -> dict[str, int]:
        return {shop.platform: shop.chapters[chapter].points for shop in five}

    def now() -> dict[str, int]:
        return {shop.platform: street.points(shop) for shop in five}

    # Paid.
    sent = street.deliver(told_of(five, 0), times_max=5)
    assert now() == right(0)

    # Edited and partly refunded, while the first version is delivered again.
    for shop in five:
        street.turn(shop, 1)
    sent += street.deliver(told_of(five, 0, 1), times_max=5)
    assert now() == right(1)
    outcomes = [each for shop in five for each in street.listed(shop)]
    assert len(outcomes) == sent
    assert {each["status"] for each in outcomes} <= {
        "earned",
        "edited",
        "refunded",
        "waiting",
        "ignored",
    }
    assert {each["reason"] for each in outcomes} <= {None, "outdated"}

    # All of it again, when the queue has forgotten, and when everything has but the ledger.
    for later in LATER:
        clock.move_to(began_at + timedelta(minutes=5) + later)
        if later > timedelta(days=30):
            street.forget()
        street.deliver(told_of(five, 0, 1))
        assert now() == right(1), later

    # Cancelled.
    for shop in five:
        street.turn(shop, 2)
    street.deliver(told_of(five, 0, 1, 2), times_max=3)
    assert now() == right(2)
