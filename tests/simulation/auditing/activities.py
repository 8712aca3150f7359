"""Checks on activities: each stands as its terms say, and no limit is exceeded."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from local.memory import Written
from loyalty.domain.program.document import PublishedProgram
from loyalty.table.operations import Item, Key
from tests.simulation import naive_activities
from tests.simulation.auditing.seen import Seen, Violation, follows, order_of, request_of

# The points of an activity that stand, and the places that it takes of limits.
type Standing = tuple[int, tuple[str, ...]]

_AWARDS: Final = "activity."
_NOTHING: Final[Standing] = (0, ())


class Activities:
    """Activities, the places that they take of members' limits, and their awards."""

    def __init__(self, seen: Seen, versions: Sequence[PublishedProgram]) -> None:
        self._seen = seen
        self._versions = versions
        # By the id of its award.
        self._items: dict[str, Any] = {}
        # By member, and by activity and limit.
        self._used: dict[str, Counter[tuple[str, str]]] = {}

    def observe(self, written: Sequence[Written], program: PublishedProgram) -> None:
        """Check everything that a write changed of activities. `program`: what decided it.

        Raises:
            Violation: a promise is broken.
        """
        awards: set[str] = set()
        for key, _, after in written:
            wire: Any = after
            if key.sk.startswith("USED#"):
                _, activity, use = key.sk.split("#", 2)
                self._used.setdefault(request_of(key), Counter())[activity, use] = wire["count"]
            elif key.sk == "ACTIVITY":
                self._items[_award_id(key)] = wire
                awards.add(_award_id(key))
            elif key.sk == "AWARD" and request_of(key).startswith(_AWARDS):
                awards.add(request_of(key))
        for key, before, after in written:
            if key.sk == "ACTIVITY":
                follows(key, before, after, "revision")
                self._stands(key, before, after, program)
        for award_id in awards:
            self._is_given(award_id)

    def _stands(self, key: Key, before: Item | None, item: Any, program: PublishedProgram) -> None:
        """An activity is worth what its terms say, or nothing."""
        old: Any = before or {"state": "unknown", "points": 0, "uses": []}
        if "member_id" not in item:
            had, has = _NOTHING, _standing(item)
        else:
            version = item.get("program_version")
            terms = naive_activities.terms_of(
                item, self._versions[version - 1].document if version else program.document
            )
            keeps = old["state"] == "retracted" or terms.if_undone == "keep"
            had, has = _standing(old) if keeps else _NOTHING, _standing(item)
            self._places_add_up(item)
            if item["state"] == "awarded":
                self._is_awarded(key, item, terms, had_place=_had_place(old))
                return
            if item["state"] == "waiting" and not self._lacks_order(item, terms):
                raise Violation(f"{key} waits for an order, and there is one")
        if has != (had if item["state"] == "retracted" else _NOTHING):
            raise Violation(f"{key} is {item['state']} with {has}, and had {had}")

    def _is_awarded(self, key: Key, item: Any, terms: Any, *, had_place: bool) -> None:
        points = naive_activities.worth(terms, item["about"]["attributes"])
        day = self._seen.local_day(item["happened_at"])
        places = dict(naive_activities.places(terms, item, day))
        if _standing(item) != (points, tuple(sorted(places))):
            raise Violation(f"{key} is {_standing(item)} instead of {points} with {places}")
        if had_place:
            return
        if self._lacks_order(item, terms):
            raise Violation(f"{key} counts without the order that it needs")
        used = self._used_by(self._seen.heir(item["member_id"]), item["about"]["activity"])
        if any(used[use] > most for use, most in places.items()):
            raise Violation(f"{key} exceeds a limit: {places}, used are {used}")

    def _lacks_order(self, item: Any, terms: Any) -> bool:
        account = self._seen.accounts[self._seen.heir(item["member_id"])]
        day = self._seen.local_day(item["happened_at"])
        return naive_activities.lacks_order(terms, account, day)

    def _places_add_up(self, item: Any) -> None:
        """What members used of their limits is what their activities take."""
        heir, activity = self._seen.heir(item["member_id"]), item["about"]["activity"]
        taken = Counter(
            use
            for each in self._items.values()
            if "member_id" in each
            and each["about"]["activity"] == activity
            and self._seen.heir(each["member_id"]) == heir
            for use in each["uses"]
        )
        used = self._used_by(heir, activity)
        if used != taken:
            raise Violation(f"{heir} used {used} of {activity}, and the activities take {taken}")

    def _used_by(self, heir: str, activity: str) -> Counter[str]:
        """How often a member used each limit, with everybody merged into them.

        A place is given back by the survivor, so one of the parts may be below zero.
        """
        used = Counter[str]()
        for member_id, counts in self._used.items():
            if self._seen.heir(member_id) == heir:
                used.update({use: n for (name, use), n in counts.items() if name == activity})
        return used

    def _is_given(self, award_id: str) -> None:
        """The award of an activity stands at the points of the activity."""
        item, award = self._items[award_id], self._seen.awards.get(award_id)
        target = award["target"] if award else 0
        if target != item["points"]:
            raise Violation(f"{award_id} stands at {target}, its activity at {item['points']}")


def _award_id(key: Key) -> str:
    return f"{_AWARDS}{'/'.join(order_of(key))}"


def _standing(item: Any) -> Standing:
    return item["points"], tuple(sorted(item["uses"]))


def _had_place(item: Any) -> bool:
    return item["state"] == "awarded" or _standing(item) != _NOTHING
