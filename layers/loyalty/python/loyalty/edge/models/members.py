"""Members as callers tell them, and as the API shows them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StrictBool, StrictStr

from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.kernel.fields import LINES
from loyalty.domain.ledger.account import Account, Status, TierFloor, settlement
from loyalty.domain.ledger.holding import ends_on
from loyalty.domain.ledger.tiers import Standing, Step, granted, standing
from loyalty.domain.people.identity import IdentityKind
from loyalty.domain.people.member import ATTRIBUTES_MAX, CONSENTS_MAX, Member, MemberUpdate
from loyalty.domain.program.document import TierBasis
from loyalty.edge.http.redaction import Personal
from loyalty.edge.http.schemas import (
    AnswerPart,
    Day,
    ExternalId,
    Label,
    LotPoints,
    PendingPoints,
    RequestPart,
)
from loyalty.edge.models.entries import EntryAnswer, last_day
from loyalty.edge.models.identities import NamedIdentity
from loyalty.usecases.people.enrollment import Enrolled, IdentityClaim
from loyalty.usecases.ports import Desk

# A till knows a card, an e-mail and a phone; a shop adds its customer ids, one or two at a time.
IDENTITIES_NAMED_MAX = 10

Locale = Annotated[
    StrictStr,
    Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$", description="A BCP 47 tag: fr-FR."),
]
Consents = Annotated[
    dict[
        Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")],
        Annotated[StrictBool, Field(description="Whether the member agrees.")],
    ],
    Field(max_length=CONSENTS_MAX, description="By kind of message: email, sms, …"),
]


class ProfileRequest(RequestPart):
    """What a member tells of themself. In a change, null removes and what is left out stays."""

    name: Label | None = None
    locale: Locale | None = None
    birthday: Day | None = None
    attributes: Annotated[
        dict[ExternalId, Annotated[StrictStr, Field(max_length=200), LINES] | None],
        Field(max_length=ATTRIBUTES_MAX, description="The program's own, by name."),
    ] = Field(default_factory=dict)

    def told(self, *, today: date) -> dict[str, Any]:
        """The parts that were named.

        Raises:
            ValidationFailed: a birthday that is yet to come, or of another century.
        """
        if self.birthday and not date(1900, 1, 1) <= self.birthday <= today:
            detail = "A birthday lies between 1900 and today"
            fault = Fault("/profile/birthday", "date_out_of_range", detail)
            raise ValidationFailed(detail, faults=(fault,))
        return {name: getattr(self, name) for name in self.model_fields_set}


class EnrollmentRequest(RequestPart):
    """Somebody to enroll. Who enrolls themself need not name what their token proves."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "identities": [
                        {"kind": "email", "value": "ana@example.com"},
                        {"kind": "customer", "source": "shop", "value": "207119551"},
                    ],
                    "profile": {"name": "Ana", "locale": "fr-FR", "birthday": "1990-02-28"},
                    "consents": {"email": True},
                }
            ]
        }
    )

    identities: Annotated[tuple[NamedIdentity, ...], Field(max_length=IDENTITIES_NAMED_MAX)] = ()
    profile: ProfileRequest = ProfileRequest()
    consents: Consents = Field(default_factory=dict)


class LookupRequest(RequestPart):
    """Something a member is known by. It is in the body because URLs are logged."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"identity": {"kind": "email", "value": "ana@example.com"}}]
        }
    )

    identity: NamedIdentity


class MemberChangeRequest(RequestPart):
    """What shall change; what is left out stays. Removing identities is for staff and services."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "profile": {"locale": None, "attributes": {"milk": "oat"}},
                    "consents": {"email": False},
                    "identities": [{"kind": "card", "value": "6034-1"}],
                }
            ]
        }
    )

    profile: ProfileRequest = ProfileRequest()
    consents: Consents = Field(default_factory=dict)
    identities: Annotated[
        tuple[NamedIdentity, ...],
        Field(max_length=IDENTITIES_NAMED_MAX, description="To add to those there are."),
    ] = ()
    remove_identities: Annotated[
        tuple[NamedIdentity, ...], Field(max_length=IDENTITIES_NAMED_MAX)
    ] = ()
    unlink: Annotated[
        StrictBool,
        Field(
            description="Part the member from whoever signs in as them; the next to sign in with "
            "their verified e-mail or phone is linked."
        ),
    ] = False

    @property
    def removes(self) -> bool:
        return self.unlink or bool(self.remove_identities)

    def change(self, *, today: date, trusted: bool) -> MemberUpdate:
        """The change in the domain's words; `trusted`: what is said to be verified is."""
        removed = claims(self.remove_identities, trusted=False, pointer="/remove_identities")
        return MemberUpdate(
            profile=self.profile.told(today=today),
            consents=self.consents,
            add=dict(claims(self.identities, trusted=trusted)),
            remove=frozenset(claim.identity for claim in removed),
            unlink=self.unlink,
        )


class TierFloorRequest(RequestPart):
    """A level that a member has at least, whatever they reach, until a day that is included."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"level": "gold", "until": "2027-12-31"}]}
    )

    level: ExternalId
    until: Day

    def floor(self) -> TierFloor:
        return TierFloor(self.level, self.until)


def claims(
    named: Sequence[NamedIdentity], *, trusted: bool, pointer: str = "/identities"
) -> list[IdentityClaim]:
    """The identities that a caller names; `trusted`: what it says to be verified is."""
    return [
        IdentityClaim(each.identity(pointer=f"{pointer}/{number}"), each.verified and trusted)
        for number, each in enumerate(named)
    ]


class MemberIdentity(AnswerPart):
    kind: IdentityKind
    value: str
    source: str | None
    verified: bool


class MemberIdentityMove(AnswerPart):
    """An identity that passed between this member and another; it does not say which one."""

    kind: IdentityKind
    direction: Literal["gained", "lost"]
    moved_at: datetime
    counterpart_id: Annotated[
        str | None,
        Personal(),
        Field(description="The other member, shown to tills, managers and services; else null."),
    ]


class MemberProfile(AnswerPart):
    """Empty for an analyst."""

    name: Annotated[str | None, Personal()]
    locale: Annotated[str | None, Personal()]
    birthday: Annotated[date | None, Personal()]
    attributes: Annotated[dict[str, str], Personal(empty={})]


class MemberLevel(AnswerPart):
    """A level of the program's tiers, and what it brings."""

    id: str
    name: str
    multiplier_percent: int
    perks: tuple[str, ...]


class MemberStep(AnswerPart):
    """What is missing to have a level, and the last day for it."""

    level: str
    missing: int
    by: date


class MemberFloor(AnswerPart):
    level: str
    until: date


class MemberProgress(AnswerPart):
    """Where a member stands, counted as the program's `basis` says; `spend` in minor units."""

    basis: TierBasis
    level: MemberLevel | None
    holds_until: Annotated[
        date | None, Field(description="The level's last day if nothing more is done.")
    ]
    amount: Annotated[int, Field(description="What counts in the current period.")]
    next: Annotated[MemberStep | None, Field(description="To the level above.")]
    keep: Annotated[MemberStep | None, Field(description="To have this level for longer.")]
    floor: Annotated[MemberFloor | None, Field(description="Granted by a manager.")]


class MemberAnswer(AnswerPart):
    """A member as they stand today: what has expired does not count any more."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "mem_01KAJ6Y0T2Q8Z5W3E7R9V4B1NC",
                    "status": "active",
                    "balance": 49,
                    "debt": 0,
                    "lots": [{"expires_on": "2027-11-30", "points": 49}],
                    "pending": [
                        {"available_on": "2026-12-01", "expires_on": "2027-12-31", "points": 5}
                    ],
                    "profile": {
                        "name": "Ana",
                        "locale": "fr-FR",
                        "birthday": "1990-02-28",
                        "attributes": {},
                    },
                    "identities": [
                        {
                            "kind": "email",
                            "value": "ana@example.com",
                            "source": None,
                            "verified": True,
                        }
                    ],
                    "identity_moves": [],
                    "consents": {"email": True},
                    "enrolled_at": "2026-11-21T10:00:00Z",
                    "tier": None,
                    "progress": {
                        "basis": "qualifying_points",
                        "level": None,
                        "holds_until": None,
                        "amount": 49,
                        "next": {"level": "silver", "missing": 451, "by": "2026-12-31"},
                        "keep": None,
                        "floor": None,
                    },
                }
            ]
        }
    )

    id: str
    status: Status
    balance: Annotated[int, Field(description="What the lots hold, less the debt.")]
    debt: Annotated[int, Field(description="Paid by the next points.")]
    lots: Annotated[list[LotPoints], Field(description="All points by when they expire.")]
    pending: list[PendingPoints]
    profile: MemberProfile
    identities: Annotated[
        list[MemberIdentity], Personal(empty=[]), Field(description="None for an analyst.")
    ]
    identity_moves: Annotated[
        list[MemberIdentityMove], Field(description="The last 50, oldest first.")
    ]
    consents: Annotated[
        dict[str, bool], Personal(empty={}), Field(description="None for an analyst.")
    ]
    enrolled_at: datetime
    tier: Annotated[str | None, Field(description="The level that they have today.")]
    progress: Annotated[
        MemberProgress | None, Field(description="Null in a program without tiers.")
    ]


class HistoryPage(AnswerPart):
    """Entries, newest first; a breakdown is told where its order is."""

    items: list[EntryAnswer]
    next_cursor: str | None


def member_answer(
    enrolled: Enrolled, desk: Desk, *, names_counterparts: bool = False
) -> MemberAnswer:
    """The member's view: the calendar counts whether or not it was recorded yet.

    `names_counterparts` is for staff and services: it shows with whom identities moved.
    """
    member = enrolled.member
    return MemberAnswer(
        id=member.member_id,
        status=enrolled.account.status,
        enrolled_at=member.enrolled_at,
        profile=MemberProfile(
            name=member.profile.name,
            locale=member.profile.locale,
            birthday=member.profile.birthday,
            attributes=dict(member.profile.attributes),
        ),
        consents={kind: consent.given for kind, consent in member.consents.items()},
        identities=_identities(member),
        identity_moves=_identity_moves(enrolled, names_counterparts=names_counterparts),
        **_holdings(enrolled.account, desk),
        **_tier(enrolled.account, desk),
    )


def _identities(member: Member) -> list[MemberIdentity]:
    return [
        MemberIdentity(
            kind=identity.kind,
            value=identity.value,
            source=identity.source or None,
            verified=verified,
        )
        for identity, verified in member.identities.items()
    ]


def _identity_moves(enrolled: Enrolled, *, names_counterparts: bool) -> list[MemberIdentityMove]:
    own = {enrolled.member.member_id, *enrolled.account.absorbed}
    return [
        MemberIdentityMove(
            kind=move.kind,
            direction="gained" if move.to_member in own else "lost",
            moved_at=move.moved_at,
            counterpart_id=(
                (move.from_member if move.to_member in own else move.to_member)
                if names_counterparts
                else None
            ),
        )
        for move in enrolled.member.identity_moves
    ]


def _tier(account: Account, desk: Desk) -> dict[str, Any]:
    tiers = desk.program.document.tiers
    told = standing(account, desk.program.document, day=desk.today)
    if tiers is None or told is None:
        return {"tier": None, "progress": None}
    floor = granted(account.tier_floor, day=desk.today)
    progress = MemberProgress(
        basis=tiers.basis,
        level=_level(told),
        holds_until=told.holds_until,
        amount=told.amount,
        next=_step(told.next),
        keep=_step(told.keep),
        floor=MemberFloor(level=floor.level, until=floor.until) if floor else None,
    )
    return {"tier": told.level.id if told.level else None, "progress": progress}


def _level(told: Standing) -> MemberLevel | None:
    level = told.level
    if level is None:
        return None
    return MemberLevel(
        id=level.id,
        name=level.name,
        multiplier_percent=level.multiplier_percent,
        perks=level.perks,
    )


def _step(step: Step | None) -> MemberStep | None:
    return MemberStep(level=step.level.id, missing=step.missing, by=step.by) if step else None


def _holdings(account: Account, desk: Desk) -> dict[str, Any]:
    undated_until = desk.program.undated_until(account.active_on)
    now = settlement(account, today=desk.today, undated_until=undated_until).after
    return {
        "balance": now.balance,
        "debt": now.holding.debt,
        "lots": [
            LotPoints(expires_on=last_day(ends_on(lot, undated_until)), points=points)
            for lot, points in sorted(now.holding.lots.items())
        ],
        "pending": [
            PendingPoints(
                available_on=dates.available_on,
                expires_on=last_day(dates.expires_on),
                points=points,
            )
            for dates, points in sorted(now.holding.pending.items())
        ],
    }
