"""Reviews at Judge.me: told, edited and taken down, in whatever topic they come."""

from datetime import UTC, datetime
from typing import Any, Final

import pytest

from loyalty.domain.engagement.activities import ActivityRef, ActivityRemoved, ReportedActivity
from loyalty.domain.people.identity import Identity
from loyalty.domain.shops.storefront import Ignored, Parked, SendingShop
from loyalty.storefronts.judgeme import JUDGEME
from loyalty.storefronts.judgeme.translate import CREATED, UPDATED
from tests.support.received import SHOP, received
from tests.support.signing import encoded, judgeme

WRITTEN_AT: Final = datetime(2026, 11, 21, 9, tzinfo=UTC)
REVIEW: Final[dict[str, Any]] = {
    "id": 81,
    "title": "Good",
    "body": "Good beans",
    "rating": 5,
    "product_external_id": 7731,
    "reviewer": {"id": 5, "external_id": 207119551, "email": "ana@example.com", "name": "Ana"},
    "source": "web",
    "curated": "ok",
    "hidden": False,
    "has_published_pictures": False,
    "has_published_videos": False,
    "created_at": "2026-11-21T09:00:00+00:00",
    "updated_at": "2026-11-21T09:00:00+00:00",
}


def meaning(topic: str = CREATED, *, shop: SendingShop = SHOP, **changes: Any) -> Any:
    return JUDGEME.translate(topic, encoded({"review": REVIEW | changes}), shop)


def test_a_review_is_an_activity_of_its_customer_about_the_product() -> None:
    assert meaning() == ReportedActivity(
        ref=ActivityRef("shop", "81"),
        activity="review",
        member_id=None,
        identities=(
            Identity("customer", "207119551", source="shop"),
            Identity("email", "ana@example.com"),
        ),
        occurred_at=WRITTEN_AT,
        changed_at=WRITTEN_AT,
        subject="7731",
    )


def test_a_photo_that_is_added_is_an_edit_with_a_later_time() -> None:
    edited = meaning(UPDATED, has_published_pictures=True, updated_at="2026-11-21T10:00:00+01:00")
    later = meaning(UPDATED, has_published_videos=True, updated_at="2026-11-22T09:00:00Z")

    assert edited.attributes == {"photo"}
    assert later.attributes == {"video"}
    assert later.changed_at > later.occurred_at == WRITTEN_AT


@pytest.mark.parametrize("changes", [{"hidden": True}, {"published": False}, {"curated": "spam"}])
def test_a_review_that_was_taken_down_is_removed(changes: dict[str, Any]) -> None:
    removed = meaning(UPDATED, updated_at="2026-11-22T09:00:00Z", **changes)

    assert removed == ActivityRemoved(
        ref=ActivityRef("shop", "81"), removed_at=datetime(2026, 11, 22, 9, tzinfo=UTC)
    )


def test_the_topic_follows_from_the_body() -> None:
    new = encoded({"review": REVIEW})
    changed = encoded({"review": REVIEW | {"updated_at": "2026-11-22T09:00:00Z"}})

    assert JUDGEME.envelope(new, {}).topic == CREATED
    assert JUDGEME.envelope(changed, {}).topic == UPDATED
    assert JUDGEME.envelope(b"nope", {}).topic == UPDATED


def test_a_review_of_nobody_is_ignored_and_what_makes_no_sense_is_parked() -> None:
    assert meaning(reviewer={"email": None}) == Ignored("no_customer")
    assert JUDGEME.translate(CREATED, b"{}", SHOP) == Parked("malformed", "/review")
    assert meaning("review/deleted") == Ignored("unknown_topic")
    elsewhere = encoded({"review": REVIEW, "shop_domain": "other.example"})
    shop = SendingShop("shop", store="bean.example")
    assert JUDGEME.translate(CREATED, elsewhere, shop) == Parked("other_shop", "/shop_domain")


def test_a_known_signature_is_accepted() -> None:
    # printf '{"id":1}' | openssl dgst -sha256 -hmac hush
    made = "5672948d9b0bb8de626568e7e449ed70154217d90c378dcb825cc2135fc649e6"
    body = b'{"id":1}'

    assert judgeme(body, secret="hush") == {"judgeme-hmac-sha256": made}
    assert JUDGEME.verify(received(body, {"judgeme-hmac-sha256": made}), secrets=["hush"])
