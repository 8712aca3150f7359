"""The HTTP edge that every function of the API shares.

A handler module declares its routes, the roles that may use them, and the refusals they give:

    api = create_app("accrual")

    @api.post("/orders", allow={"cashier", "service"}, status=201, refuses=(OrderConflict,))
    def record_order(program_id: ProgramId, order: Annotated[OrderRequest, Body()]) -> OrderAnswer:
        "Record an order."

    handler = api

A request is checked in this order: is the token still valid (401), does the program exist for the
caller (404), were their roles taken away since the token was issued (401), does one of the caller's
roles allow this (403), is the caller within their share of time (429), is the body small enough
(413), may the caller act for the member in the path (404, 403), is the body JSON (400) and valid
(422)? Only then does the handler run. It gets the caller with only the roles that the route allows,
and the member's own id for `me`: a caller with only the role `member` on a route reaches only their
own account, whatever roles they have elsewhere. A response is checked against its annotation; one
that does not match is our fault (500). Analysts get no personal data.
"""

import base64
import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, Protocol, Required, TypedDict, Unpack, cast

import pydantic
from aws_lambda_powertools.event_handler.api_gateway import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.event_handler.middlewares.openapi_validation import (
    OpenAPIRequestValidationMiddleware,
    OpenAPIResponseValidationMiddleware,
)
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestValidationError,
    ResponseValidationError,
)
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from loyalty.domain.kernel.errors import (
    Fault,
    MalformedJson,
    NotFound,
    Refusal,
    TooLarge,
    TryAgain,
    Unauthenticated,
    ValidationFailed,
)
from loyalty.domain.kernel.limits import EXTERNAL_ID
from loyalty.domain.staff.actions import DEPLOYMENT, ActionName, ActionOutcome
from loyalty.edge import deadline, origin, snapshots
from loyalty.edge.faults import is_passing
from loyalty.edge.http import problems
from loyalty.edge.http.actions import begun, complete
from loyalty.edge.http.auth import (
    ClaimSettings,
    Principal,
    Role,
    operator_of,
    principal_of,
    verified,
)
from loyalty.edge.http.caller_limits import CallerLimits, CallerLimitSettings
from loyalty.edge.http.grants import may_serve, note_caller, require_in_force
from loyalty.edge.http.params import Header, Path, Response
from loyalty.edge.http.redaction import OfStaff, Personal, without
from loyalty.edge.http.validation import Inspect, invalid
from loyalty.edge.logs import failure, logger
from loyalty.edge.metrics import count
from loyalty.edge.settings import settings
from loyalty.usecases.ports import Actions

PROGRAM_PREFIX: Final = "/v1/programs/<program_id>"
BODY_BYTES_MAX: Final = 256 * 1024

# Every response has these headers unless its route sets others.
ANSWER_HEADERS: Final[Mapping[str, str]] = {
    "cache-control": "no-store",
    # URLs contain ids, and sealed links contain the seal.
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
# The policy of a page with a form and no script.
FORM_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
)

# Routes without a token: the function itself decides whom to trust.
ANYONE: Final[frozenset[Role]] = frozenset()

ProgramId = Annotated[
    str, Path(pattern=r"^[a-z0-9][a-z0-9-]{1,39}$", description="The program's id.")
]
# Text that cannot be an id names nothing (404). The framework does not accept an `ExternalId` here.
PathId = Annotated[str, Path(pattern=EXTERNAL_ID)]
IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x20-\x7e]+$",
        description="Your own name for this request. Sent again, it gets the first answer again.",
    ),
]


class ActingFor(Protocol):
    """Decides in which roles a caller acts for a member; see `directory.acting_for`."""

    def __call__(
        self, principal: Principal, member_id: str, /, *, allow: Collection[Role]
    ) -> tuple[Principal, str]: ...


class OpenActions(Protocol):
    """Opens the record of what staff do in a program; see `desk.open_actions`."""

    def __call__(self, program_id: str, /) -> Actions: ...


class _Register(Protocol):
    def __call__[F: Callable[..., Any]](self, handler: F, /) -> F: ...


class RouteOptions(TypedDict, total=False):
    """The options of a route.

    `status` is the status of an ordinary success, `also` are other possible statuses, and `bodies`
    are the models of statuses that have their own. `media` are the text types that a response may
    have instead of JSON. `refuses` are the refusals that clients should know about beyond those of
    every route. `form` describes the fields of a route that takes an HTML form. `inspect` finds
    further faults in a body that does not fit its model. `acts` names the action that is recorded
    when a staff member uses the route.
    """

    allow: Required[Collection[Role]]
    status: int
    also: tuple[int, ...]
    bodies: Mapping[int, type[pydantic.BaseModel]]
    media: tuple[str, ...]
    refuses: tuple[type[Refusal], ...]
    form: type[pydantic.BaseModel]
    prefix: str
    body_bytes_max: int
    inspect: Inspect
    acts: ActionName


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What the API's description needs from a route."""

    method: str
    rule: str
    handler: Callable[..., Any]
    allow: frozenset[Role]
    status: int
    also: tuple[int, ...]
    bodies: Mapping[int, type[pydantic.BaseModel]]
    media: tuple[str, ...]
    refuses: tuple[type[Refusal], ...]
    form: type[pydantic.BaseModel] | None
    acts: ActionName | None


class Api:
    """One function's part of the HTTP API; call it with an event and a context."""

    def __init__(
        self,
        service: str,
        *,
        acting_for: ActingFor | None = None,
        actions: OpenActions | None = None,
        limits_callers: bool = True,
    ) -> None:
        self.service = service
        self._acting_for = acting_for
        self._actions = actions
        self._limits_callers = limits_callers
        self.operations: list[Operation] = []
        self.resolver = APIGatewayHttpResolver(json_body_deserializer=_parse_json)
        self._requests = OpenAPIRequestValidationMiddleware()  # type: ignore[no-untyped-call]  # theirs
        self._responses = OpenAPIResponseValidationMiddleware(has_response_validation_error=True)
        self._refused: str | None = None
        # The operation of the current request; some operations share a route at the gateway.
        self._route_key: str | None = None
        self._answer_errors()

    def get(self, rule: str, **options: Unpack[RouteOptions]) -> _Register:
        return self._route("GET", rule, options)

    def post(self, rule: str, **options: Unpack[RouteOptions]) -> _Register:
        return self._route("POST", rule, options)

    def put(self, rule: str, **options: Unpack[RouteOptions]) -> _Register:
        return self._route("PUT", rule, options)

    def patch(self, rule: str, **options: Unpack[RouteOptions]) -> _Register:
        return self._route("PATCH", rule, options)

    def delete(self, rule: str, **options: Unpack[RouteOptions]) -> _Register:
        return self._route("DELETE", rule, options)

    def __call__(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        started = time.perf_counter()
        request = event["requestContext"]
        self._refused = None
        self._route_key = event.get("routeKey")
        logger.append_keys(request_id=request["requestId"])
        with (
            deadline.keep(context, seconds_max=deadline.REQUEST_S_MAX),
            origin.caused_by(request["requestId"]),
        ):
            answer = self.resolver.resolve(_with_text_body(event), context)
        # A gateway may take null for a missing response.
        answer["body"] = answer.get("body") or ""
        headers = answer.setdefault("headers", {})
        headers["x-request-id"] = request["requestId"]
        for name, value in ANSWER_HEADERS.items():
            headers.setdefault(name, value)
        logger.info(
            "answered",
            route=self._route_key,
            status=answer["statusCode"],
            code=self._refused,
            elapsed_ms=round((time.perf_counter() - started) * 1000, 1),
        )
        return answer

    @property
    def event(self) -> APIGatewayProxyEventV2:
        return self.resolver.current_event

    @property
    def principal(self) -> Principal:
        """The caller, with the roles that count here; a route open to anyone has none."""
        return cast("Principal", self.resolver.context["principal"])

    @property
    def trusted_caller(self) -> str | None:
        """The token subject of a caller who acts for members; None for members and without a token.

        The ledger notes it on what the caller records.
        """
        principal: Principal | None = self.resolver.context.get("principal")
        return principal.subject if principal and principal.is_trusted else None

    @property
    def raw_body(self) -> bytes:
        """The body as it was sent, byte for byte."""
        return _bytes_of(self.event.body)

    @property
    def request_id(self) -> str:
        return self.event.request_context.request_id

    @property
    def source_ip(self) -> str | None:
        """The IP address that the request came from."""
        return self.event.request_context.http.source_ip or None

    def report_outcome(self, outcome: ActionOutcome) -> None:
        """Say what the request did, for the record of staff actions."""
        self.resolver.context["outcome"] = outcome

    def _route(self, method: str, rule: str, options: RouteOptions) -> _Register:
        status = options.get("status", 200)
        full_rule = options.get("prefix", PROGRAM_PREFIX) + rule
        allow = frozenset(options["allow"])
        if "<member_id>" in rule and self._acting_for is None:
            raise TypeError(f"{rule} names a member, and {self.service} cannot tell who may")
        acts = options.get("acts")
        middlewares: list[Callable[..., Any]] = [self._requests, self._responses, self._redact]
        if acts is not None:
            middlewares.append(self._recording(acts))
        route_key = f"{method} {full_rule.replace('<', '{').replace('>', '}')}"
        guard = self._guard(
            route_key,
            allow,
            options.get("body_bytes_max", BODY_BYTES_MAX),
            options.get("inspect"),
            is_of_program=full_rule.startswith(PROGRAM_PREFIX),
        )

        def register[F: Callable[..., Any]](handler: F, /) -> F:
            self.operations.append(
                Operation(
                    method=method,
                    rule=full_rule,
                    handler=handler,
                    allow=allow,
                    status=status,
                    also=options.get("also", ()),
                    bodies=options.get("bodies", {}),
                    media=options.get("media", ("text/html",)),
                    refuses=options.get("refuses", ()),
                    form=options.get("form"),
                    acts=acts,
                )
            )
            self.resolver.route(
                full_rule,
                method,
                summary=(handler.__doc__ or "").strip().split("\n")[0].rstrip("."),
                tags=[self.service],
                operation_id=handler.__name__,
                status_code=status,
                middlewares=[guard, *middlewares],
            )(handler)
            return handler

        return register

    def _guard(
        self,
        route_key: str,
        allow: frozenset[Role],
        body_bytes_max: int,
        inspect: Inspect | None,
        *,
        is_of_program: bool,
    ) -> Callable[[APIGatewayHttpResolver, NextMiddleware], Response[Any]]:
        def guard(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
            self._route_key = route_key
            app.context["inspect"] = inspect
            if not allow:
                return admit(app, next_middleware)
            caller = self._caller(is_of_program=is_of_program)
            app.context["principal"] = caller.acting_as(allow)
            with self._limited(self.principal):
                return admit(app, next_middleware)

        def admit(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
            if len(self.raw_body) > body_bytes_max:
                raise TooLarge(f"The body may have {body_bytes_max // 1024} KB.")
            path = app.request.path_parameters
            if self._acting_for and "member_id" in path:
                app.context["principal"], path["member_id"] = self._acting_for(
                    self.principal, path["member_id"], allow=allow
                )
            return next_middleware(app)

        return guard

    def _recording(
        self, acts: ActionName
    ) -> Callable[[APIGatewayHttpResolver, NextMiddleware], Response[Any]]:
        if self._actions is None:
            raise TypeError(f"{acts} is an action, and {self.service} cannot record it")
        open_actions = self._actions

        def record(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
            """Record the action of a staff member before it happens, and then what came of it."""
            principal = self.principal
            if not (principal.is_person and principal.is_trusted):
                return next_middleware(app)
            path = app.request.path_parameters
            program_id = path.get("program_id", DEPLOYMENT)
            actions = open_actions(program_id)
            action = begun(acts, principal, path=path, request_id=self.request_id)
            actions.begin(action)
            note_caller(program_id, principal)
            try:
                answer = next_middleware(app)
            except TryAgain:
                # It may have had its effect.
                complete(actions, action.failed())
                raise
            except Refusal as refusal:
                complete(actions, action.refused(refusal.code))
                raise
            except Exception:
                complete(actions, action.failed())
                raise
            complete(actions, action.done(app.context.get("outcome", ActionOutcome())))
            return answer

        return record

    @contextmanager
    def _limited(self, principal: Principal) -> Iterator[None]:
        """Answer a person within their share of this environment's time.

        Services are not limited: they are the merchant's own servers, and a sale is their peak.
        """
        limits = caller_limits() if self._limits_callers and principal.is_person else None
        if limits is None:
            yield
            return
        caller = f"{principal.program_id} {principal.subject}"
        started = time.perf_counter()
        limits.require(caller, now=started)
        try:
            yield
        finally:
            ended = time.perf_counter()
            limits.charge(caller, seconds=ended - started, now=ended)

    def _redact(
        self, app: APIGatewayHttpResolver, next_middleware: NextMiddleware
    ) -> Response[Any]:
        """Leave out of the response what the caller must not see."""
        answer = next_middleware(app)
        principal = app.context.get("principal")
        if principal is not None and not principal.sees_personal_data:
            answer.body = without(Personal, answer.body)
        if principal is not None and not principal.sees_staff:
            answer.body = without(OfStaff, answer.body)
        return answer

    def _caller(self, *, is_of_program: bool) -> Principal:
        context = self.event["requestContext"].get("authorizer", {}).get("lambda")
        if not context:
            # The gateway passes no request without a token to such a route.
            raise Unauthenticated
        # Issuers do not know the local cloud's clock, which can be moved.
        token = verified(context, now=time.time())
        names = settings(ClaimSettings)
        if is_of_program:
            program_id = self.resolver.request.path_parameters["program_id"]
            principal = principal_of(token, program_id=program_id, names=names, serves=may_serve)
        else:
            principal = operator_of(token, names=names)
        require_in_force(principal)
        return principal

    def _answer_errors(self) -> None:
        handle = self.resolver.exception_handler
        handle(Refusal)(self._refuse)
        handle(RequestValidationError)(self._refuse_invalid)
        handle(NotFoundError)(self._refuse_unknown_route)
        handle(ResponseValidationError)(self._break_contract)
        handle(pydantic.ValidationError)(self._break_contract)
        handle(Exception)(self._fail)

    def _refuse(self, refusal: Refusal) -> Response[str]:
        count("Refusals", code=refusal.code)
        self._refused = refusal.code
        return problems.problem(refusal, request_id=self.request_id)

    def _refuse_invalid(self, error: RequestValidationError) -> Response[str]:
        if not self.event.body and any(each["loc"] == ("body",) for each in error.errors()):
            return self._refuse(MalformedJson("The request has no body."))
        # Forms and raw bytes are not JSON, and parsing them as JSON would fail here.
        reads_body = any(each["loc"][0] == "body" for each in error.errors())
        body = self.event.json_body if reads_body and self.event.body else None
        naming = self.event.http_method == "PUT"
        inspect: Inspect | None = self.resolver.context.get("inspect")
        return self._refuse(invalid(error.errors(), body=body, naming=naming, inspect=inspect))

    def _refuse_unknown_route(self, _error: NotFoundError) -> Response[str]:
        return self._refuse(NotFound("There is no such route."))

    def _refuse_for_now(self, error: Exception) -> Response[str]:
        logger.warning("a service does not answer", failure=failure(error))
        return self._refuse(TryAgain("A service does not answer; repeating the request is safe."))

    def _break_contract(
        self, error: ResponseValidationError | pydantic.ValidationError
    ) -> Response[str]:
        count("ContractBroken")
        faults = [{"loc": each["loc"], "type": each["type"]} for each in error.errors()]
        logger.error("answer breaks its contract", faults=faults, failure=failure(error))
        return problems.failed(request_id=self.request_id)

    def _fail(self, error: Exception) -> Response[str]:
        if is_passing(error):
            return self._refuse_for_now(error)
        logger.error("failed", failure=failure(error))
        count("Failures")
        return problems.failed(request_id=self.request_id)


def create_app(
    service: str,
    *,
    acting_for: ActingFor | None = None,
    actions: OpenActions | None = None,
    limits_callers: bool = True,
) -> Api:
    """An API without routes.

    It needs `acting_for` if the path of a route names a member, and `actions` if a route is an
    action of staff.
    """
    snapshots.prepare()
    return Api(service, acting_for=acting_for, actions=actions, limits_callers=limits_callers)


@cache
def caller_limits() -> CallerLimits | None:
    """The buckets of this execution environment; None if callers are not limited."""
    limits = settings(CallerLimitSettings)
    if not (share := float(limits.caller_share_percent) / 100):
        return None
    return CallerLimits(burst_seconds=float(limits.caller_burst_seconds), share=share)


def reply[M](
    body: M, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response[M]:
    """A response with a status or headers other than those of its route."""
    return Response(
        status_code=status,
        content_type="application/json",
        body=body,
        headers=dict(headers or {}),
    )


def html_page(text: str, *, policy: str = FORM_POLICY, compress: bool = False) -> Response[Any]:
    """A page for a browser; `policy` is its Content-Security-Policy."""
    return Response(
        status_code=200,
        content_type="text/html; charset=utf-8",
        body=text,
        headers={"content-security-policy": policy},
        compress=compress,
    )


def _with_text_body(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event with its body as text, to be parsed as JSON whatever its content type.

    Bytes that are not UTF-8 stay recoverable, because signatures cover the original bytes.
    """
    headers = {**event.get("headers", {}), "content-type": "application/json"}
    body = event.get("body")
    if body and event.get("isBase64Encoded"):
        body = base64.b64decode(body).decode("utf-8", "surrogateescape")
    return {**event, "headers": headers, "body": body, "isBase64Encoded": False}


def _bytes_of(body: str | None) -> bytes:
    return (body or "").encode("utf-8", "surrogateescape")


def _parse_json(text: str) -> dict[str, Any]:
    """Parse a JSON object, more strictly than `json.loads` where RFC 8259 leaves a choice."""
    try:
        text.encode("utf-8")
        parsed = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except UnicodeEncodeError:
        raise MalformedJson("The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise MalformedJson(f"{error.msg} at line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise MalformedJson("The body is nested too deeply.") from None
    except ValueError:
        # The body holds an integer of thousands of digits.
        raise MalformedJson("The body holds a number that is too long to read.") from None
    if not isinstance(parsed, dict):
        raise ValidationFailed(
            "The body is not a JSON object.",
            faults=(Fault("", "object_type", "This must be a JSON object"),),
        )
    return parsed


def _refuse_constant(name: str) -> float:
    raise MalformedJson(f"{name} is not JSON.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise MalformedJson(f"The name “{twice}” appears twice in one object.")
    return made
