"""Generate what describes the product to other programs, or check that it is current.

`docs/openapi.json` and the copy that the API serves are merged from the handlers' own routes and
models; `docs/program.schema.json` is the schema of the program document, of which the console has a
copy to make its form from.
"""

import importlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

from pydantic import TypeAdapter

from loyalty.domain.kernel.errors import (
    Forbidden,
    InvalidCursor,
    MalformedJson,
    MissingIdempotencyKey,
    NotFound,
    Refusal,
    TooLarge,
    TooManyRequests,
    TryAgain,
    Unauthenticated,
    ValidationFailed,
)
from loyalty.domain.program.document import Program
from loyalty.edge.http.app import Api, Operation
from loyalty.edge.http.problems import CONTENT_TYPE, STATUS, Problem
from tools.api_examples import answer_example, request_example
from tools.generated import ROOT, Generated, generated_text, main

OPENAPI: Final = ROOT / "docs" / "openapi.json"
SERVED: Final = ROOT / "functions" / "program" / "openapi.json"
CONSOLE_SCHEMA: Final = (
    ROOT / "layers" / "loyalty" / "python" / "loyalty" / "console" / "program_schema.json"
)
PROGRAM_SCHEMA: Final = ROOT / "docs" / "program.schema.json"

# Resources, in the order in which a newcomer meets them.
TAGS: Final = {
    "program": "The program document, and this description.",
    "deployment": "The programs of a deployment, and the services that may act for them.",
    "people": "The people who work with a program, and their roles.",
    "members": "Members: enroll, find, read, change, merge, export, erase, and what they hold.",
    "orders": "Orders earn points; refunds take them back.",
    "rewards": "What points buy.",
    "campaigns": "Members join campaigns; managers see what is left of their budgets.",
    "referrals": "Members bring friends, and both get something.",
    "activities": "What members do besides buying, such as writing a review.",
    "boards": "How members stand on boards.",
    "segments": "Groups of members: how many they are, and who.",
    "redemptions": "Members spend points on rewards.",
    "vouchers": "Vouchers are checked and used, once.",
    "surveys": "Surveys, and the answers to them.",
    "messages": "Messages to members.",
    "storefronts": "Connected shops, and what they deliver.",
    "endpoints": "Your endpoints, and the events delivered to them as signed webhooks.",
    "console": "The page that staff run a program with.",
    "reports": "What the program brings in, as figures, pages and files.",
    "overview": "What needs a person today, and whatever a text names.",
    "actions": "What staff did, and which personal data they looked up.",
}
# The first segment of a path names its tag, unless it stands here.
TAG_OF: Final = {
    "check": "program",
    "drafts": "program",
    "versions": "program",
    "lists": "segments",
    "": "program",
    "openapi.json": "program",
    "jwks.json": "redemptions",
    "approvals": "members",
    "reviews": "orders",
    "entries": "members",
    "trials": "reports",
    "goals": "overview",
    "home": "overview",
    "search": "overview",
    "services": "deployment",
    "console": "console",
    "survey-links": "surveys",
    "unsubscribe": "messages",
    "webhooks": "storefronts",
}
GATEWAY: Final = {
    HTTPStatus.UNAUTHORIZED: "No token, or `unauthenticated`: it has expired; get a new one.",
    HTTPStatus.FORBIDDEN: (
        "A token that is forged or of another issuer, or `forbidden`, `own_account` or "
        "`second_manager`."
    ),
    HTTPStatus.TOO_MANY_REQUESTS: (
        "More requests than the route allows, or `too_many_requests` of one caller; slow down."
    ),
}
# A path parameter means the same on every route, unless the route describes it itself.
PATH_PARAMETERS: Final = {
    "activity_id": "The activity's id in the system that numbered it.",
    "approval_id": "The approval's id.",
    "referral_code": "A member's code for friends.",
    "board_id": "The board's id in the program document.",
    "campaign_id": "The campaign's id in the program document.",
    "challenge_id": "The challenge's id in the program document.",
    "code": "The voucher's code; case does not matter.",
    "delivery_id": "The delivery's id.",
    "digest": "The digest of the file's content.",
    "entry_id": "The entry's id, which begins with `ent_`.",
    "erasure_id": "The erasure's id.",
    "event_id": "The event's id.",
    "export_id": "The export's id.",
    "trial_id": "The trial's id.",
    "member_id": "The member's id; `me` is the member who is signed in.",
    "name": "The file's name.",
    "order_id": "The order's id in that shop or till.",
    "other_id": "The id of the other member.",
    "redemption_id": "The redemption's id.",
    "review_id": "The review's id.",
    "subject": "The subject (`sub`) of the person's tokens.",
    "segment_id": "The segment's id in the program document.",
    "source": "The shop or till in which the order was made, by your own name.",
    "survey_id": "The survey's id in the program document.",
}
FORM_TYPE: Final = "application/x-www-form-urlencoded"
_REF: Final = "#/components/schemas/"
_TEXT: Final = {"type": "string"}

type Json = dict[str, Any]


class DescriptionError(Exception):
    """The handlers cannot be described as one API."""


def apis() -> Iterator[Api]:
    """The HTTP functions' routes."""
    for path in sorted(ROOT.glob("functions/*/handler.py")):
        module = importlib.import_module(f"functions.{path.parent.name}.handler")
        if isinstance(api := getattr(module, "api", None), Api):
            yield api


def describe(parts: Iterable[Api], *, examples: bool = False) -> Json:
    """One OpenAPI document of several functions' routes.

    Raises:
        DescriptionError: two routes, two operations or two models share a name; with `examples`,
            an operation has none.
    """
    paths: dict[str, Json] = defaultdict(dict)
    schemas: dict[str, Json] = {}
    for api in parts:
        described = _readable(json.loads(api.resolver.get_openapi_json_schema()))
        described = _named_by_title(_with_one_model_for_both_ways(described))
        _merge_schemas(schemas, described.get("components", {}).get("schemas", {}))
        for operation in api.operations:
            path, method = _openapi_path(operation.rule), operation.method.lower()
            if method in paths[path]:
                raise DescriptionError(f"{operation.method} {path} is served twice")
            finished = _finished(described["paths"][path][method], operation)
            paths[path][method] = finished | {"tags": [_tag(path)]}
            if examples:
                _add_examples(paths[path][method])
    _require_unique_operations(paths)
    problem = TypeAdapter(Problem).json_schema(ref_template=f"{_REF}{{model}}")
    _merge_schemas(schemas, problem.pop("$defs") | {"Problem": problem})
    schemas["GatewayMessage"] = {
        "type": "object",
        "description": "An answer of the gateway itself, which is not problem details.",
        "properties": {"message": _TEXT | {"description": "Why, in words."}},
        "required": ["message"],
        "title": "GatewayMessage",
    }
    schemas = {
        name: _without_default_keywords(_with_lifted_descriptions(schema))
        for name, schema in schemas.items()
    }
    for name, example in _examples():
        if name in schemas:
            schemas[name]["examples"] = [example]
    return {
        "openapi": "3.1.0",
        "info": _info(),
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": [{"name": tag, "description": meaning} for tag, meaning in TAGS.items()],
        "paths": {path: paths[path] for path in sorted(paths)},
        "components": {
            "schemas": _referenced(schemas, paths),
            "securitySchemes": {"token": _security_scheme()},
        },
    }


def _examples() -> Iterator[tuple[str, Json]]:
    """Examples that are files of their own; others stand in their models."""
    yield "Program", json.loads((ROOT / "examples" / "coffee.json").read_text(encoding="utf-8"))


def generated() -> Iterator[Generated]:
    api = describe(apis(), examples=True)
    yield generated_text(OPENAPI, json.dumps(api, indent=2, ensure_ascii=False) + "\n")
    served = json.dumps(api, separators=(",", ":"), ensure_ascii=False)
    yield generated_text(SERVED, f"{served}\n")
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema |= Program.model_json_schema()
    text = json.dumps(schema, indent=2, ensure_ascii=False)
    yield generated_text(PROGRAM_SCHEMA, f"{text}\n")
    served = json.dumps(schema, separators=(",", ":"), ensure_ascii=False)
    yield generated_text(CONSOLE_SCHEMA, f"{served}\n")


def _info() -> Json:
    return {
        "title": "Loyalty",
        "version": version("loyalty"),
        "description": (
            "Points that are earned, spent, expire and add up. Times are RFC 3339 in UTC, amounts "
            "are integer minor units of their currency, integers are strict. What a function "
            "refuses is problem details (RFC 9457) with a stable `code`."
        ),
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    }


def _security_scheme() -> Json:
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": (
            "People present an ID token: members one of the members' issuer, staff one of the "
            "staff's issuer with groups `<program>/<role>`. Services present a client-credentials "
            "token of scope `loyalty/service`; operators register them and name their programs."
        ),
    }


def _tag(path: str) -> str:
    """The resource that a path is about.

    Raises:
        DescriptionError: no tag is known for it.
    """
    if not path.startswith("/v1/programs/"):
        path = path.replace("/v1/programs", "/v1/deployment")
    segments = path.removeprefix("/v1/").removeprefix("programs/{program_id}").strip("/").split("/")
    nested = segments[2] if len(segments) > 2 else ""
    first = nested if segments[0] == "members" and nested in TAGS else segments[0]
    tag = TAG_OF.get(first, first)
    if tag not in TAGS:
        raise DescriptionError(f"{path} belongs to no tag")
    return tag


def _openapi_path(rule: str) -> str:
    return rule.replace("<", "{").replace(">", "}")


def _finished(described: Json, operation: Operation) -> Json:
    """What the framework describes, with who may, and every answer that there can be."""
    success = described["responses"].pop(str(operation.status))
    success = _with_its_body(success, media=operation.media)
    responses = {
        str(status): _of_status(success, operation.bodies, status)
        | {"description": HTTPStatus(status).phrase}
        for status in (operation.status, *operation.also)
    }
    for status, codes in _refusals(described, operation).items():
        responses[str(status.value)] = _answer(
            ", ".join(f"`{code}`" for code in codes), CONTENT_TYPE, "Problem"
        )
    if operation.allow:
        for status, meaning in GATEWAY.items():
            answer = _answer(meaning, "application/json", "GatewayMessage")
            ours = responses.get(str(status.value), {"content": {}})
            answer["content"] |= ours["content"]
            responses[str(status.value)] = answer
    finished = described | {"responses": dict(sorted(responses.items()))}
    if "parameters" in described:
        finished["parameters"] = [_with_meaning(each) for each in described["parameters"]]
    _, *more = (operation.handler.__doc__ or "").strip().split("\n")
    roles = ", ".join(sorted(operation.allow)) or "anyone, without a token"
    lines = [*(line.strip() for line in more), f"For: {roles}."]
    finished["description"] = "\n".join(lines).strip()
    if not operation.allow:
        finished["security"] = []
    if operation.form:
        finished["requestBody"] = {
            "required": True,
            "content": {FORM_TYPE: {"schema": operation.form.model_json_schema()}},
        }
    return finished


def _add_examples(operation: Json) -> None:
    """Give an operation's request and its successful answers their examples.

    Raises:
        DescriptionError: there is none.
    """
    name = operation["operationId"]
    try:
        for content in operation.get("requestBody", {}).get("content", {}).values():
            content["example"] = request_example(name)
        for status, response in operation["responses"].items():
            if status < "300":
                for media, content in response.get("content", {}).items():
                    content["example"] = answer_example(name, status=status, media=media)
    except KeyError:
        raise DescriptionError(f"{name} has no example") from None


def _with_meaning(parameter: Json) -> Json:
    """A parameter with its description.

    Raises:
        DescriptionError: there is none.
    """
    if parameter["in"] == "path" and not parameter.get("description"):
        parameter = parameter | {"description": PATH_PARAMETERS.get(parameter["name"], "")}
    if not parameter.get("description"):
        raise DescriptionError(f"The parameter {parameter['name']} has no description")
    return parameter


def _of_status(success: Json, bodies: Mapping[int, type], status: int) -> Json:
    """A success as one status answers it, where the models of others are known by theirs."""
    schema = success.get("content", {}).get("application/json", {}).get("schema", {})
    if not bodies:
        return success
    of_others = {f"{_REF}{model.__name__}" for each, model in bodies.items() if each != status}
    forms = [form for form in schema["anyOf"] if form["$ref"] not in of_others]
    if status in bodies:
        forms = [{"$ref": f"{_REF}{bodies[status].__name__}"}]
    (form,) = forms
    return success | {"content": {"application/json": {"schema": form}}}


def _with_its_body(success: Json, *, media: tuple[str, ...]) -> Json:
    """A success as it is sent: nothing is no JSON, and text is what the operation calls it."""
    schema = success.get("content", {}).get("application/json", {}).get("schema", {})
    texts = {each: {"schema": _TEXT} for each in media}
    if schema.get("type") == "null":
        return {name: part for name, part in success.items() if name != "content"}
    if schema.get("type") == "string":
        return success | {"content": texts}
    models = [form for form in schema.get("anyOf", ()) if form != _TEXT]
    if len(models) == len(schema.get("anyOf", ())):
        return success
    (model,) = models
    return success | {"content": {"application/json": {"schema": model}} | texts}


def _readable(part: Any) -> Any:
    """What the framework made, as generators of clients can read it.

    It makes a float of every bound; those of integers are integers. A default of a choice, where
    it is an object, is left out: generators take no such default for one that may be null.
    """
    match part:
        case {"anyOf": _, "default": dict(), **rest}:
            return _readable({"anyOf": part["anyOf"], **rest})
        case {"in": "header", "name": str(name), **rest} if name == name.lower():
            # The framework writes headers in lower case; the docs and other APIs do not.
            return _readable({"in": "header", "name": name.title(), **rest})
        case dict():
            return {key: _readable(value) for key, value in part.items()}
        case list():
            return [_readable(each) for each in part]
        case float() if part.is_integer():
            return int(part)
    return part


def _named_by_title(described: Json) -> Json:
    """The description with each model under its title, which a model may choose."""
    schemas = described.get("components", {}).get("schemas", {})
    text = json.dumps(described)
    for name, schema in schemas.items():
        text = text.replace(f'"{_REF}{name}"', f'"{_REF}{schema.get("title", name)}"')
    named: Json = json.loads(text)
    if schemas:
        models = named["components"]["schemas"]
        named["components"]["schemas"] = {
            schema.get("title", name): schema for name, schema in models.items()
        }
    return named


def _with_one_model_for_both_ways(described: Json) -> Json:
    """The description with one schema for a model that is both sent and answered.

    The framework makes two where a default is written in two ways (`21:00:00` and `21:00`). The
    answered one is right: it satisfies its own pattern.

    Raises:
        DescriptionError: the two differ in more than defaults.
    """
    schemas = described.get("components", {}).get("schemas", {})
    both = [name.removesuffix("-Input") for name in schemas if name.endswith("-Input")]
    text = json.dumps(described)
    for name in both:
        text = text.replace(f'"{_REF}{name}-Input"', f'"{_REF}{name}"')
        text = text.replace(f'"{_REF}{name}-Output"', f'"{_REF}{name}"')
    one: Json = json.loads(text)
    for name in both:
        sent = one["components"]["schemas"].pop(f"{name}-Input")
        answered = one["components"]["schemas"].pop(f"{name}-Output")
        if _without_defaults(sent) != _without_defaults(answered):
            raise DescriptionError(f"{name} is answered in another shape than it is sent in")
        one["components"]["schemas"][name] = answered
    return one


def _with_lifted_descriptions(schema: Json) -> Json:
    """A model whose properties have the description of their only form besides null.

    The framework describes `MemberId | None` within the union, where generators do not look.
    """
    properties: Json = {}
    for name, part in schema.get("properties", {}).items():
        described = dict(part)
        forms = [form for form in part.get("anyOf", ()) if form != {"type": "null"}]
        if "description" not in described and len(forms) == 1 and "description" in forms[0]:
            described["description"] = forms[0]["description"]
        properties[name] = described
    return schema | {"properties": properties} if properties else schema


def _without_default_keywords(schema: Json) -> Json:
    """A model whose defaults are part of the descriptions.

    A generator for TypeScript requires a property that has a `default`, also in requests.
    """
    properties: Json = {}
    for name, part in schema.get("properties", {}).items():
        described = {key: value for key, value in part.items() if key != "default"}
        if part.get("default") not in (None, [], {}, ""):
            default = f"If left out: `{json.dumps(part['default'], ensure_ascii=False)}`."
            described["description"] = f"{part.get('description', '')} {default}".strip()
        properties[name] = described
    return schema | {"properties": properties} if properties else schema


def _without_defaults(part: Any) -> Any:
    match part:
        case dict():
            return {
                k: _without_defaults(v) for k, v in part.items() if k not in ("default", "title")
            }
        case list():
            return [_without_defaults(each) for each in part]
    return part


def _refusals(described: Json, operation: Operation) -> dict[HTTPStatus, list[str]]:
    """The codes of an operation's refusals, by status."""
    named = {each["name"].lower() for each in described.get("parameters", ())}
    refusals: set[type[Refusal]] = set(operation.refuses)
    if operation.allow:
        refusals |= {Forbidden, NotFound, TooManyRequests, TryAgain, Unauthenticated}
    if "requestBody" in described:
        refusals |= {MalformedJson, TooLarge, ValidationFailed}
    if operation.form:
        refusals |= {TooLarge, ValidationFailed}
    places = {each["in"] for each in described.get("parameters", ())}
    if "path" in places:
        # An id that cannot be one names nothing.
        refusals.add(NotFound)
    if places & {"query", "header"}:
        refusals.add(ValidationFailed)
    if "idempotency-key" in named:
        refusals.add(MissingIdempotencyKey)
    if "cursor" in named:
        refusals.add(InvalidCursor)
    by_status: dict[HTTPStatus, list[str]] = defaultdict(list)
    for code in sorted(refusal.code for refusal in refusals):
        by_status[STATUS[code]].append(code)
    by_status[HTTPStatus.INTERNAL_SERVER_ERROR] = ["internal_error"]
    return by_status


def _answer(description: str, content_type: str, model: str) -> Json:
    return {
        "description": description,
        "content": {content_type: {"schema": {"$ref": f"{_REF}{model}"}}},
    }


def _merge_schemas(into: dict[str, Json], schemas: dict[str, Json]) -> None:
    for name, schema in schemas.items():
        if into.setdefault(name, schema) != schema:
            raise DescriptionError(f"Two different models are called {name}")


def _require_unique_operations(paths: dict[str, Json]) -> None:
    seen: set[str] = set()
    for methods in paths.values():
        for described in methods.values():
            name = described["operationId"]
            if name in seen:
                raise DescriptionError(f"Two operations are called {name}")
            seen.add(name)


def _referenced(schemas: dict[str, Json], paths: dict[str, Json]) -> dict[str, Json]:
    """The schemas that the paths lead to; the framework adds some of its own."""
    reached: set[str] = set()
    waiting = set(_references(paths))
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting |= set(_references(schemas[name])) - reached
    return {name: schemas[name] for name in sorted(reached)}


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref":
                yield str(value).removeprefix(_REF)
            elif key == "mapping":
                yield from (str(each).removeprefix(_REF) for each in value.values())
            else:
                yield from _references(value)
    elif isinstance(part, list):
        for each in part:
            yield from _references(each)


if __name__ == "__main__":
    raise SystemExit(main(generated))
