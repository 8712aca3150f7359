"""A burst of deliveries from a shop: how fast each is answered, and when all are applied."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Final

import httpx

from bench.figures import Figure, percentile
from local.deployment import Deployment, ProgramClient
from local.home import EXAMPLE
from local.shop import Delivery, delivery, paid_order

CLIENTS: Final = 8
ORDERS: Final = 950
# Delivered again as another event, as a second subscription does.
TOLD_TWICE: Final = 50
MEMBERS: Final = 20
# What an order of the shop earns by the example's rules.
POINTS: Final = 44
ANSWER_SECONDS_MAX: Final = 120.0
APPLIED_SECONDS_MAX: Final = 600.0

_PROGRAM_ID: Final = "burst"
_STOREFRONT: Final = "/storefronts/burst"
_SECRET: Final = "the-secret-of-a-burst"  # noqa: S105  of a shop that exists here only


def deliveries(deployed: Deployment) -> Iterator[Figure]:
    """A thousand deliveries from clients that wait for each answer."""
    # Without levels, which raise what an order earns, and their reminders.
    document = json.loads(EXAMPLE.read_text()) | {"tiers": None, "reminders": {}}
    tokens = deployed.open_program(_PROGRAM_ID, document)
    with (
        deployed.client(_PROGRAM_ID, tokens["manager"]) as manager,
        deployed.client(_PROGRAM_ID) as shop,
    ):
        shop.timeout = httpx.Timeout(ANSWER_SECONDS_MAX)
        members = _open(manager)
        burst = list(_burst(members))
        # Each client's first deliveries wait for a worker to start.
        _send(shop, burst[:CLIENTS])
        started = time.perf_counter()
        answers = _send(shop, burst)
        answered = time.perf_counter() - started
        _wait_until_applied(deployed)
        applied = time.perf_counter() - started
        balances = [manager.get(f"/members/{member}").json()["balance"] for member in members]
    seconds = [taken for _, taken in answers]
    rates = {"answered": answered, "applied": applied}
    for figure, elapsed in rates.items():
        yield _figure(figure, len(burst) / elapsed, "1/s")
    for percent in (50, 99):
        yield _figure(f"answered, p{percent}", percentile(seconds, percent) * 1000, "ms")
    yield _figure("not taken", sum(status != httpx.codes.OK for status, _ in answers), "deliveries")
    yield _figure("points that differ", abs(ORDERS * POINTS - sum(balances)), "points")


def _figure(figure: str, value: float, unit: str) -> Figure:
    bench = f"a burst of {ORDERS + TOLD_TWICE} deliveries, {CLIENTS} clients"
    return Figure(bench=bench, figure=figure, value=value, unit=unit)


def _open(manager: ProgramClient) -> list[str]:
    """Connect the shop and enroll its customers."""
    connection = {
        "platform": "shopify",
        "source": "burst",
        "store": "bean-and-leaf",
        "secrets": [_SECRET],
    }
    manager.put(_STOREFRONT, json=connection).raise_for_status()
    members: list[str] = []
    for number in range(MEMBERS):
        email = {"kind": "email", "value": _email(number)}
        answer = manager.post("/members", json={"identities": [email]})
        answer.raise_for_status()
        members.append(answer.json()["id"])
    return members


def _burst(members: list[str]) -> Iterator[Delivery]:
    now = datetime.now(UTC)
    for number in range(ORDERS + TOLD_TWICE):
        order_id = 1 + number % ORDERS
        order = paid_order(email=_email(order_id % len(members)), paid_at=now, order_id=order_id)
        # Only the e-mail names the customer.
        order["customer"] = None
        yield delivery(
            order,
            topic="orders/paid",
            secret=_SECRET,
            webhook_id=f"{number}",
            event_id=f"burst-{number}",
        )


def _send(shop: ProgramClient, burst: list[Delivery]) -> list[tuple[int, float]]:
    """Return the status of each delivery and the seconds until it was answered."""
    with ThreadPoolExecutor(CLIENTS) as clients:
        return list(clients.map(partial(_post, shop), burst))


def _post(shop: ProgramClient, sent: Delivery) -> tuple[int, float]:
    started = time.perf_counter()
    answer = shop.post("/webhooks/burst", content=sent.body, headers=sent.headers)
    return answer.status_code, time.perf_counter() - started


def _wait_until_applied(deployed: Deployment) -> None:
    deadline = time.monotonic() + APPLIED_SECONDS_MAX
    while deployed.queued_deliveries():
        if time.monotonic() > deadline:
            raise TimeoutError("The burst is not applied")
        time.sleep(0.1)


def _email(number: int) -> str:
    return f"burst-{number}@example.com"
