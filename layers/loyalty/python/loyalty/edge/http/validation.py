"""Turns pydantic's errors about a request into mistakes that a caller can act on.

Each mistake is reported once, with its place and a plain sentence. An error that only follows from
another mistake is left out.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from loyalty.domain.kernel.errors import (
    Fault,
    MissingIdempotencyKey,
    NotFound,
    Refusal,
    ValidationFailed,
)

_ASCII: Final = "Use {} printable ASCII characters without spaces"
_HTTPS: Final = "Write an address that begins with https://"
_LANGUAGE: Final = "Write a language as a BCP 47 tag, such as fr or fr-FR"

# Each pattern of a request, in words.
PATTERNS: Final[Mapping[str, str]] = {
    r"^[A-Za-z0-9._:-]{1,64}$": "Use 1 to 64 letters, digits, dots, underscores, colons, hyphens",
    r"^[a-z0-9][a-z0-9-]{1,39}$": "Use 2 to 40 lower-case letters, digits and hyphens, "
    "beginning with a letter or a digit",
    r"^[A-Z]{3}$": "Write a currency as three capital letters, such as EUR",
    r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$": _LANGUAGE,
    r"^[a-z][a-z0-9_]{0,31}$": "Use up to 32 lower-case letters, digits and underscores, "
    "beginning with a letter",
    r"^[\x20-\x7e]+$": "Use printable ASCII characters",
    r"^[\x21-\x7e]{1,192}$": _ASCII.format("1 to 192"),
    r"^[\x21-\x7e]{1,256}$": _ASCII.format("1 to 256"),
    r"^[\x21-\x7e]{1,1024}$": _ASCII.format("1 to 1024"),
    r"^[A-Za-z0-9_-]{1,128}$": "Use 1 to 128 letters, digits, underscores and hyphens",
    r"^https://[\x21-\x7e]{1,500}$": _HTTPS,
    r"^https://[^\s\x22'<>\\{}]+$": _HTTPS,
    r"^https://[^\s\x22'<>\\]*\{code\}[^\s\x22'<>\\]*$": "Write an address that begins with "
    "https:// and has {code} in it",
    r"^[A-Z2-7]{10}$": "Write a code of ten capital letters and digits",
    r"^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?$": "Write a host name in lower case, such as "
    "shop.example.com",
    r"^(name|locale|birthday|email|phone|attributes\.[A-Za-z0-9._:-]{1,64})$": "Use name, locale, "
    "birthday, email, phone, or attributes. with the name of an attribute",
    r"^#[0-9A-Fa-f]{6}$": "Write a color as # and six hexadecimal digits, such as #1F5C4A",
    r"^[^@\s<>,;:\x22]+@[^@\s<>,;:\x22]+\.[^@\s<>,;:\x22]+$": "Write an e-mail address, such as "
    "hello@example.com",
}

_OBJECT: Final = "This must be a JSON object"
_ARRAY: Final = "This must be a JSON array"
_WHOLE: Final = "This must be a whole number"
_NUMBER: Final = "This must be a number"
_TRUTH: Final = "This must be true or false"
_DAY: Final = "Write a calendar day as 2026-11-30"
_TIME: Final = "Write a time as 2026-11-30T08:00:00Z (RFC 3339)"
_ADDRESS: Final = "Write an address such as https://example.com/path"

# A sentence for each of pydantic's error types. `{}` are values of the error's own context.
SENTENCES: Final[Mapping[str, str]] = {
    "missing": "This is required",
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dict_type": _OBJECT,
    "mapping_type": _OBJECT,
    "list_type": _ARRAY,
    "tuple_type": _ARRAY,
    "set_type": _ARRAY,
    "frozen_set_type": _ARRAY,
    "none_required": "This must be null",
    "string_type": "This must be text",
    "string_unicode": "This text is not valid Unicode",
    "string_too_short": "This must have at least {min_length} character(s)",
    "string_too_long": "This must have at most {max_length} character(s)",
    "too_short": "This must have at least {min_length} item(s)",
    "too_long": "This must have at most {max_length} item(s)",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "greater_than": "This must be more than {gt}",
    "greater_than_equal": "This must be at least {ge}",
    "less_than": "This must be less than {lt}",
    "less_than_equal": "This must be at most {le}",
    "multiple_of": "This must be a multiple of {multiple_of}",
    "recursion_loop": "This is nested too deeply",
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "literal_error": "This must be {expected}",
    "enum": "This must be {expected}",
    "union_tag_invalid": "{discriminator} must be one of {expected_tags}",
    "union_tag_not_found": "{discriminator} is required: it says which kind this is",
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "timezone_aware": _TIME,
    "url_type": _ADDRESS,
    "url_parsing": _ADDRESS,
    "url_scheme": _ADDRESS,
    "url_syntax_violation": _ADDRESS,
    "url_too_long": "This must have at most {max_length} characters",
}

# Finds further faults in a body that does not fit its model.
type Inspect = Callable[[object], Sequence[Fault]]


def invalid(
    errors: Sequence[Any], *, body: object, naming: bool, inspect: Inspect | None = None
) -> Refusal:
    """The refusal for pydantic's errors about a request.

    A path that cannot name anything is not found, unless the request itself gives the name
    (`naming`). `inspect` finds faults that no single field shows, in a partly valid body.
    """
    if not naming and any(error["loc"][0] == "path" for error in errors):
        return NotFound()
    for error in errors:
        if error["type"] == "missing" and _is_idempotency_key(error["loc"]):
            return MissingIdempotencyKey()
    found = _with_inspected(_faults(errors, body), body, inspect)
    detail = found[0].detail if len(found) == 1 else f"The request has {len(found)} mistakes."
    return ValidationFailed(detail, faults=tuple(found))


def faults_of(
    errors: Sequence[Any], value: object, *, inspect: Inspect | None = None
) -> tuple[Fault, ...]:
    """The mistakes in a value, by pydantic's errors about it; `inspect` as in `invalid`."""
    in_body = [{**error, "loc": ("body", *error["loc"])} for error in errors]
    return tuple(_with_inspected(_faults(in_body, value), value, inspect))


def _with_inspected(faults: Iterable[Fault], value: object, inspect: Inspect | None) -> list[Fault]:
    """Some faults, and those that no single field shows in places that have none."""
    found = list(faults)
    places = {fault.pointer for fault in found}
    further = inspect(value) if inspect else ()
    return [*found, *(fault for fault in further if fault.pointer not in places)]


def pointer_to(path: Sequence[str | int], within: object, *, absent: bool = False) -> str:
    """The JSON pointer to a place in a document.

    pydantic's path includes the branches of unions. A step that the document does not have is such
    a branch and is left out, except the last step to a place that is `absent`.
    """
    steps: list[str] = []
    here: Any = within
    for step in path:
        if _has(here, step):
            here = here[step]
            steps.append(_escaped(step))
    if absent:
        steps.append(_escaped(path[-1]))
    return "".join(f"/{step}" for step in steps)


def _faults(errors: Sequence[Any], body: object) -> Iterator[Fault]:
    """One fault for each place, although every branch of a union reports its own error."""
    misspelled = _misspelled(errors)
    intended = set(misspelled.values())
    seen: set[str] = set()
    for error in errors:
        path = tuple(error["loc"])
        if path in intended or _is_too_short_by_mistakes(error, body):
            continue
        fault = _fault(error, body, meant=misspelled.get(path))
        if fault.pointer not in seen:
            seen.add(fault.pointer)
            yield fault


def _misspelled(errors: Sequence[Any]) -> dict[tuple[str | int, ...], tuple[str | int, ...]]:
    """Unknown fields that nearly have the name of a missing field: one mistake, not two."""
    missing = [tuple(error["loc"]) for error in errors if error["type"] == "missing"]
    found: dict[tuple[str | int, ...], tuple[str | int, ...]] = {}
    for error in errors:
        *parent, name = error["loc"]
        if error["type"] != "extra_forbidden":
            continue
        siblings = [
            str(path[-1])
            for path in missing
            if list(path[:-1]) == parent and path not in found.values()
        ]
        begins = [each for each in siblings if each.startswith(f"{name}_")]
        for meant in [*begins, *get_close_matches(str(name), siblings)][:1]:
            found[tuple(error["loc"])] = (*parent, meant)
    return found


def _is_too_short_by_mistakes(error: Any, body: object) -> bool:
    """Whether an array has too few items only because some of its items are wrong."""
    if error["type"] != "too_short":
        return False
    array = _part_at(error["loc"][1:], body)
    return isinstance(array, list) and len(array) >= error["ctx"]["min_length"]


def _part_at(path: Sequence[str | int], body: object) -> object:
    """The part of the body at this path, which may include branches of unions."""
    here: Any = body
    for step in path:
        if _has(here, step):
            here = here[step]
    return here


def _has(value: object, step: str | int) -> bool:
    if isinstance(value, dict):
        return step in value
    return isinstance(value, list) and isinstance(step, int) and step < len(value)


def _fault(error: Any, body: object, *, meant: tuple[str | int, ...] | None) -> Fault:
    where, *path = error["loc"]
    if where == "body":
        pointer = pointer_to(path, body, absent=error["type"] == "missing" and bool(path))
    else:
        pointer = f"/{where}/{'/'.join(str(step).lower() for step in path)}"
    detail = _sentence(error)
    if error["type"] == "extra_forbidden":
        detail = f"There is no field “{path[-1]}” here"
        if meant:
            detail += f"; write “{meant[-1]}”"
    elif path and path[-1] == "[key]":
        detail = f"The name “{path[-2]}” is not allowed. {detail}"
    return Fault(pointer=pointer, code=error["type"], detail=detail)


def _sentence(error: Any) -> str:
    """A sentence that says what is wrong; our own validators supply their own."""
    context: dict[str, Any] = error.get("ctx") or {}
    kind: str = error["type"]
    if kind == "string_pattern_mismatch":
        pattern: str = context["pattern"]
        return PATTERNS.get(pattern, f"This must match {pattern}")
    if kind not in SENTENCES:
        message: str = error["msg"]
        return message.removeprefix("Value error, ")
    sentence = SENTENCES[kind].format_map({name: _shown(value) for name, value in context.items()})
    return re.sub(
        r"(\d+) (item|character)\(s\)",
        lambda part: f"{part[1]} {part[2]}{'' if part[1] == '1' else 's'}",
        sentence,
    )


def _shown(value: object) -> str:
    """A value of an error's context, with our quotation marks around names."""
    return re.sub(r"'([^']*)'", r"“\1”", str(value))


def _escaped(step: str | int) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")


def _is_idempotency_key(path: Sequence[str | int]) -> bool:
    return path[0] == "header" and str(path[-1]).lower() == "idempotency-key"
