"""Members, as callers describe them and the API shows them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictStr

from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.kernel.fields import LINES
from loyalty.domain.ledger.account import Account, Status, TierFloor, lapse_of, settlement
from loyalty.domain.ledger.holding import ends_on
from loyalty.domain.ledger.standing import (
    Standing,
    Step,
    standing,
)
from loyalty.domain.ledger.tiers import granted
from loyalty.domain.people.identity import IdentityKind
from loyalty.domain.people.member import ATTRIBUTES_MAX, CONSENTS_MAX, Member, MemberUpdate
from loyalty.domain.program.kinds import TierBasis
from loyalty.edge.http.redaction import Personal
from loyalty.edge.http.schemas import (
    AnswerPart,
    Day,
    ExternalId,
    Label,
    LotPoints,
    NextCursor,
    PendingPoints,
    RequestPart,
)
from loyalty.edge.models.entries import EntryAnswer, last_day
from loyalty.edge.models.households import MemberHousehold, member_household
from loyalty.edge.models.identities import IdentitySource, NamedIdentity
from loyalty.edge.models.plans import MemberPlan, member_plan
from loyalty.edge.models.referrals import ReferralCode, ReferralSignalsRequest
from loyalty.edge.models.statements import Balance, Debt, Lots, Pending
from loyalty.usecases.people.identity_claims import IdentityClaim
from loyalty.usecases.people.members import Enrolled
from loyalty.usecases.ports import Desk

# A till knows a card, an e-mail and a phone; a shop adds its customer ids, one or two at a time.
IDENTITIES_NAMED_MAX = 10

Locale = Annotated[
    StrictStr,
    Field(
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$",
        description="The member's language, a BCP 47 tag such as fr-FR.",
    ),
]
Consents = Annotated[
    dict[
        Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")],
        Annotated[StrictBool, Field(description="Whether the member agrees.")],
    ],
    Field(
        max_length=CONSENTS_MAX,
        description="Whether the member agrees, by kind of message: email, sms, …",
    ),
]


class ProfileRequest(RequestPart):
    """A member's profile. In a change, null removes a field and a field left out stays."""

    name: Annotated[Label | None, Field(description="How to address the member.")] = None
    locale: Locale | None = None
    birthday: Annotated[Day | None, Field(description="The day of birth.")] = None
    attributes: Annotated[
        dict[ExternalId, Annotated[StrictStr, Field(max_length=200), LINES] | None],
        Field(max_length=ATTRIBUTES_MAX, description="Your own attributes, by name."),
    ] = Field(default_factory=dict)

    def named(self, *, today: date) -> dict[str, Any]:
        """The fields that were sent, by name.

        Raises:
            ValidationFailed: the birthday is in the future, or before 1900.
        """
        if self.birthday and not date(1900, 1, 1) <= self.birthday <= today:
            detail = "A birthday must be between 1900 and today"
            fault = Fault("/profile/birthday", "date_out_of_range", detail)
            raise ValidationFailed(detail, faults=(fault,))
        return {name: getattr(self, name) for name in self.model_fields_set}


class EnrollmentRequest(RequestPart):
    """A person to enroll. People who enroll themselves may omit what their token proves."""

    identities: Annotated[
        tuple[NamedIdentity, ...],
        Field(
            max_length=IDENTITIES_NAMED_MAX,
            description="What identifies the member. Staff and services name at least one.",
        ),
    ] = ()
    profile: Annotated[ProfileRequest, Field(description="The member's profile.")] = (
        ProfileRequest()
    )
    consents: Consents = Field(default_factory=dict)
    referral_code: Annotated[
        ReferralCode | None,
        Field(
            description="The code of the member who brought them. Enrollment ignores a code "
            "that is not accepted; the member's referral says whether it was."
        ),
    ] = None
    signals: Annotated[
        ReferralSignalsRequest,
        Field(
            description="The member's device and network, if the program's referrals look at them."
        ),
    ] = ReferralSignalsRequest()


class LookupRequest(RequestPart):
    """An identity to find a member by. It is in the body because URLs are logged."""

    identity: Annotated[NamedIdentity, Field(description="What identifies the member.")]


class MemberChangeRequest(RequestPart):
    """What to change; a field left out stays. Only staff and services remove identities."""

    profile: Annotated[ProfileRequest, Field(description="Fields of the profile to change.")] = (
        ProfileRequest()
    )
    consents: Consents = Field(default_factory=dict)
    identities: Annotated[
        tuple[NamedIdentity, ...],
        Field(max_length=IDENTITIES_NAMED_MAX, description="Identities to add."),
    ] = ()
    remove_identities: Annotated[
        tuple[NamedIdentity, ...],
        Field(max_length=IDENTITIES_NAMED_MAX, description="Identities to remove."),
    ] = ()
    unlink: Annotated[
        StrictBool,
        Field(
            description="Whether to detach the member from the person who signs in as them. The "
            "next person who signs in with the member's verified e-mail or phone is linked."
        ),
    ] = False

    @property
    def removes(self) -> bool:
        return self.unlink or bool(self.remove_identities)

    def update(self, *, today: date, trusted: bool) -> MemberUpdate:
        """The change in the domain's words; `trusted`: believe `verified`."""
        removed = claims(self.remove_identities, trusted=False, pointer="/remove_identities")
        return MemberUpdate(
            profile=self.profile.named(today=today),
            consents=self.consents,
            add=dict(claims(self.identities, trusted=trusted)),
            remove=frozenset(claim.identity for claim in removed),
            unlink=self.unlink,
        )


class TierFloorRequest(RequestPart):
    """A level that a member has at least until a day, whatever they reach."""

    level: Annotated[ExternalId, Field(description="The level's id in the program document.")]
    until: Annotated[
        Day, Field(description="The last day of the grant, in the program's time zone.")
    ]

    def floor(self) -> TierFloor:
        return TierFloor(self.level, self.until)


def claims(
    named: Sequence[NamedIdentity], *, trusted: bool, pointer: str = "/identities"
) -> list[IdentityClaim]:
    """The identities that a caller names; `trusted`: believe `verified`."""
    return [
        IdentityClaim(each.identity(pointer=f"{pointer}/{number}"), each.verified and trusted)
        for number, each in enumerate(named)
    ]


LevelId = Annotated[str, Field(description="The level's id in the program document.")]


class MemberIdentity(AnswerPart):
    """Something that identifies the member."""

    kind: Annotated[
        IdentityKind,
        Field(description="What kind of identity it is; `subject` is the `sub` of their sign-in."),
    ]
    value: Annotated[
        str, Field(description="The address, the number with its country code, or the id.")
    ]
    source: IdentitySource
    verified: Annotated[bool, Field(description="Whether the member proved that it is theirs.")]


class MemberIdentityMove(AnswerPart):
    """An identity that passed from one member to another."""

    kind: Annotated[IdentityKind, Field(description="What kind of identity it was.")]
    direction: Annotated[
        Literal["gained", "lost"], Field(description="Whether this member gained or lost it.")
    ]
    moved_at: Annotated[datetime, Field(description="When it passed, in UTC.")]
    counterpart_id: Annotated[
        str | None,
        Personal(),
        Field(description="The other member's id; null for members and analysts."),
    ]


class MemberProfile(AnswerPart):
    """A member's profile. For an analyst its fields are null and empty."""

    name: Annotated[str | None, Personal(), Field(description="How to address the member.")]
    locale: Annotated[
        str | None,
        Personal(),
        Field(description="The member's language, a BCP 47 tag such as fr-FR."),
    ]
    birthday: Annotated[date | None, Personal(), Field(description="The day of birth.")]
    attributes: Annotated[
        dict[str, str], Personal(empty={}), Field(description="Your own attributes, by name.")
    ]


class MemberLevel(AnswerPart):
    """A level of the program's tiers."""

    id: LevelId
    name: Annotated[str, Field(description="The level's name in the program document.")]
    multiplier_percent: Annotated[
        int, Field(description="How much more orders earn, in percent: 150 is 1.5 times.")
    ]
    perks: Annotated[tuple[str, ...], Field(description="What the level brings, in words.")]


class MemberStep(AnswerPart):
    """What a member still needs for a level."""

    level: LevelId
    missing: Annotated[int, Field(description="How much is missing, counted as `basis` says.")]
    by: Annotated[
        date,
        Field(
            description="The last day on which `missing` is enough, in the program's time zone. "
            "Over rolling months more is missing later, because old months no longer count."
        ),
    ]


class MemberFloor(AnswerPart):
    """A level that a manager granted."""

    level: LevelId
    until: Annotated[
        date, Field(description="The last day of the grant, in the program's time zone.")
    ]


class MemberProgress(AnswerPart):
    """Where a member stands between the levels."""

    basis: Annotated[
        TierBasis,
        Field(description="What counts: qualifying points, spend in minor units, or orders."),
    ]
    level: Annotated[MemberLevel | None, Field(description="The level today; null: none.")]
    holds_until: Annotated[
        date | None,
        Field(
            description="The level's last day if the member does nothing more, in the program's "
            "time zone; null: it has none."
        ),
    ]
    amount: Annotated[int, Field(description="What counts in the current period.")]
    next: Annotated[
        MemberStep | None, Field(description="What the next level needs; null: this is the top.")
    ]
    keep: Annotated[
        MemberStep | None, Field(description="What keeping this level for longer needs.")
    ]
    floor: Annotated[
        MemberFloor | None, Field(description="The level that a manager granted, if one did.")
    ]


class MemberAnswer(AnswerPart):
    """A member as of today: expired points no longer count."""

    id: Annotated[str, Field(description="The member's id, which begins with `mem_`.")]
    status: Annotated[Status, Field(description="`active`, or how the membership ended.")]
    balance: Balance
    debt: Debt
    lots: Lots
    pending: Pending
    profile: Annotated[MemberProfile, Field(description="The member's profile.")]
    identities: Annotated[
        list[MemberIdentity],
        Personal(empty=[]),
        Field(description="What identifies the member; empty for an analyst."),
    ]
    identity_moves: Annotated[
        list[MemberIdentityMove],
        Field(
            description="Identities that passed between this member and others: the last 50, "
            "oldest first."
        ),
    ]
    consents: Annotated[
        dict[str, bool],
        Personal(empty={}),
        Field(description="Whether the member agrees, by kind of message; empty for an analyst."),
    ]
    enrolled_at: Annotated[datetime, Field(description="When the member enrolled, in UTC.")]
    tier: Annotated[str | None, Field(description="The id of today's level; null: none.")]
    progress: Annotated[
        MemberProgress | None,
        Field(description="Progress between the levels; null: the program has no tiers."),
    ]
    plan: Annotated[
        MemberPlan | None, Field(description="The paid plan that they have; null: none.")
    ]
    household: Annotated[
        MemberHousehold | None, Field(description="The household that they are in; null: none.")
    ]


class HistoryPage(AnswerPart):
    """A page of a member's entries, newest first, without breakdowns."""

    items: Annotated[list[EntryAnswer], Field(description="The entries of this page.")]
    next_cursor: NextCursor


def member_answer(
    enrolled: Enrolled, desk: Desk, *, names_counterparts: bool = False
) -> MemberAnswer:
    """The member as of today: the calendar counts, whether or not it was recorded yet.

    `names_counterparts` is for staff and services: it names the other members of identity moves.
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
        plan=member_plan(enrolled.account, desk.program.document, day=desk.today),
        household=member_household(enrolled.account, desk.program.document),
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
    current = standing(account, desk.program.document, day=desk.today)
    if tiers is None or current is None:
        return {"tier": None, "progress": None}
    floor = granted(account.tier_floor, day=desk.today)
    progress = MemberProgress(
        basis=tiers.basis,
        level=_level(current),
        holds_until=current.holds_until,
        amount=current.amount,
        next=_step(current.next),
        keep=_step(current.keep),
        floor=MemberFloor(level=floor.level, until=floor.until) if floor else None,
    )
    return {"tier": current.level.id if current.level else None, "progress": progress}


def _level(current: Standing) -> MemberLevel | None:
    level = current.level
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
    lapses_after = lapse_of(account, desk.program)
    now = settlement(account, today=desk.today, lapses_after=lapses_after).after
    return {
        "balance": now.balance,
        "debt": now.holding.debt,
        "lots": [
            LotPoints(
                expires_on=last_day(ends_on(lot, lapses_after, spared=now.reinstated)),
                points=points,
            )
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
