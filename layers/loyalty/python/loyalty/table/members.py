"""Members in the table: their identities, and all personal data in one item that can be deleted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final, cast

from loyalty.domain.people.identity import KINDS, Digest, Identity, Keyring
from loyalty.domain.people.member import Member, Strength
from loyalty.table import keys, plans, records
from loyalty.table.books import TableBooks
from loyalty.table.erasures import begun
from loyalty.table.histories import newest
from loyalty.table.operations import (
    Absent,
    AnyOf,
    Check,
    Delete,
    Item,
    Key,
    Missing,
    Operation,
    Put,
    Refused,
    equal,
)
from loyalty.table.records.members import member_from_item, member_to_item
from loyalty.table.targeting import TableTargeting
from loyalty.usecases.ports import Holder, Listed, Loss, OnFile, Raced

if TYPE_CHECKING:
    from loyalty.domain.ledger.account import Account
    from loyalty.domain.ledger.entries import Entry
    from loyalty.domain.ledger.postings import Posting
    from loyalty.domain.people.erasure import Erasure
    from loyalty.table.engine import Engine

VERSION: Final = 1


def no_keyring() -> Keyring:
    """For functions that look up members by id only."""
    raise LookupError("members are only looked up by id here")


class TableMembers:
    """Implements `Members`. It gets the keyring only when it needs a digest."""

    def __init__(self, engine: Engine, *, program_id: str, keyring: Callable[[], Keyring]) -> None:
        self._engine = engine
        self._program = program_id
        self._keyring = keyring

    def member_of(self, identities: Sequence[Identity]) -> str | None:
        return self._stood_for(identities, by=_stands)

    def earner_of(self, identities: Sequence[Identity]) -> str | None:
        return self._stood_for(identities, by=_earns)

    def guests(self, identities: Sequence[Identity]) -> Sequence[str]:
        # First the identities that a first sign-in can prove: e-mail, then phone.
        ordered = sorted(set(identities), key=lambda each: (KINDS.index(each.kind), each.value))
        return ["#".join(digest) for identity in ordered for digest in self._digests(identity)]

    def find(self, member_id: str, *, strong: bool = False) -> OnFile | None:
        account = keys.account(self._program, member_id)
        profile = keys.profile(self._program, member_id)
        found = self._engine.get_many((account, profile), strong=strong)
        if account not in found:
            return None
        member = member_from_item(found[profile]) if profile in found else None
        return OnFile(records.account_from_item(found[account]), member)

    def holders(self, identities: Collection[Identity]) -> Mapping[Identity, Holder]:
        return self._holders(identities, strong=True)

    def enroll(self, member: Member, account: Account, *, losses: Sequence[Loss] = ()) -> None:
        self._write(
            Put(
                keys.account(self._program, account.member_id),
                records.account_to_item(account, self._program),
                (Absent(),),
            ),
            Put(self._profile(member), member_to_item(member), (Absent(),)),
            *self._claims(member, member.identities.keys(), losses=losses),
        )

    def change(self, before: Member, after: Member, *, losses: Sequence[Loss] = ()) -> None:
        self._write(
            Put(
                self._profile(after),
                member_to_item(after),
                (equal(("revision",), before.revision),),
            ),
            *self._claims(after, _without(after, before), losses=losses),
            *self._regraded(before, after),
            *self._releases(_without(before, after), after.member_id),
        )

    def unite(self, loser: Member, before: Member, after: Member) -> None:
        self._write(
            Put(
                self._profile(after),
                member_to_item(after),
                (equal(("revision",), before.revision),),
            ),
            Delete(self._profile(loser), (equal(("revision",), loser.revision),)),
            *self._moves(loser.identities, after, taken_from=loser.member_id),
            # Both may have claimed an identity that only the loser held.
            *self._regraded(before, after, besides=loser.identities.keys()),
        )

    def unite_plans(self, merged_id: str, *, into: str) -> None:
        plans.unite(self._engine, self._program, merged_id, into=into)

    def unite_targeting(self, merged_id: str, *, into: str) -> None:
        TableTargeting(self._engine, program_id=self._program).unite(merged_id, into=into)

    def presents_from(self, identities: Collection[Identity]) -> date | None:
        marks = [keys.departed(self._program, each) for each in self.guests(tuple(identities))]
        found = self._engine.get_many(marks, strong=False)
        days = [date.fromisoformat(cast("str", item["until"])) for item in found.values()]
        return max(days, default=None)

    def erase(
        self,
        member: Member,
        closing: Posting,
        *,
        begins: Erasure,
        presents_from: date | None = None,
    ) -> None:
        # A closed account is never due, so the time zone does not matter.
        books = TableBooks(self._engine, program_id=self._program, zone=UTC)
        self._write(
            *books.operations(closing),
            *self._deletions(member),
            begun(begins, self._program),
            *self._departed(begins.identities, presents_from),
        )

    def _departed(self, identities: Iterable[Identity], until: date | None) -> Iterator[Put]:
        """Marks by which a person who returns is recognized, until a day."""
        for identity in identities if until else ():
            digest = self._keyring().digest(identity, program_id=self._program)
            key = keys.departed(self._program, "#".join(digest))
            ends_at = datetime.combine(until or date.max, time(), UTC) + timedelta(days=1)
            item: Item = {
                "pk": key.pk,
                "sk": key.sk,
                "v": VERSION,
                "kind": "departed",
                "until": until.isoformat() if until else None,
                "ttl": int(ends_at.timestamp()),
            }
            yield Put(key, item)

    def forget(self, merged: Member, *, begins: Erasure) -> None:
        self._write(*self._deletions(merged), begun(begins, self._program))

    def history(self, member_ids: Sequence[str], *, limit: int, start: str | None) -> Listed[Entry]:
        partitions = [keys.history_partition(self._program, each) for each in member_ids]
        page = newest(self._engine, partitions, limit=limit, start=start)
        entries = [cast("Entry", records.entry_from_item(item)) for item in page.items]
        return Listed(entries, page.next)

    def _write(self, *operations: Operation) -> None:
        try:
            self._engine.write(operations)
        except Refused as refused:
            raise Raced from refused

    def _stood_for(
        self, identities: Sequence[Identity], *, by: Callable[[Identity, Holder], bool]
    ) -> str | None:
        # A stale read can miss a member who has just enrolled, so a strong read decides "nobody".
        for strong in (False, True):
            holders = self._holders(identities, strong=strong)
            standing = [each for each in identities if each in holders and by(each, holders[each])]
            if standing:
                surest = min(standing, key=lambda each: not _is_sure(each, holders[each]))
                return holders[surest].member_id
        return None

    def _holders(self, identities: Collection[Identity], *, strong: bool) -> dict[Identity, Holder]:
        places = {
            keys.identity(self._program, *digest): identity
            for identity in identities
            for digest in self._digests(identity)
        }
        found = self._engine.get_many(places, strong=strong)
        return {places[key]: holder_from_item(item) for key, item in found.items()}

    def _claims(
        self, member: Member, identities: Collection[Identity], *, losses: Sequence[Loss]
    ) -> Iterable[Operation]:
        """Put each identity under the current key; it must be free there and under older keys.

        Identities in `losses` are taken from the members who lose them.
        """
        taken: set[Identity] = set()
        for loss in losses:
            lost = [identity for identity in identities if identity in loss.identities]
            taken.update(lost)
            yield Put(
                self._profile(loss.after),
                member_to_item(loss.after),
                (equal(("revision",), loss.before.revision),),
            )
            yield from self._moves(lost, member, taken_from=loss.before.member_id)
        for identity in identities:
            if identity in taken:
                continue
            current, *others = self._places(identity)
            yield Put(current, _identity_item(member, identity), (Absent(),))
            yield from (Check(other, (Absent(),)) for other in others)

    def _regraded(
        self, before: Member, after: Member, *, besides: Collection[Identity] = ()
    ) -> Iterable[Operation]:
        """Rewrite the identities that stay and whose claim became stronger or weaker."""
        regraded = [
            each
            for each in before.identities
            if each in after.identities
            and each not in besides
            and before.strength(each) != after.strength(each)
        ]
        return self._moves(regraded, after, taken_from=after.member_id)

    def _moves(
        self, identities: Iterable[Identity], member: Member, *, taken_from: str
    ) -> Iterable[Operation]:
        """Make each identity this member's, under the current key."""
        owned = _of(taken_from)
        for identity in identities:
            current, *others = self._places(identity)
            yield Put(current, _identity_item(member, identity), (owned,))
            yield from (Delete(other, (owned,)) for other in others)

    def rekey(self, member: Member) -> bool:
        """Put a member's identities under the current key, and remove them under the others.

        Gives whether that was done; the member may have changed meanwhile.
        """
        unchanged = Check(self._profile(member), (equal(("revision",), member.revision),))
        moves = self._moves(member.identities, member, taken_from=member.member_id)
        try:
            self._engine.write((*moves, unchanged))
        except Refused:
            return False
        return True

    def _deletions(self, member: Member) -> Iterable[Operation]:
        yield Delete(self._profile(member), (equal(("revision",), member.revision),))
        yield Delete(keys.correspondence(self._program, member.member_id))
        yield Delete(keys.targeting(self._program, member.member_id))
        yield Delete(keys.member_plans(self._program, member.member_id))
        yield from self._releases(member.identities, member.member_id)

    def _releases(self, identities: Iterable[Identity], member_id: str) -> Iterable[Operation]:
        """Delete each identity under every key where it may be."""
        owned = _of(member_id)
        for identity in identities:
            yield from (Delete(place, (owned,)) for place in self._places(identity))

    def _places(self, identity: Identity) -> Iterable[Key]:
        """The keys where an identity may be, the current digest key first."""
        return (keys.identity(self._program, *digest) for digest in self._digests(identity))

    def _digests(self, identity: Identity) -> Iterable[Digest]:
        return self._keyring().digests(identity, program_id=self._program)

    def _profile(self, member: Member) -> Key:
        return keys.profile(self._program, member.member_id)


def _without(one: Member, other: Member) -> Sequence[Identity]:
    """One member's identities that the other lacks, in their order."""
    return [identity for identity in one.identities if identity not in other.identities]


def _of(member_id: str) -> AnyOf:
    """The identity belongs to this member, or to nobody under this key."""
    return AnyOf((Missing(("member_id",)), equal(("member_id",), member_id)))


def _stands(_: Identity, holder: Holder) -> bool:
    return holder.strength > Strength.NOTED


def _earns(identity: Identity, holder: Holder) -> bool:
    return _stands(identity, holder) or identity.kind == "customer"


def _is_sure(identity: Identity, holder: Holder) -> bool:
    """Whether it decides before other identities. A card counts like a proven identity."""
    return holder.strength is Strength.PROVEN or identity.kind == "card"


def _identity_item(member: Member, identity: Identity) -> Item:
    return {
        "v": VERSION,
        "kind": "identity",
        "member_id": member.member_id,
        "strength": int(member.strength(identity)),
    }


def holder_from_item(item: Item) -> Holder:
    return Holder(cast("str", item["member_id"]), Strength(cast("int", item["strength"])))
