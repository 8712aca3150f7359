"""How long a member waits for recommendations, in a program that sells many things."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

import httpx

from bench.figures import Figure, percentile
from local.deploy import stack_outputs
from local.deployment import Deployment, ProgramClient
from loyalty.domain.recommendations.things import Neighbor, Neighborhood, Thing
from loyalty.lake.neighbor_objects import key, to_bytes
from loyalty.lake.neighbors import NEIGHBORS_MAX, THINGS_MAX

REQUESTS: Final = 200
WARM_UP_REQUESTS: Final = 10
# As many as are read, each of some articles.
ORDERS: Final = 20
LINES: Final = 4


def recommendations(
    deployed: Deployment, *, program_id: str, tokens: dict[str, str]
) -> Iterator[Figure]:
    """Measure warm requests of one client, about a member with as many orders as are read."""
    random = Random(7)  # noqa: S311  # the same each time
    stored = to_bytes(_neighborhood(random))
    aws = deployed.cloud.aws
    bucket = stack_outputs(aws)["LakeBucket"]
    aws.s3.put_object(Bucket=bucket, Key=key(program_id), Body=stored)
    with deployed.client(program_id, tokens["service"]) as client:
        member_id = _shopper(client, random)
        seconds: list[float] = []
        for _ in range(WARM_UP_REQUESTS + REQUESTS):
            started = time.perf_counter()
            answer = client.get(f"/members/{member_id}/recommendations").raise_for_status()
            seconds.append(time.perf_counter() - started)
            if answer.json()["rests_on"] != "skus":
                raise ValueError("the orders of this member say nothing")
    bench = f"recommend, {THINGS_MAX} articles, {ORDERS} orders"
    yield Figure(bench=bench, figure="object", value=len(stored) / 1024, unit="KiB")
    for percent in (50, 95):
        value = percentile(seconds[WARM_UP_REQUESTS:], percent) * 1000
        yield Figure(bench=bench, figure=f"p{percent}", value=value, unit="ms")


def _neighborhood(random: Random) -> Neighborhood:
    """The largest that is stored of one kind of goods."""
    things = [Thing("sku", f"SKU-{number:05}") for number in range(THINGS_MAX)]
    return Neighborhood(
        as_of=datetime.now(UTC),
        neighbors={
            thing: tuple(
                Neighbor(other, random.randint(1, 10**6))
                for other in random.sample(things, NEIGHBORS_MAX)
            )
            for thing in things
        },
        popularity={
            level: {thing: random.randint(10, 10**5) for thing in things}
            for level in (None, "regular", "roaster")
        },
    )


def _shopper(client: ProgramClient, random: Random) -> str:
    card = {"kind": "card", "value": "bench-shopper"}
    member_id: str = _done(client.post("/members", json={"identities": [card]}))["id"]
    now = datetime.now(UTC)
    for number in range(ORDERS):
        order = {
            "source": "bench-shopper",
            "order_id": f"{number}",
            "member_id": member_id,
            "occurred_at": (now - timedelta(days=number)).isoformat(),
            "lines": [
                {
                    "line_id": f"{place}",
                    "amount": {"amount": 1999, "currency": "EUR"},
                    "sku": f"SKU-{random.randrange(THINGS_MAX):05}",
                    "category": "drink",
                }
                for place in range(LINES)
            ],
        }
        _done(client.post("/orders", json=order))
    return member_id


def _done(answer: httpx.Response) -> dict[str, Any]:
    answer.raise_for_status()
    body: dict[str, Any] = answer.json()
    return body
