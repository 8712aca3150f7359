"""Hands claims that take longer than a request may to the intake queue."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from loyalty.sdk.services import AwsService


class GuestClaim(NamedTuple):
    """A member for whom to find earlier guest orders, and what made them a member."""

    program_id: str
    member_id: str
    caused_by: str | None


def hand_over(sqs: AwsService, claim: GuestClaim, *, queue_url: str, now: datetime) -> None:
    """Queue a claim; all claims of a member are handled in order."""
    named = ("claim", claim.program_id, claim.member_id)
    group = hashlib.sha256("\0".join(named).encode()).hexdigest()[:32]
    sqs.call(
        "SendMessage",
        {
            "QueueUrl": queue_url,
            "MessageBody": json.dumps({"v": 1, "claim": claim._asdict()}),
            "MessageGroupId": group,
            "MessageDeduplicationId": hashlib.sha256(
                f"{group}{now.isoformat()}".encode()
            ).hexdigest(),
        },
    )


def read_claim(message: Mapping[str, Any]) -> GuestClaim | None:
    """The claim that a message of the queue holds; None for a delivery."""
    claim = message.get("claim")
    if not claim:
        return None
    return GuestClaim(claim["program_id"], claim["member_id"], claim["caused_by"])
