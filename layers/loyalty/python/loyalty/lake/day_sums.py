"""Day sums: what the entries of a closed month come to, as one small object of the lake.

    facts/daily/program=<p>/month=<month>/<month>.<source>.parquet

Reports on what members hold read the entries of all time. Of a closed month they read its sums
instead, which take a thousandth of the bytes. `<source>` names the folded month that was summed, by
key and content, and the time zone of the days. So sums count only while the lake has that very
object: once the month is folded anew, its old sums are sums of nothing, and the entries themselves
are read until there are new ones. Nothing has to be kept in step, and whatever is missing is only
slower.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from loyalty.domain.facts import EntryFact
from loyalty.lake.objects import FOLDED, Lake, Stored, prefix, shared_days

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

# The name by which reports read entries and their sums together, as if it were a kind of facts.
DAILY: Final = "daily"
# A report fetches a smaller object whole, in one request, and so it does with sums.
SUMMED_FROM_BYTES: Final = 1024**2
COLUMNS: Final = {
    "counted_on": "DATE",
    "entry_kind": "VARCHAR",
    "place": "VARCHAR",
    "available_on": "DATE",
    "expires_on": "DATE",
    "points": "BIGINT",
    "entries": "BIGINT",
}
# Goes up when sums mean something else: those that were written before count no more.
_FORM: Final = 1
_MONTH_LENGTH: Final = len("2026-11")


def sums_key(month: Stored, *, program_id: str, zone: ZoneInfo) -> str:
    """The key of the sums of a folded month of entries, by days of a time zone."""
    source = f"{_FORM}\n{zone.key}\n{month.key}\n{month.etag}"
    digest = hashlib.sha256(source.encode()).hexdigest()[:32]
    return f"{prefix(DAILY, program_id)}month={month.cover}/{month.cover}.{digest}{FOLDED}"


def is_sums(name: str) -> bool:
    """Whether a file of the mirror has sums, and no entries."""
    return "." in name.partition("~")[0]


def summable(entries: Sequence[Stored], *, from_bytes: int) -> list[Stored]:
    """The folded months that share no day with another object: no entry of theirs is elsewhere."""
    disputed = shared_days([each.cover for each in entries])
    return [
        each
        for each in entries
        if each.is_folded
        and len(each.cover) == _MONTH_LENGTH
        and each.cover not in disputed
        and each.size_bytes >= from_bytes
    ]


def listed(lake: Lake, program_id: str, *, zone: ZoneInfo | None) -> list[Stored]:
    """The sums that count by days of a zone, and the entries that none of them has.

    Raises:
        TooLarge: there are too many objects to list within a request.
    """
    # Sums are of objects that existed before them: listed first, they may only be missing.
    stored = stored_sums(lake, program_id)
    entries = lake.listed(program_id, EntryFact.kind)
    sums: dict[str, Stored] = {}
    if zone:
        for month in summable(entries, from_bytes=0):
            key = sums_key(month, program_id=program_id, zone=zone)
            sums |= {month.key: stored[key]} if key in stored else {}
    return [sums.get(each.key, replace(each, kind=DAILY)) for each in entries]


def stored_sums(lake: Lake, program_id: str) -> Mapping[str, Stored]:
    """All sums by their keys, whether they count or not."""
    return {each.key: each for each in lake.listed(program_id, DAILY)}
