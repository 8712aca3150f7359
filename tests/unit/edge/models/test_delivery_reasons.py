"""The reasons of deliveries are those that the source code can give."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final, get_args

from loyalty.domain.engagement.activities import ActivityReason
from loyalty.domain.kernel.errors import (
    ActivityConflict,
    IdempotencyConflict,
    LimitReached,
    TryAgain,
)
from loyalty.domain.people.privacy_requests import NotAMember
from loyalty.edge.models.delivery_reasons import FAILED, REASONS

ROOT: Final = Path(__file__).parents[4]
PACKAGE: Final = ROOT / "layers" / "loyalty" / "python" / "loyalty"
SOURCES: Final = (
    *sorted(PACKAGE.glob("storefronts/**/*.py")),
    *sorted(PACKAGE.glob("usecases/shops/*.py")),
    *sorted(PACKAGE.glob("domain/shops/*.py")),
    PACKAGE / "usecases" / "orders" / "accrual.py",
    PACKAGE / "edge" / "outgoing" / "platform_client.py",
    ROOT / "functions" / "intake" / "handler.py",
)
# Calls whose first argument is a reason, and functions that return one.
CALLS: Final = {"Ignored", "Parked", "Unfetchable"}
FUNCTIONS: Final = {"_fault", "excludes"}
# Codes of refusals and faults that the use cases pass on.
PASSED_ON: Final = {
    ActivityConflict.code,
    IdempotencyConflict.code,
    LimitReached.code,
    TryAgain.code,
    *get_args(NotAMember),
    *get_args(ActivityReason),
    "no_subject",
    "unknown_activity",
    "access_denied",
    "not_at_platform",
    "unknown_level",
    "date_out_of_range",
}


def texts(node: ast.AST, constants: dict[str, str]) -> Iterator[str]:
    """The texts that an expression can be: a literal, a constant, or one of two."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Name(id=name) if name in constants:
            yield constants[name]
        case ast.IfExp(body=body, orelse=orelse):
            yield from texts(body, constants)
            yield from texts(orelse, constants)


def reasons_in(tree: ast.AST, constants: dict[str, str]) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in CALLS:
                yield from texts(first, constants)
            case ast.Call(func=ast.Name(id="Fault"), args=[_, code, *_]):
                yield from texts(code, constants)
            case ast.FunctionDef(name=name) if name in FUNCTIONS:
                for each in ast.walk(node):
                    if isinstance(each, ast.Return) and each.value is not None:
                        yield from texts(each.value, constants)
        match node:
            case ast.keyword(arg="reason" | "excluded", value=given):
                yield from texts(given, constants)
            case ast.Assign(targets=[ast.Name(id="reason" | "excluded")], value=given):
                yield from texts(given, constants)


def reasons() -> set[str]:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES]
    constants = {
        node.target.id: node.value.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }
    return {reason for tree in trees for reason in reasons_in(tree, constants)}


def test_every_reason_in_the_source_code_is_one_that_the_api_describes() -> None:
    found = reasons()

    assert len(found) > 30
    assert found - set(REASONS) == set()


def test_the_api_describes_no_reason_that_nothing_gives() -> None:
    assert set(REASONS) - reasons() - PASSED_ON == set()


def test_a_delivery_that_is_tried_again_has_failed_until_then() -> None:
    assert TryAgain.code in FAILED
