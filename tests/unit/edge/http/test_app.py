"""The edge that every function shares, through HTTP events, over a till that keeps nothing."""

import json
from typing import Annotated, Any

import pytest

from loyalty.domain.kernel.errors import InsufficientPoints, TryAgain
from loyalty.edge.http.app import (
    ANYONE,
    Api,
    IdempotencyKey,
    PathId,
    ProgramId,
    create_app,
    html_page,
    reply,
)
from loyalty.edge.http.params import Body, Response
from loyalty.edge.http.schemas import (
    AnswerPart,
    ExternalId,
    Instant,
    Money,
    PageLimit,
    Points,
    RequestPart,
)
from loyalty.table.operations import Transient
from tests.support.http import Answer, Claims, Context, call, event, person, service, staff

BEAN = "/v1/programs/bean"
CASHIER = staff("bean", "cashier")


class TillLine(RequestPart):
    line_id: ExternalId
    amount: Money


class TillOrder(RequestPart):
    occurred_at: Instant
    points: Points = 1
    lines: tuple[TillLine, ...]


class TillAnswer(AnswerPart):
    lines: int
    who: str


@pytest.fixture
def till() -> Api:
    api = create_app("till")

    @api.post("/orders", allow={"cashier", "service"}, status=201)
    def order(program_id: ProgramId, order: Annotated[TillOrder, Body()]) -> TillAnswer:
        """Take an order."""
        return TillAnswer(lines=len(order.lines), who=api.principal.subject)

    @api.put("/tills/<till_id>", allow={"manager"})
    def name(program_id: ProgramId, till_id: PathId) -> Response[TillAnswer]:
        return reply(TillAnswer(lines=0, who=till_id), status=201, headers={"etag": '"1"'})

    @api.get("/tills/<till_id>", allow={"cashier"})
    def read(program_id: ProgramId, till_id: PathId, limit: PageLimit = 50) -> TillAnswer:
        return TillAnswer(lines=limit, who=till_id)

    @api.post("/keyed", allow={"cashier"})
    def keyed(program_id: ProgramId, key: IdempotencyKey) -> TillAnswer:
        return TillAnswer(lines=0, who=key)

    @api.get("/broken", allow=ANYONE)
    def broken(program_id: ProgramId) -> TillAnswer:
        return {"lines": "ana@example.com"}  # type: ignore[return-value]  # what is tested

    @api.get("/half-made", allow=ANYONE)
    def half_made(program_id: ProgramId) -> TillAnswer:
        return TillAnswer.model_validate({"lines": "ana@example.com"})

    @api.get("/failing", allow=ANYONE)
    def failing(program_id: ProgramId) -> TillAnswer:
        raise KeyError("ana@example.com")

    @api.get("/refusing", allow=ANYONE)
    def refusing(program_id: ProgramId) -> TillAnswer:
        raise InsufficientPoints("12 points can be spent.")

    @api.get("/busy", allow=ANYONE)
    def busy(program_id: ProgramId) -> TillAnswer:
        raise TryAgain

    @api.get("/throttled", allow=ANYONE)
    def throttled(program_id: ProgramId) -> TillAnswer:
        raise Transient("ThrottlingException")

    @api.post("/bytes", allow=ANYONE, body_bytes_max=10)
    def received(program_id: ProgramId) -> TillAnswer:
        return TillAnswer(lines=len(api.raw_body), who=api.raw_body.hex())

    return api


def an_order(**parts: Any) -> dict[str, Any]:
    line = {"line_id": "1", "amount": {"amount": 4999, "currency": "EUR"}}
    return {"occurred_at": "2026-11-21T10:00:00Z", "lines": [line]} | parts


def post_order(till: Api, *, as_: Claims | None = CASHIER, **sent: Any) -> Answer:
    return call(till, "POST", f"{BEAN}/orders", as_=as_, **sent)


def logged(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_a_good_request_is_answered_with_the_status_of_its_route(till: Api) -> None:
    answer = post_order(till, body=an_order())

    assert (answer.status, answer.body) == (201, {"lines": 1, "who": "staff-1"})
    assert answer.headers["content-type"] == "application/json"


def test_an_answer_may_have_a_status_and_headers_of_its_own(till: Api) -> None:
    answer = call(till, "PUT", f"{BEAN}/tills/front", as_=staff("bean", "manager"))

    assert (answer.status, answer.headers["etag"]) == (201, '"1"')


def test_an_answer_that_says_nothing_has_an_empty_body() -> None:
    api = create_app("till")

    @api.delete("/till", allow={"manager"}, status=204)
    def remove(program_id: ProgramId) -> Response[None]:
        return Response(status_code=204, body=None)

    removing = event("DELETE", f"{BEAN}/till", as_=staff("bean", "manager"))
    answer = api(removing, Context())

    assert (answer["statusCode"], answer["body"]) == (204, "")


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", ""])
def test_a_body_is_json_whatever_the_client_called_it(till: Api, content_type: str) -> None:
    answer = post_order(till, body=an_order(), headers={"content-type": content_type})

    assert answer.status == 201


def test_a_body_that_the_gateway_wrapped_in_base64_is_read(till: Api) -> None:
    assert post_order(till, raw=json.dumps(an_order()).encode()).status == 201


@pytest.mark.parametrize(
    "raw",
    [
        None, "", "{", "nope", '{"a": NaN}', '{"a": -Infinity}', '{"a": 1, "a": 2}', "[" * 100_000,
        '{"a": ' + "1" * 5000 + "}", b"\xff\xfe", b'{"a": "\xe9"}', "--boundary",
    ],
)  # fmt: skip
def test_what_is_not_json_is_malformed(till: Api, raw: str | bytes | None) -> None:
    answer = post_order(till, raw=raw)

    assert (answer.status, answer.code) == (400, "malformed_json")


@pytest.mark.parametrize("raw", ["null", "[]", "1", '"text"', json.dumps([an_order()])])
def test_json_that_is_no_object_is_not_valid(till: Api, raw: str) -> None:
    answer = post_order(till, raw=raw)

    assert (answer.status, answer.code) == (422, "validation_failed")
    assert answer.pointers == {"": "object_type"}


@pytest.mark.parametrize(
    ("parts", "pointers"),
    [
        ({"points": 12.0}, {"/points": "int_type"}),
        ({"points": "12"}, {"/points": "int_type"}),
        ({"points": True}, {"/points": "int_type"}),
        ({"points": -1}, {"/points": "greater_than_equal"}),
        ({"points": 10**400}, {"/points": "less_than_equal"}),
        ({"points": 1e400}, {"/points": "int_type"}),
        ({"nickname": 1, "a/b": 2}, {"/nickname": "extra_forbidden", "/a~1b": "extra_forbidden"}),
        ({"lines": {}}, {"/lines": "tuple_type"}),
        ({"lines": [1]}, {"/lines/0": "model_attributes_type"}),
        (
            {"lines": [{"line_id": "a b", "amount": {"amount": 1, "currency": "eur"}}]},
            {
                "/lines/0/line_id": "string_pattern_mismatch",
                "/lines/0/amount/currency": "string_pattern_mismatch",
            },
        ),
        ({"lines": [{"line_id": "1"}]}, {"/lines/0/amount": "missing"}),
        ({"lines": [{"line_id": "\ud800"}]}, None),
        ({"occurred_at": "2026-11-21"}, {"/occurred_at": "time_form"}),
        ({"occurred_at": "2026-11-21T10:00:00"}, {"/occurred_at": "time_form"}),
        ({"occurred_at": 1_795_255_200}, {"/occurred_at": "time_form"}),
        ({"occurred_at": "0001-01-01T00:00:00Z"}, {"/occurred_at": "date_out_of_range"}),
        ({"occurred_at": "9999-12-31T23:59:59Z"}, {"/occurred_at": "date_out_of_range"}),
    ],
)
def test_every_mistake_is_named_with_its_pointer(
    till: Api, parts: dict[str, Any], pointers: dict[str, str] | None
) -> None:
    raw = json.dumps(an_order(**parts)).replace("Infinity", "1e400")

    answer = post_order(till, raw=raw)

    assert (answer.status, answer.code) == (422, "validation_failed")
    if pointers is not None:
        assert answer.pointers == pointers


def test_what_was_typed_is_not_repeated_in_the_answer(till: Api) -> None:
    answer = post_order(till, body=an_order(occurred_at="ana@example.com", points="Ana"))

    assert answer.status == 422
    assert "ana" not in answer.text.lower()


def test_a_body_over_256_kb_is_too_large(till: Api) -> None:
    room = 256 * 1024 - len('{"a": ""}')
    largest, larger = (json.dumps({"a": "x" * length}) for length in (room, room + 1))

    assert post_order(till, raw=largest).status == 422
    assert (post_order(till, raw=larger).code, post_order(till, raw=larger).status) == (
        "too_large",
        413,
    )


def test_who_may_not_is_told_so_before_anything_is_read(till: Api) -> None:
    huge = "x" * 300_000

    assert post_order(till, as_=staff("bean", "analyst"), raw=huge).code == "forbidden"
    assert post_order(till, as_=person(), raw=huge).code == "forbidden"
    assert post_order(till, as_=None, raw=huge).code == "unauthenticated"
    assert post_order(till, as_=staff("other", "cashier"), raw=huge).code == "not_found"
    assert post_order(till, as_=service("other"), raw=huge).status == 404


@pytest.mark.parametrize("role", ["cashier", "service"])
def test_who_may_is_who_the_route_names(till: Api, role: str) -> None:
    caller = service("bean") if role == "service" else staff("bean", role)

    assert post_order(till, as_=caller, body=an_order()).status == 201


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("GET", "/v1/programs"),
        ("DELETE", f"{BEAN}/orders"),
        ("GET", f"{BEAN}/orders/"),
        ("OPTIONS", f"{BEAN}/orders"),
    ],
)
def test_an_unknown_route_is_a_problem_too(till: Api, method: str, path: str) -> None:
    answer = call(till, method, path, as_=CASHIER)

    assert (answer.status, answer.code) == (404, "not_found")


def test_a_path_that_cannot_name_anything_names_nothing(till: Api) -> None:
    answer = call(till, "GET", f"{BEAN}/tills/front desk", as_=CASHIER)

    assert (answer.status, answer.code) == (404, "not_found")


def test_a_name_outside_the_pattern_is_refused_where_one_is_given(till: Api) -> None:
    answer = call(till, "PUT", f"{BEAN}/tills/front desk", as_=staff("bean", "manager"))

    assert (answer.status, answer.pointers) == (
        422,
        {"/path/till_id": "string_pattern_mismatch"},
    )


@pytest.mark.parametrize("limit", ["0", "101", "many", "1.5", ""])
def test_a_page_limit_out_of_bounds_is_refused(till: Api, limit: str) -> None:
    answer = call(till, "GET", f"{BEAN}/tills/front", as_=CASHIER, query={"limit": limit})

    assert (answer.status, list(answer.pointers)) == (422, ["/query/limit"])


def test_a_request_that_needs_a_key_says_so(till: Api) -> None:
    answer = call(till, "POST", f"{BEAN}/keyed", as_=CASHIER)

    assert (answer.status, answer.code) == (400, "missing_idempotency_key")


@pytest.mark.parametrize("key", ["k", "a, b", "x" * 255, "{7}"])
def test_an_idempotency_key_arrives_in_force_sent(till: Api, key: str) -> None:
    answer = call(till, "POST", f"{BEAN}/keyed", as_=CASHIER, headers={"Idempotency-Key": key})

    assert answer.body["who"] == key


@pytest.mark.parametrize("key", ["", "x" * 256, "clé", "a\tb"])
def test_an_idempotency_key_is_1_to_255_printable_ascii_characters(till: Api, key: str) -> None:
    answer = call(till, "POST", f"{BEAN}/keyed", as_=CASHIER, headers={"Idempotency-Key": key})

    assert (answer.status, list(answer.pointers)) == (422, ["/header/idempotency-key"])


def test_a_refusal_is_a_problem_with_its_own_words(till: Api) -> None:
    answer = call(till, "GET", f"{BEAN}/refusing")

    assert (answer.status, answer.code) == (409, "insufficient_points")
    assert answer.body["detail"] == "12 points can be spent."


@pytest.mark.parametrize("route", ["busy", "throttled"])
def test_a_refusal_to_be_repeated_says_when(till: Api, route: str) -> None:
    answer = call(till, "GET", f"{BEAN}/{route}")

    assert (answer.status, answer.code) == (503, "try_again")
    assert answer.headers["retry-after"] == "1"


def test_a_refusal_is_counted_by_its_code(till: Api, capsys: pytest.CaptureFixture[str]) -> None:
    call(till, "GET", f"{BEAN}/refusing")

    (counted,) = (line for line in logged(capsys.readouterr().out) if "_aws" in line)
    assert counted["Refusals"] == 1
    assert counted["code"] == "insufficient_points"
    (declared,) = counted["_aws"]["CloudWatchMetrics"]
    assert (declared["Namespace"], declared["Dimensions"]) == ("Loyalty", [["service", "code"]])


@pytest.mark.parametrize("route", ["broken", "half-made"])
def test_an_answer_that_breaks_its_contract_is_our_fault_and_an_alarm(
    till: Api, route: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = call(till, "GET", f"{BEAN}/{route}")

    assert (answer.status, answer.code) == (500, "internal_error")
    assert '"ContractBroken":1' in capsys.readouterr().out


def test_what_was_not_foreseen_is_answered_without_details(till: Api) -> None:
    answer = call(till, "GET", f"{BEAN}/failing")

    assert (answer.status, answer.code) == (500, "internal_error")
    assert "KeyError" not in answer.text


@pytest.mark.parametrize("route", ["failing", "broken", "half-made"])
def test_what_people_typed_is_never_logged(
    till: Api,
    route: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = call(till, "GET", f"{BEAN}/{route}")

    captured = capsys.readouterr()
    answered = captured.out + captured.err + answer.text
    assert "ana@example.com" not in answered


def test_the_request_id_is_in_the_answer_and_in_every_problem(till: Api) -> None:
    good = post_order(till, body=an_order())
    bad = call(till, "GET", "/nowhere")

    assert good.headers["x-request-id"] == bad.headers["x-request-id"] == bad.body["request_id"]
    assert good.headers["x-request-id"] == event("GET", "/")["requestContext"]["requestId"]


def test_the_log_names_the_operation_where_several_share_a_route_of_the_gateway(
    till: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    request = event("GET", f"{BEAN}/tills/one", as_=CASHIER)
    request |= {"routeKey": "GET /v1/programs/{program_id}/tills/{proxy+}"}

    till(request, Context())

    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["route"] == "GET /v1/programs/{program_id}/tills/{till_id}"


def test_answers_are_not_to_be_stored(till: Api) -> None:
    assert post_order(till, body=an_order()).headers["cache-control"] == "no-store"


def test_no_answer_gives_its_address_away_or_lets_its_type_be_guessed(till: Api) -> None:
    answers = [
        post_order(till, body=an_order()),
        call(till, "GET", "/nowhere"),
    ]

    for answer in answers:
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_page_runs_no_script_unless_its_policy_says_so() -> None:
    api = create_app("page")

    @api.get("/page", allow=ANYONE)
    def page(program_id: ProgramId) -> Response[str]:
        return html_page("<!doctype html>")

    answer = call(api, "GET", f"{BEAN}/page")

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "script-src" not in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("raw", [b"score=2", b"\x00\xff\xfe", b"{", b""])
def test_a_body_that_is_no_json_does_not_hide_that_the_path_names_nothing(
    till: Api, raw: bytes
) -> None:
    answer = call(till, "POST", "/v1/programs/NOT_AN_ID/bytes", raw=raw)

    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize("raw", [b"\x00\xff\xfe", b"", "é".encode(), b"{}"])
def test_a_handler_can_have_the_body_byte_for_byte(till: Api, raw: bytes) -> None:
    answer = call(till, "POST", f"{BEAN}/bytes", raw=raw)

    assert answer.body == {"lines": len(raw), "who": raw.hex()}


def test_one_request_knows_nothing_of_the_caller_before(till: Api) -> None:
    post_order(till, as_=staff("bean", "cashier", subject="first"), body=an_order())

    answer = post_order(till, as_=staff("bean", "cashier", subject="second"), body=an_order())

    assert answer.body["who"] == "second"
