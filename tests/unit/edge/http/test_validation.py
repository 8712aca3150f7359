"""What is wrong with a request, said once, by its place and in plain words."""

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError

from loyalty.domain.kernel.fields import CurrencyCode, Day
from loyalty.domain.program.document import Program
from loyalty.domain.program.publication import faults_of_broken
from loyalty.edge.http.validation import PATTERNS, invalid, pointer_to
from tests.support.documents import document, reward
from tools.openapi import OPENAPI

NAME = r"^[a-z][a-z0-9_]{0,31}$"
# The voice of the library, which knows types and not people.
THEIRS = re.compile(r"Input|should|Value error|Tuple|String|instance|valid \w+, unable|permitted")


def mistakes(body: object, model: type[BaseModel], **options: Any) -> dict[str, str]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(body)
    errors = [{**error, "loc": ("body", *error["loc"])} for error in caught.value.errors()]
    refusal = invalid(errors, body=body, naming=False, **options)
    assert len({fault.pointer for fault in refusal.faults}) == len(refusal.faults)
    return {fault.pointer: fault.detail for fault in refusal.faults}


def of_program(**parts: Any) -> dict[str, str]:
    return mistakes(document(**parts), Program, inspect=faults_of_broken)


def test_mistakes_of_fields_and_of_the_whole_are_named_in_one_answer() -> None:
    found = of_program(
        currency="Euro",
        time_zone="Mars",
        rewards=[reward(cots=40), reward(id="brezel"), reward(id="brezel")],
        messages={"templates": [{"kind": "welcome", "subject": "{{ bonuss }}", "body": "Hi"}]},
    )
    del found["/messages/templates/0/subject"]

    assert found == {
        "/currency": "Write a currency as three capital letters, such as EUR",
        "/time_zone": "There is no time zone “Mars” in the IANA database",
        "/rewards/0/cots": "There is no field “cots” here",
        "/rewards/2/id": "/rewards/1 already has the id “brezel”",
    }


def test_a_field_under_nearly_its_own_name_is_one_mistake() -> None:
    misnamed = {"id": "a", "name": "A", "kind": "experience", "cost": 40}
    misspelled = {"id": "b", "nmae": "B", "kind": "experience", "cost_points": 40}

    assert of_program(rewards=[misnamed, misspelled]) == {
        "/rewards/0/cost": "There is no field “cost” here; write “cost_points”",
        "/rewards/1/nmae": "There is no field “nmae” here; write “name”",
    }


def test_one_misspelling_stands_for_one_missing_field_only() -> None:
    lacking = {"id": "a", "kind": "experience", "cost": 40, "costs": 40}

    found = of_program(rewards=[lacking])

    assert found["/rewards/0/name"] == "This is required"
    assert "/rewards/0/cost_points" not in found
    assert found["/rewards/0/costs"] == "There is no field “costs” here"


def test_an_array_is_not_too_short_because_its_items_are_wrong() -> None:
    stages = {"points_expiring": {"days_before": [400]}}
    none: dict[str, Any] = {"points_expiring": {"days_before": []}}

    place = "/reminders/points_expiring/days_before"
    assert of_program(reminders=stages) == {f"{place}/0": "This must be at most 180"}
    assert of_program(reminders=none) == {place: "This must have at least 1 item"}


def test_a_missing_length_of_life_brings_no_false_mistakes_with_it() -> None:
    found = of_program(
        pending_days="3",
        expiry={"model": "after_earning"},
        reminders={"points_expiring": {"days_before": [30, 7]}},
    )

    assert found == {
        "/pending_days": "This must be a whole number",
        "/expiry": "Give either months or days",
    }


class Sample(BaseModel):
    """A field for each kind of mistake that a caller can make."""

    model_config = ConfigDict(extra="forbid")

    count: Annotated[StrictInt, Field(ge=2, le=9)] = 2
    flag: StrictBool = True
    text: Annotated[StrictStr, Field(min_length=2, max_length=3)] = "ab"
    kind: Literal["up", "down"] = "up"
    items: Annotated[tuple[StrictInt, ...], Field(max_length=1)] = ()
    names: dict[Annotated[StrictStr, Field(pattern=NAME)], StrictInt] = {}
    currency: CurrencyCode = "EUR"
    day: Day | None = None


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"count": 1}, "This must be at least 2"),
        ({"count": 10}, "This must be at most 9"),
        ({"count": "2"}, "This must be a whole number"),
        ({"count": 2.5}, "This must be a whole number"),
        ({"count": True}, "This must be a whole number"),
        ({"flag": "yes"}, "This must be true or false"),
        ({"text": "a"}, "This must have at least 2 characters"),
        ({"text": "abcd"}, "This must have at most 3 characters"),
        ({"text": 5}, "This must be text"),
        ({"kind": "left"}, "This must be “up” or “down”"),
        ({"items": [1, 2]}, "This must have at most 1 item"),
        ({"items": 1}, "This must be a JSON array"),
        ({"names": []}, "This must be a JSON object"),
        ({"currency": "eur"}, "Write a currency as three capital letters, such as EUR"),
        ({"day": "30.11.2026"}, "Write a calendar day as 2026-11-30"),
        ({"what": 1}, "There is no field “what” here"),
        (
            {"names": {"Big Name": 1}},
            f"The name “Big Name” is not allowed. {PATTERNS[NAME]}",
        ),
    ],
)
def test_a_mistake_is_said_in_plain_words(body: dict[str, Any], sentence: str) -> None:
    assert list(mistakes(body, Sample).values()) == [sentence]


def _patterns(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        for name, part in schema.items():
            if name == "pattern" and isinstance(part, str):
                yield part
            else:
                yield from _patterns(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _patterns(part)


def test_every_pattern_of_a_request_body_has_words() -> None:
    api = json.loads(OPENAPI.read_text(encoding="utf-8"))
    schemas = api["components"]["schemas"]
    of_times = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"

    found = {pattern for schema in schemas.values() for pattern in _patterns(schema)}

    assert found - set(PATTERNS) - {of_times} == set()
    assert "[A-Z]{3}" in "".join(found)


@pytest.mark.parametrize("wrong", [None, True, -1, 1.5, "", "x" * 6000, [], [None], {}, 10**40])
def test_no_mistake_of_a_document_is_said_in_the_librarys_voice(wrong: object) -> None:
    whole = document()
    for name in whole:
        try:
            Program.model_validate(whole | {name: wrong})
        except ValidationError:
            for detail in of_program(**{name: wrong}).values():
                assert not THEIRS.search(detail), (name, detail)


@pytest.mark.parametrize(
    ("path", "absent", "pointer"),
    [
        (("lines", 0, "amount"), False, "/lines/0/amount"),
        (("lines", 0, "currency"), True, "/lines/0/currency"),
        (("lines", 7), True, "/lines/7"),
        (("expiry", "after_earning", "months"), False, "/expiry/months"),
        (("expiry", "after_earning", "model"), True, "/expiry/model"),
        (("expiry", "after_earning"), False, "/expiry"),
        (("a/b", "c~d"), False, "/a~1b/c~0d"),
        ((), False, ""),
    ],
)
def test_a_pointer_follows_the_document_and_leaves_out_the_branches_of_unions(
    path: tuple[str | int, ...], absent: bool, pointer: str
) -> None:
    body = {"lines": [{"amount": 1}], "expiry": {"months": 0}, "a/b": {"c~d": 1}}

    assert pointer_to(path, body, absent=absent) == pointer
