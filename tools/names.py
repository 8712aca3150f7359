"""Refuse names that say nothing, and two public classes of one name.

A catch-all such as `told` stood for ninety different things before it was banned: a name says what
the thing is (`config`, `payload`, `refund`). Two public classes of one name send a reader to the
wrong file. Prints every fault as `path:line: what`, and exits with 1 if there is one.
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
# Where a class is public: tests and commands for people may name things as they like.
PRODUCT: Final = ("functions/", "infra/", "layers/")


def faults(sources: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Every fault of some Python files, given as (path, text), in their order."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for path, text in sources:
        tree = ast.parse(text)
        for name, line in sorted(_bound(tree), key=lambda found: found[1]):
            if name.lower().strip("_") in CATCH_ALLS:
                yield f"{path}:{line}: `{name}` could be anything; name what it is"
        if path.startswith(PRODUCT):
            for node in tree.body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(f"{path}:{node.lineno}")
    for name, (first, *others) in sorted(places.items()):
        for place in others:
            yield f"{place}: the class `{name}` has the name of the one in {first}"


def _bound(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """What a module gives a name to, with the line: variables, parameters, functions, classes."""
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
