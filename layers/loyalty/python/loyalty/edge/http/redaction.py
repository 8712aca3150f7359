"""Leaves personal data out of answers to callers who must not see it.

A field says of itself that it is personal, so no handler has to think of it:

    name: Annotated[str | None, Personal()]
    attributes: Annotated[dict[str, str], Personal(empty={})]
"""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Personal:
    """Marks a field of an answer; `empty` is what stands there instead of it."""

    empty: Any = None


def without_personal_data(answer: Any) -> Any:
    """A copy of an answer in which every field marked `Personal` is empty, however deep it is."""
    match answer:
        case BaseModel():
            return answer.model_copy(
                update={
                    name: _empty(field.metadata, getattr(answer, name))
                    for name, field in type(answer).model_fields.items()
                }
            )
        case list() | tuple():
            return type(answer)(without_personal_data(each) for each in answer)
        case dict():
            return {name: without_personal_data(each) for name, each in answer.items()}
        case _:
            return answer


def _empty(metadata: list[Any], value: Any) -> Any:
    mark = next((each for each in metadata if isinstance(each, Personal)), None)
    return mark.empty if mark else without_personal_data(value)
