"""A year that was made is kept: it comes out the same anyway."""

import gzip
import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import loyalty
from local.cloud import ROOT
from local.year.making import MEMBERS, SEED, Span, make_year
from loyalty.domain.identity import Keyring
from loyalty.table.operations import Item

_LAYER = Path(loyalty.__file__).parent
_SOURCES = (_LAYER / "domain", _LAYER / "usecases", _LAYER / "table", Path(__file__).parent)


def items_of(
    span: Span, *, keyring: Keyring, folder: Path, seed: int = SEED, members: int = MEMBERS
) -> tuple[list[Item], bool]:
    """All items of a year's table, and whether they had to be made.

    What is kept is named after all that it depends on: the seed, the days, the sources and the key
    of the identities. Others in the folder are removed.
    """
    told = (seed, members, span.first, span.last, *_sources(), keyring.seal("year").hex())
    path = folder / f"{sha256(repr(told).encode()).hexdigest()[:24]}.jsonl.gz"
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return [json.loads(line) for line in file], False
    items = list(make_year(span, keyring=keyring, seed=seed, members=members).engine.items.values())
    _keep(items, path)
    return items, True


def _keep(items: Sequence[Item], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    for other in path.parent.glob("*.jsonl.gz"):
        other.unlink()
    # Whoever interrupts it must not leave half of it.
    partial = path.with_suffix(".part")
    with gzip.open(partial, "wt", compresslevel=1, encoding="utf-8") as file:
        file.writelines(f"{json.dumps(item, separators=(',', ':'))}\n" for item in items)
    partial.rename(path)


def _sources() -> Iterator[str]:
    """A digest of each source that a year may be made by."""
    paths = [ROOT / "local" / "memory.py"]
    for folder in _SOURCES:
        paths += sorted(folder.rglob("*.py")) + sorted(folder.glob("*.json"))
    return (sha256(path.read_bytes()).hexdigest() for path in paths)
