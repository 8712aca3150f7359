"""Rows of the engine as facts again."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from types import UnionType
from typing import Any, TypeAliasType, cast, get_args, get_origin, get_type_hints

from loyalty.domain.facts import Fact

type Reader = Callable[[Any], Any]


def facts_from[F: Fact](kind: type[F], rows: Iterable[tuple[Any, ...]]) -> list[F]:
    """Facts from rows that have the columns of their kind, in the order of its fields.

    Instants are without a zone in the engine, and UTC.
    """
    readers = _readers(cast("Hashable", kind))
    return [
        kind(**{name: read(cell) for (name, read), cell in zip(readers, row, strict=True)})
        for row in rows
    ]


@cache
def _readers(declared: Any) -> tuple[tuple[str, Reader], ...]:
    hints = get_type_hints(declared)
    return tuple((field.name, _reader(hints[field.name])) for field in fields(declared))


def _reader(hint: Any) -> Reader:
    """How a cell of a type is read."""
    if isinstance(hint, TypeAliasType):
        return _reader(hint.__value__)
    if isinstance(hint, UnionType):
        read = _reader(next(each for each in get_args(hint) if each is not type(None)))
        return read if read is _as_it_is else lambda cell: None if cell is None else read(cell)
    if get_origin(hint) is tuple:
        read_item = _reader(get_args(hint)[0])
        return lambda cell: tuple(map(read_item, cell or ()))
    if is_dataclass(hint) and isinstance(hint, type):
        return lambda cell: _part(hint, cell)
    return _instant if hint is datetime else _as_it_is


def _part(declared: type, cell: Mapping[str, Any]) -> Any:
    return declared(**{name: read(cell[name]) for name, read in _readers(declared)})


def _instant(cell: datetime) -> datetime:
    return cell.replace(tzinfo=UTC)


def _as_it_is(cell: Any) -> Any:
    return cell
