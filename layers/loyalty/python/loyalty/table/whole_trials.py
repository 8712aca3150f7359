"""Trials on everybody in the table: an item for each, and one that lists those under way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from loyalty.domain.kernel.errors import LimitReached
from loyalty.domain.trials.whole import KEPT_DAYS, UNDER_WAY_MAX, Prepared, WholeTrial
from loyalty.table import keys
from loyalty.table.operations import (
    Absent,
    Action,
    AnyOf,
    Assign,
    Condition,
    Increase,
    Item,
    Key,
    Put,
    Query,
    Refused,
    Remove,
    Update,
    at_least,
    equal,
)
from loyalty.table.records import VERSION
from loyalty.table.records.parts import instant_from
from loyalty.usecases.ports import Listed, Raced

if TYPE_CHECKING:
    from loyalty.table.engine import Engine

_IS_QUEUED: Final = equal(("state",), "queued")
_IS_RUNNING: Final = equal(("state",), "running")


class TableWholeTrials:
    """Implements `WholeTrials` for one program."""

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program_id = program_id

    def find(self, trial_id: str) -> WholeTrial | None:
        item = self._engine.get(keys.trial(self._program_id, trial_id), strong=True)
        return _from_item(item) if item else None

    def begin(self, trial: WholeTrial, *, seen: WholeTrial | None) -> None:
        slots = keys.trials_under_way(self._program_id)
        found = cast("dict[str, Any]", self._engine.get(slots, strong=True) or {})
        now = keys.instant(trial.requested_at)
        under_way = {name: end for name, end in found.get("under_way", {}).items() if end > now}
        if len(under_way) >= UNDER_WAY_MAX:
            raise LimitReached(
                f"A program may have {UNDER_WAY_MAX} trial of all members under way; wait until it "
                "is done."
            )
        changes = found.get("changes", 0)
        item: Item = {
            "kind": "trials_under_way",
            "v": VERSION,
            "under_way": under_way | {trial.trial_id: keys.instant(trial.given_up_at)},
            "changes": changes + 1,
        }
        same: Condition = equal(("changes",), changes) if found else Absent()
        unchanged: Condition = (
            equal(("recorded_at",), keys.instant(seen.requested_at)) if seen else Absent()
        )
        put = Put(self._key(trial), _to_item(trial, self._program_id), (unchanged,))
        self._write(put, Put(slots, item, (same,)))

    def note_round(self, trial: WholeTrial) -> None:
        is_before: tuple[Condition, ...] = (_IS_QUEUED,)
        if trial.round > 1:
            is_before = (_IS_RUNNING, equal(("round",), trial.round - 1))
        written = _to_item(trial, self._program_id)
        self._write(
            self._update(
                trial,
                [Assign((name,), written[name]) for name in (*_OF_ROUND, *_OF_STATE)],
                is_before,
            )
        )

    def note_handed_out(self, trial: WholeTrial) -> None:
        self._write(self._update_of_round(trial, Assign(("is_handed_out",), value=True)))

    def note_part(self, trial: WholeTrial, part: int) -> None:
        self._write(self._update_of_round(trial, Assign(("parts_done", str(part)), value=True)))

    def end(self, trial: WholeTrial) -> None:
        written = _to_item(trial, self._program_id)
        free = Update(
            keys.trials_under_way(self._program_id),
            (Remove(("under_way", trial.trial_id)), Increase(("changes",), 1)),
            (at_least(("changes",), 1),),
        )
        is_under_way = AnyOf((_IS_QUEUED, _IS_RUNNING))
        changes = [Assign((name,), written[name]) for name in _OF_STATE]
        self._write(self._update(trial, changes, (is_under_way,)), free)

    def listed(self, *, limit: int, start: str | None) -> Listed[WholeTrial]:
        page = self._engine.query(
            Query(
                pk=keys.trials_partition(self._program_id),
                index="history",
                newest_first=True,
                limit=limit,
                start=self._after(start) if start else None,
            )
        )
        more = cast("str", page.next["history_sk"]) if page.next else None
        return Listed([_from_item(item) for item in page], more)

    def _key(self, trial: WholeTrial) -> Key:
        return keys.trial(self._program_id, trial.trial_id)

    def _update_of_round(self, trial: WholeTrial, change: Action) -> Update:
        same_round = (_IS_RUNNING, equal(("round",), trial.round))
        return self._update(trial, [change], same_round)

    def _update(
        self, trial: WholeTrial, changes: Sequence[Action], conditions: tuple[Condition, ...]
    ) -> Update:
        # One that failed may have been requested again under the same id.
        same_request = equal(("recorded_at",), keys.instant(trial.requested_at))
        return Update(self._key(trial), tuple(changes), (same_request, *conditions))

    def _write(self, *operations: Put | Update) -> None:
        try:
            self._engine.write(operations)
        except Refused as refused:
            raise Raced from refused

    def _after(self, sort: str) -> Item:
        """The position after which a list continues; its sort key ends with the trial's id."""
        key = keys.trial(self._program_id, sort.rsplit("#", 1)[1])
        return {
            "pk": key.pk,
            "sk": key.sk,
            "history_pk": keys.trials_partition(self._program_id),
            "history_sk": sort,
        }


# Attributes that change with a round, and with the state.
_OF_ROUND: Final = ("round", "parts_done", "is_handed_out", "ends")
_OF_STATE: Final = ("state", "about")


def _to_item(trial: WholeTrial, program: str) -> Item:
    """What lists show is in `about`, because the index carries it."""
    requested_at = keys.instant(trial.requested_at)
    prepared = trial.prepared
    about: Item = {
        "id": trial.trial_id,
        "first": trial.first.isoformat(),
        "last": trial.last.isoformat(),
        "version": trial.version,
        "state": trial.state,
        "as_of": keys.instant(prepared.as_of) if prepared else None,
        "people": prepared.people if prepared else None,
        "parts": prepared.parts if prepared else None,
        "finished_at": keys.instant(trial.finished_at) if trial.finished_at else None,
        "trouble": trial.trouble,
        "detail": trial.detail,
    }
    return {
        "kind": "trial",
        "v": VERSION,
        "state": trial.state,
        "round": trial.round,
        "parts_done": {str(part): True for part in sorted(trial.parts_done)},
        "is_handed_out": trial.is_handed_out,
        "ends": dict(trial.ends),
        "recorded_at": requested_at,
        "about": {name: value for name, value in about.items() if value is not None},
        "history_pk": keys.trials_partition(program),
        "history_sk": f"{requested_at}#{trial.trial_id}",
        "ttl": int((trial.requested_at + timedelta(days=KEPT_DAYS)).timestamp()),
    }


def _from_item(item: Item) -> WholeTrial:
    wire = cast("dict[str, Any]", item)
    about = wire["about"]
    return WholeTrial(
        trial_id=about["id"],
        first=date.fromisoformat(about["first"]),
        last=date.fromisoformat(about["last"]),
        version=about["version"],
        requested_at=instant_from(wire["recorded_at"]),
        state=about["state"],
        prepared=Prepared(instant_from(about["as_of"]), about["people"], about["parts"])
        if "as_of" in about
        else None,
        round=wire.get("round", 1),
        parts_done=frozenset(map(int, wire.get("parts_done", ()))),
        is_handed_out=wire.get("is_handed_out", False),
        ends=wire.get("ends", {}),
        finished_at=instant_from(about["finished_at"]) if "finished_at" in about else None,
        trouble=about.get("trouble"),
        detail=about.get("detail"),
    )
