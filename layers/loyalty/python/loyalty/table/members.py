"""Members in the table: who is known by what, and all personal data in one item that can go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.entries import Entry
from loyalty.domain.ledger.postings import Posting
from loyalty.domain.people.erasure import Erasure
from loyalty.domain.people.identity import KINDS, Digest, Identity, Keyring
from loyalty.domain.people.member import Consent, IdentityMove, Member, Profile, Strength
from loyalty.table import keys, records
from loyalty.table.books import TableBooks
from loyalty.table.engine import BATCH_GET_MAX, Engine
from loyalty.table.erasures import begun
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
    Query,
    Refused,
    Value,
    equal,
)
from loyalty.usecases.ports import Holder, Listed, Loss, OnFile, Raced

VERSION: Final = 1


class TableMembers:
    """Implements `Members`. The keyring is asked for when a digest is needed, not before."""

    def __init__(self, engine: Engine, *, program_id: str, keyring: Callable[[], Keyring]) -> None:
        self._engine = engine
        self._program = program_id
        self._keyring = keyring

    def member_of(self, identities: Sequence[Identity]) -> str | None:
        return self._stood_for(identities, by=_stands)

    def earner_of(self, identities: Sequence[Identity]) -> str | None:
        return self._stood_for(identities, by=_earns)

    def guests(self, identities: Sequence[Identity]) -> Sequence[str]:
        # By what can be proven at the first own sign-in, if there is any: e-mail, then phone.
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
            Put(self._profile(member), _member_to_item(member), (Absent(),)),
            *self._claims(member, member.identities.keys(), losses=losses),
        )

    def change(self, before: Member, after: Member, *, losses: Sequence[Loss] = ()) -> None:
        self._write(
            Put(
                self._profile(after),
                _member_to_item(after),
                (equal(("revision",), before.revision),),
            ),
            *self._claims(after, after.identities.keys() - before.identities.keys(), losses=losses),
            *self._regraded(before, after),
            *self._releases(before.identities.keys() - after.identities.keys(), after.member_id),
        )

    def unite(self, loser: Member, before: Member, after: Member) -> None:
        self._write(
            Put(
                self._profile(after),
                _member_to_item(after),
                (equal(("revision",), before.revision),),
            ),
            Delete(self._profile(loser), (equal(("revision",), loser.revision),)),
            *self._moves(loser.identities, after, taken_from=loser.member_id),
            *self._regraded(before, after),
        )

    def erase(self, member: Member, closing: Posting, *, begins: Erasure) -> None:
        # A closed account is never due, so where its midnights are does not matter.
        books = TableBooks(self._engine, program_id=self._program, zone=ZoneInfo("UTC"))
        deletions = self._deletions(member)
        self._write(*books.operations(closing), *deletions, begun(begins, self._program))

    def forget(self, merged: Member, *, begins: Erasure) -> None:
        self._write(*self._deletions(merged), begun(begins, self._program))

    def history(self, member_ids: Sequence[str], *, limit: int, start: str | None) -> Listed[Entry]:
        found: list[Item] = []
        for member_id in member_ids:
            # One more than is shown, so that the last page says so, and `start` itself once more.
            query = Query(
                pk=keys.history_partition(self._program, member_id),
                index="history",
                newest_first=True,
                limit=limit + 2,
                last=start,
            )
            found += (item for item in self._engine.query(query) if _position(item) != start)
        found.sort(key=_position, reverse=True)
        shown = found[:limit]
        entries = [cast("Entry", records.entry_from_item(item)) for item in shown]
        return Listed(entries, _position(shown[-1]) if len(found) > limit else None)

    def _write(self, *operations: Operation) -> None:
        try:
            self._engine.write(operations)
        except Refused as refused:
            raise Raced from refused

    def _stood_for(
        self, identities: Sequence[Identity], *, by: Callable[[Identity, Holder], bool]
    ) -> str | None:
        # A stale read can miss who has just enrolled, so nobody is unknown before a strong one.
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
        if not places:
            return {}
        if len(places) > BATCH_GET_MAX:
            raise ValueError(f"{len(places)} places to look for {len(identities)} identities")
        found = self._engine.get_many(tuple(places), strong=strong)
        return {places[key]: _holder(item) for key, item in found.items()}

    def _claims(
        self, member: Member, identities: AbstractSet[Identity], *, losses: Sequence[Loss]
    ) -> Iterable[Operation]:
        """Each is put under the current key and must be under no other key either, or is taken."""
        taken: set[Identity] = set()
        for loss in losses:
            lost = loss.identities & identities
            taken |= lost
            yield Put(
                self._profile(loss.after),
                _member_to_item(loss.after),
                (equal(("revision",), loss.before.revision),),
            )
            yield from self._moves(lost, member, taken_from=loss.before.member_id)
        for identity in identities - taken:
            current, *others = self._places(identity)
            yield Put(current, _identity_item(member, identity), (Absent(),))
            yield from (Check(other, (Absent(),)) for other in others)

    def _regraded(self, before: Member, after: Member) -> Iterable[Operation]:
        """Identities that stay, as good a claim as they are now."""
        regraded = [
            each
            for each in before.identities.keys() & after.identities.keys()
            if before.strength(each) != after.strength(each)
        ]
        return self._moves(regraded, after, taken_from=after.member_id)

    def _moves(
        self, identities: Iterable[Identity], member: Member, *, taken_from: str
    ) -> Iterable[Operation]:
        """Each becomes this member's, under the current key."""
        owned = _of(taken_from)
        for identity in identities:
            current, *others = self._places(identity)
            yield Put(current, _identity_item(member, identity), (owned,))
            yield from (Delete(other, (owned,)) for other in others)

    def _deletions(self, member: Member) -> Iterable[Operation]:
        yield Delete(self._profile(member), (equal(("revision",), member.revision),))
        yield Delete(keys.correspondence(self._program, member.member_id))
        yield from self._releases(member.identities, member.member_id)

    def _releases(self, identities: Iterable[Identity], member_id: str) -> Iterable[Operation]:
        """Under whichever key each was claimed; where there is nothing, nothing happens."""
        owned = _of(member_id)
        for identity in identities:
            yield from (Delete(place, (owned,)) for place in self._places(identity))

    def _places(self, identity: Identity) -> Iterable[Key]:
        """Where an identity may lie, under the current key of the digests first."""
        return (keys.identity(self._program, *digest) for digest in self._digests(identity))

    def _digests(self, identity: Identity) -> Iterable[Digest]:
        return self._keyring().digests(identity, program_id=self._program)

    def _profile(self, member: Member) -> Key:
        return keys.profile(self._program, member.member_id)


def _of(member_id: str) -> AnyOf:
    """An identity is this member's, or nobody's under this key."""
    return AnyOf((Missing(("member_id",)), equal(("member_id",), member_id)))


def _stands(_: Identity, holder: Holder) -> bool:
    return holder.strength > Strength.NOTED


def _earns(identity: Identity, holder: Holder) -> bool:
    return _stands(identity, holder) or identity.kind == "customer"


def _is_sure(identity: Identity, holder: Holder) -> bool:
    """Whether it decides before others; a card is as sure as what was proven."""
    return holder.strength is Strength.PROVEN or identity.kind == "card"


def _identity_item(member: Member, identity: Identity) -> Item:
    return {
        "v": VERSION,
        "kind": "identity",
        "member_id": member.member_id,
        "strength": int(member.strength(identity)),
    }


def _holder(item: Item) -> Holder:
    return Holder(cast("str", item["member_id"]), Strength(cast("int", item["strength"])))


def _position(item: Item) -> str:
    """Where an entry stands in a history: when it counted, then a part of its id."""
    return cast("str", item["history_sk"])


def _member_to_item(member: Member) -> Item:
    profile = member.profile
    fields: dict[str, Value] = {
        "name": profile.name,
        "locale": profile.locale,
        "birthday": profile.birthday.isoformat() if profile.birthday else None,
        "attributes": dict(profile.attributes) or None,
    }
    return {
        "v": VERSION,
        "kind": "profile",
        "member_id": member.member_id,
        "enrolled_at": keys.instant(member.enrolled_at),
        "enrolled_by": member.enrolled_by,
        "revision": member.revision,
        "profile": {name: value for name, value in fields.items() if value is not None},
        "consents": {
            kind: [consent.given, keys.instant(consent.at)]
            for kind, consent in member.consents.items()
        },
        "identities": [
            [identity.kind, identity.value, identity.source, verified]
            for identity, verified in member.identities.items()
        ],
        "identity_moves": [
            [move.kind, move.from_member, move.to_member, keys.instant(move.moved_at)]
            for move in member.identity_moves
        ],
    }


def member_from_item(item: Item) -> Member:
    wire = cast("dict[str, Any]", item)
    profile = wire["profile"]
    birthday = profile.get("birthday")
    return Member(
        member_id=wire["member_id"],
        enrolled_at=datetime.fromisoformat(wire["enrolled_at"]),
        enrolled_by=wire["enrolled_by"],
        revision=wire["revision"],
        profile=Profile(
            name=profile.get("name"),
            locale=profile.get("locale"),
            birthday=date.fromisoformat(birthday) if birthday else None,
            attributes=profile.get("attributes", {}),
        ),
        consents={
            kind: Consent(given, datetime.fromisoformat(moment))
            for kind, (given, moment) in wire["consents"].items()
        },
        identities={
            Identity(kind, value, source): verified
            for kind, value, source, verified in wire["identities"]
        },
        identity_moves=tuple(
            IdentityMove(kind, from_member, to_member, datetime.fromisoformat(moment))
            for kind, from_member, to_member, moment in wire["identity_moves"]
        ),
    )
