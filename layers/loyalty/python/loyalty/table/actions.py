"""Actions of staff, in the table: a partition for each program and UTC month.

An action is listed a second time in the `history` index, under its target.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, cast

from loyalty.domain.staff.actions import ActionTarget, Change, StaffAction
from loyalty.table import keys
from loyalty.table.engine import every
from loyalty.table.operations import Absent, Item, Put, Query, Refused, equal
from loyalty.usecases.ports import Listed

if TYPE_CHECKING:
    from loyalty.table.engine import Engine

VERSION: Final = 1
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
        key = keys.action(self._program, _month(action.began_at), _sort(action))
        put = Put(key, action_to_item(action, self._program), (Absent(),))
        try:
            self._engine.write([put])
        except Refused as refused:
            # The answer to a first attempt may have been lost.
            if refused.found.get(0) != {"pk": put.key.pk, "sk": put.key.sk, **put.item}:
                raise

    def complete(self, action: StaffAction) -> None:
        """Record what came of an action; one that is complete already stays as it is."""
        key = keys.action(self._program, _month(action.began_at), _sort(action))
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
            if _sort(action) == last:
                # The last action of the page before.
                continue
            unread -= 1
            if matches(action):
                found.append(action)
            if len(found) == limit or not unread:
                return Listed(found, _sort(action))
        return Listed(found, None)

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
            yield from heapq.merge(*about, key=_sort, reverse=True)
            return
        month = last[:7]
        while month >= first[:7]:
            partition = keys.action(self._program, month, "").pk
            yield from map(action_from_item, every(self._engine, replace(query, pk=partition)))
            month = _month_before(month)


def action_to_item(action: StaffAction, program: str) -> Item:
    """Everything but the state is in `about`, because the index carries it and lists show it."""
    about: Item = {
        "id": action.action_id,
        "name": action.name,
        "by": action.by,
        "roles": list(action.roles),
        "target": [action.target.kind, action.target.id],
        "request": action.request_id,
    }
    if action.code is not None:
        about["code"] = action.code
    if action.changes:
        about["changes"] = [[each.field, each.before, each.after] for each in action.changes]
    if action.results:
        about["results"] = dict(action.results)
    return {
        "v": VERSION,
        "kind": "action",
        "state": action.state,
        "recorded_at": keys.instant(action.began_at),
        "about": about,
        "history_pk": keys.actions_partition(program, action.target.kind, action.target.id),
        "history_sk": _sort(action),
    }


def action_from_item(item: Item) -> StaffAction:
    wire = cast("dict[str, Any]", item)
    about = wire["about"]
    return StaffAction(
        action_id=about["id"],
        name=about["name"],
        began_at=datetime.fromisoformat(wire["recorded_at"]),
        by=about["by"],
        roles=tuple(about["roles"]),
        target=ActionTarget(*about["target"]),
        request_id=about["request"],
        state=wire["state"],
        code=about.get("code"),
        changes=tuple(
            Change(field=name, before=before, after=after)
            for name, before, after in about.get("changes", ())
        ),
        results=MappingProxyType(about.get("results", {})),
    )


def _sort(action: StaffAction) -> str:
    return f"{keys.instant(action.began_at)}#{action.action_id}"


def _month(moment: datetime) -> str:
    return keys.instant(moment)[:7]


def _month_before(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year}-{number - 1:02d}" if number > 1 else f"{year - 1:04d}-12"
