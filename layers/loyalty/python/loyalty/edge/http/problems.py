"""The one place where a refusal becomes an answer: RFC 9457 problem details."""

import json
from http import HTTPStatus
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response
from pydantic import BaseModel, ConfigDict, Field

from loyalty.domain.kernel.errors import IdentityTaken, Refusal, TooManyRequests

STATUS: Final = {
    "malformed_json": HTTPStatus.BAD_REQUEST,
    "missing_idempotency_key": HTTPStatus.BAD_REQUEST,
    "bad_signature": HTTPStatus.UNAUTHORIZED,
    "forbidden": HTTPStatus.FORBIDDEN,
    "own_account": HTTPStatus.FORBIDDEN,
    "not_found": HTTPStatus.NOT_FOUND,
    "identity_taken": HTTPStatus.CONFLICT,
    "idempotency_conflict": HTTPStatus.CONFLICT,
    "order_conflict": HTTPStatus.CONFLICT,
    "response_conflict": HTTPStatus.CONFLICT,
    "insufficient_points": HTTPStatus.CONFLICT,
    "points_too_new": HTTPStatus.CONFLICT,
    "out_of_stock": HTTPStatus.CONFLICT,
    "limit_reached": HTTPStatus.CONFLICT,
    "reward_unavailable": HTTPStatus.CONFLICT,
    "voucher_used": HTTPStatus.CONFLICT,
    "voucher_issued": HTTPStatus.CONFLICT,
    "wrong_state": HTTPStatus.CONFLICT,
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
    code: str
    detail: str


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

    type: str
    title: str
    status: int
    code: str = Field(
        description="Stable: write your program against this.",
        json_schema_extra={"enum": [*sorted(STATUS), INTERNAL_ERROR]},
    )
    detail: str
    request_id: str
    errors: list[ProblemFault]
    member_id: str | None = Field(
        default=None, description="With `identity_taken`, for staff and services only."
    )


def problem(refusal: Refusal, *, request_id: str) -> Response[str]:
    """The answer that a refusal is."""
    more: dict[str, Any] = {}
    headers: dict[str, str | list[str]] = {}
    if isinstance(refusal, IdentityTaken) and refusal.member_id:
        more["member_id"] = refusal.member_id
    if isinstance(refusal, TooManyRequests):
        headers["retry-after"] = str(refusal.retry_after)
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
    """The answer to what should not have happened; the log tells the rest."""
    return _response(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        headers={},
        code=INTERNAL_ERROR,
        title="Something went wrong on our side",
        detail="Repeating the request is safe where it has an idempotency key or an id of its own.",
        request_id=request_id,
        errors=[],
    )


def _response(
    status: HTTPStatus, *, headers: dict[str, str | list[str]], **body: Any
) -> Response[str]:
    told = {"type": f"/problems/{body['code']}", "status": status.value} | body
    return Response(
        status_code=status.value,
        content_type=CONTENT_TYPE,
        body=json.dumps(told, separators=(",", ":")),
        headers=headers,
    )
