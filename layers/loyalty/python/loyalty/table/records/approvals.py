"""Approvals as items. Everything that a list shows is in `about`, because the index carries it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

from loyalty.domain.ledger.approvals import Approval, ApprovalDecision, RequestedAdjustment
from loyalty.domain.ledger.entries import Adjustment
from loyalty.table import keys
from loyalty.table.records.parts import VERSION, maybe_date

if TYPE_CHECKING:
    from loyalty.table.operations import Item

HELD: Final = "held"


def approval_to_item(approval: Approval, program: str) -> Item:
    adjustment, decision = approval.adjustment, approval.decision
    about: Item = {
        "request": approval.request_id,
        "reason": adjustment.why.reason,
        "reference": adjustment.why.reference,
        "expiring_on": adjustment.expiring_on.isoformat() if adjustment.expiring_on else None,
        "below_zero": adjustment.below_zero or None,
        "by": approval.requested_by,
        "expires_at": keys.instant(approval.expires_at),
        "decision": _decision_to_item(decision) if decision else None,
    }
    return {
        "v": VERSION,
        "kind": "approval",
        "state": decision.verdict if decision else HELD,
        "member_id": approval.member_id,
        "points": adjustment.points,
        "fingerprint": approval.fingerprint,
        "recorded_at": keys.instant(approval.requested_at),
        "about": {name: value for name, value in about.items() if value is not None},
        "history_pk": keys.approvals_partition(program),
        "history_sk": approval_position(approval),
    }


def approval_position(approval: Approval) -> str:
    """Where an approval stands in the list."""
    return f"{keys.instant(approval.requested_at)}#{approval.approval_id}"


def approval_from_item(item: Item) -> Approval:
    """Read an approval; in a list it has no fingerprint."""
    wire = cast("dict[str, Any]", item)
    about = wire["about"]
    return Approval(
        request_id=about["request"],
        fingerprint=wire.get("fingerprint", ""),
        member_id=wire["member_id"],
        adjustment=RequestedAdjustment(
            points=wire["points"],
            why=Adjustment(reason=about["reason"], reference=about.get("reference")),
            expiring_on=maybe_date(about.get("expiring_on")),
            below_zero=about.get("below_zero", False),
        ),
        requested_by=about["by"],
        requested_at=datetime.fromisoformat(wire["recorded_at"]),
        expires_at=datetime.fromisoformat(about["expires_at"]),
        decision=_decision_from_item(about["decision"]) if "decision" in about else None,
    )


def _decision_to_item(decision: ApprovalDecision) -> Item:
    item: Item = {
        "verdict": decision.verdict,
        "by": decision.by,
        "decided_at": keys.instant(decision.decided_at),
        "reason": decision.reason,
        "entry": decision.entry_id,
    }
    return {name: value for name, value in item.items() if value is not None}


def _decision_from_item(wire: dict[str, Any]) -> ApprovalDecision:
    return ApprovalDecision(
        verdict=wire["verdict"],
        by=wire["by"],
        decided_at=datetime.fromisoformat(wire["decided_at"]),
        reason=wire["reason"],
        entry_id=wire.get("entry"),
    )
