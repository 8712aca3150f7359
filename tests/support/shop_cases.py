"""Short stories of one order each, which are easy to count wrongly: `fixtures/shop_cases`.

A point is a minor unit of the goods without tax, so that a balance is what counts of an order.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.support import shopify, signing
from tests.support.signing import SECRET

FIXTURES: Final = Path(__file__).parents[1] / "fixtures" / "shop_cases"
# All of it happened on the day before.
NOW: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
RULE: Final = {"id": "base", "on": "order", "points": 1, "per_minor": 1}
SQUARE_URL: Final = "https://hooks.example.com/till"

# What a platform's connection needs, whatever it is for.
_CONNECTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "shopify": {"store": "bean-and-leaf"},
    "woocommerce": {},
    "stripe": {},
    "square": {"access_token": "the-token", "notification_url": SQUARE_URL},
    "bigcommerce": {"access_token": "the-token", "store": "abc123"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStep:
    """A delivery: what the platform's API answers from then on, and what must come of it.

    `balances` and `statuses` are those that are right; any is, if there are none.
    """

    topic: str
    body: bytes
    answers: Mapping[str, Any]
    balances: tuple[int, ...]
    statuses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One shop of a platform, at most one member with an order, and the deliveries about it."""

    name: str
    title: str
    currency: str
    connection: Mapping[str, Any]
    customer: str | None
    steps: tuple[CaseStep, ...]

    @property
    def identity(self) -> dict[str, str] | None:
        if self.customer is None:
            return None
        return {"kind": "customer", "source": self.name, "value": self.customer}

    def headers(self, number: int, *, signed_at: datetime) -> dict[str, str]:
        """The headers of a step's delivery, signed as its platform signs."""
        step, name = self.steps[number], f"{self.name}-{number}"
        match self.connection["platform"]:
            case "shopify":
                return shopify.headers(step.body, topic=step.topic, event_id=name, secret=SECRET)
            case "woocommerce":
                return signing.woocommerce(step.body, topic=step.topic, name=name)
            case "stripe":
                return signing.stripe(step.body, signed_at=signed_at)
            case "square":
                return signing.square(step.body, url=SQUARE_URL)
            case _:
                return signing.bigcommerce(step.body, signed_at=signed_at, name=name)


def cases() -> list[Case]:
    return [_case(path) for path in sorted(FIXTURES.glob("*.json"))]


def _case(path: Path) -> Case:
    wire = json.loads(path.read_bytes())
    platform = wire["connection"]["platform"]
    return Case(
        name=path.stem,
        title=wire["title"],
        currency=wire["currency"],
        connection={"secrets": [SECRET], **_CONNECTIONS[platform], **wire["connection"]},
        customer=wire["customer"],
        steps=tuple(
            CaseStep(
                topic=step["topic"],
                body=signing.encoded(step["body"]),
                answers=step.get("answers", {}),
                balances=tuple(step["balances"]),
                statuses=tuple(step["statuses"]),
            )
            for step in wire["steps"]
        ),
    )
