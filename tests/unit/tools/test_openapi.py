"""The API's description: made from the handlers, current, and whole."""

import json
from typing import Any, get_type_hints

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, create_model

from infra.routes import CATCH_ALL, ROUTES
from loyalty.domain.program.document import Program
from loyalty.edge.http.app import ANYONE, Api, IdempotencyKey, ProgramId, create_app, reply
from loyalty.edge.http.params import Response
from loyalty.edge.http.schemas import AnswerPart, Cursor
from tests.support.documents import document
from tools.api_examples import ANSWERS, REQUESTS
from tools.openapi import OPENAPI, PROGRAM_SCHEMA, SERVED, DescriptionError, apis, describe


def an_api(service: str, *, rule: str = "/orders", fields: tuple[str, ...] = ("id",)) -> Api:
    """An API of one operation whose answer is a model called Thing."""
    api = create_app(service)
    named: Any = dict.fromkeys(fields, str)
    thing = create_model("Thing", __base__=AnswerPart, **named)

    def list_things(program_id: str, key: IdempotencyKey, cursor: Cursor = None) -> Any:
        """List things."""
        return reply(thing.model_validate({}))

    list_things.__name__ = f"list_{service}"
    list_things.__annotations__ |= {"program_id": ProgramId, "return": Response[thing]}
    api.post(rule, allow={"manager"}, status=201, also=(200,))(list_things)
    return api


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    description: dict[str, Any] = json.loads(OPENAPI.read_text(encoding="utf-8"))
    return description


def operations(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }


def test_every_route_of_the_gateway_is_described_and_none_besides(
    described: dict[str, Any],
) -> None:
    routes = {route.key for route in ROUTES if route.path != CATCH_ALL}

    assert set(operations(described)) == routes


def test_only_routes_that_need_no_token_say_so(described: dict[str, Any]) -> None:
    open_to_anyone = {route.key for route in ROUTES if not route.signed_in} - {CATCH_ALL}

    public = {name for name, each in operations(described).items() if each.get("security") == []}

    assert public == open_to_anyone


def test_the_copy_that_is_served_says_the_same(described: dict[str, Any]) -> None:
    assert json.loads(SERVED.read_text(encoding="utf-8")) == described


def test_the_schema_of_a_program_accepts_the_example_and_refuses_what_publishing_refuses() -> None:
    schema = json.loads(PROGRAM_SCHEMA.read_text(encoding="utf-8"))
    validator = Draft202012Validator(schema)

    Draft202012Validator.check_schema(schema)
    assert validator.is_valid(document())
    assert not validator.is_valid(document(nickname="B&L"))
    assert not validator.is_valid(document(pending_days=-1))
    assert not validator.is_valid(document(expiry={"model": "never", "months": 1}))


def test_every_answer_of_an_operation_is_described() -> None:
    (operation,) = operations(describe([an_api("till")])).values()

    assert list(operation["responses"]) == [
        "200", "201", "400", "401", "403", "404", "422", "429", "500", "503",
    ]  # fmt: skip
    assert operation["responses"]["200"]["content"] == operation["responses"]["201"]["content"]
    assert operation["responses"]["400"]["description"] == "`missing_idempotency_key`"
    assert operation["responses"]["422"]["description"] == "`invalid_cursor`, `validation_failed`"


def test_an_operation_open_to_anyone_needs_no_token() -> None:
    api = create_app("till")

    @api.get("/rewards", allow=ANYONE)
    def hours(program_id: ProgramId) -> str:
        """Say when the till is open."""
        return "always"

    (operation,) = operations(describe([api])).values()
    assert operation["security"] == []
    # A program id that cannot be one names no program.
    assert list(operation["responses"]) == ["200", "404", "500"]
    assert operation["responses"]["404"]["description"] == "`not_found`"


def test_a_form_is_described_with_its_refusals() -> None:
    api = create_app("till")
    sheet = create_model("Sheet", stars=(int, ...))

    @api.post("/surveys", allow=ANYONE, form=sheet)
    def stars(program_id: ProgramId) -> str:
        """Take a form."""
        return "thanks"

    (operation,) = operations(describe([api])).values()
    (content,) = operation["requestBody"]["content"].items()
    assert content[0] == "application/x-www-form-urlencoded"
    assert content[1]["schema"]["properties"]["stars"]["type"] == "integer"
    assert operation["requestBody"]["required"]
    assert list(operation["responses"]) == ["200", "404", "413", "422", "500"]


def test_a_report_is_described_as_json_as_csv_and_as_a_page(described: dict[str, Any]) -> None:
    report = operations(described)["GET /v1/programs/{program_id}/reports/{name}"]

    content = report["responses"]["200"]["content"]
    assert {media: each["schema"] for media, each in content.items()} == {
        "application/json": {"$ref": "#/components/schemas/ReportAnswer"},
        "text/csv": {"type": "string"},
        "text/html": {"type": "string"},
    }


def test_an_answer_without_content_is_described(described: dict[str, Any]) -> None:
    for name, operation in operations(described).items():
        if name.startswith("DELETE") and "200" not in operation["responses"]:
            assert operation["responses"]["204"] == {"description": "No Content"}


def test_bounds_of_integers_are_integers(described: dict[str, Any]) -> None:
    reward = described["components"]["schemas"]["Reward"]

    assert json.dumps(reward["properties"]["cost_points"]["maximum"]) == str(10**12)


def test_only_schemas_that_something_uses_are_described(described: dict[str, Any]) -> None:
    text = json.dumps(described)

    assert all(
        f'"#/components/schemas/{name}"' in text for name in described["components"]["schemas"]
    )


def test_the_same_model_in_two_functions_is_described_once() -> None:
    both = describe([an_api("till"), an_api("desk", rule="/vouchers")])

    assert list(both["components"]["schemas"]) == [
        "GatewayMessage", "Problem", "ProblemFault", "Thing",
    ]  # fmt: skip


def test_two_models_of_one_name_are_refused() -> None:
    with pytest.raises(DescriptionError, match="Two different models are called Thing"):
        describe([an_api("till"), an_api("desk", rule="/vouchers", fields=("name",))])


def test_two_operations_of_one_name_or_place_are_refused() -> None:
    with pytest.raises(DescriptionError, match="Two operations are called list_till"):
        describe([an_api("till"), an_api("till", rule="/vouchers")])
    with pytest.raises(DescriptionError, match="is served twice"):
        describe([an_api("till"), an_api("desk")])


def test_an_operation_belongs_to_the_resource_of_its_path(described: dict[str, Any]) -> None:
    tags = {each["operationId"]: each["tags"] for each in operations(described).values()}

    assert tags["adjust_balance"] == ["members"]
    assert tags["redeem"] == ["redemptions"]
    assert tags["list_member_rewards"] == tags["list_rewards"] == ["rewards"]
    assert tags["receive_delivery"] == tags["connect_storefront"] == ["storefronts"]
    assert {tag for (tag,) in tags.values()} == {tag["name"] for tag in described["tags"]}


def test_an_operation_of_no_known_resource_is_refused() -> None:
    with pytest.raises(DescriptionError, match="belongs to no tag"):
        describe([an_api("till", rule="/things")])


def test_properties_that_are_always_answered_are_required(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    answered = [schemas[name] for name in schemas if name.endswith(("Answer", "Page"))]

    assert answered
    for schema in answered:
        assert set(schema["required"]) == set(schema["properties"]), schema["title"]


def test_a_status_with_a_model_of_its_own_answers_nothing_else(described: dict[str, Any]) -> None:
    recorded = operations(described)["POST /v1/programs/{program_id}/orders"]["responses"]

    models = {
        status: recorded[status]["content"]["application/json"]["schema"]["$ref"].split("/")[-1]
        for status in ("200", "201", "202")
    }

    assert models == {"200": "OrderEarned", "201": "OrderEarned", "202": "OrderKept"}


def test_a_header_is_spelled_as_in_the_docs(described: dict[str, Any]) -> None:
    names = {
        each["name"]
        for operation in operations(described).values()
        for each in operation.get("parameters", ())
        if each["in"] == "header"
    }

    assert names == {"Idempotency-Key", "If-Match", "If-None-Match"}


PAGE = {"limit", "cursor"}
KEY = {"Idempotency-Key"}
# A query parameter without an alias has the name of a Python variable, and renaming the variable
# would rename it for every client.
PARAMETERS = {
    "adjust_balance": KEY,
    "cancel_redemption": KEY,
    "check_program": {"version"},
    "complete_redemption": KEY,
    "enroll_member": KEY,
    "explain_balance": {"at"},
    "export_member": {"cursor"},
    "list_actions": PAGE | {"target", "action", "to", "by", "from"},
    "list_approvals": PAGE | {"state"},
    "list_deliveries": PAGE,
    "list_deployment_actions": PAGE | {"target", "action", "to", "by", "from"},
    "list_endpoint_deliveries": PAGE,
    "list_erasure_requests": PAGE,
    "list_held_referrals": PAGE,
    "list_history": PAGE,
    "list_member_activities": PAGE,
    "list_member_actions": PAGE | {"to", "from"},
    "list_messages": PAGE,
    "list_people": PAGE,
    "list_programs": PAGE,
    "list_redemptions": PAGE,
    "list_reviews": PAGE | {"state"},
    "list_report_exports": PAGE,
    "read_board": {"window"},
    "list_segment_members": PAGE,
    "list_services": PAGE,
    "list_survey_responses": PAGE,
    "list_trials": PAGE,
    "grant_reward": KEY,
    "list_versions": PAGE,
    "merge_members": KEY,
    "publish_program": {"If-Match", "If-None-Match", "note"},
    "read_balance": {"at"},
    "read_program": {"version"},
    "read_report": {"from", "to", "by", "within_days", "segment"},
    "read_statement": {"from", "to"},
    "read_version": {"with"},
    "redeem": KEY,
    "save_draft": {"If-Match", "If-None-Match"},
    "remove_person": {"erase"},
    "request_report_export": KEY,
    "transfer_points": KEY,
    "use_voucher": KEY,
}


def test_query_and_header_parameters_keep_their_names(described: dict[str, Any]) -> None:
    names = {
        each["operationId"]: {
            part["name"] for part in each.get("parameters", ()) if part["in"] != "path"
        }
        for each in operations(described).values()
    }

    assert {name: parts for name, parts in names.items() if parts} == PARAMETERS


def test_a_thing_that_is_sent_and_answered_is_one_model(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]

    assert "Program" in schemas
    assert not [name for name in schemas if "-" in name]


def test_every_model_and_every_property_is_described(described: dict[str, Any]) -> None:
    missing = [
        f"{name}.{field}"
        for name, schema in described["components"]["schemas"].items()
        for field, part in {"": schema, **schema.get("properties", {})}.items()
        if not part.get("description") and "enum" not in schema
    ]

    assert missing == []


def test_every_operation_has_a_short_summary_and_a_description(described: dict[str, Any]) -> None:
    for name, operation in operations(described).items():
        summary = operation["summary"]
        *lines, roles = operation["description"].split("\n")

        assert 10 < len(summary) <= 90, name
        assert ". " not in summary, name
        assert "".join(lines).endswith("."), name
        assert roles.startswith("For: "), name


def test_every_request_and_every_answer_has_an_example_that_is_valid(
    described: dict[str, Any],
) -> None:
    contents = {
        f"{operation['operationId']} {place} {media}": content
        for operation in operations(described).values()
        for place, message in [
            ("request", operation.get("requestBody", {})),
            *((code, each) for code, each in operation["responses"].items() if code < "300"),
        ]
        for media, content in message.get("content", {}).items()
    }

    assert len(contents) > 90
    for name, content in contents.items():
        whole = content["schema"] | {"components": described["components"]}
        validator = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
        assert [error.message for error in validator.iter_errors(content["example"])] == [], name


def test_the_models_accept_the_examples_of_requests() -> None:
    handlers = [operation.handler for api in apis() for operation in api.operations]
    bodies = {
        handler.__name__: annotation
        for handler in handlers
        for name, annotation in get_type_hints(handler).items()
        if name != "return" and isinstance(annotation, type) and issubclass(annotation, BaseModel)
    }

    # It takes any document, and answers what is wrong with it.
    bodies["check_program"] = Program

    assert {*bodies, "answer_survey_by_link"} == {*REQUESTS}
    for name, model in bodies.items():
        model.model_validate_json(json.dumps(REQUESTS[name]))


def test_an_operation_without_an_example_is_refused() -> None:
    with pytest.raises(DescriptionError, match="list_till has no example"):
        describe([an_api("till")], examples=True)


def test_there_is_no_example_of_an_unknown_operation(described: dict[str, Any]) -> None:
    names = {operation["operationId"] for operation in operations(described).values()}

    assert {*REQUESTS, *ANSWERS} <= names


def test_every_parameter_is_described(described: dict[str, Any]) -> None:
    for operation in operations(described).values():
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], f"{operation['operationId']}: {parameter['name']}"


def test_a_description_within_a_union_with_null_is_that_of_the_property(
    described: dict[str, Any],
) -> None:
    page = described["components"]["schemas"]["HistoryPage"]

    assert "`cursor`" in page["properties"]["next_cursor"]["description"]


# Swift, Kotlin and TypeScript have an `Error`, a `Result`, a `Data`, a `Date` of their own.
NAMES_OF_ONE_WORD = {
    "Adjustments",
    "Badge",
    "Board",
    "Budget",
    "Campaign",
    "Catalogue",
    "Challenge",
    "Economics",
    "Gift",
    "Households",
    "Goal",
    "Goals",
    "Inactivity",
    "Messages",
    "Money",
    "Plan",
    "Presents",
    "Prize",
    "Problem",
    "Program",
    "Referrals",
    "Reminders",
    "Reward",
    "Safeguard",
    "Segment",
    "Streak",
    "Tiers",
    "Transfers",
    "Trouble",
}


def test_a_model_has_a_name_of_one_word_only_if_it_is_a_word_of_the_product(
    described: dict[str, Any],
) -> None:
    names = described["components"]["schemas"]

    assert {name for name in names if sum(map(str.isupper, name)) == 1} <= NAMES_OF_ONE_WORD


@pytest.mark.parametrize(
    ("schema", "field"),
    [
        ("DeliveryAnswer", "reason"),
        ("DeliveryAnswer", "status"),
        ("EntryAnswer", "kind"),
        ("MemberAnswer", "status"),
        ("MemberReward", "why_not"),
        ("Problem", "code"),
        ("ReportColumn", "type"),
        ("VoucherStepAnswer", "reason"),
    ],
)
def test_stable_words_are_listed(described: dict[str, Any], schema: str, field: str) -> None:
    part = described["components"]["schemas"][schema]["properties"][field]

    assert len(part["enum"]) > 2


def test_no_two_schemas_say_the_same(described: dict[str, Any]) -> None:
    shapes: dict[str, str] = {}
    for name, schema in described["components"]["schemas"].items():
        if schema.get("type") != "object" or not schema.get("properties"):
            continue
        shape = json.dumps([schema["properties"], schema.get("required")], sort_keys=True)
        assert shapes.setdefault(shape, name) == name


def test_the_code_of_a_problem_is_an_enum(described: dict[str, Any]) -> None:
    code = described["components"]["schemas"]["Problem"]["properties"]["code"]

    assert {"insufficient_points", "internal_error", "order_conflict"} <= set(code["enum"])


def test_a_default_is_described_in_words_because_generators_take_it_for_required(
    described: dict[str, Any],
) -> None:
    line = described["components"]["schemas"]["OrderLine"]["properties"]["quantity"]

    assert line["description"].endswith("If left out: `1`.")
    assert '"default":' not in json.dumps(described["components"])
