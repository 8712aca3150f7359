"""Parts of the program document, and reading as much as possible of a broken document.

A document that does not fit its models is still checked as a whole, so that the first answer names
every mistake. `read_partly` builds the models from the fields that fit. A field that does not fit
is left out, and reading it raises `Unread`: a check that needs it ends there.
"""

from contextlib import suppress
from difflib import get_close_matches
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Final, Union, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

# The fields that tell the branches of a union apart.
_DISCRIMINATORS: Final = ("model", "fact", "kind")


class Unread(Exception):
    """This field of the document could not be read."""


class DocumentPart(BaseModel):
    """A model of the program document: frozen, and strict about names."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        defer_build=True,
        # Some names of the document, such as `if`, are keywords of Python.
        serialize_by_alias=True,
    )

    # Hidden from the type checker, which would let any attribute pass.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in type(self).model_fields:
                raise Unread(name)
            return super().__getattr__(name)


def read_partly[M: DocumentPart](model: type[M], document: object) -> M:
    """The model with every field that can be read; reading another one raises `Unread`."""
    given = document if isinstance(document, dict) else {}
    # Fields that name a class further down are known only then.
    model.model_rebuild()
    # Without the defaults: a field that was given and could not be read has none.
    part = cast("M", model.model_construct())
    part.__dict__.clear()
    keys = {name: field.alias or name for name, field in model.model_fields.items()}
    unknown = [str(key) for key in given if key not in keys.values()]
    for name, field in model.model_fields.items():
        if keys[name] in given:
            with suppress(Unread):
                part.__dict__[name] = _read(model, name, given[keys[name]])
        elif (
            isinstance(document, dict)
            and not field.is_required()
            # A misspelled name means a value that is unknown, and surely not the default.
            and not get_close_matches(keys[name], unknown)
        ):
            part.__dict__[name] = field.get_default(call_default_factory=True)
    return part


def _read(model: type[DocumentPart], name: str, value: object) -> object:
    try:
        return _reader(model, name).validate_python(value)
    except ValidationError:
        return _read_parts(model.model_fields[name].annotation, value)


@cache
def _reader(model: type[DocumentPart], name: str) -> TypeAdapter[object]:
    """What reads one field of a model; making it takes longer than reading a document with it."""
    field = model.model_fields[name]
    # The metadata are the field's constraints, and the discriminator of a union.
    kind = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    return TypeAdapter(cast("type[object]", kind))


def _read_parts(annotation: object, value: object) -> object:
    """Read a value that does not fit, if it consists of parts that may fit."""
    branches = _branches(annotation)
    is_union = sum(_is_part(branch) for branch in branches) > 1
    for branch in branches:
        if isinstance(branch, type) and issubclass(branch, DocumentPart):
            if isinstance(value, dict) and _is_meant(branch, value, in_union=is_union):
                return read_partly(branch, value)
        elif get_origin(branch) is tuple and isinstance(value, list):
            (kind, *_) = get_args(branch)
            if isinstance(kind, type) and issubclass(kind, DocumentPart):
                return tuple(read_partly(kind, each) for each in value)
    raise Unread


def _branches(annotation: object) -> tuple[object, ...]:
    """The types that a union allows, or the one type that it is."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, UnionType):
        return tuple(each for part in get_args(annotation) for each in _branches(part))
    return (annotation,)


def _is_part(branch: object) -> bool:
    return isinstance(branch, type) and issubclass(branch, DocumentPart)


def _is_meant(branch: type[DocumentPart], value: dict[str, object], *, in_union: bool) -> bool:
    """Whether a value belongs to this branch of a union.

    The field that tells branches apart decides; where there is none, the required fields do.
    """
    fields = branch.model_fields
    for name in _DISCRIMINATORS:
        if name in fields:
            return value.get(name, fields[name].default) in get_args(fields[name].annotation)
    required = (field.alias or name for name, field in fields.items() if field.is_required())
    return not in_union or all(name in value for name in required)
