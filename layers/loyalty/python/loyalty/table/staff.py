"""Staff in the table: what is noted about them, and who may change their roles now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, cast

from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.staff.people import DEPLOYMENT_ROLES, StaffRecord
from loyalty.table import keys
from loyalty.table.operations import (
    Absent,
    AnyOf,
    Condition,
    Delete,
    Item,
    Missing,
    Put,
    Refused,
    Transient,
    equal,
    less,
)
from loyalty.table.recent import Recent
from loyalty.table.records import VERSION
from loyalty.usecases.ports import Raced

if TYPE_CHECKING:
    from loyalty.table.engine import Engine

# Lambda ends a request after ten seconds, so one that still runs has its turn.
TURN: Final = timedelta(seconds=15)


class TableStaff:
    """Implements `StaffRecords` of one program."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program = program_id

    def find(self, subject: str, *, strong: bool = False) -> StaffRecord:
        item = self._engine.get(keys.staff(self._program, subject), strong=strong)
        return _from_item(item) if item else StaffRecord(subject=subject)

    def of(self, subjects: Sequence[str]) -> Mapping[str, StaffRecord]:
        """The records of these people by subject; people without one are left out."""
        named = [keys.staff(self._program, each) for each in subjects]
        records = map(_from_item, self._engine.get_many(named, strong=False).values())
        return {record.subject: record for record in records}

    def put(self, record: StaffRecord) -> None:
        """Replace the stored record, which must still have the revision that was read.

        Raises:
            Raced: it has another one.
        """
        key = keys.staff(self._program, record.subject)
        item = _to_item(record, revision=record.revision + 1)
        seen: Condition = equal(("revision",), record.revision) if record.revision else Absent()
        try:
            self._engine.write([Put(key, item, (seen,))])
        except Refused as refused:
            # The answer to a first attempt may have been lost.
            if refused.found.get(0) != {"pk": key.pk, "sk": key.sk, **item}:
                raise Raced from refused

    @contextmanager
    def turn(self, holder: str, *, now: datetime) -> Iterator[None]:
        """Let one request at a time change roles: the issuer of staff has no transactions.

        `holder` names the request.

        Raises:
            TryAgain: another request has its turn.
        """
        key = keys.staff_turn(self._program)
        item: Item = {
            "kind": "staff_turn",
            "v": VERSION,
            "holder": holder,
            "until": keys.instant(now + TURN),
        }
        is_free = AnyOf((Missing(("until",)), less(("until",), keys.instant(now))))
        try:
            self._engine.write([Put(key, item, (is_free,))])
        except Refused as refused:
            # The answer to a first attempt may have been lost.
            if (refused.found.get(0) or {}).get("holder") != holder:
                raise TryAgain("Somebody else is changing roles in this program") from refused
        try:
            yield
        finally:
            # A turn that cannot be ended ends by itself.
            with suppress(Refused, Transient, TryAgain):
                self._engine.write([Delete(key, (equal(("holder",), holder),))])


class StaffShelf:
    """A cache of what is noted about staff, at most 30 s old."""

    def __init__(self, engine: Engine) -> None:
        def read(name: tuple[str, str]) -> StaffRecord:
            program_id, subject = name
            return TableStaff(engine, program_id=program_id).find(subject)

        self._records = Recent(read)

    def record(self, program_id: str, subject: str, *, now: datetime) -> StaffRecord:
        return self._records.get((program_id, subject), now=now)


def _to_item(record: StaffRecord, *, revision: int) -> Item:
    return {
        "kind": "staff",
        "v": VERSION,
        "subject": record.subject,
        "email": record.email,
        "name": record.name,
        "erased": record.is_erased,
        "withdrawn": {role: keys.instant(until) for role, until in record.withdrawn.items()},
        "revision": revision,
    }


def _from_item(item: Item) -> StaffRecord:
    withdrawn = cast("dict[str, str]", item["withdrawn"])
    return StaffRecord(
        subject=cast("str", item["subject"]),
        email=cast("str | None", item["email"]),
        name=cast("str | None", item["name"]),
        is_erased=cast("bool", item["erased"]),
        withdrawn=MappingProxyType(
            {
                role: datetime.fromisoformat(withdrawn[role]).astimezone(UTC)
                for role in DEPLOYMENT_ROLES
                if role in withdrawn
            }
        ),
        revision=cast("int", item["revision"]),
    )
