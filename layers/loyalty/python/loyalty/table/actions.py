"""Actions of staff, in the table: a partition for each program and UTC month.

An action is listed a second time in the `history` index, under its target.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from loyalty.table import keys
from loyalty.table.engine import every
from loyalty.table.operations import Absent, Put, Query, Refused, equal
from loyalty.table.records.actions import action_from_item, action_to_item, sort_of
from loyalty.usecases.ports import Listed

if TYPE_CHECKING:
    from loyalty.domain.staff.actions import ActionTarget, StaffAction
    from loyalty.table.engine import Engine

# A request that searches by person or name reads at most so many actions.
READ_MAX: Final = 1_000


class TableActions:
    """Implements `Actions` of one program."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program = program_id

    def begin(self, action: StaffAction) -> None:
        """Record an action before its request is carried out.

        Raises:
            Refused: there is one with its id, and this is not the same request repeated.
        """
        key = keys.action(self._program, _month(action.began_at), sort_of(action))
        put = Put(key, action_to_item(action, self._program), (Absent(),))
        try:
            self._engine.write([put])
        except Refused as refused:
            # The answer to a first attempt may have been lost.
            if refused.found.get(0) != {"pk": put.key.pk, "sk": put.key.sk, **put.item}:
                raise

    def complete(self, action: StaffAction) -> None:
        """Record what came of an action; one that is complete already stays as it is."""
        key = keys.action(self._program, _month(action.began_at), sort_of(action))
        still_begun = (equal(("state",), "begun"),)
        try:
            self._engine.write([Put(key, action_to_item(action, self._program), still_begun)])
        except Refused:
            return

    def listed(
        self,
        *,
        since: datetime,
        until: datetime,
        targets: Sequence[ActionTarget],
        matches: Callable[[StaffAction], bool],
        limit: int,
        start: str | None,
    ) -> Listed[StaffAction]:
        """A page of the actions from `since` up to, not including, `until`, newest first.

        If there are `targets`, only the actions about them are listed. `matches` decides which of
        them. A page may be short although more follow: a request reads a bounded number of items.
        """
        last = min(start or keys.instant(until), keys.instant(until))
        found: list[StaffAction] = []
        unread = READ_MAX
        for action in self._actions(keys.instant(since), last, targets):
            if sort_of(action) == last:
                # The last action of the page before.
                continue
            unread -= 1
            if matches(action):
                found.append(action)
            if len(found) == limit or not unread:
                return Listed(found, sort_of(action))
        return Listed(found, None)

    def during(self, since: datetime, until: datetime) -> Iterator[StaffAction]:
        """The actions from `since` up to, not including, `until`, newest first."""
        return self._actions(keys.instant(since), keys.instant(until), ())

    def _actions(
        self, first: str, last: str, targets: Sequence[ActionTarget]
    ) -> Iterator[StaffAction]:
        """The actions in a range of sort keys, newest first."""
        if last < first:
            return
        query = Query(pk="", first=first, last=last, newest_first=True)
        if targets:
            partitions = (
                keys.actions_partition(self._program, each.kind, each.id) for each in targets
            )
            about = [
                map(action_from_item, every(self._engine, replace(query, pk=each, index="history")))
                for each in partitions
            ]
            yield from heapq.merge(*about, key=sort_of, reverse=True)
            return
        month = last[:7]
        while month >= first[:7]:
            partition = keys.action(self._program, month, "").pk
            yield from map(action_from_item, every(self._engine, replace(query, pk=partition)))
            month = _month_before(month)


def _month(moment: datetime) -> str:
    return keys.instant(moment)[:7]


def _month_before(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year}-{number - 1:02d}" if number > 1 else f"{year - 1:04d}-12"
