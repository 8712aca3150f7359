"""The holder of each identity after every write, and who may hold it next."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from local.memory import Written
from loyalty.domain.people.identity import Identity
from loyalty.table import keys
from loyalty.table.operations import Item, Key
from tests.simulation.auditing.seen import Violation

NOTED, CLAIMED, PROVEN = range(3)
CONTACTS: Final = ("email", "phone")


class Identities:
    """Checks that each identity has one holder, and passes only to a better claim.

    `stood_for` are all members who ever held an identity: an order under it may be any of theirs.
    """

    def __init__(self, program_id: str, digest: Any) -> None:
        self._program = program_id
        self._digest = digest
        self.stood_for: set[tuple[Key, str]] = set()

    def observe(self, written: Sequence[Written], items: Mapping[Key, Item]) -> None:
        """Check everything about identities after a write that touched any of them.

        Raises:
            Violation: a promise is broken.
        """
        touched = [each for each in written if each[0].sk in ("IDENTITY", "PROFILE")]
        if not touched:
            return
        on_file = {
            (self.key(Identity(kind, value, source)), wire["member_id"]): _strength(wire, kind, ok)
            for wire in _profiles(items)
            for kind, value, source, ok in wire["identities"]
        }
        held = {
            (key, wire["member_id"]): wire["strength"] for key, wire in _items("IDENTITY", items)
        }
        if on_file != held:
            raise Violation(f"profiles say {on_file}, identities {held}")
        self.stood_for |= {each for each, strength in held.items() if strength > NOTED}
        for key, before, after in touched:
            if key.sk == "IDENTITY" and before is not None and after is not None:
                _check_passed(before, after, items)

    def key(self, identity: Identity) -> Key:
        return keys.identity(self._program, *self._digest(identity))


def _check_passed(before: Any, after: Any, items: Mapping[Key, Item]) -> None:
    loser, taker = before["member_id"], after["member_id"]
    if loser == taker or _account(loser, items)["status"] == "merged":
        return
    if after["strength"] <= before["strength"]:
        raise Violation(f"{taker} took what {loser} has as good a claim to")
    moves = [_moves(member_id, items) for member_id in (loser, taker)]
    passed = [move for move in moves[0] if move[1:3] == [loser, taker]]
    if not passed or any(move not in moves[1] for move in passed):
        raise Violation(f"{taker} took something from {loser}, and it is not on record: {moves}")


def _moves(member_id: str, items: Mapping[Key, Item]) -> list[list[str]]:
    (wire,) = (each for each in _profiles(items) if each["member_id"] == member_id)
    moves: list[list[str]] = wire["identity_moves"]
    return moves


def _account(member_id: str, items: Mapping[Key, Item]) -> Any:
    return next(item for _, item in _items("ACCOUNT", items) if item["member_id"] == member_id)


def _profiles(items: Mapping[Key, Item]) -> list[Any]:
    return [item for _, item in _items("PROFILE", items)]


def _items(sk: str, items: Mapping[Key, Item]) -> list[tuple[Key, Any]]:
    return [(key, item) for key, item in items.items() if key.sk == sk]


def _strength(profile: Any, kind: str, is_verified: bool) -> int:
    """The identities that find a member: proven ones, or claimed ones if none is proven."""
    somebody_proved = any(
        each == "subject" or (ok and each in CONTACTS) for each, _, _, ok in profile["identities"]
    )
    if is_verified or kind == "subject":
        return PROVEN
    return NOTED if somebody_proved and kind != "card" else CLAIMED
