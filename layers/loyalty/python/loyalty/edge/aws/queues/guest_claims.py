"""Hands claims that take longer than a request may to the intake queue."""

import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class GuestClaim(NamedTuple):
    """A member for whom to find earlier guest orders."""

    program_id: str
    member_id: str


def hand_over(sqs: "SQSClient", claim: GuestClaim, *, queue_url: str, now: datetime) -> None:
    """Queue a claim; all claims of a member are handled in order."""
    group = hashlib.sha256("\0".join(("claim", *claim)).encode()).hexdigest()[:32]
    sqs.send_message(
        QueueUrl=queue_url,
        MessageBody=json.dumps(
            {"v": 1, "claim": {"program_id": claim.program_id, "member_id": claim.member_id}}
        ),
        MessageGroupId=group,
        MessageDeduplicationId=hashlib.sha256(f"{group}{now.isoformat()}".encode()).hexdigest(),
    )


def read_claim(message: str) -> GuestClaim | None:
    """The claim that a message of the queue holds; None for a delivery."""
    claim = json.loads(message).get("claim")
    return GuestClaim(claim["program_id"], claim["member_id"]) if claim else None
