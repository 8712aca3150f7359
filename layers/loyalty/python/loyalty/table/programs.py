"""Programs in the table, and the cache of a warm function."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, cast

from loyalty.domain.kernel.errors import NotFound
from loyalty.table import keys
from loyalty.table.engine import Engine, every
from loyalty.table.operations import Absent, Condition, Item, Key, Put, Query, Refused, equal
from loyalty.usecases.engagement.waking import CountingSince
from loyalty.usecases.ports import Listed
from loyalty.usecases.program.versions import ListedVersion, Superseded

if TYPE_CHECKING:
    from loyalty.domain.program.document import PublishedProgram

# A published version is in force everywhere within 30 s. A read may lag by a second or two.
REMEMBERED_FOR: Final = timedelta(seconds=25)
# A document of 5 KB takes some 50 KB as models. The limit keeps functions for many programs small.
VERSIONS_REMEMBERED_MAX: Final = 200
VERSION_MAX: Final = 10**9 - 1


@dataclass(frozen=True, slots=True)
class ListedProgram:
    """What the list of all programs has of one."""

    program_id: str
    name: str
    time_zone: str
    version: int


class TablePrograms:
    """Implements `Programs`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def in_force(self, program_id: str) -> PublishedProgram | None:
        version = self.version_in_force(program_id, strong=True)
        return self.version(program_id, version) if version else None

    def version_in_force(self, program_id: str, *, strong: bool = False) -> int | None:
        item = self._engine.get(keys.program_current(program_id), strong=strong)
        return cast("int", item["version"]) if item else None

    def counting(self, program_id: str) -> CountingSince | None:
        """Since which version a program counts orders for something; None: no such program."""
        item = self._engine.get(keys.program_current(program_id), strong=True)
        if item is None:
            return None
        return CountingSince(
            cast("int", item["version"]), cast("int | None", item.get("counts_since"))
        )

    def version(self, program_id: str, version: int) -> PublishedProgram | None:
        key = keys.program_version(program_id, str(version))
        # Versions are immutable, so a stale read is right if it finds one. It can miss a new one.
        item = self._engine.get(key, strong=False) or self._engine.get(key, strong=True)
        return _from_item(item) if item else None

    def publications(
        self, program_id: str, *, limit: int, before: int | None
    ) -> Listed[ListedVersion]:
        """A page of a program's versions, without their documents, newest first."""
        last = f"{(before or VERSION_MAX + 1) - 1:09d}"
        page = self._engine.query(
            Query(
                pk=keys.program_publication(program_id, "").pk,
                first=keys.program_publication(program_id, "").sk,
                last=keys.program_publication(program_id, last).sk,
                newest_first=True,
                limit=limit,
            )
        )
        found = [_publication_from(item) for item in page]
        return Listed(found, str(found[-1].version) if page.next else None)

    def registered(self) -> Iterator[str]:
        """The ids of all programs."""
        query = Query(pk=keys.REGISTRY_PARTITION)
        return (cast("str", item["program_id"]) for item in every(self._engine, query))

    def page(self, *, limit: int, after: str | None) -> Listed[ListedProgram]:
        """One page of all programs, by id."""
        page = self._engine.query(
            Query(
                pk=keys.REGISTRY_PARTITION,
                limit=limit,
                start={**keys.registry(after)._asdict()} if after else None,
            )
        )
        more = cast("str", page.next["sk"]) if page.next else None
        return Listed([_listed(item) for item in page], more)

    def publish(self, program: PublishedProgram) -> None:
        program_id, version = program.program_id, program.version
        is_next: Condition = equal(("version",), version - 1) if version > 1 else Absent()
        try:
            self._engine.write(
                (
                    _put(keys.program_current(program_id), _current(program), is_next),
                    _put(
                        keys.program_version(program_id, str(version)),
                        _to_item(program),
                        Absent(),
                    ),
                    _put(
                        keys.program_publication(program_id, f"{version:09d}"),
                        _publication(program),
                    ),
                    _put(keys.registry(program_id), _registered(program)),
                )
            )
        except Refused as refused:
            raise Superseded from refused


class ProgramShelf:
    """A cache of programs: the version in force for 25 s, each version for good."""

    def __init__(self, programs: TablePrograms) -> None:
        self._programs = programs
        self._in_force: dict[str, tuple[int, datetime]] = {}
        self._versions: OrderedDict[tuple[str, int], PublishedProgram] = OrderedDict()

    def in_force(self, program_id: str, *, now: datetime) -> PublishedProgram:
        """The current version, at most 30 s old.

        Raises:
            NotFound: no such program was ever published.
        """
        version, until = self._in_force.get(program_id, (0, now))
        # If the clock was set back, an old version must not stay in force.
        if not now < until <= now + REMEMBERED_FOR:
            found = self._programs.version_in_force(program_id)
            if found is None:
                raise NotFound
            # A lagging read must not bring back a replaced version.
            version = max(found, version)
            self._in_force[program_id] = (version, now + REMEMBERED_FOR)
        return self.version(program_id, version)

    def version(self, program_id: str, version: int) -> PublishedProgram:
        """A version, current or not.

        Raises:
            NotFound: there is no such version.
        """
        name = (program_id, version)
        program = self._versions.get(name) or self._programs.version(program_id, version)
        if program is None:
            raise NotFound
        self._versions[name] = program
        self._versions.move_to_end(name)
        if len(self._versions) > VERSIONS_REMEMBERED_MAX:
            self._versions.popitem(last=False)
        return program

    def learn(self, program: PublishedProgram, *, now: datetime) -> None:
        """Remember a version that was just published from here."""
        name = (program.program_id, program.version)
        self._versions[name] = program
        self._in_force[program.program_id] = (program.version, now + REMEMBERED_FOR)


def _put(key: Key, item: Item, *conditions: Condition) -> Put:
    return Put(key, item, conditions)


def _current(program: PublishedProgram) -> Item:
    return {
        "v": 1,
        "version": program.version,
        "published_at": program.published_at.isoformat(),
        "counts_since": program.counts_since,
    }


def _registered(program: PublishedProgram) -> Item:
    """What a sweep must know of a program to tell whether anything is due in it."""
    return {
        "v": 1,
        "program_id": program.program_id,
        "name": program.document.name,
        "time_zone": program.document.time_zone,
        "version": program.version,
    }


def _publication(program: PublishedProgram) -> Item:
    """What a list of versions shows, which is all but the document."""
    return {
        "v": 1,
        "version": program.version,
        "published_at": program.published_at.isoformat(),
        "published_by": program.published_by,
        "note": program.note,
    }


def _publication_from(item: Item) -> ListedVersion:
    return ListedVersion(
        version=cast("int", item["version"]),
        published_at=datetime.fromisoformat(cast("str", item["published_at"])),
        published_by=cast("str | None", item["published_by"]),
        note=cast("str | None", item["note"]),
    )


def _listed(item: Item) -> ListedProgram:
    return ListedProgram(
        program_id=cast("str", item["program_id"]),
        name=cast("str", item["name"]),
        time_zone=cast("str", item["time_zone"]),
        version=cast("int", item["version"]),
    )


def _to_item(program: PublishedProgram) -> Item:
    since = program.inactivity_since
    return {
        "v": 1,
        "program_id": program.program_id,
        "version": program.version,
        "published_at": program.published_at.isoformat(),
        "document": program.document.canonical(),
        "inactivity_since": since.isoformat() if since else None,
        "published_by": program.published_by,
        "note": program.note,
        "counts_since": program.counts_since,
        "refers_since": program.refers_since,
    }


def _from_item(item: Item) -> PublishedProgram:
    # Functions that read no document do not load its models.
    from loyalty.domain.program import document as models  # noqa: PLC0415  # as said

    since = cast("str | None", item["inactivity_since"])
    return models.PublishedProgram(
        program_id=cast("str", item["program_id"]),
        version=cast("int", item["version"]),
        published_at=datetime.fromisoformat(cast("str", item["published_at"])),
        document=models.Program.model_validate_json(cast("str", item["document"])),
        inactivity_since=date.fromisoformat(since) if since else None,
        published_by=cast("str | None", item.get("published_by")),
        note=cast("str | None", item.get("note")),
        counts_since=cast("int | None", item.get("counts_since")),
        refers_since=cast("int | None", item.get("refers_since")),
    )
