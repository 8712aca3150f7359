"""Standard Webhooks: signed by id and time, with the body of `POST /activities`."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from loyalty.domain.engagement.activities import ActivityRef, ActivityRemoved, ReportedActivity
from loyalty.domain.people.identity import Identity
from loyalty.domain.shops.storefront import Ignored, Parked
from loyalty.storefronts.activities import TOPIC
from loyalty.storefronts.standard import STANDARD
from tests.support import signing
from tests.support.received import RECEIVED_AT, SHOP, received
from tests.support.signing import encoded, fixture

VISIT: Final[dict[str, Any]] = {
    "activity_id": "r-81",
    "activity": "review",
    "identities": [
        {"kind": "email", "value": "Ana@Example.com"},
        {"kind": "customer", "value": "7"},
        {"kind": "phone", "value": "nope"},
    ],
    "occurred_at": "2026-11-21T09:00:00Z",
    "subject": "SKU-1",
    "attributes": {"photo": True, "video": False},
}
AT_NINE: Final = datetime(2026, 11, 21, 9, tzinfo=UTC)


def meaning(**changes: Any) -> Any:
    return STANDARD.translate(TOPIC, encoded(VISIT | changes), SHOP)


def test_the_body_of_the_api_is_an_activity_of_the_connections_own_source() -> None:
    reported = ReportedActivity(
        ref=ActivityRef("shop", "r-81"),
        activity="review",
        member_id=None,
        identities=(
            Identity("email", "ana@example.com"),
            Identity("customer", "7", source="shop"),
        ),
        occurred_at=AT_NINE,
        changed_at=AT_NINE,
        subject="SKU-1",
        attributes=frozenset({"photo"}),
    )

    assert meaning() == reported
    assert meaning(source="shop") == reported
    assert meaning(source="till") == Parked("other_shop", "/source")


def test_a_removal_names_its_time() -> None:
    assert meaning(removed=True, changed_at="2026-11-21T10:00:00Z") == ActivityRemoved(
        ref=ActivityRef("shop", "r-81"), removed_at=AT_NINE + timedelta(hours=1)
    )


def test_an_activity_of_nobody_is_ignored_and_what_makes_no_sense_is_parked() -> None:
    assert meaning(identities=[]) == Ignored("no_customer")
    assert meaning(occurred_at="yesterday") == Parked("malformed", "/occurred_at")
    assert STANDARD.translate(TOPIC, b"[", SHOP).reason == "malformed"  # type: ignore[union-attr]  # parked


@pytest.mark.parametrize("vector", fixture("signatures")["standard_webhooks"])
def test_the_test_vector_of_standard_webhooks_is_accepted(vector: dict[str, Any]) -> None:
    headers = {
        "webhook-id": vector["id"],
        "webhook-timestamp": str(vector["timestamp"]),
        "webhook-signature": f"v1,AAAA {vector['signature']}",
    }
    request = received(
        vector["body"].encode(),
        headers,
        received_at=datetime.fromtimestamp(vector["timestamp"], UTC),
    )

    assert STANDARD.verify(request, secrets=[vector["secret"]])
    assert not STANDARD.verify(request, secrets=["whsec_!", signing.standard_secret()])


def test_an_old_signature_or_another_body_is_refused() -> None:
    body, secrets = encoded(VISIT), [signing.standard_secret()]
    headers = signing.standard(body)
    late = RECEIVED_AT + timedelta(minutes=6)

    assert STANDARD.verify(received(body, headers), secrets=secrets)
    assert not STANDARD.verify(received(body, headers, received_at=late), secrets=secrets)
    assert not STANDARD.verify(received(body + b" ", headers), secrets=secrets)
    assert not STANDARD.verify(received(body, {}), secrets=secrets)


def test_an_event_is_named_by_its_id() -> None:
    envelope = STANDARD.envelope(encoded(VISIT), {"webhook-id": "msg_1"})

    assert (envelope.topic, envelope.name, envelope.event) == (TOPIC, "msg_1", "msg_1")
    assert STANDARD.envelope(encoded(VISIT), {}).event is None
