"""Finds where the columns of a Parquet file lie, so that only those have to be fetched.

A file ends with its footer, the footer's length and a magic word. The footer says where each row
group has each column. A column's Bloom filter lies apart from the column.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from loyalty.lake import sql_views
from loyalty.lake.objects import Span

# The spans of each column, over all row groups.
type Layout = Mapping[str, Sequence[Span]]

MAGIC: Final = b"PAR1"
# The length and the magic word after the footer.
TRAILER_BYTES: Final = 4 + len(MAGIC)

_CHUNKS: Final = """
    SELECT
        file_name,
        string_split(path_in_schema, ', ')[1],
        coalesce(dictionary_page_offset, data_page_offset),
        total_compressed_size,
        bloom_filter_offset,
        bloom_filter_length
    FROM parquet_metadata($paths)
"""


def footer_bytes(trailer: bytes) -> int:
    """The length of a footer and the trailer after it; `trailer` is the file's last bytes."""
    if not trailer.endswith(MAGIC):
        raise ValueError("this is not a Parquet file")
    return int.from_bytes(trailer[-TRAILER_BYTES : -len(MAGIC)], "little") + TRAILER_BYTES


def layouts(folder: Path, tails: Mapping[Path, int]) -> dict[Path, Layout]:
    """The columns' spans before the tail on disk, for each file below a folder.

    Only the footers are read.
    """
    if not tails:
        return {}
    by_name = {str(path): path for path in tails}
    found: dict[Path, defaultdict[str, list[Span]]] = {path: defaultdict(list) for path in tails}
    with sql_views.workshop(folder) as connected:
        rows = connected.execute(_CHUNKS, {"paths": [str(path) for path in tails]}).fetchall()
    for name, column, start, size, bloom_start, bloom_size in rows:
        path = by_name[name]
        spans = [(start, start + size)]
        if bloom_start is not None:
            spans.append((bloom_start, bloom_start + bloom_size))
        # A column within the tail is listed, and is on disk already.
        tail = tails[path]
        found[path][column] += [(first, min(stop, tail)) for first, stop in spans if first < tail]
    return dict(found)


def joined(spans: Iterable[Span], *, gap_bytes_max: int) -> list[Span]:
    """The fewest spans that cover these, each more than `gap_bytes_max` from the next."""
    together: list[Span] = []
    for start, stop in sorted(spans):
        if together and start - together[-1][1] <= gap_bytes_max:
            first, last = together[-1]
            together[-1] = (first, max(last, stop))
        else:
            together.append((start, stop))
    return together
