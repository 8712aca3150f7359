"""Shopify Flow sends a secret instead of a signature, and reports only activities."""

from typing import Final

import pytest

from loyalty.domain.engagement.activities import ActivityRef, ActivityRemoved
from loyalty.domain.shops.storefront import Ignored
from loyalty.storefronts.activities import TOPIC
from loyalty.storefronts.flow import FLOW
from tests.support import signing
from tests.support.received import SHOP, received
from tests.support.signing import SECRET, encoded

BODY: Final = encoded(
    {
        "activity_id": "1",
        "activity": "review",
        "occurred_at": "2026-11-21T09:00:00Z",
        "removed": True,
    }
)


@pytest.mark.parametrize(
    ("header", "is_believed"),
    [
        (f"Bearer {SECRET}", True),
        (f"bearer {SECRET} ", True),
        (f"Basic {SECRET}", False),
        (SECRET, False),
        (f"Bearer {SECRET}x", False),
        ("Bearer ", False),
        ("Bearer \u20ac", False),
        ("", False),
    ],
)
def test_only_the_secret_as_a_bearer_token_is_believed(header: str, *, is_believed: bool) -> None:
    request = received(BODY, {"authorization": header})

    assert FLOW.verify(request, secrets=["old", SECRET]) == is_believed


def test_the_secret_is_never_stored_with_a_delivery() -> None:
    assert signing.flow(BODY).keys().isdisjoint(FLOW.traits.headers)


def test_it_tells_of_activities_and_of_nothing_else() -> None:
    removal = FLOW.translate(TOPIC, BODY, SHOP)

    assert isinstance(removal, ActivityRemoved)
    assert removal.ref == ActivityRef("shop", "1")
    assert FLOW.translate("orders/paid", BODY, SHOP) == Ignored("unknown_topic")
    assert FLOW.envelope(BODY, {}).topic == TOPIC
