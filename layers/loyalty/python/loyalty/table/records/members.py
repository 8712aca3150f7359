"""Members: profile, consents, identities."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast

from loyalty.domain.people.identity import Identity
from loyalty.domain.people.member import Consent, IdentityMove, Member, Profile
from loyalty.table import keys
from loyalty.table.records.parts import VERSION, maybe_date, maybe_instant

if TYPE_CHECKING:
    from loyalty.table.operations import Item, Value


def member_to_item(member: Member) -> Item:
    profile = member.profile
    fields: dict[str, Value] = {
        "name": profile.name,
        "locale": profile.locale,
        "birthday": profile.birthday.isoformat() if profile.birthday else None,
        "attributes": dict(profile.attributes) or None,
    }
    presents: dict[str, Value] = {}
    if member.presents_from:
        presents["presents_from"] = member.presents_from.isoformat()
    if member.birthday_changed_at:
        presents["birthday_changed_at"] = keys.instant(member.birthday_changed_at)
    return presents | {
        "v": VERSION,
        "kind": "profile",
        "member_id": member.member_id,
        "enrolled_at": keys.instant(member.enrolled_at),
        "enrolled_by": member.enrolled_by,
        "revision": member.revision,
        "profile": {name: value for name, value in fields.items() if value is not None},
        "consents": {
            kind: [consent.given, keys.instant(consent.given_at)]
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
        presents_from=maybe_date(wire.get("presents_from")),
        birthday_changed_at=maybe_instant(wire.get("birthday_changed_at")),
        identity_moves=tuple(
            IdentityMove(kind, from_member, to_member, datetime.fromisoformat(moment))
            for kind, from_member, to_member, moment in wire["identity_moves"]
        ),
    )
