"""The one place where a refusal becomes an answer: RFC 9457 problem details."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response
from pydantic import BaseModel, ConfigDict, Field

from loyalty.domain.kernel.errors import (
    Fault,
    IdentityTaken,
    MissingIdempotencyKey,
    NotFound,
    Refusal,
    TooManyRequests,
    ValidationFailed,
)

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


def invalid(errors: Sequence[Any], *, body: object, naming: bool) -> Refusal:
    """The refusal that pydantic's errors about a request amount to.

    A path that cannot name anything names nothing, unless the request (`naming`) gives a name.
    """
    if not naming and any(error["loc"][0] == "path" for error in errors):
        return NotFound()
    for error in errors:
        if error["type"] == "missing" and _is_idempotency_key(error["loc"]):
            return MissingIdempotencyKey()
    faults = tuple(_fault(error, body) for error in errors)
    detail = faults[0].detail if len(faults) == 1 else f"The request has {len(faults)} mistakes."
    return ValidationFailed(detail, faults=faults)


def pointer_to(path: Sequence[str | int], within: object, *, absent: bool = False) -> str:
    """The JSON pointer to a place in a document.

    pydantic names the branch of a union in its path. What the document does not have is such a
    branch and is left out, except the last step to a place that is `absent`.
    """
    steps: list[str] = []
    here: Any = within
    for step in path:
        is_there = (isinstance(here, dict) and step in here) or (
            isinstance(here, list) and isinstance(step, int) and step < len(here)
        )
        if is_there:
            here = here[step]
            steps.append(_escaped(step))
    if absent:
        steps.append(_escaped(path[-1]))
    return "".join(f"/{step}" for step in steps)


def _escaped(step: str | int) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")


def _fault(error: Any, body: object) -> Fault:
    where, *path = error["loc"]
    if where == "body":
        pointer = pointer_to(path, body, absent=error["type"] == "missing" and bool(path))
    else:
        pointer = f"/{where}/{'/'.join(str(step).lower() for step in path)}"
    match error["type"]:
        case "extra_forbidden":
            detail = f"There is no field “{path[-1]}” here"
        case "missing":
            detail = "This is required"
        case "model_attributes_type" | "model_type" | "dict_type":
            detail = "This should be a JSON object"
        case "tuple_type" | "list_type":
            detail = "This should be a JSON array"
        case _:
            detail = error["msg"]
    return Fault(pointer=pointer, code=error["type"], detail=detail)


def _is_idempotency_key(path: Sequence[str | int]) -> bool:
    return path[0] == "header" and str(path[-1]).lower() == "idempotency-key"


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
