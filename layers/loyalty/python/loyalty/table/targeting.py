"""What members are targeted by, in the table: one item for each member who is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from loyalty.domain.campaigns.targeting import Targeting, united
from loyalty.table import keys
from loyalty.table.operations import (
    Absent,
    AnyOf,
    Assign,
    Check,
    Delete,
    Missing,
    Put,
    Refused,
    Update,
    equal,
    less,
)
from loyalty.table.records.targeting import (
    joined_to_map,
    offers_to_map,
    segments_to_map,
    since_to_map,
    targeting_from_item,
    targeting_to_item,
)
from loyalty.usecases.ports import Raced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loyalty.domain.campaigns.offers import Offer
    from loyalty.domain.campaigns.targeting import MemberSegments
    from loyalty.table.engine import Engine
    from loyalty.table.operations import Condition, Operation


_AS_OF: Final = ("segments_as_of",)
_OFFERS: Final = ("offers",)


class TableTargeting:
    """Implements `Targetings`.

    An item that exists is updated by itself: it is deleted with its member's profile or merged with
    another one, and then the update is refused. Only a new one needs the account as a witness.
    """

    def __init__(self, engine: Engine, *, program_id: str) -> None:
        self._engine = engine
        self._program = program_id

    def save(self, before: Targeting | None, after: Targeting) -> None:
        saved = self._saved(before, after)
        if before is None:
            self._write(saved, self._is_active(after.member_id))
        else:
            self._write(saved)

    def keep_segments(self, change: MemberSegments) -> bool:
        """Write down the segments of a member, unless later ones are known or they have left.

        Returns whether they were written. It costs one write unit, and for a member of whom nothing
        is kept yet a transaction.

        Raises:
            Raced: the member was targeted for the first time meanwhile.
        """
        key = keys.targeting(self._program, change.member_id)
        assigned = (
            Assign(("segments",), segments_to_map(change.segments)),
            Assign(_AS_OF, keys.instant(change.as_of)),
            Assign(("segments_since",), since_to_map(change.since)),
        )
        is_older = AnyOf((Missing(_AS_OF), less(_AS_OF, keys.instant(change.as_of))))
        update = Update(key, assigned, (equal(("member_id",), change.member_id), is_older))
        try:
            self._engine.write((update,))
        except Refused as refused:
            if refused.found.get(0) is not None or not change.segments:
                return False
        else:
            return True
        item = targeting_to_item(Targeting(member_id=change.member_id)) | {
            action.path[0]: action.value for action in assigned
        }
        try:
            self._engine.write((Put(key, item, (Absent(),)), self._is_active(change.member_id)))
        except Refused as refused:
            if refused.found.get(0) is not None:
                raise Raced from refused
            return False
        return True

    def keep_offers(self, before: Targeting | None, after: Targeting) -> None:
        """Write down what was offered to a member; it changes nothing else of the item.

        Raises:
            Raced: the offers changed since they were read, or the member has left.
        """
        if before is None:
            self.save(before, after)
            return
        self._write(
            Update(
                keys.targeting(self._program, after.member_id),
                (Assign(_OFFERS, offers_to_map(after.offers)),),
                (equal(("member_id",), after.member_id), _offers_are(before.offers)),
            )
        )

    def unite(self, merged_id: str, *, into: str) -> None:
        """Give a merged member's part in campaigns to the member they became.

        Raises:
            Raced: one of the two changed, or the survivor is active no more.
        """
        of_merged, of_survivor = (
            keys.targeting(self._program, member_id) for member_id in (merged_id, into)
        )
        found = self._engine.get_many((of_merged, of_survivor), strong=True)
        if of_merged not in found:
            return
        merged = targeting_from_item(found[of_merged])
        before = targeting_from_item(found[of_survivor]) if of_survivor in found else None
        after = united(before or Targeting(member_id=into), merged)
        unchanged = equal(("joined",), joined_to_map(merged.joined))
        self._write(
            Delete(of_merged, (unchanged, _offers_are(merged.offers))),
            self._saved(before, after),
            # A survivor who was merged since must not keep what nobody would pass on.
            self._is_active(into),
        )

    def _saved(self, before: Targeting | None, after: Targeting) -> Operation:
        key = keys.targeting(self._program, after.member_id)
        if before is None:
            return Put(key, targeting_to_item(after), (Absent(),))
        assigned: tuple[Assign, ...] = (Assign(("joined",), joined_to_map(after.joined)),)
        seen: tuple[Condition, ...] = (equal(("joined",), joined_to_map(before.joined)),)
        if after.offers != before.offers:
            assigned += (Assign(_OFFERS, offers_to_map(after.offers)),)
            seen += (_offers_are(before.offers),)
        return Update(key, assigned, seen)

    def _is_active(self, member_id: str) -> Check:
        return Check(keys.account(self._program, member_id), (equal(("status",), "active"),))

    def _write(self, *operations: Operation) -> None:
        try:
            self._engine.write(operations)
        except Refused as refused:
            raise Raced from refused


def _offers_are(offers: Mapping[str, Offer]) -> Condition:
    return equal(_OFFERS, offers_to_map(offers)) if offers else Missing(_OFFERS)
