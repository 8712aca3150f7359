"""Reviews as items. Everything that a list shows is in `about`, because the index carries it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

from loyalty.domain.ledger.reviews import Excess, Review, ReviewDecision, WatchFinding
from loyalty.domain.orders.order import OrderRef
from loyalty.table import keys
from loyalty.table.records.parts import VERSION, maybe_date

if TYPE_CHECKING:
    from loyalty.table.operations import Item

OPEN: Final = "open"


def review_to_item(review: Review, program: str) -> Item:
    about: Item = {
        "order": [review.order.source, review.order.order_id] if review.order else None,
        "excesses": [list(each) for each in review.excesses],
        "finding": list(review.finding) if review.finding else None,
        "held_until": review.held_until.isoformat() if review.held_until else None,
        "by": review.caused_by,
        "decision": _decision_to_item(review.decision) if review.decision else None,
    }
    return {
        "v": VERSION,
        "kind": "review",
        "state": review.state,
        **({"member_id": review.member_id} if review.member_id else {}),
        "points": review.points,
        "recorded_at": keys.instant(review.opened_at),
        "about": {name: value for name, value in about.items() if value is not None},
        "history_pk": keys.reviews_partition(program),
        "history_sk": review_position(review),
    }


def review_position(review: Review) -> str:
    """Where a review stands in the list."""
    return f"{keys.instant(review.opened_at)}#{review.review_id}"


def review_from_item(item: Item) -> Review:
    wire = cast("dict[str, Any]", item)
    about = wire["about"]
    return Review(
        member_id=wire.get("member_id"),
        order=OrderRef(*about["order"]) if "order" in about else None,
        points=wire["points"],
        excesses=tuple(Excess(*each) for each in about["excesses"]),
        finding=WatchFinding(*about["finding"]) if "finding" in about else None,
        opened_at=datetime.fromisoformat(wire["recorded_at"]),
        held_until=maybe_date(about.get("held_until")),
        caused_by=about.get("by"),
        decision=_decision_from_item(about["decision"]) if "decision" in about else None,
    )


def _decision_to_item(decision: ReviewDecision) -> Item:
    item: Item = {
        "verdict": decision.verdict,
        "by": decision.by,
        "decided_at": keys.instant(decision.decided_at),
        "reason": decision.reason,
        "entry": decision.entry_id,
    }
    return {name: value for name, value in item.items() if value is not None}


def _decision_from_item(wire: dict[str, Any]) -> ReviewDecision:
    return ReviewDecision(
        verdict=wire["verdict"],
        by=wire["by"],
        decided_at=datetime.fromisoformat(wire["decided_at"]),
        reason=wire["reason"],
        entry_id=wire.get("entry"),
    )
