"""What the pages of the documentation say, as tests read them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def rows(page: Path, *, head: str) -> Iterator[list[str]]:
    """The cells of the table whose head begins with `head`."""
    _, _, rest = text_of(page).partition(f"| {head} |")
    for line in rest.split("\n\n")[0].splitlines()[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]
