"""What Judge.me sends about a review: the review as it is now."""

from typing import Annotated, Literal

from pydantic import StrictBool

from loyalty.domain.kernel.fields import Instant
from loyalty.storefronts.payloads import NONE_IF_UNREADABLE, Flag, Id, OptionalText, Payload, Text


class JudgeMeReviewer(Payload):
    """Who wrote it. `external_id` is the customer's id in the shop."""

    email: OptionalText = None
    external_id: Text = None


class JudgeMeReview(Payload):
    """A review. It counts while nobody hid it or called it spam."""

    id: Id
    created_at: Instant
    updated_at: Annotated[Instant | None, NONE_IF_UNREADABLE] = None
    reviewer: JudgeMeReviewer
    product_external_id: Text = None
    hidden: Annotated[StrictBool | None, NONE_IF_UNREADABLE] = None
    published: Annotated[StrictBool | None, NONE_IF_UNREADABLE] = None
    curated: Annotated[Literal["ok", "spam", "not-yet"] | None, NONE_IF_UNREADABLE] = None
    has_published_pictures: Flag = False
    has_published_videos: Flag = False


class JudgeMeWebhook(Payload):
    """The body of `review/created` and of `review/updated`."""

    review: JudgeMeReview
    shop_domain: OptionalText = None
