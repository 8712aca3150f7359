"""Refuse names that say nothing, and two public classes with the same name.

    python -m tools.names   prints every fault as `path:line: what`; `make lint` runs this

A catch-all such as `told` stood for ninety different things before it was banned: a name says what
the thing is (`config`, `payload`, `refund`). Two public classes with the same name send a reader to
the wrong file. The exit status is 1 if a fault was printed.
"""

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
CATCH_ALLS: Final = frozenset({"asked", "at", "kept", "known", "said", "tell", "told", "wanted"})
# Where a class is public. Tests, tools and commands for people may reuse a class name.
PRODUCT: Final = ("functions/", "infra/", "layers/")
# Fields of the API's answers keep the names that callers read, such as `at`.
API_MODELS: Final = "layers/loyalty/python/loyalty/edge/models/"


def faults(sources: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield every fault of these Python files, each given as (path, text)."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for path, text in sources:
        tree = ast.parse(text)
        fields = _fields(tree) if path.startswith(API_MODELS) else frozenset()
        for name, line in sorted(_bound(tree), key=lambda found: found[1]):
            if (name, line) not in fields and name.lower().strip("_") in CATCH_ALLS:
                yield f"{path}:{line}: `{name}` could be anything; name what it is"
        if path.startswith(PRODUCT):
            for node in tree.body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(f"{path}:{node.lineno}")
    for name, (first, *others) in sorted(places.items()):
        for place in others:
            yield f"{place}: the class `{name}` has the same name as the one in {first}"


def _bound(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield each variable, parameter, function and class that a module names, with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name, node.lineno
            case ast.arg(arg=name):
                yield name, node.lineno
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node.lineno
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield name, node.lineno
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name, node.lineno


def _fields(tree: ast.Module) -> frozenset[tuple[str, int]]:
    """Return each annotated field of a module's classes, with its line."""
    return frozenset(
        (field.target.id, field.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for field in node.body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
    )


def _tracked() -> Iterator[tuple[str, str]]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for path in sorted(listing.stdout.splitlines()):
        if (ROOT / path).is_file():
            yield path, (ROOT / path).read_text(encoding="utf-8")


def main() -> int:
    found = list(faults(_tracked()))
    for fault in found:
        print(fault, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
