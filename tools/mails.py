"""Compile the mail layout from MJML into tables that every mail client shows, or check it.

Edit `tools/layout.mjml`. It becomes a Jinja template in the package, so no function needs MJML.
"""

from collections.abc import Iterator
from typing import Final

import mrml

from tools.generated import ROOT, Generated, generated_text, main

SOURCE: Final = ROOT / "tools" / "layout.mjml"
LAYOUT: Final = ROOT / "layers" / "loyalty" / "python" / "loyalty" / "mails" / "layout.html"


def generated() -> Iterator[Generated]:
    yield generated_text(LAYOUT, _compiled())


def _compiled() -> str:
    made = mrml.to_html(SOURCE.read_text(encoding="utf-8"))
    if made.warnings:
        raise SystemExit(f"{SOURCE.name}: {made.warnings}")
    return f"{made.content}\n"


if __name__ == "__main__":
    raise SystemExit(main(generated))
