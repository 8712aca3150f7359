"""The form of the program document: it knows the whole schema, and begins things that are sound."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from loyalty.domain.program.document import Program
from loyalty.domain.program.publication import faults
from tests.support.documents import document
from tests.support.scripts import CONSOLE, run_script

SCHEMA: Final[dict[str, Any]] = json.loads((CONSOLE / "program_schema.json").read_text())


def misfits(schema: dict[str, Any]) -> list[str]:
    found: list[str] = run_script(
        "return misfits(schema);", imports={"schema.js": "misfits"}, schema=schema
    )
    return found


def nodes(schema: object) -> Iterator[dict[str, Any]]:
    """Every object in a schema."""
    if isinstance(schema, dict):
        yield schema
    for child in schema.values() if isinstance(schema, dict) else ():
        yield from nodes(child)
    for child in schema if isinstance(schema, list) else ():
        yield from nodes(child)


def validator(node: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(node | {"$defs": SCHEMA["$defs"]})


def test_the_form_shows_everything_in_the_schema() -> None:
    assert misfits(SCHEMA) == []


@pytest.mark.parametrize(
    ("node", "place"),
    [
        ({"type": "integer", "multipleOf": 5}, "/properties/new/multipleOf"),
        ({"type": "number"}, "/properties/new"),
        ({"type": "string", "format": "uuid"}, "/properties/new/format"),
        ({"type": "string", "pattern": '[\\"]'}, "/properties/new/pattern"),
        ({"type": "array", "items": {"not": {}}}, "/properties/new/items/not"),
        ({"$ref": "#/$defs/New"}, "/$defs/New/if"),
    ],
)
def test_what_the_form_could_not_show_is_named(node: dict[str, Any], place: str) -> None:
    schema = {
        "type": "object",
        "properties": {"new": node},
        "$defs": {"New": {"type": "string", "if": {}}},
    }

    assert place in misfits(schema)


def test_every_default_is_what_a_document_could_say() -> None:
    stated = [node for node in nodes(SCHEMA) if "default" in node and "description" in node]

    assert len(stated) > 100
    assert [node for node in stated if not validator(node).is_valid(node["default"])] == []


def test_whatever_somebody_adds_begins_as_the_schema_wants_it() -> None:
    begun: dict[str, Any] = run_script(
        """
        const { starts } = programWords(new Format({ currency: "EUR", time_zone: "Europe/Paris" }));
        const { $defs } = schema;
        const parsed = new Schema(schema);
        const begin = (name) => filled(parsed.shapeOf({ $ref: `#/$defs/${name}` }), starts);
        const withId = (value) => "id" in value ? { ...value, id: "thing-1" } : value;
        return Object.fromEntries(Object.keys($defs).map((name) => [name, withId(begin(name))]));
        """,
        imports={
            "schema.js": "Schema",
            "schema_values.js": "filled",
            "program_words.js": "programWords",
            "format.js": "Format",
        },
        schema=SCHEMA,
    )

    # What only a person can know is empty.
    unsound = [
        (name, error.message)
        for name, value in begun.items()
        for error in validator({"$ref": f"#/$defs/{name}"}).iter_errors(value)
        if error.instance not in ("", [])
    ]
    assert unsound == []
    whole = document(
        rewards=[begun["Reward"]],
        earning_rules=[begun["EarningRule"]],
        campaigns=[begun["Campaign"] | {"id": "thing-2"}],
        tiers=begun["Tiers"],
        surveys=[begun["ProgramSurvey"]],
        inactivity=begun["Inactivity"],
        transfers=begun["Transfers"],
        presents={"sign_up": begun["SignUpPresent"], "anniversary": begun["AnniversaryPresent"]},
        messages={"templates": [begun["MessageTemplate"]]},
    )
    assert faults(Program.model_validate(whole)) == ()


@pytest.mark.parametrize(
    ("value", "shape", "mistake"),
    [
        (None, {"type": "integer", "minimum": 1}, "Fill this in."),
        (0, {"type": "integer", "minimum": 1}, "Enter 1 or more."),
        (61, {"type": "integer", "maximum": 60}, "Enter 60 or less."),
        ("12a", {"type": "integer"}, "Enter a whole number."),
        ("", {"type": "string", "minLength": 1}, "Fill this in."),
        ("🫘" * 3, {"type": "string", "maxLength": 2}, "This has 3 characters; 2 are allowed."),
        ("🫘" * 2, {"type": "string", "maxLength": 2}, None),
        ("tomorrow", {"type": "string", "format": "date"}, "Enter a day."),
        ("blue", {"enum": ["red"]}, "Choose one of these."),
        (None, {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}, None),
    ],
)
def test_a_mistake_in_a_field_is_seen_at_once(
    value: object, shape: dict[str, Any], mistake: str | None
) -> None:
    found = run_script(
        "return mistakeIn(new Schema({}).shapeOf(node), value, true);",
        imports={"schema.js": "Schema", "schema_values.js": "mistakeIn"},
        node=shape,
        value=value,
    )

    assert found == mistake
