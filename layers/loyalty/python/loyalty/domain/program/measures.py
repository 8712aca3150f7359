"""The figures that can be goals: columns of reports that have one value for a period.

Functions that read no document know them too, so this imports no models.
"""

from collections.abc import Mapping
from typing import Final, Literal

MeasureKind = Literal["flow", "level", "rate"]
"""A flow adds up over a period, a level is what it is at its end, a rate is a share of a period."""
GoalDirection = Literal["at_least", "at_most"]
MeasuredReport = Literal[
    "summary", "sources", "campaigns", "rewards", "liability", "liability_age"
]  # fmt: skip
MeasuredColumn = Literal[
    "active_members", "cancelled", "cost_minor", "expired", "granted", "guest_orders",
    "guest_revenue_minor", "liability_minor", "members", "new_members", "open", "orders", "points",
    "points_adjusted", "points_clawed_back", "points_earned", "points_expired", "points_left",
    "points_outstanding", "points_pending", "points_redeemed", "points_worth_minor", "recovered",
    "redeemed", "redemption_rate", "redemptions", "refunded_minor", "revenue_minor", "used",
    "worth_minor",
]  # fmt: skip


def _all(kind: MeasureKind, *columns: MeasuredColumn) -> dict[MeasuredColumn, MeasureKind]:
    return dict.fromkeys(columns, kind)


MEASURES: Final[Mapping[MeasuredReport, Mapping[MeasuredColumn, MeasureKind]]] = {
    "summary": {
        **_all(
            "flow", "new_members", "active_members", "orders", "revenue_minor", "guest_orders",
            "guest_revenue_minor", "redemptions", "points_earned", "points_redeemed",
            "points_clawed_back", "points_expired", "points_adjusted",
        ),
        **_all("level", "members", "points_pending", "points_outstanding", "liability_minor"),
        "redemption_rate": "rate",
    },
    "sources": _all(
        "flow", "orders", "revenue_minor", "refunded_minor", "guest_orders", "guest_revenue_minor",
        "points_earned",
    ),
    "campaigns": _all("flow", "points", "recovered", "points_left", "cost_minor"),
    "rewards": _all(
        "flow", "redeemed", "granted", "used", "open", "expired", "cancelled", "points",
        "points_worth_minor", "cost_minor",
    ),
    "liability": _all("level", "points", "worth_minor"),
    "liability_age": _all("level", "points", "worth_minor"),
}  # fmt: skip

# What says how a program does. Other figures move for reasons that no manager steers.
KEY_FIGURES: Final = frozenset(
    {
        *(("summary", column) for column in (
            "members", "new_members", "active_members", "orders", "revenue_minor", "redemptions",
            "points_redeemed", "points_outstanding", "redemption_rate", "liability_minor",
        )),
        ("sources", "refunded_minor"),
        ("campaigns", "cost_minor"),
        ("rewards", "cost_minor"),
        ("rewards", "used"),
    }
)  # fmt: skip

# Worth by the program's `point_value`, and unknown without it.
WORTH_OF_POINTS: Final = frozenset(
    {
        ("summary", "liability_minor"),
        ("campaigns", "cost_minor"),
        ("rewards", "points_worth_minor"),
        ("liability", "worth_minor"),
        ("liability_age", "worth_minor"),
    }
)
