"""What the webhooks of Judge.me mean: a review that counts, or one that was taken down."""

from collections.abc import Mapping
from typing import Final

from loyalty.domain.engagement.activities import ActivityRef, ActivityRemoved, ReportedActivity
from loyalty.domain.shops.storefront import OTHER_SHOP, Command, Ignored, Parked, SendingShop
from loyalty.storefronts import commands
from loyalty.storefronts.judgeme.payload import JudgeMeReview, JudgeMeWebhook
from loyalty.storefronts.payloads import Topic, label, reads

CREATED: Final = "review/created"
UPDATED: Final = "review/updated"
# The id of the activity in the program's document.
ACTIVITY: Final = "review"


def _review(webhook: JudgeMeWebhook, shop: SendingShop) -> Command:
    """Both topics say how the review is now, so it does not matter which one arrives first."""
    review = webhook.review
    if shop.store and webhook.shop_domain and webhook.shop_domain != shop.store:
        return Parked(OTHER_SHOP, "/shop_domain")
    ref = ActivityRef(shop.source, str(review.id))
    changed_at = review.updated_at or review.created_at
    if _is_down(review):
        return ActivityRemoved(ref=ref, removed_at=changed_at)
    identities = commands.identities(
        (("customer", review.reviewer.external_id), ("email", review.reviewer.email)),
        source=shop.source,
    )
    if not identities:
        return Ignored("no_customer")
    attributes = {
        "photo": review.has_published_pictures,
        "video": review.has_published_videos,
    }
    return ReportedActivity(
        ref=ref,
        activity=ACTIVITY,
        member_id=None,
        identities=identities,
        occurred_at=review.created_at,
        changed_at=changed_at,
        subject=label(review.product_external_id),
        attributes=frozenset(name for name, holds in attributes.items() if holds),
    )


def _is_down(review: JudgeMeReview) -> bool:
    return bool(review.hidden) or review.published is False or review.curated == "spam"


TOPICS: Final[Mapping[str, Topic[Command]]] = dict.fromkeys(
    (CREATED, UPDATED), reads(JudgeMeWebhook, _review)
)
