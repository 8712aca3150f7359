"""Turns refusals into answers: problem details (RFC 9457)."""

import json
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from loyalty.domain.kernel.errors import (
    IdentityTaken,
    ReferralNotAccepted,
    Refusal,
    TooManyRequests,
)
from loyalty.edge.http.params import Response

STATUS: Final = {
    "malformed_json": HTTPStatus.BAD_REQUEST,
    "missing_idempotency_key": HTTPStatus.BAD_REQUEST,
    "bad_signature": HTTPStatus.UNAUTHORIZED,
    "unauthenticated": HTTPStatus.UNAUTHORIZED,
    "forbidden": HTTPStatus.FORBIDDEN,
    "own_account": HTTPStatus.FORBIDDEN,
    "second_manager": HTTPStatus.FORBIDDEN,
    "not_found": HTTPStatus.NOT_FOUND,
    "identity_taken": HTTPStatus.CONFLICT,
    "idempotency_conflict": HTTPStatus.CONFLICT,
    "order_conflict": HTTPStatus.CONFLICT,
    "activity_conflict": HTTPStatus.CONFLICT,
    "response_conflict": HTTPStatus.CONFLICT,
    "insufficient_points": HTTPStatus.CONFLICT,
    "points_too_new": HTTPStatus.CONFLICT,
    "out_of_stock": HTTPStatus.CONFLICT,
    "limit_reached": HTTPStatus.CONFLICT,
    "reward_unavailable": HTTPStatus.CONFLICT,
    "voucher_used": HTTPStatus.CONFLICT,
    "voucher_issued": HTTPStatus.CONFLICT,
    "referral_refused": HTTPStatus.CONFLICT,
    "wrong_state": HTTPStatus.CONFLICT,
    "roles_kept_elsewhere": HTTPStatus.CONFLICT,
    "stale_version": HTTPStatus.PRECONDITION_FAILED,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "validation_failed": HTTPStatus.UNPROCESSABLE_ENTITY,
    "currency_mismatch": HTTPStatus.UNPROCESSABLE_ENTITY,
    "invalid_cursor": HTTPStatus.UNPROCESSABLE_ENTITY,
    "precondition_required": HTTPStatus.PRECONDITION_REQUIRED,
    "too_many_requests": HTTPStatus.TOO_MANY_REQUESTS,
    "try_again": HTTPStatus.SERVICE_UNAVAILABLE,
}
INTERNAL_ERROR: Final = "internal_error"
CONTENT_TYPE: Final = "application/problem+json"
FAULTS_MAX: Final = 100
RETRY_AFTER_SECONDS: Final = 1


class ProblemFault(BaseModel):
    """One mistake in a request."""

    pointer: str = Field(description="A JSON pointer into the body, or /query/… or /header/….")
    code: str = Field(description="What kind of mistake it is.")
    detail: str = Field(description="The mistake in words.")


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "/problems/insufficient_points",
                    "title": "There are not enough points",
                    "status": 409,
                    "code": "insufficient_points",
                    "detail": "The reward costs 40 points, 12 can be spent.",
                    "request_id": "JKJaXmPLvHcESHA=",
                    "errors": [],
                }
            ]
        }
    )

    type: str = Field(description="A relative reference that ends in `code`.")
    title: str = Field(description="What the code means; the same in every answer.")
    status: int = Field(description="The HTTP status.")
    code: str = Field(
        description="A stable code: write your program against it.",
        json_schema_extra={"enum": [*sorted(STATUS), INTERNAL_ERROR]},
    )
    detail: str = Field(description="What stood in the way of this request.")
    request_id: str = Field(description="The request's id in the logs, as in `X-Request-Id`.")
    errors: list[ProblemFault] = Field(description="The mistakes in the request, at most 100.")
    member_id: str | None = Field(
        default=None,
        description="With `identity_taken`: the member who has it, for staff and services only.",
    )
    reason: str | None = Field(
        default=None,
        description="With `referral_refused`: `self`, `not_new`, `already_referred`, "
        "`device`, `network`, `email_alike`, or `decided` if a manager refused it.",
    )


def problem(refusal: Refusal, *, request_id: str) -> Response[str]:
    """The answer to a refused request."""
    more: dict[str, Any] = {}
    headers: dict[str, str | list[str]] = {}
    if isinstance(refusal, IdentityTaken) and refusal.member_id:
        more["member_id"] = refusal.member_id
    if isinstance(refusal, ReferralNotAccepted):
        more["reason"] = refusal.reason
    if isinstance(refusal, TooManyRequests):
        headers["retry-after"] = str(refusal.retry_after)
    if refusal.code == "unauthenticated":
        headers["www-authenticate"] = "Bearer"
    if refusal.code == "try_again":
        headers["retry-after"] = str(RETRY_AFTER_SECONDS)
    return _response(
        STATUS[refusal.code],
        headers=headers,
        code=refusal.code,
        title=refusal.title,
        detail=refusal.detail,
        request_id=request_id,
        errors=[
            {"pointer": fault.pointer, "code": fault.code, "detail": fault.detail}
            for fault in refusal.faults[:FAULTS_MAX]
        ],
        **more,
    )


def failed(*, request_id: str) -> Response[str]:
    """The answer to a failure of ours; the log explains it."""
    return _response(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        headers={},
        code=INTERNAL_ERROR,
        title="Something went wrong on our side",
        detail="You can repeat the request if it has an Idempotency-Key or an id of its own.",
        request_id=request_id,
        errors=[],
    )


def _response(
    status: HTTPStatus, *, headers: dict[str, str | list[str]], **body: Any
) -> Response[str]:
    content = {"type": f"/problems/{body['code']}", "status": status.value} | body
    return Response(
        status_code=status.value,
        content_type=CONTENT_TYPE,
        body=json.dumps(content, separators=(",", ":")),
        headers=headers,
    )
