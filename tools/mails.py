"""Compile the layout of mails from MJML into tables that every mail client shows, or check it.

`tools/layout.mjml` is what is edited. What becomes of it is a Jinja template that the package
carries, so no function has to know MJML.
"""

import argparse
import sys
from pathlib import Path
from typing import Final

import mrml

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = ROOT / "tools" / "layout.mjml"
LAYOUT: Final = ROOT / "layers" / "loyalty" / "python" / "loyalty" / "mails" / "layout.html"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail on a difference")
    is_check = parser.parse_args(arguments).check
    wanted = compiled()
    if LAYOUT.is_file() and LAYOUT.read_text(encoding="utf-8") == wanted:
        return 0
    if is_check:
        print(f"Not current: {LAYOUT.relative_to(ROOT)}. Run `make openapi`.", file=sys.stderr)
        return 1
    LAYOUT.parent.mkdir(exist_ok=True)
    LAYOUT.write_text(wanted, encoding="utf-8")
    print(LAYOUT.relative_to(ROOT))
    return 0


def compiled() -> str:
    made = mrml.to_html(SOURCE.read_text(encoding="utf-8"))
    if made.warnings:
        raise SystemExit(f"{SOURCE.name}: {made.warnings}")
    return f"{made.content}\n"


if __name__ == "__main__":
    raise SystemExit(main())
