"""Settings: the environment variables that a function needs, read when they are first needed.

Each function declares its own as a frozen dataclass of strings, beside its handler; so does each
module of the edge that reads some for every function.
"""

import os
from dataclasses import MISSING, Field, fields
from functools import cache
from typing import Any, ClassVar, Protocol


class SettingMissing(RuntimeError):
    """The deployment does not set a variable that a function needs."""


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


@cache
def settings[S: _Dataclass](declared: type[S]) -> S:
    """The values of a declared dataclass: field `table` is the variable `LOYALTY_TABLE`, and so on.

    Raises:
        SettingMissing: a variable without a default is absent or empty.
    """
    found: dict[str, str] = {}
    missing: list[str] = []
    for field in fields(declared):
        variable = f"LOYALTY_{field.name.upper()}"
        if value := os.environ.get(variable):
            found[field.name] = value
        elif field.default is MISSING:
            missing.append(variable)
    if missing:
        raise SettingMissing(f"{declared.__name__} needs {', '.join(missing)}")
    return declared(**found)
