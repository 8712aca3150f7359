"""Typed dicts of a library become classes that make a dict, and nothing else changes."""

from pathlib import Path
from typing import Any, is_typeddict

import pydantic_core
import pytest
from pydantic_core import core_schema

from tools.bootstrap import Unprepared
from tools.plain_types import IMPORT, plain

SOURCE = Path(core_schema.__file__).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def changed() -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "pydantic_core.core_schema"}
    exec(plain(SOURCE), namespace)  # noqa: S102  # the library's own source
    return namespace


def test_no_typed_dict_is_left(changed: dict[str, Any]) -> None:
    typed = {name for name, value in vars(core_schema).items() if is_typeddict(value)}

    assert len(typed) > 50
    assert not any(is_typeddict(changed[name]) for name in typed)


def test_every_name_is_still_there(changed: dict[str, Any]) -> None:
    assert {name for name in vars(core_schema) if not name.startswith("__")} <= set(changed)


def test_a_type_makes_a_dict(changed: dict[str, Any]) -> None:
    made = changed["StringSchema"](type="str", min_length=1)

    assert type(made) is dict
    assert made == {"type": "str", "min_length": 1}


def test_schemas_validate_as_before(changed: dict[str, Any]) -> None:
    text = changed["str_schema"](min_length=2)
    field = changed["typed_dict_field"](text, required=True)
    schema = changed["typed_dict_schema"]({"name": field})

    assert text == core_schema.str_schema(min_length=2)
    validator = pydantic_core.SchemaValidator(schema)
    assert validator.validate_python({"name": "Ana"}) == {"name": "Ana"}
    with pytest.raises(pydantic_core.ValidationError):
        validator.validate_python({"name": "A"})


def test_a_library_that_has_changed_stops_the_build() -> None:
    with pytest.raises(Unprepared):
        plain(SOURCE.replace(IMPORT, "    import typing\n"))
