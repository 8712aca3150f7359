"""Calls a handler as API Gateway does: an HTTP API event, payload format 2.0, in; the answer out.

`answer = call(handler, "GET", "/v1/programs/bean", as_=staff("bean", "cashier"))`
"""

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args
from urllib.parse import urlencode

from loyalty.domain.program.services import SERVICE_SCOPE
from loyalty.edge.http.auth import Kind

type Claims = dict[str, str]

# One issuer for everyone: a deployment may have that.
EVERY_KIND: Final[tuple[Kind, ...]] = get_args(Kind.__value__)

# Of every request, unless a test changes it.
REQUEST_ID = "JKJaXmPLvHcESHA="
# Tokens of tests do not expire.
FOREVER = "4102444800"
type Handler = Callable[[dict[str, Any], Any], Any]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """The stable code of a problem."""
        assert self.headers["content-type"] == "application/problem+json", self.text
        return str(self.body["code"])

    @property
    def pointers(self) -> dict[str, str]:
        """The code of each fault of a problem by its pointer."""
        return {fault["pointer"]: fault["code"] for fault in self.body["errors"]}


class Context:
    """What the Lambda runtime hands over beside the event."""

    function_name = "function-under-test"
    function_version = "$LATEST"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:function-under-test"
    aws_request_id = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    seconds_left = 60

    def get_remaining_time_in_millis(self) -> int:
        return self.seconds_left * 1000


def person(
    subject: str = "person-1",
    *,
    email: str | None = None,
    phone: str | None = None,
    verified: bool = True,
    groups: tuple[str, ...] = (),
) -> Claims:
    """An ID token's claims as the authorizer hands them over: every value a string."""
    claims = {"sub": subject, "token_use": "id", "aud": "mobile-app", "exp": FOREVER}
    if email is not None:
        claims |= {"email": email, "email_verified": str(verified).lower()}
    if phone is not None:
        claims |= {"phone_number": phone, "phone_number_verified": str(verified).lower()}
    if groups:
        claims["cognito:groups"] = f"[{' '.join(groups)}]"
    return claims


def staff(program_id: str, *roles: str, subject: str = "staff-1") -> Claims:
    return person(subject, groups=tuple(f"{program_id}/{role}" for role in roles))


def service(program_id: str, *, subject: str = "service-1") -> Claims:
    """A client-credentials token's claims; its client may act for this program (see `serves`)."""
    return {
        "sub": subject,
        "client_id": f"{subject}@{program_id}",
        "token_use": "access",
        "scope": SERVICE_SCOPE,
        "exp": FOREVER,
    }


def serves(client_id: str, program_id: str) -> bool:
    """Whether a client of `service` may act for a program, where no service is registered."""
    return client_id.partition("@")[2] == program_id


def operator(*, subject: str = "operator-1") -> Claims:
    return person(subject, groups=("operator",))


def authorized(claims: Claims, *, kinds: Iterable[Kind] = EVERY_KIND) -> dict[str, Any]:
    """What the authorizer adds to an event for a token of an issuer of these kinds of callers."""
    return {"lambda": {"claims": json.dumps(claims), "kinds": " ".join(kinds)}}


def event(
    method: str,
    path: str,
    *,
    body: Any = None,
    raw: str | bytes | None = None,
    as_: Claims | None = None,
    kinds: Iterable[Kind] = EVERY_KIND,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """`body` is sent as JSON, `raw` as it is: text as text, bytes in base64."""
    sent = json.dumps(body) if body is not None else raw
    content = {} if sent is None else {"content-type": "application/json"}
    http = {
        "method": method,
        "path": path,
        "protocol": "HTTP/1.1",
        "sourceIp": "192.0.2.1",
        "userAgent": "test",
    }
    context: dict[str, Any] = {
        "accountId": "123456789012",
        "apiId": "api",
        "domainName": "api.example.com",
        "http": http,
        "requestId": REQUEST_ID,
        "routeKey": f"{method} {path}",
        "stage": "$default",
        "timeEpoch": 1_795_255_200_000,
    }
    if as_ is not None:
        context["authorizer"] = authorized(as_, kinds=kinds)
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": urlencode(query or {}),
        "headers": content | {name.lower(): value for name, value in (headers or {}).items()},
        "requestContext": context,
        "isBase64Encoded": isinstance(sent, bytes),
    }
    if query:
        made["queryStringParameters"] = dict(query)
    if sent is not None:
        made["body"] = base64.b64encode(sent).decode() if isinstance(sent, bytes) else sent
    return made


def call(
    handler: Handler,
    method: str,
    path: str,
    *,
    body: Any = None,
    raw: str | bytes | None = None,
    as_: Claims | None = None,
    kinds: Iterable[Kind] = EVERY_KIND,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> Answer:
    answer = handler(
        event(method, path, body=body, raw=raw, as_=as_, kinds=kinds, headers=headers, query=query),
        Context(),
    )
    text = answer.get("body") or ""
    if answer.get("isBase64Encoded"):
        text = base64.b64decode(text).decode()
    return Answer(
        status=answer["statusCode"],
        headers={name.lower(): value for name, value in answer.get("headers", {}).items()},
        text=text,
    )
