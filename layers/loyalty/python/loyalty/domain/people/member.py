"""A member's personal data. It is separate from their account, so that it can be erased."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from loyalty.domain.people.identity import Identity, IdentityKind

# Each identity is an item of the transaction that claims it, once for each key of the digests.
IDENTITIES_MAX: Final = 20
UNITED_IDENTITIES_MAX: Final = 2 * IDENTITIES_MAX
ATTRIBUTES_MAX: Final = 50
CONSENTS_MAX: Final = 20
# Who says no to this consent gets nothing that is chosen for them.
PERSONALIZATION: Final = "personalization"
# Only the newest moves are stored, so that no item grows without end.
IDENTITY_MOVES_MAX: Final = 50


def _none[K, V]() -> Mapping[K, V]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a member says about themself; `attributes` are defined by the program."""

    name: str | None = None
    locale: str | None = None
    birthday: date | None = None
    attributes: Mapping[str, str] = field(default_factory=_none)


@dataclass(frozen=True, slots=True)
class Consent:
    """A member's last answer about one kind of message, and when: it may have to be proven."""

    given: bool
    given_at: datetime


class Strength(IntEnum):
    """How good a member's claim to an identity is; a better claim takes it from a weaker one.

    A noted identity has no effect: it does not find the member, and orders with it are not theirs.
    """

    NOTED = 0
    CLAIMED = 1
    PROVEN = 2


@dataclass(frozen=True, slots=True)
class IdentityMove:
    """An identity moved to a member with a better claim; only its kind is stored."""

    kind: IdentityKind
    from_member: str
    to_member: str
    moved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """All personal data of a member, so that all of it can be erased.

    `identities` maps each identity to whether it was proven. `revision` grows with every change,
    and the next write relies on it. `enrolled_by` is the fingerprint of the enrollment request.
    `identity_moves` are identities that the member gained from others or lost to them.
    `presents_from` is the day from which they get presents, if somebody with one of their
    identities was erased before; `birthday_changed_at` is when another birthday was on file.
    """

    member_id: str
    enrolled_at: datetime
    enrolled_by: str
    profile: Profile = Profile()
    consents: Mapping[str, Consent] = field(default_factory=_none)
    identities: Mapping[Identity, bool]
    identity_moves: tuple[IdentityMove, ...] = ()
    presents_from: date | None = None
    birthday_changed_at: datetime | None = None
    revision: int = 1

    @property
    def is_linked(self) -> bool:
        """Whether a person signs in as this member."""
        return any(identity.kind == "subject" for identity in self.identities)

    @property
    def is_proven(self) -> bool:
        """Whether a person signs in as this member, or an e-mail or a phone was verified."""
        return self.is_linked or any(
            is_verified and identity.kind in ("email", "phone")
            for identity, is_verified in self.identities.items()
        )

    @property
    def objects_to_personalization(self) -> bool:
        """Whether they said that they want nothing that is chosen for them."""
        answer = self.consents.get(PERSONALIZATION)
        return answer is not None and not answer.given

    def strength(self, identity: Identity) -> Strength:
        """How good the claim to one of this member's identities is.

        Until a person proves to be this member, what a till entered counts. After that, only what
        they proved is theirs: anything else may be another person's. A card cannot be proven; the
        person who holds it shows it.
        """
        if self.identities[identity] or identity.kind == "subject":
            return Strength.PROVEN
        if identity.kind == "card" or not self.is_proven:
            return Strength.CLAIMED
        return Strength.NOTED

    @property
    def proven(self) -> tuple[Identity, ...]:
        """The proven identities without sign-ins: those that guest orders can be claimed by."""
        return tuple(
            identity
            for identity, is_verified in self.identities.items()
            if is_verified and identity.kind != "subject"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberUpdate:
    """A change of a member. Parts of the profile that are not named stay as they are.

    `unlink` removes the sign-in, so that another person can be linked to the member.
    """

    profile: Mapping[str, Any] = field(default_factory=_none)
    consents: Mapping[str, bool] = field(default_factory=_none)
    add: Mapping[Identity, bool] = field(default_factory=_none)
    remove: frozenset[Identity] = frozenset()
    unlink: bool = False


def changed(member: Member, update: MemberUpdate, *, now: datetime) -> Member:
    """The member after an update; the same object if nothing changes.

    A proven identity stays proven, and a repeated consent keeps the time of the first one. Customer
    ids of shops are an exception: the first person to prove that they are this member need not own
    those accounts, because anybody can open one under another person's e-mail.
    """
    remaining = {
        identity: verified or update.add.get(identity, False)
        for identity, verified in member.identities.items()
        if identity not in update.remove and not (update.unlink and identity.kind == "subject")
    }
    after = replace(
        member,
        profile=_changed_profile(member.profile, update.profile),
        consents=consented(update.consents, before=member.consents, now=now),
        identities={**update.add, **remaining},
    )
    birthday = member.profile.birthday
    if after.profile.birthday != birthday and (birthday or member.birthday_changed_at):
        after = replace(after, birthday_changed_at=now)
    if after.is_proven and not member.is_proven:
        after = replace(after, identities=_without_accounts(after.identities, update.add))
    return member if after == member else replace(after, revision=member.revision + 1)


def _without_accounts(
    identities: Mapping[Identity, bool], proven_now: Mapping[Identity, bool]
) -> Mapping[Identity, bool]:
    return {
        each: proven_now.get(each, False) if each.kind == "customer" else is_verified
        for each, is_verified in identities.items()
    }


def without(loser: Member, lost: Mapping[Identity, str], *, now: datetime) -> Member:
    """The member without the identities in `lost`, which maps each to the member who has it now."""
    remaining = {each: proven for each, proven in loser.identities.items() if each not in lost}
    moves = [
        IdentityMove(each.kind, loser.member_id, taker, now)
        for each, taker in lost.items()
        if each in loser.identities
    ]
    after = replace(loser, identities=remaining, revision=loser.revision + 1)
    return replace(after, identity_moves=_latest(loser.identity_moves, moves))


def with_moves(member: Member, moves: Iterable[IdentityMove]) -> Member:
    """The member with these moves on record."""
    return replace(member, identity_moves=_latest(member.identity_moves, moves))


def united(survivor: Member, loser: Member) -> Member:
    """Two members as one: what the survivor lacks is taken from the other."""
    first, second = survivor.profile, loser.profile
    return replace(
        survivor,
        profile=Profile(
            name=first.name or second.name,
            locale=first.locale or second.locale,
            birthday=first.birthday or second.birthday,
            attributes={**second.attributes, **first.attributes},
        ),
        consents={**loser.consents, **survivor.consents},
        identities={**survivor.identities, **loser.identities},
        identity_moves=_latest(survivor.identity_moves, loser.identity_moves),
        # Neither starts over by becoming the other.
        presents_from=max(
            filter(None, (survivor.presents_from, loser.presents_from)), default=None
        ),
        birthday_changed_at=survivor.birthday_changed_at
        if first.birthday
        else loser.birthday_changed_at,
        revision=survivor.revision + 1,
    )


def consented(
    answers: Mapping[str, bool],
    *,
    before: Mapping[str, Consent] = MappingProxyType({}),
    now: datetime,
) -> Mapping[str, Consent]:
    """The consents after new answers; a repeated answer keeps the time of the first one."""
    news = {
        kind: Consent(given, now)
        for kind, given in answers.items()
        if kind not in before or before[kind].given != given
    }
    return dict(before) | news


def _changed_profile(profile: Profile, change: Mapping[str, Any]) -> Profile:
    """The profile after a change: attributes change one by one, and None removes one."""
    attributes: dict[str, str | None] = {**profile.attributes, **(change.get("attributes") or {})}
    remaining = {name: value for name, value in attributes.items() if value is not None}
    return replace(profile, **{**change, "attributes": remaining})


def _latest(
    before: tuple[IdentityMove, ...], more: Iterable[IdentityMove]
) -> tuple[IdentityMove, ...]:
    moves = sorted({*before, *more}, key=lambda move: (move.moved_at, move.kind, move.from_member))
    return tuple(moves[-IDENTITY_MOVES_MAX:])
