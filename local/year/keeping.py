"""A generated year is kept in a file, because it would come out the same again."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import loyalty
from local.cloud import ROOT, stop
from local.year.making import MEMBERS, SEED, Span, make_year
from loyalty.domain.people.identity import Keyring
from loyalty.table.operations import Item

_LAYER = Path(loyalty.__file__).parent
_SOURCES = (_LAYER / "domain", _LAYER / "usecases", _LAYER / "table", Path(__file__).parent)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedYear:
    """A year in a folder, generated when it is first needed.

    Its name depends on the seed, the days, the sources, and the key of the identities.
    """

    span: Span
    keyring: Keyring
    folder: Path
    seed: int = SEED
    members: int = MEMBERS

    @property
    def path(self) -> Path:
        secret = self.keyring.seal("year").hex()
        ingredients = (
            self.seed,
            self.members,
            self.span.first,
            self.span.last,
            secret,
            *_sources(),
        )
        return self.folder / f"{sha256(repr(ingredients).encode()).hexdigest()[:24]}.jsonl.gz"

    def make(self) -> bool:
        """Generate it unless it exists, and remove others; return whether it was generated."""
        path = self.path
        if path.exists():
            return False
        year = make_year(self.span, keyring=self.keyring, seed=self.seed, members=self.members)
        _keep(year.engine.items.values(), path)
        return True

    def items(self) -> list[Item]:
        """Return all items of the year's table."""
        self.make()
        with gzip.open(self.path, "rt", encoding="utf-8") as file:
            return [json.loads(line) for line in file]


@contextmanager
def made_ahead(*, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Generate the year up to today in a process of its own, at low priority."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.year"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C reaches only us, and we stop it.
            start_new_session=True,
        )
    try:
        yield process
    finally:
        stop(process)


def _keep(items: Iterable[Item], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    for other in path.parent.iterdir():
        other.unlink()
    # An interruption must not leave half a file.
    partial = path.with_suffix(".part")
    with gzip.open(partial, "wt", compresslevel=1, encoding="utf-8") as file:
        file.writelines(f"{json.dumps(item, separators=(',', ':'))}\n" for item in items)
    partial.rename(path)


def _sources() -> Iterator[str]:
    """Yield a digest of each source that a year depends on."""
    paths = [ROOT / "local" / "memory.py"]
    for folder in _SOURCES:
        paths += sorted(folder.rglob("*.py")) + sorted(folder.glob("*.json"))
    return (sha256(path.read_bytes()).hexdigest() for path in paths)
