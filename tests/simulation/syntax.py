"""Change Python source by comparing syntax trees, so that layout and place do not matter."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

# As the last argument of a call, `...` stands for all further arguments.
_REST: Final = ast.dump(ast.Constant(...))


@cache
def functions_of(package: Path) -> dict[str, Path]:
    """The files of a package's functions and methods, by their dotted names."""
    return {
        f"{module}.{name}": path
        for path in sorted(package.rglob("*.py"))
        for module in [".".join(path.relative_to(package.parent).with_suffix("").parts)]
        for name, _ in _functions(ast.parse(path.read_text()))
    }


def changed_file(package: Path, *, function: str, old: str, new: str) -> tuple[Path, str]:
    """The file of a package whose function contains `old`, and its source with `new` instead.

    The function is given by the end of its dotted name; other functions may end in the same name.

    Raises:
        ValueError: `old` is not in exactly one such function, exactly once.
    """
    found: list[tuple[Path, str]] = []
    misses: list[str] = []
    for dotted, path in functions_of(package).items():
        if not f".{dotted}".endswith(f".{function}"):
            continue
        module = ".".join(path.relative_to(package.parent).with_suffix("").parts)
        name = dotted.removeprefix(f"{module}.")
        try:
            found.append((path, rewritten(path.read_text(), function=name, old=old, new=new)))
        except ValueError as error:
            misses.append(f"{error}")
    if len(found) != 1:
        reason = "; ".join(misses) or "no function has this name"
        raise ValueError(f"{function} says this in {len(found)} places: {old} ({reason})")
    return found[0]


def rewritten(source: str, *, function: str, old: str, new: str) -> str:
    """The source with `new` in place of `old` in one of its functions.

    Both are an expression, keyword arguments of a call, or statements, and are compared as syntax
    trees. In `new`, `...` repeats the arguments that it stood for in `old`; an empty `new` removes.

    Raises:
        ValueError: `old` is not there, or more than once.
    """
    tree = ast.parse(source)
    target = dict(_functions(tree))[function]
    for pattern, substitute in _readings(old, new):
        places = list(_places(target, pattern))
        if len(places) > 1:
            raise ValueError(f"found {len(places)} times in {function}: {old}")
        for place in places:
            place.put(substitute)
            return ast.unparse(ast.fix_missing_locations(tree))
    raise ValueError(f"not found in {function}: {old}")


@dataclass(slots=True)
class _Place:
    """Neighbors in a list of a tree, or one node in a field, and what `...` stands for there."""

    parent: ast.AST
    name: str
    first: int | None
    length: int
    rest: list[ast.Call] = field(default_factory=list)

    def put(self, substitute: Sequence[ast.AST]) -> None:
        filled = [_Filling(self.rest).visit(each) for each in substitute]
        if self.first is None:
            (only,) = filled
            setattr(self.parent, self.name, only)
            return
        nodes = getattr(self.parent, self.name)
        nodes[self.first : self.first + self.length] = filled
        if not nodes and self.name == "body":
            nodes.append(ast.Pass())


class _Filling(ast.NodeTransformer):
    """Puts the arguments that `...` stood for in its place."""

    def __init__(self, rest: Sequence[ast.Call]) -> None:
        self._rest = rest

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if _has_rest(node):
            (call,) = self._rest
            leading = node.args[:-1]
            node.args = [*leading, *call.args[len(leading) :]]
            node.keywords = call.keywords
        return node


def _functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            yield prefix + node.name, node
        if isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.")


def _readings(old: str, new: str) -> Iterator[tuple[Sequence[ast.AST], Sequence[ast.AST]]]:
    """The syntax that two texts can both be parsed as."""
    for read in (_expression, _keywords, _statements):
        try:
            pattern, substitute = read(old), read(new)
        except (SyntaxError, ValueError):
            continue
        yield pattern, substitute


def _expression(text: str) -> Sequence[ast.AST]:
    return [ast.parse(text, mode="eval").body]


def _keywords(text: str) -> Sequence[ast.AST]:
    call = ast.parse(f"call({text})", mode="eval").body
    if not isinstance(call, ast.Call) or call.args:
        raise ValueError("not all of these are keyword arguments")
    return call.keywords


def _statements(text: str) -> Sequence[ast.AST]:
    return ast.parse(text).body


def _places(tree: ast.AST, pattern: Sequence[ast.AST]) -> Iterator[_Place]:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if isinstance(value, list):
                for first in range(len(value) - len(pattern) + 1):
                    place = _Place(parent, name, first, len(pattern))
                    if _matches(list(pattern), value[first : first + len(pattern)], place.rest):
                        yield place
            elif len(pattern) == 1:
                place = _Place(parent, name, None, 1)
                if _matches(pattern[0], value, place.rest):
                    yield place


def _matches(pattern: object, found: object, rest: list[ast.Call]) -> bool:
    """Whether two trees are equal; records the call that ends in `...`."""
    if type(pattern) is not type(found):
        return False
    if isinstance(pattern, ast.Call) and isinstance(found, ast.Call) and _has_rest(pattern):
        rest.append(found)
        leading = pattern.args[:-1]
        return _matches([pattern.func, *leading], [found.func, *found.args[: len(leading)]], rest)
    if isinstance(pattern, ast.AST):
        return all(
            _matches(getattr(pattern, name, None), getattr(found, name, None), rest)
            for name in pattern._fields
        )
    if isinstance(pattern, list) and isinstance(found, list):
        return len(pattern) == len(found) and all(
            _matches(one, other, rest) for one, other in zip(pattern, found, strict=True)
        )
    return pattern == found


def _has_rest(call: ast.Call) -> bool:
    return bool(call.args) and ast.dump(call.args[-1]) == _REST
