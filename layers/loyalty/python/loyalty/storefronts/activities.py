"""What a source of activities sends in our own form: the body of `POST /activities`.

The source is the connection's. A body that names a different one is parked: a system may report
only its own activities.
"""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Final

from pydantic import Field, StrictBool, StrictStr

from loyalty.domain.engagement.activities import ActivityRef, ActivityRemoved, ReportedActivity
from loyalty.domain.kernel.fields import ExternalId, Instant, Label
from loyalty.domain.people.identity import Identity, IdentityKind, NotAnIdentity, identify
from loyalty.domain.shops.storefront import (
    OTHER_SHOP,
    Command,
    Envelope,
    Ignored,
    Parked,
    SendingShop,
)
from loyalty.storefronts.payloads import Payload, Topic, reads

TOPIC: Final = "activity"
# A body that says more is a mistake or an attack.
IDENTITIES_MAX: Final = 20
ATTRIBUTES_MAX: Final = 20


class NamedPerson(Payload):
    """An identity of the member."""

    kind: IdentityKind
    value: StrictStr
    source: ExternalId | None = None


class ActivityBody(Payload):
    """An activity; `removed`: it was removed at `changed_at`."""

    source: ExternalId | None = None
    activity_id: ExternalId
    activity: ExternalId
    member_id: ExternalId | None = None
    identities: Annotated[tuple[NamedPerson, ...], Field(max_length=IDENTITIES_MAX)] = ()
    occurred_at: Instant
    changed_at: Instant | None = None
    subject: Label | None = None
    attributes: Annotated[
        dict[ExternalId, StrictBool], Field(default_factory=dict, max_length=ATTRIBUTES_MAX)
    ]
    removed: StrictBool = False


def _command(body: ActivityBody, shop: SendingShop) -> Command:
    if body.source not in (None, shop.source):
        return Parked(OTHER_SHOP, "/source")
    ref = ActivityRef(shop.source, body.activity_id)
    changed_at = body.changed_at or body.occurred_at
    if body.removed:
        return ActivityRemoved(ref=ref, removed_at=changed_at)
    people = _identities(body.identities, source=shop.source)
    if body.member_id is None and not people:
        return Ignored("no_customer")
    return ReportedActivity(
        ref=ref,
        activity=body.activity,
        member_id=body.member_id,
        identities=people,
        occurred_at=body.occurred_at,
        changed_at=changed_at,
        subject=body.subject,
        attributes=frozenset(name for name, holds in body.attributes.items() if holds),
    )


def _identities(named: Sequence[NamedPerson], *, source: str) -> tuple[Identity, ...]:
    """The member's identities; invalid ones are left out. A customer id belongs to a shop."""
    found: list[Identity] = []
    for each in named:
        with suppress(NotAnIdentity):
            of_shop = (each.source or source) if each.kind == "customer" else ""
            found.append(identify(each.kind, each.value, source=of_shop))
    return tuple(found)


TOPICS: Final[Mapping[str, Topic[Command]]] = {TOPIC: reads(ActivityBody, _command)}


def envelope_of(body: bytes, *, event: str | None = None) -> Envelope:
    """What a body is about: the activity has no order. Without an event id, its digest names it."""
    return Envelope(
        topic=TOPIC,
        name=event or hashlib.sha256(body).hexdigest(),
        order_id=None,
        event=event,
    )
