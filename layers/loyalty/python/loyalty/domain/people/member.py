"""Who a member is. What they hold is their account; the two are kept apart so that one can go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Final

from loyalty.domain.people.identity import Identity, IdentityKind

# Each identity is an item of the transaction that claims it, once for every key of the digests.
IDENTITIES_MAX: Final = 20
UNITED_IDENTITIES_MAX: Final = 2 * IDENTITIES_MAX
ATTRIBUTES_MAX: Final = 50
CONSENTS_MAX: Final = 20
# The newest of them; enough to see what happened, and no item grows by them without end.
IDENTITY_MOVES_MAX: Final = 50


def _none[K, V]() -> Mapping[K, V]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a member tells of themself; `attributes` are the program's own, by name."""

    name: str | None = None
    locale: str | None = None
    birthday: date | None = None
    attributes: Mapping[str, str] = field(default_factory=_none)


@dataclass(frozen=True, slots=True)
class Consent:
    """What a member last said about one kind of message, and when: it may have to be shown."""

    given: bool
    at: datetime


class Strength(IntEnum):
    """How good a member's claim to an identity is; a better claim takes it from a weaker one.

    A noted identity has no effect: it finds nobody, and an order that names it is not theirs.
    """

    NOTED = 0
    CLAIMED = 1
    PROVEN = 2


@dataclass(frozen=True, slots=True)
class IdentityMove:
    """An identity passed from one member to another who had the better claim; not which one."""

    kind: IdentityKind
    from_member: str
    to_member: str
    moved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """All personal data of a member, so that all of it can be erased.

    `identities` maps each to whether it was proven to be theirs. `revision` grows with every
    change and is what the next one relies on. `enrolled_by` is the fingerprint of the request.
    `identity_moves` are the identities that this member gained from others or lost to them.
    """

    member_id: str
    enrolled_at: datetime
    enrolled_by: str
    profile: Profile = Profile()
    consents: Mapping[str, Consent] = field(default_factory=_none)
    identities: Mapping[Identity, bool]
    identity_moves: tuple[IdentityMove, ...] = ()
    revision: int = 1

    @property
    def is_linked(self) -> bool:
        """Whether someone signs in as this member."""
        return any(identity.kind == "subject" for identity in self.identities)

    @property
    def is_proven(self) -> bool:
        """Whether somebody signs in as this member, or an e-mail or a phone was verified."""
        return self.is_linked or any(
            is_verified and identity.kind in ("email", "phone")
            for identity, is_verified in self.identities.items()
        )

    def strength(self, identity: Identity) -> Strength:
        """How good the claim to an identity on file is.

        As long as nobody has proven to be this member, what a till entered is all there is, and
        counts. Once somebody has, only what they proved is theirs: anything else may be another
        person's. A card cannot be proven; whoever holds it shows it.
        """
        if self.identities[identity] or identity.kind == "subject":
            return Strength.PROVEN
        if identity.kind == "card" or not self.is_proven:
            return Strength.CLAIMED
        return Strength.NOTED

    @property
    def proven(self) -> tuple[Identity, ...]:
        """What was proven to be theirs, beside who signs in: what they bought by, before."""
        return tuple(
            identity
            for identity, is_verified in self.identities.items()
            if is_verified and identity.kind != "subject"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberUpdate:
    """What shall become different. Parts of the profile that are not named stay as they are.

    `unlink` parts the member from whoever signs in as them, so that the next one can be linked.
    """

    profile: Mapping[str, Any] = field(default_factory=_none)
    consents: Mapping[str, bool] = field(default_factory=_none)
    add: Mapping[Identity, bool] = field(default_factory=_none)
    remove: frozenset[Identity] = frozenset()
    unlink: bool = False


def changed(member: Member, change: MemberUpdate, *, now: datetime) -> Member:
    """The member after a change; the very same when there is nothing to change.

    What was proven once stays proven, and a consent said again keeps the time it was first said.
    The ids of shops' customers are an exception: whoever is the first to prove that they are this
    member need not be who holds those accounts, which anybody can open under their e-mail.
    """
    kept = {
        identity: verified or change.add.get(identity, False)
        for identity, verified in member.identities.items()
        if identity not in change.remove and not (change.unlink and identity.kind == "subject")
    }
    after = replace(
        member,
        profile=_changed_profile(member.profile, change.profile),
        consents=consented(change.consents, before=member.consents, now=now),
        identities={**change.add, **kept},
    )
    if after.is_proven and not member.is_proven:
        after = replace(after, identities=_without_accounts(after.identities, change.add))
    return member if after == member else replace(after, revision=member.revision + 1)


def _without_accounts(
    identities: Mapping[Identity, bool], proven_now: Mapping[Identity, bool]
) -> Mapping[Identity, bool]:
    return {
        each: proven_now.get(each, False) if each.kind == "customer" else is_verified
        for each, is_verified in identities.items()
    }


def without(loser: Member, lost: Mapping[Identity, str], *, now: datetime) -> Member:
    """The member after identities passed to others; `lost` maps each to who has it now."""
    kept = {each: verified for each, verified in loser.identities.items() if each not in lost}
    moves = [
        IdentityMove(each.kind, loser.member_id, taker, now)
        for each, taker in lost.items()
        if each in loser.identities
    ]
    after = replace(loser, identities=kept, revision=loser.revision + 1)
    return replace(after, identity_moves=_latest(loser.identity_moves, moves))


def with_moves(member: Member, moves: Iterable[IdentityMove]) -> Member:
    """The member with identities that came from others on record."""
    return replace(member, identity_moves=_latest(member.identity_moves, moves))


def united(survivor: Member, loser: Member) -> Member:
    """Two members who are one person: what the survivor did not tell, the other may have told."""
    told, also_told = survivor.profile, loser.profile
    return replace(
        survivor,
        profile=Profile(
            name=told.name or also_told.name,
            locale=told.locale or also_told.locale,
            birthday=told.birthday or also_told.birthday,
            attributes={**also_told.attributes, **told.attributes},
        ),
        consents={**loser.consents, **survivor.consents},
        identities={**survivor.identities, **loser.identities},
        identity_moves=_latest(survivor.identity_moves, loser.identity_moves),
        revision=survivor.revision + 1,
    )


def consented(
    said: Mapping[str, bool], *, before: Mapping[str, Consent] = MappingProxyType({}), now: datetime
) -> Mapping[str, Consent]:
    news = {
        kind: Consent(given, now)
        for kind, given in said.items()
        if kind not in before or before[kind].given != given
    }
    return dict(before) | news


def _changed_profile(profile: Profile, change: Mapping[str, Any]) -> Profile:
    """Attributes change one by one, and one that becomes None is gone."""
    attributes: dict[str, str | None] = {**profile.attributes, **(change.get("attributes") or {})}
    kept = {name: value for name, value in attributes.items() if value is not None}
    return replace(profile, **{**change, "attributes": kept})


def _latest(
    before: tuple[IdentityMove, ...], more: Iterable[IdentityMove]
) -> tuple[IdentityMove, ...]:
    moves = sorted({*before, *more}, key=lambda move: (move.moved_at, move.kind, move.from_member))
    return tuple(moves[-IDENTITY_MOVES_MAX:])
