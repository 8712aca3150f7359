"""Members in the table: who is known by what, and all personal data in one item that can go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.entries import Entry
from loyalty.domain.ledger.postings import Posting
from loyalty.domain.people.erasure import Erasure
from loyalty.domain.people.identity import KINDS, Digest, Identity, Keyring
from loyalty.domain.people.member import Consent, Member, Profile
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
from loyalty.usecases.ports import Listed, OnFile, Raced

VERSION: Final = 1


class TableMembers:
    """Implements `Members`. The keyring is asked for when a digest is needed, not before."""

    def __init__(self, engine: Engine, *, program_id: str, keyring: Callable[[], Keyring]) -> None:
        self._engine = engine
        self._program = program_id
        self._keyring = keyring

    def member_of(self, identities: Sequence[Identity]) -> str | None:
        # A stale read can miss who has just enrolled, so nobody is unknown before a strong one.
        for strong in (False, True):
            holders = self._holders(identities, strong=strong)
            for identity in identities:
                if identity in holders:
                    return holders[identity]
        return None

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

    def holders(self, identities: Collection[Identity]) -> Mapping[Identity, str]:
        return self._holders(identities, strong=True)

    def enroll(self, member: Member, account: Account) -> None:
        self._write(
            Put(
                keys.account(self._program, account.member_id),
                records.account_to_item(account, self._program),
                (Absent(),),
            ),
            Put(self._profile(member), _member_to_item(member), (Absent(),)),
            *self._claims(member.identities, member.member_id),
        )

    def change(self, before: Member, after: Member) -> None:
        self._write(
            Put(
                self._profile(after),
                _member_to_item(after),
                (equal(("revision",), before.revision),),
            ),
            *self._claims(after.identities.keys() - before.identities.keys(), after.member_id),
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
            *self._moves(loser, after.member_id),
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

    def _holders(self, identities: Collection[Identity], *, strong: bool) -> dict[Identity, str]:
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
        return {places[key]: cast("str", item["member_id"]) for key, item in found.items()}

    def _claims(self, identities: Iterable[Identity], member_id: str) -> Iterable[Operation]:
        """Each is put under the current key, and must be under no other key either."""
        for identity in identities:
            current, *others = (
                keys.identity(self._program, *digest) for digest in self._digests(identity)
            )
            yield Put(current, _identity_item(member_id), (Absent(),))
            yield from (Check(other, (Absent(),)) for other in others)

    def _moves(self, loser: Member, member_id: str) -> Iterable[Operation]:
        """Every identity of one member to another, under the current key."""
        owned = _of(loser.member_id)
        for identity in loser.identities:
            current, *others = (
                keys.identity(self._program, *digest) for digest in self._digests(identity)
            )
            yield Put(current, _identity_item(member_id), (owned,))
            yield from (Delete(other, (owned,)) for other in others)

    def _deletions(self, member: Member) -> Iterable[Operation]:
        yield Delete(self._profile(member), (equal(("revision",), member.revision),))
        yield Delete(keys.correspondence(self._program, member.member_id))
        yield from self._releases(member.identities, member.member_id)

    def _releases(self, identities: Iterable[Identity], member_id: str) -> Iterable[Operation]:
        """Under whichever key each was claimed; where there is nothing, nothing happens."""
        owned = _of(member_id)
        for identity in identities:
            for digest in self._digests(identity):
                yield Delete(keys.identity(self._program, *digest), (owned,))

    def _digests(self, identity: Identity) -> Iterable[Digest]:
        return self._keyring().digests(identity, program_id=self._program)

    def _profile(self, member: Member) -> Key:
        return keys.profile(self._program, member.member_id)


def _of(member_id: str) -> AnyOf:
    """An identity is this member's, or nobody's under this key."""
    return AnyOf((Missing(("member_id",)), equal(("member_id",), member_id)))


def _identity_item(member_id: str) -> Item:
    return {"v": VERSION, "kind": "identity", "member_id": member_id}


def _position(item: Item) -> str:
    """Where an entry stands in a history: when it counted, then a part of its id."""
    return cast("str", item["history_sk"])


def _member_to_item(member: Member) -> Item:
    profile = member.profile
    told: dict[str, Value] = {
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
        "profile": {name: value for name, value in told.items() if value is not None},
        "consents": {
            kind: [consent.given, keys.instant(consent.at)]
            for kind, consent in member.consents.items()
        },
        "identities": [
            [identity.kind, identity.value, identity.source, verified]
            for identity, verified in member.identities.items()
        ],
    }


def member_from_item(item: Item) -> Member:
    wire = cast("dict[str, Any]", item)
    told = wire["profile"]
    birthday = told.get("birthday")
    return Member(
        member_id=wire["member_id"],
        enrolled_at=datetime.fromisoformat(wire["enrolled_at"]),
        enrolled_by=wire["enrolled_by"],
        revision=wire["revision"],
        profile=Profile(
            name=told.get("name"),
            locale=told.get("locale"),
            birthday=date.fromisoformat(birthday) if birthday else None,
            attributes=told.get("attributes", {}),
        ),
        consents={
            kind: Consent(given, datetime.fromisoformat(at))
            for kind, (given, at) in wire["consents"].items()
        },
        identities={
            Identity(kind, value, source): verified
            for kind, value, source, verified in wire["identities"]
        },
    )
