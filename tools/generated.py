"""Generated files: written if they are out of date, or only checked."""

import argparse
import sys
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent


class Generated(NamedTuple):
    """A file and how it is made; `make` is None for a file that must be removed."""

    path: Path
    is_current: bool
    make: Callable[[], str] | None


def generated_text(path: Path, text: str) -> Generated:
    """Return a generated file with this text."""
    is_current = path.is_file() and path.read_text(encoding="utf-8") == text
    return Generated(path, is_current, lambda: text)


def main(*sources: Callable[[], Iterable[Generated]], arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Generate files, or check that they are current.")
    parser.add_argument("--check", action="store_true", help="change nothing, fail on a difference")
    is_check = parser.parse_args(arguments).check
    stale = [
        each for each in chain.from_iterable(source() for source in sources) if not each.is_current
    ]
    if is_check and stale:
        names = ", ".join(str(each.path.relative_to(ROOT)) for each in stale)
        print(f"Not current: {names}. Run `make openapi`.", file=sys.stderr)
        return 1
    for path, _, make in stale:
        if make is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(make(), encoding="utf-8")
        print(path.relative_to(ROOT))
    return 0
