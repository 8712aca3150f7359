"""The lake's keeper: it folds many small objects into few large ones and changes nothing else.

It folds objects from the stream every hour, the hours of a day once the day is over, and the days
of a month once the month is over. So a report over years opens tens of objects. A fold writes the
large object only if that object is still the one it read. Then it removes the objects that went
into it, again only those that are unchanged. Wherever a fold is killed, and even if several run at
once, each fact lies in one object or in two, and readers recognize a duplicate by its id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from loyalty.domain.facts import EntryFact, Fact
from loyalty.domain.kernel.errors import TryAgain
from loyalty.lake import day_sums, sql_views
from loyalty.lake.objects import FETCHERS, FOLDED, Lake, Stored, folded_key

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from loyalty.domain.program.document import Program

# Facts recorded in the last moments of a day reach the lake within minutes. Facts that arrive even
# later than this are still folded into their day or month.
DAY_CLOSES_AFTER: Final = timedelta(hours=1)
MONTH_CLOSES_AFTER: Final = timedelta(days=2)
ATTEMPTS_MAX: Final = 3

# A member's facts are stored together, because reports group by member most often.
SORTED_BY: Final = {
    "actions": "staff_member, began_at, fact_id",
    "activities": "activity, first_recorded_at, fact_id",
    "awards": "rule_id, given_at, fact_id",
    "counted_orders": "rule_id, occurred_at, fact_id",
    "referrals": "claimed_at, fact_id",
    "entries": "member_id, counted_at, fact_id",
    "members": "fact_id",
    "reviews": "opened_at, fact_id",
    "offers": "campaign_id, offered_at, fact_id",
    "messages": "member_id, written_at, fact_id",
    "order_states": "changed_at, fact_id",
    "orders": "member_id, guest_id, occurred_at, fact_id",
    "surveys": "survey_id, answered_at, fact_id",
    "vouchers": "reward_id, issued_at, fact_id",
}
# Row groups are four times the engine's own: a column is fetched in fewer requests.
WRITTEN_AS: Final = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 491520"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """The number of objects before and after a fold."""

    sources: int = 0
    targets: int = 0


class Keeper:
    """Folds the facts of one kind of one program, as of a moment."""

    def __init__(self, lake: Lake, *, root: Path, now: datetime) -> None:
        self._lake = lake
        self._root = root
        self._now = now.astimezone(UTC)

    def fold(self, program_id: str, kind: str) -> Folded:
        """Fold everything that is ready. A repeated or concurrent run changes nothing more.

        Raises:
            TryAgain: other runs folded the same facts during every attempt.
        """
        targets, sources = 0, 0
        for _ in range(ATTEMPTS_MAX):
            plan, standing = self._plan(self._lake.listed(program_id, kind))
            overtaken = False
            for cover, parts in plan.items():
                if self._fold(program_id, sql_views.KINDS[kind], cover, parts, standing.get(cover)):
                    targets, sources = targets + 1, sources + len(parts)
                else:
                    overtaken = True
            if not overtaken:
                return Folded(sources=sources, targets=targets)
        raise TryAgain("Another run is folding the same facts")

    def sum_up(self, program_id: str, document: Program, *, from_bytes: int) -> int:
        """Sum up each closed month of entries that has no sums; returns how many there were.

        Smaller months than `from_bytes` are left alone. Sums of what a month was before, and of
        days of another time zone, are removed.
        """
        # As a reader lists them: then no sums are taken for outdated that are newer.
        stored = day_sums.stored_sums(self._lake, program_id)
        months = day_sums.summable(
            self._lake.listed(program_id, EntryFact.kind), from_bytes=from_bytes
        )
        months_by_key = {
            day_sums.sums_key(month, program_id=program_id, zone=document.zone): month
            for month in months
        }
        missing = {key: month for key, month in months_by_key.items() if key not in stored}
        for key, month in missing.items():
            self._write_sums(key, month, document)
        for key in stored.keys() - months_by_key.keys():
            self._lake.remove(stored[key])
        return len(missing)

    def _write_sums(self, key: str, month: Stored, document: Program) -> None:
        """Write what a report would compute of a month that had no sums."""
        with TemporaryDirectory(dir=self._root) as scratch:
            folder = Path(scratch)
            (folder / day_sums.DAILY).mkdir()
            if not self._lake.fetch(month, to=folder / day_sums.DAILY / month.file_name):
                # It was folded anew, and a later run sums that up.
                return
            target = folder / f"sums{FOLDED}"
            with sql_views.connection(
                folder,
                kinds=(day_sums.DAILY,),
                document=document,
                zone=document.zone,
                until=self._now.date(),
            ) as connected:
                connected.execute(f"COPY (FROM daily ORDER BY ALL) TO '{target}' ({WRITTEN_AS})")
            # Whoever was faster wrote the same.
            self._lake.replace(key, target, seen=None)

    def _plan(self, listed: Sequence[Stored]) -> tuple[dict[str, list[Stored]], dict[str, Stored]]:
        """The parts of each object to write, and the objects that exist."""
        standing = {each.cover: each for each in listed if each.is_folded}
        plan: defaultdict[str, list[Stored]] = defaultdict(list)
        for each in listed:
            target = self._target(each)
            if not (each.is_folded and each.cover == target):
                plan[target].append(each)
        return plan, standing

    def _target(self, stored: Stored) -> str:
        """The cover of the object that a part belongs in as of now."""
        month, day = stored.cover[:7], stored.cover[:10]
        if month < (self._now - MONTH_CLOSES_AFTER).strftime("%Y-%m"):
            return month
        if len(stored.cover) == len("2026-11"):
            # An earlier run considered the month over and wrote it whole.
            return stored.cover
        if day < (self._now - DAY_CLOSES_AFTER).strftime("%Y-%m-%d"):
            return day
        return stored.cover if stored.is_folded else f"{day}-{self._now:%H}"

    def _fold(
        self,
        program_id: str,
        fact: type[Fact],
        cover: str,
        parts: Sequence[Stored],
        standing: Stored | None,
    ) -> bool:
        """Write one object and remove its parts; False if another run changed it first."""
        with TemporaryDirectory(dir=self._root) as scratch:
            folder = Path(scratch)
            whole = [*parts, standing] if standing else list(parts)
            with ThreadPoolExecutor(FETCHERS) as pool:
                fetched = pool.map(
                    lambda each: self._lake.fetch(each, to=folder / each.file_name), whole
                )
                if not all(fetched):
                    return False
            target = folder / f"target{FOLDED}"
            touched = _merge(fact, folder, into=target, fresh=[p for p in parts if not p.is_folded])
            key = folded_key(fact.kind, program_id, cover)
            if not self._lake.replace(key, target, seen=standing):
                return False
        if fact is EntryFact and touched:
            self._lake.touch(
                touched, program_id=program_id, day=self._now.date(), name=_digest(parts)
            )
        with ThreadPoolExecutor(FETCHERS) as pool:
            list(pool.map(self._lake.remove, parts))
        return True


def _merge(fact: type[Fact], folder: Path, *, into: Path, fresh: Sequence[Stored]) -> list[str]:
    """Write the facts of a folder's files into one file, each fact in its last revision.

    Returns the members of the entries that were not folded before.
    """
    paths = sorted(folder.glob("*~*"))
    together = SORTED_BY[fact.kind]
    with sql_views.workshop(folder) as connected:
        connected.execute(f"""
            COPY (
                FROM ({sql_views.recorded(fact, paths)})
                QUALIFY row_number() OVER (
                    PARTITION BY fact_id ORDER BY revision DESC, recorded_at DESC, v DESC
                ) = 1
                ORDER BY {together}
            ) TO '{into}' ({WRITTEN_AS})
        """)
        return _members(connected, fact, [folder / each.file_name for each in fresh])


def _members(connected: DuckDBPyConnection, fact: type[Fact], paths: Sequence[Path]) -> list[str]:
    if fact is not EntryFact or not paths:
        return []
    found = connected.execute(
        f"SELECT DISTINCT member_id FROM ({sql_views.recorded(fact, paths)}) ORDER BY 1"  # noqa: S608  # as above
    )
    return [member_id for (member_id,) in found.fetchall()]


def _digest(parts: Sequence[Stored]) -> str:
    """A name that depends only on the parts: a fold repeated after a crash writes it once."""
    return sha256("\n".join(sorted(each.key for each in parts)).encode()).hexdigest()[:32]


def closed_before(now: datetime) -> date:
    """The first day of the month that is not closed yet."""
    return (now.astimezone(UTC) - MONTH_CLOSES_AFTER).date().replace(day=1)
