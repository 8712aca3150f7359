"""Moto's own answers with less work: most of the time of a test on moto is moto's.

Each function stands in for one of moto's that does the same work many times over: it measures an
item again for each of its attributes, copies what it is about to copy, and reads an expression that
it has read before. `tests/integration/test_moto_shortcuts.py` compares them with moto's own.
"""

import base64
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Any, Final

import moto.sqs.models
import pytest
from moto.core.utils import camelcase_to_underscores
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser  # type: ignore[attr-defined]  # untyped

_LARGEST_ITEM: Final = 405_000
_project: Final = Item.project
_read_condition: Final = ConditionExpressionParser._lex_condition_expression
_NODES: Final[dict[type[DepthFirstTraverser], tuple[type, ...]]] = {}


def begin(item: Item, hash_key: DynamoType, range_key: DynamoType | None, attrs: Any) -> None:
    """In place of `Item.__init__`, which measures the whole item for each attribute."""
    item.hash_key = hash_key
    item.range_key = range_key
    item.attrs = LimitedSizeDict()
    for name, value in attrs.items():
        dict.__setitem__(item.attrs, name, DynamoType(value))
    if item.size() > _LARGEST_ITEM:
        raise ItemSizeTooLarge


def project(item: Item, paths: list[list[str]]) -> Item:
    """In place of `Item.project`, which translates the whole item for each attribute's name."""
    if any(len(path) > 1 for path in paths):
        return _project(item, paths)
    named = {name: item.attrs[name] for (name,) in paths if name in item.attrs}
    return Item(item.hash_key, item.range_key, named)


def size(attribute: DynamoType) -> int:
    """In place of `DynamoType.size`, which copies each part of a map to measure it."""
    value = attribute.value
    if attribute.is_map():
        return sum(len(name.encode()) + part.size() for name, part in value.items())
    if attribute.is_list():
        return sum(part.size() for part in value)
    if attribute.is_set():
        return sum(_bytes(part) for part in value)
    return 1 if isinstance(value, bool) else _bytes(value)


def to_regular_json(attribute: DynamoType) -> dict[str, Any]:
    """In place of `DynamoType.to_regular_json`, which copies each part once for each level."""
    value = attribute.value
    if attribute.is_map():
        value = {name: part.to_regular_json() for name, part in value.items()}
    elif attribute.is_list():
        value = [part.to_regular_json() for part in value]
    elif attribute.is_set():
        value = list(value)
    elif attribute.is_binary() and isinstance(value, str):
        value = base64.b64decode(value)
    return {attribute.type: value}


def read_condition(
    parser: ConditionExpressionParser,
) -> deque[ConditionExpressionParser.Node]:
    """In place of the parser's reading of a text into words; the words are never changed."""
    return deque(_words(parser.condition_expression))


def nodes_to_be_processed(traverser: DepthFirstTraverser) -> tuple[type, ...]:
    """In place of the method of `DepthFirstTraverser`, which is asked at each node."""
    kind = type(traverser)
    if kind not in _NODES:
        _NODES[kind] = tuple(traverser._processing_map())
    return _NODES[kind]


@cache
def _words(condition: str) -> tuple[ConditionExpressionParser.Node, ...]:
    return tuple(_read_condition(ConditionExpressionParser(condition, None, None)))


def _bytes(text: str | bytes) -> int:
    return len(text if isinstance(text, bytes) else text.encode())


_SHORTCUTS: Final[Mapping[tuple[Any, str], Callable[..., Any]]] = {
    (Item, "__init__"): begin,
    (Item, "project"): project,
    (DynamoType, "size"): size,
    (DynamoType, "to_regular_json"): to_regular_json,
    (ConditionExpressionParser, "_lex_condition_expression"): read_condition,
    (DepthFirstTraverser, "nodes_to_be_processed"): nodes_to_be_processed,
    (moto.sqs.models, "camelcase_to_underscores"): cache(camelcase_to_underscores),
}
_LONG_WAYS: Final = {(owner, name): getattr(owner, name) for owner, name in _SHORTCUTS}


def taken() -> AbstractContextManager[None]:
    """Moto takes its shortcuts in here."""
    return _in_place(_SHORTCUTS)


def avoided() -> AbstractContextManager[None]:
    """Moto goes its own, long ways in here."""
    return _in_place(_LONG_WAYS)


@contextmanager
def _in_place(functions: Mapping[tuple[Any, str], Callable[..., Any]]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for (owner, name), function in functions.items():
            patch.setattr(owner, name, function)
        yield
