"""Survey links, by which a member answers without signing in, and the form that they send.

A link is sealed: it names a survey and the order or the member, and nobody can forge or change
one. It expires. As always, there is one answer for each order or period.
"""

import base64
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from loyalty.domain.kernel.errors import Fault, NotFound, ValidationFailed
from loyalty.domain.kernel.text import as_lines
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.identity import Keyring
from loyalty.edge.models.surveys import COMMENT_MAX
from loyalty.usecases.people.surveys import SurveyReply

# 128 bits: as hard to guess as a voucher's code is, and the link stays short.
SEAL_BYTES: Final = 16
SEALED: Final = r"^[A-Za-z0-9_-]{1,1000}\.[A-Za-z0-9_-]{22}$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What a link asks, and until when; `member_id` is None if it follows from the order."""

    survey_id: str
    order: OrderRef | None
    member_id: str | None
    expires_at: datetime


class SurveyForm(BaseModel):
    """The fields of the page's form."""

    model_config = ConfigDict(frozen=True)

    score: int = Field(ge=0, le=10, description="0 to 10 in an NPS survey, 1 to 5 in a CSAT one.")
    comment: str | None = Field(
        default=None, max_length=COMMENT_MAX, description="In the member's own words."
    )


def path(invitation: Invitation, *, program_id: str, keyring: Keyring) -> str:
    """The link's path, which follows the address of the API."""
    ends = int(invitation.expires_at.timestamp())
    order = invitation.order
    named = [order.source, order.order_id] if order else None
    sealed = [invitation.survey_id, named, invitation.member_id, ends]
    name = _written(json.dumps(sealed, separators=(",", ":")).encode())
    seal = _seal(keyring, keyring.current, program_id, name)
    return f"/v1/programs/{program_id}/survey-links/{name}.{seal}"


def invitation_of(token: str, *, program_id: str, keyring: Keyring, now: datetime) -> Invitation:
    """Read a link, under whichever key it was sealed.

    Raises:
        NotFound: the seal is wrong, or the link has expired.
    """
    name, _, seal = token.rpartition(".")
    if not any(
        hmac.compare_digest(_seal(keyring, version, program_id, name), seal)
        for version in keyring.keys
    ):
        raise NotFound("This link is not valid")
    survey_id, order, member_id, ends = json.loads(_read(name))
    expires_at = datetime.fromtimestamp(ends, UTC)
    if expires_at <= now:
        raise NotFound("This link has expired")
    return Invitation(
        survey_id=survey_id,
        order=OrderRef(*order) if order else None,
        member_id=member_id,
        expires_at=expires_at,
    )


def answer_of(form: bytes, invitation: Invitation) -> SurveyReply:
    """Read the page's form.

    Raises:
        ValidationFailed: the page would not send this.
    """
    try:
        fields = parse_qs(form.decode("utf-8", "replace"), max_num_fields=10)
        sent = {name: values[-1].strip() for name, values in fields.items()}
        comment = as_lines(sent.get("comment", "")) or None
        read = SurveyForm(score=int(sent.get("score", "")), comment=comment)
    except (ValidationError, ValueError):
        detail = f"Send a score of the survey, and at most {COMMENT_MAX} characters of comment"
        raise ValidationFailed(detail, faults=(Fault("", "invalid_form", detail),)) from None
    return SurveyReply(
        order=invitation.order,
        member_id=invitation.member_id,
        score=read.score,
        comment=read.comment,
    )


def _seal(keyring: Keyring, version: str, program_id: str, name: str) -> str:
    sealed = Keyring(keyring.keys, current=version).seal("survey", program_id, name)
    return _written(sealed[:SEAL_BYTES])


def _written(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _read(name: str) -> bytes:
    return base64.urlsafe_b64decode(name + "=" * (-len(name) % 4))
