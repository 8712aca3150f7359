"""A shop's genuine delivery, sent again under every topic: it earns once, and nothing else."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from local.shop import Delivery, delivery, paid_order
from tests.attack.session import Session
from tests.e2e.functions import function

SECRET: Final = "what-the-shop-signs-with"
# Shopify signs only the body. The topic is a header that anyone who has the body can choose.
TOPICS: Final = (
    "orders/create",
    "orders/paid",
    "orders/updated",
    "orders/edited",
    "orders/cancelled",
    "orders/delete",
    "refunds/create",
    "customers/create",
    "customers/update",
    "customers/delete",
    "customers/redact",
    "customers/data_request",
    "shop/redact",
    "app/uninstalled",
    "anything/else",
)
SETTLED_SECONDS_MAX: Final = 60


def replays(session: Session) -> None:
    """Deliver an order, and then its bytes and its signature under every other topic."""
    # The store that the deliveries of `local/shop.py` come from.
    shop = {
        "platform": "shopify",
        "source": "shop",
        "store": "bean-and-leaf",
        "secrets": [SECRET],
    }
    storefront_id = f"shop-{next(session.numbers)}"
    connected = session.send("manager", "PUT", f"/storefronts/{storefront_id}", json=shop)
    session.expect(f"replays: connecting was answered {connected.text}", connected.is_success)
    email = f"{uuid4().hex}@example.com"
    body = {"identities": [{"kind": "email", "value": email}]}
    ana = str(session.send("cashier", "POST", "/members", json=body).json()["id"])
    now = datetime.now(UTC)
    order_id = int(uuid4().int % 10**12)
    sold = delivery(
        paid_order(email=email, paid_at=now, order_id=order_id),
        topic="orders/paid",
        secret=SECRET,
        webhook_id=uuid4().hex,
        event_id=uuid4().hex,
    )
    _deliver(session, storefront_id, sold)
    _settle(session)
    earned = session.balance(ana)
    session.expect("replays: the order earned nothing", earned > 0)

    for topic in TOPICS:
        if session.is_over:
            break
        _deliver(session, storefront_id, under(sold, topic))
    _settle(session)
    functions = session.program.deployed.cloud.aws.functions
    privacy = function(session.program.deployed, "privacy")["FunctionName"]
    functions.invoke(FunctionName=privacy, Payload=b"{}")
    _settle(session)

    member = session.send("cashier", "GET", f"/members/{ana}")
    connection = session.send("manager", "GET", f"/storefronts/{storefront_id}")
    session.expect("replays: the member is gone", member.status_code == 200)
    if member.status_code == 200:
        session.expect("replays: points changed", member.json()["balance"] == earned)
    session.expect("replays: the connection is gone", connection.status_code == 200)


def under(sold: Delivery, topic: str) -> Delivery:
    """The same bytes and signature as another event of another topic."""
    named = {"X-Shopify-Topic": topic, "X-Shopify-Event-Id": uuid4().hex}
    return replace(sold, headers=sold.headers | named | {"X-Shopify-Webhook-Id": uuid4().hex})


def _deliver(session: Session, storefront_id: str, sold: Delivery) -> None:
    with session.program.client() as nobody:
        answer = nobody.request(
            "POST", f"/webhooks/{storefront_id}", content=sold.body, headers=sold.headers
        )
    session.statuses[answer.status_code] += 1
    topic = sold.headers["X-Shopify-Topic"]
    session.expect(f"replays: {topic} was answered {answer.status_code}", answer.is_success)


def _settle(session: Session) -> None:
    """Wait until the queue behind the webhooks is worked off."""
    deadline = time.monotonic() + SETTLED_SECONDS_MAX
    while session.program.deployed.queued_deliveries():
        if time.monotonic() > deadline:
            session.faults.append("replays: deliveries wait for ever")
            return
        time.sleep(0.2)
