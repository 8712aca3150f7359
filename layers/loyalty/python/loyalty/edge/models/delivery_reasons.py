"""Why a delivery was ignored, parked or failed: the stable codes that the API answers.

Storefronts, use cases and the intake function produce them in many places; a test compares.
"""

from typing import Final

IGNORED: Final = frozenset(
    {
        "channel_excluded",
        "currency_excluded",
        "erased",
        "erasure_stopped",
        "ever_max",
        "guest",
        "idempotency_conflict",
        "member_closed",
        "no_customer",
        "no_member",
        "no_order",
        "no_payment",
        "no_subject",
        "not_completed",
        "not_paid",
        "nothing_given_back",
        "nothing_held",
        "nothing_paid",
        "outdated",
        "per_day_max",
        "per_subject",
        "refund_pending",
        "status_excluded",
        "tags_excluded",
        "tags_unknown",
        "test_order",
        "time_out_of_range",
        "told_by_invoice",
        "told_by_orders_updated",
        "unconfirmed_deletion",
        "unknown_activity",
        "unknown_plan",
        "unknown_topic",
    }
)
PARKED: Final = frozenset(
    {
        "access_denied",
        "activity_conflict",
        "amount_too_large",
        "categories_unknown",
        "contradicted",
        "currency_mismatch",
        "date_out_of_range",
        "disconnected",
        "duplicate_line",
        "limit_reached",
        "malformed",
        "mixed_currencies",
        "negative_amount",
        "no_access_token",
        "not_at_platform",
        "order_too_large",
        "other_shop",
        "refused_by_platform",
        "too_large",
        "too_many_lines",
        "too_many_refunds",
        "two_members",
        "unknown_currency",
        "unknown_level",
    }
)
FAILED: Final = frozenset({"held_up", "internal_error", "interrupted", "try_again"})

REASONS: Final = tuple(sorted(IGNORED | PARKED | FAILED))
