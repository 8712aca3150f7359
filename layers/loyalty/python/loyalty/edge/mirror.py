"""The lake on a function's own disk: what reports read."""

import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

from loyalty.domain.errors import TooLarge, TryAgain
from loyalty.edge.lake import FETCHERS, Lake, Stored

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Of the 4 GB that the function has on disk; the rest is for queries that outgrow its memory.
BYTES_MAX: Final = 3 * 1024**3
ATTEMPTS_MAX: Final = 3


class Mirror:
    """A copy of programs' facts on the function's own disk, kept while it is warm."""

    def __init__(
        self, client: "S3Client", *, bucket: str, root: Path, bytes_max: int = BYTES_MAX
    ) -> None:
        self._lake = Lake(client, bucket=bucket)
        self._root = root
        self._bytes_max = bytes_max

    def fetch(
        self,
        program_id: str,
        kinds: Collection[str],
        *,
        tell: Callable[[int, int], None] = lambda _read, _total: None,
    ) -> Path:
        """Bring a program's facts up to date; gives a folder with one of files for each kind.

        `tell` is told how many objects are there, of how many.

        Raises:
            TooLarge: they do not fit on the disk.
            TryAgain: the lake was being tidied all the time.
        """
        for _ in range(ATTEMPTS_MAX):
            with ThreadPoolExecutor(FETCHERS) as pool:
                listings = pool.map(partial(self._lake.listed, program_id), sorted(kinds))
                listed = list(chain.from_iterable(listings))
            folder = self._room(program_id, listed)
            if self._matched(folder, kinds, listed, tell=tell):
                return folder
        raise TryAgain("The facts are being moved; try again soon.")

    def _room(self, program_id: str, listed: Sequence[Stored]) -> Path:
        """The program's folder; those of others make way where both do not fit."""
        folder = self._root / program_id
        needed_bytes = sum(each.size_bytes for each in listed)
        if needed_bytes > self._bytes_max:
            raise TooLarge("The program's facts outgrow what one report can read.")
        others = [each for each in self._folders() if each != folder]
        if needed_bytes + sum(map(_size_bytes, others)) > self._bytes_max:
            for other in others:
                shutil.rmtree(other)
        return folder

    def _folders(self) -> Iterator[Path]:
        return self._root.iterdir() if self._root.is_dir() else iter(())

    def _matched(
        self,
        folder: Path,
        kinds: Collection[str],
        listed: Sequence[Stored],
        *,
        tell: Callable[[int, int], None],
    ) -> bool:
        """Make the folder hold exactly what was listed; False where some of it is gone by now."""
        wanted = {folder / each.kind / each.file_name: each for each in listed}
        for kind in kinds:
            (folder / kind).mkdir(parents=True, exist_ok=True)
        present = {path for kind in kinds for path in (folder / kind).iterdir()}
        for path in present - wanted.keys():
            path.unlink()
        missing = [(path, wanted[path]) for path in wanted.keys() - present]
        there = len(wanted) - len(missing)
        tell(there, len(wanted))
        with ThreadPoolExecutor(FETCHERS) as pool:
            for is_fetched in pool.map(self._download, missing):
                if not is_fetched:
                    return False
                there += 1
                tell(there, len(wanted))
        return True

    def _download(self, missing: tuple[Path, Stored]) -> bool:
        path, stored = missing
        return self._lake.fetch(stored, to=path)


def _size_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
