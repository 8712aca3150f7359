"""A copy of the lake on a function's own disk, which reports read.

From a large Parquet object, only the columns that a report needs are fetched. They go to their own
offsets in a file of the object's size. The engine reads the file as if it were whole, and the
parts not fetched take no disk space. More columns are fetched when a report needs them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from loyalty.domain.kernel.errors import TooLarge, TryAgain
from loyalty.lake import day_sums, parquet
from loyalty.lake.objects import FETCHERS, IDENTITY, Lake, Span, Stored, shared_days

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from mypy_boto3_s3 import S3Client

    from loyalty.lake.parquet import Layout

# Out of the 4 GB that the function has on disk; queries that outgrow its memory use the rest.
BYTES_MAX: Final = 3 * 1024**3
ATTEMPTS_MAX: Final = 3
# Objects up to this size are fetched whole, in one request instead of three.
WHOLE_BYTES_MAX: Final = 1024**2
# Bytes to fetch from the end of an object, where its footer is; most footers are shorter.
TAIL_BYTES: Final = 128 * 1024
# Reading through a gap of this size takes no longer than one more request: ten requests run in
# parallel, each waits about 25 ms, and the function reads 100 MB a second.
GAP_BYTES_MAX: Final = 256 * 1024
# The size of a disk block, as `st_blocks` counts them.
BLOCK_BYTES: Final = 512

type Columns = Mapping[str, Collection[str]]


@dataclass(slots=True)
class Held:
    """The part of an object that is on disk: some columns, or all of it if there is no layout."""

    layout: Layout | None
    columns: frozenset[str] = frozenset()

    @property
    def is_filled(self) -> bool:
        return self.layout is None or bool(self.columns)

    def lacks(self, columns: Collection[str]) -> frozenset[str]:
        """The columns that still have to be fetched; older objects may lack some entirely."""
        return frozenset(columns) & frozenset(self.layout or ()) - self.columns

    def spans(self, columns: Collection[str]) -> list[Span]:
        spans = (span for name in columns for span in (self.layout or {})[name])
        return parquet.joined(spans, gap_bytes_max=GAP_BYTES_MAX)


@dataclass(frozen=True, slots=True)
class MirroredObject:
    """A listed object, its file on the disk, and the columns that a report needs from it."""

    stored: Stored
    path: Path
    columns: frozenset[str] | None
    """None means all columns."""


class Mirror:
    """A copy of programs' facts on the function's own disk, kept while it is warm."""

    def __init__(
        self,
        client: S3Client,
        *,
        bucket: str,
        root: Path,
        bytes_max: int = BYTES_MAX,
    ) -> None:
        self._lake = Lake(client, bucket=bucket)
        self._root = root
        self._bytes_max = bytes_max
        self._held: dict[Path, Held] = {}

    @property
    def root(self) -> Path:
        """The folder that has one for each program."""
        return self._root

    def fetch(
        self,
        program_id: str,
        kinds: Collection[str],
        *,
        columns: Columns | None = None,
        zone: ZoneInfo | None = None,
        report_progress: Callable[[int, int], None] = lambda _read, _total: None,
    ) -> Path:
        """Bring a program's facts up to date; returns a folder with a subfolder for each kind.

        For a kind in `columns`, the files may lack all other columns. `zone` is that of the days by
        which entries are summed up; without one, the kind `daily` has no sums. `report_progress`
        gets the number of objects on disk and the number of all objects.

        Raises:
            TooLarge: the facts do not fit on the disk.
            TryAgain: the lake was being folded during every attempt.
        """
        folder = self._root / program_id
        for _ in range(ATTEMPTS_MAX):
            with ThreadPoolExecutor(FETCHERS) as pool:
                listings = list(pool.map(partial(self._listed, program_id, zone), sorted(kinds)))
                needed = list(
                    chain.from_iterable(self._needed(folder, each, columns) for each in listings)
                )
                self._drop_all_but(needed, folder=folder, kinds=kinds)
                if self._outlined(needed, folder=folder, pool=pool) and self._matched(
                    needed, folder=folder, pool=pool, report_progress=report_progress
                ):
                    return folder
        raise TryAgain("The facts are being moved; try again soon.")

    def _listed(self, program_id: str, zone: ZoneInfo | None, kind: str) -> Sequence[Stored]:
        if kind == day_sums.DAILY:
            return day_sums.listed(self._lake, program_id, zone=zone)
        return self._lake.listed(program_id, kind)

    def _needed(
        self, folder: Path, listed: Sequence[Stored], columns: Columns | None
    ) -> Iterator[MirroredObject]:
        """The objects of one kind, each with the columns needed from it.

        Objects that share days may hold a fact twice; finding duplicates takes identity columns.
        """
        disputed = shared_days([stored.cover for stored in listed])
        for stored in listed:
            needed_columns: frozenset[str] | None = None
            if columns is not None and stored.is_folded:
                needed_columns = frozenset(columns[stored.kind])
                needed_columns |= IDENTITY if stored.cover in disputed else frozenset()
            if stored.size_bytes <= WHOLE_BYTES_MAX or day_sums.is_sums(stored.file_name):
                needed_columns = None
            yield MirroredObject(stored, folder / stored.kind / stored.file_name, needed_columns)

    def _drop_all_but(
        self, needed: Sequence[MirroredObject], *, folder: Path, kinds: Collection[str]
    ) -> None:
        """Remove objects that left the lake, and files whose fetched columns are unknown."""
        held = {each.path for each in needed} & self._held.keys()
        for kind in kinds:
            (folder / kind).mkdir(parents=True, exist_ok=True)
            present = set((folder / kind).iterdir())
            for path in present - held:
                path.unlink()
                self._held.pop(path, None)
            for path in {path for path in held if path.parent.name == kind} - present:
                del self._held[path]

    def _outlined(
        self, needed: Sequence[MirroredObject], *, folder: Path, pool: ThreadPoolExecutor
    ) -> bool:
        """Read the layouts of objects that are not fetched whole; False as in `_matched`."""
        unknown = [
            each for each in needed if each.columns is not None and each.path not in self._held
        ]
        if not all(pool.map(self._fetch_footer, unknown)):
            return False
        tails = {each.path: max(0, each.stored.size_bytes - TAIL_BYTES) for each in unknown}
        layouts = parquet.layouts(folder, tails)
        self._held |= {path: Held(layout) for path, layout in layouts.items()}
        return True

    def _fetch_footer(self, each: MirroredObject) -> bool:
        """Make a file of an object's size that holds only its footer."""
        size = each.stored.size_bytes
        with each.path.open("w+b") as file:
            file.truncate(size)
            if not self._copy(each.stored, file, (max(0, size - TAIL_BYTES), size)):
                return False
            file.seek(size - parquet.TRAILER_BYTES)
            footer_bytes = parquet.footer_bytes(file.read())
            if footer_bytes <= TAIL_BYTES:
                return True
            return self._copy(each.stored, file, (size - footer_bytes, size - TAIL_BYTES))

    def _matched(
        self,
        needed: Sequence[MirroredObject],
        *,
        folder: Path,
        pool: ThreadPoolExecutor,
        report_progress: Callable[[int, int], None],
    ) -> bool:
        """Fetch everything needed into the folder; False if an object has left the lake."""
        missing = [each for each in needed if self._missing_bytes(each)]
        if not self._has_room(needed, missing, folder=folder):
            return False
        there = len(needed) - len(missing)
        report_progress(there, len(needed))
        for is_fetched in pool.map(self._complete, missing):
            if not is_fetched:
                return False
            there += 1
            report_progress(there, len(needed))
        return True

    def _has_room(
        self, needed: Sequence[MirroredObject], missing: Sequence[MirroredObject], *, folder: Path
    ) -> bool:
        """Make room by removing files not needed now; False if they were the program's own."""
        if sum(map(self._asked_bytes, needed)) > self._bytes_max:
            raise _outgrown()
        if not missing:
            return True
        more_bytes = sum(map(self._missing_bytes, missing))
        if more_bytes + _size_bytes(self._root) > self._bytes_max:
            for other in [each for each in self._folders() if each != folder]:
                self._remove(other)
        if more_bytes + _size_bytes(folder) <= self._bytes_max:
            return True
        if not any(held.is_filled and folder in path.parents for path, held in self._held.items()):
            raise _outgrown()
        self._remove(folder)
        return False

    def _folders(self) -> Iterator[Path]:
        return self._root.iterdir() if self._root.is_dir() else iter(())

    def _remove(self, folder: Path) -> None:
        shutil.rmtree(folder)
        self._held = {path: held for path, held in self._held.items() if folder not in path.parents}

    def _asked_bytes(self, each: MirroredObject) -> int:
        """How many bytes of an object are needed, fetched or not."""
        if each.columns is None:
            return each.stored.size_bytes
        held = self._held[each.path]
        return TAIL_BYTES + _length(held.spans(each.columns & frozenset(held.layout or ())))

    def _missing_bytes(self, each: MirroredObject) -> int:
        held = self._held.get(each.path)
        if held is None:
            return each.stored.size_bytes
        return _length(held.spans(self._lacking(each, held)))

    def _lacking(self, each: MirroredObject, held: Held) -> frozenset[str]:
        needed = frozenset(held.layout or ()) if each.columns is None else each.columns
        return held.lacks(needed)

    def _complete(self, each: MirroredObject) -> bool:
        held = self._held.get(each.path)
        if held is None:
            if not self._lake.fetch(each.stored, to=each.path):
                return False
            self._held[each.path] = Held(layout=None)
            return True
        lacking = self._lacking(each, held)
        with each.path.open("r+b") as file:
            if not all(self._copy(each.stored, file, span) for span in held.spans(lacking)):
                return False
        held.columns |= lacking
        return True

    def _copy(self, stored: Stored, file: BinaryIO, span: Span) -> bool:
        file.seek(span[0])
        return self._lake.copy(stored, file, span=span)


def _outgrown() -> TooLarge:
    return TooLarge("The program's facts outgrow what one report can read.")


def _length(spans: Sequence[Span]) -> int:
    return sum(stop - start for start, stop in spans)


def _size_bytes(folder: Path) -> int:
    """The disk space that a folder uses, without the holes of sparse files."""
    files = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return sum(each.st_blocks * BLOCK_BYTES for each in files)
