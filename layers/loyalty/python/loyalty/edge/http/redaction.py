"""Leaves out of responses what a caller must not see.

A field declares itself personal, so no handler has to think of it:

    name: Annotated[str | None, Personal()]
    attributes: Annotated[dict[str, str], Personal(empty={})]
"""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Personal:
    """Marks a personal field of a response; `empty` is the value that replaces it."""

    empty: Any = None


@dataclass(frozen=True, slots=True)
class OfStaff:
    """Marks a field about colleagues, which members and analysts do not see."""

    empty: None = None


def without(mark: type[Personal | OfStaff], answer: Any) -> Any:
    """A copy of a response in which every field with the mark is empty, at any depth."""
    match answer:
        case BaseModel():
            return answer.model_copy(
                update={
                    name: _empty(mark, field.metadata, getattr(answer, name))
                    for name, field in type(answer).model_fields.items()
                }
            )
        case list() | tuple():
            return type(answer)(without(mark, each) for each in answer)
        case dict():
            return {name: without(mark, each) for name, each in answer.items()}
        case _:
            return answer


def _empty(mark: type[Personal | OfStaff], metadata: list[Any], value: Any) -> Any:
    found = next((each for each in metadata if isinstance(each, mark)), None)
    return found.empty if found else without(mark, value)
