"""Redemptions, vouchers and rewards, as members spend points and tills use vouchers."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field, StrictBool

from loyalty.domain.kernel.errors import (
    Fault,
    InsufficientPoints,
    LimitReached,
    OutOfStock,
    RewardUnavailable,
    ValidationFailed,
)
from loyalty.domain.ledger.entries import Entry, GrantOccasion, Redemption, RewardGrant
from loyalty.domain.ledger.vouchers import State, Voucher
from loyalty.domain.program.kinds import RewardKind
from loyalty.edge.http.redaction import OfStaff, Personal
from loyalty.edge.http.schemas import (
    AnswerPart,
    ExternalId,
    Instant,
    Label,
    LotPoints,
    MemberId,
    Money,
    NamedOrder,
    NextCursor,
    Points,
    RedemptionId,
    RequestPart,
    RewardId,
    RewardName,
    named_order,
)
from loyalty.edge.models.entries import RecordedBy, last_day
from loyalty.usecases.ledger.redemption import RequestedReward
from loyalty.usecases.ports import Desk

# What may stand in the way of a redemption.
WHY_NOT: Final = tuple(
    refusal.code for refusal in (InsufficientPoints, LimitReached, OutOfStock, RewardUnavailable)
)

VoucherState = Annotated[
    State,
    Field(
        description="`held`: waits to be completed. `issued`: can be used. `used`, `cancelled` and "
        "`expired` are final."
    ),
]
VoucherExpiry = Annotated[
    datetime | None, Field(description="When the voucher expires, in UTC; null: never.")
]


UseRecordedBy = Annotated[
    str | None,
    OfStaff(),
    Field(
        description="The subject (`sub`) of the token of the staff member or service that used the "
        "voucher. Null for members and analysts, and if it is unused or a storefront used it."
    ),
]


class RedemptionRequest(RequestPart):
    """A reward to spend points on."""

    reward_id: Annotated[ExternalId, Field(description="The reward's id in the program document.")]
    hold: Annotated[
        StrictBool,
        Field(
            description="Whether to only reserve the points, until the redemption is completed or "
            "cancelled or its hold ends."
        ),
    ] = False
    points: Annotated[
        Points | None,
        Field(description="How many points to spend, if the reward pays with points."),
    ] = None
    order_amount: Annotated[
        Money | None,
        Field(description="What the order costs, if the reward pays with points."),
    ] = None
    spends_from: Annotated[
        Literal["member", "household"],
        Field(
            alias="from",
            description="The points that pay: the member's own, or also those of the others in "
            "their household, after the member's own. Not for a reward that pays with points.",
        ),
    ] = "member"
    redeemed_at: Annotated[
        Instant | None,
        Field(
            description="When a till that was offline gave the reward (RFC 3339, any offset), at "
            "most the program's `late_redemption_minutes` ago. Only staff and services report it. "
            "If left out: now."
        ),
    ] = None

    def reward(self, *, currency: str) -> RequestedReward:
        """The reward that is requested.

        Raises:
            CurrencyMismatch: the order's amount is not in the program's currency.
            ValidationFailed: a redemption that was made before is only held, or a household is to
                pay for it or by points.
        """
        if self.redeemed_at and self.hold:
            detail = "What was given already cannot be held"
            raise ValidationFailed(detail, faults=(Fault("/hold", "contradiction", detail),))
        is_shared = self.spends_from == "household"
        if is_shared and (self.points is not None or self.redeemed_at):
            detail = "A household pays only for rewards with a fixed price, redeemed now"
            raise ValidationFailed(detail, faults=(Fault("/from", "contradiction", detail),))
        order = self.order_amount
        return RequestedReward(
            reward_id=self.reward_id,
            hold=self.hold,
            points=self.points,
            order_minor=order.minor(currency=currency, pointer="/order_amount") if order else None,
            made_at=self.redeemed_at,
            from_household=is_shared,
        )


class GrantRequest(RequestPart):
    """A reward to give to a member for no points."""

    reward_id: Annotated[ExternalId, Field(description="The reward's id in the program document.")]
    reason: Annotated[Label, Field(description="Why, in words that the member may read.")]
    reference: Annotated[
        Label | None, Field(description="Your own reference, such as a case number.")
    ] = None

    def grant(self) -> RewardGrant:
        return RewardGrant(granted_for="manager", reason=self.reason, reference=self.reference)


class VoucherShown(AnswerPart):
    """The voucher that a redemption gives."""

    code: Annotated[
        str | None, Personal(), Field(description="The voucher's code; null for an analyst.")
    ]
    expires_at: VoucherExpiry


class ContributionAnswer(AnswerPart):
    """The points that a different member of the household paid."""

    member_id: MemberId
    points: Annotated[int, Field(description="How many of their points paid.")]


class RedemptionAnswer(AnswerPart):
    """A redemption and the voucher that it gave."""

    id: RedemptionId
    reward_id: RewardId
    points: Annotated[int, Field(description="Points that it cost.")]
    state: VoucherState
    voucher: Annotated[VoucherShown, Field(description="The voucher that it gave.")]
    slices: Annotated[
        list[LotPoints],
        Field(description="The points that it took from the member, by the day they expire."),
    ]
    contributions: Annotated[
        list[ContributionAnswer],
        Field(
            description="The points that the others in the household paid, in addition to the "
            "member's own."
        ),
    ]
    amount: Annotated[
        Money | None, Field(description="What the voucher is worth in money, if it has an amount.")
    ]
    held_until: Annotated[
        datetime | None, Field(description="When its hold ends, in UTC; null: it has none.")
    ]
    redeemed_at: Annotated[datetime, Field(description="When the member redeemed, in UTC.")]
    granted_for: Annotated[
        GrantOccasion | None,
        Field(description="What it was given for, for no points; null: the member redeemed it."),
    ]
    recorded_by: RecordedBy
    use_recorded_by: UseRecordedBy


class RedemptionPage(AnswerPart):
    """A page of a member's redemptions, newest first."""

    items: Annotated[list[RedemptionAnswer], Field(description="The redemptions of this page.")]
    next_cursor: NextCursor


class MemberReward(AnswerPart):
    """A reward, and whether a member can redeem it now."""

    id: RewardId
    name: RewardName
    kind: Annotated[RewardKind, Field(description="What kind of reward it is.")]
    cost_points: Annotated[int, Field(description="Points that it costs.")]
    redeemable: Annotated[bool, Field(description="Whether the member can redeem it now.")]
    why_not: Annotated[
        str | None,
        Field(
            description="The `code` of the problem that redeeming would get; null: redeemable.",
            json_schema_extra={"enum": [*WHY_NOT, None]},
        ),
    ]
    missing_points: Annotated[
        int, Field(description="How many points the member lacks; 0: enough points.")
    ]
    opens_at: Annotated[
        datetime | None,
        Field(
            description="When it will open for the member, in UTC; null: it is open already, or "
            "never opens for them."
        ),
    ]


class MemberRewards(AnswerPart):
    """The program's rewards, for one member."""

    items: Annotated[list[MemberReward], Field(description="All rewards.")]
    next_cursor: Annotated[None, Field(description="Always null: there is one page.")] = None


class VoucherUse(RequestPart):
    """The use of a voucher."""

    order: Annotated[
        NamedOrder | None, Field(description="The order that it is used for, if there is one.")
    ] = None


class VoucherAnswer(AnswerPart):
    """A voucher, as the till sees it."""

    code: Annotated[str, Field(description="The voucher's code.")]
    state: VoucherState
    reward_id: RewardId
    redemption_id: RedemptionId
    member_id: MemberId
    issued_at: Annotated[datetime, Field(description="When the member redeemed, in UTC.")]
    expires_at: VoucherExpiry
    used_at: Annotated[datetime | None, Field(description="When it was used, in UTC.")]
    used_order: Annotated[NamedOrder | None, Field(description="The order that used it, if known.")]
    used_by: Annotated[
        str | None, Field(description="The id of the member whose order used it, if known.")
    ]
    recorded_by: RecordedBy
    use_recorded_by: UseRecordedBy


def redeemed_answer(entry: Entry, desk: Desk) -> RedemptionAnswer:
    """The answer when it was recorded, from its entry: the voucher's later state does not count."""
    detail = entry.detail
    if not isinstance(detail, Redemption):
        raise TypeError("not a redemption's entry")
    return RedemptionAnswer(
        id=detail.redemption_id,
        reward_id=detail.reward_id,
        points=sum(detail.shared.values()) - entry.points,
        state="held" if detail.held_until else "issued",
        voucher=VoucherShown(code=detail.code, expires_at=detail.expires_at),
        slices=[
            LotPoints(expires_on=last_day(lot), points=-points)
            for lot, points in sorted(entry.effect.lots.items())
        ],
        contributions=[
            ContributionAnswer(member_id=member_id, points=points)
            for member_id, points in sorted(detail.shared.items())
        ],
        amount=_money(detail.amount_minor, desk),
        held_until=detail.held_until,
        redeemed_at=entry.happened_at,
        granted_for=detail.grant.granted_for if detail.grant else None,
        recorded_by=entry.recorded_by,
        use_recorded_by=None,
    )


def redemption_answer(voucher: Voucher, desk: Desk) -> RedemptionAnswer:
    return RedemptionAnswer(
        id=voucher.redemption_id,
        reward_id=voucher.reward_id,
        points=voucher.points,
        state=voucher.state_at(desk.now),
        voucher=VoucherShown(code=voucher.code, expires_at=voucher.expires_at),
        slices=[
            LotPoints(expires_on=last_day(lot), points=points)
            for lot, points in sorted(voucher.slices.items())
        ],
        contributions=[
            ContributionAnswer(member_id=member_id, points=sum(part.slices.values()))
            for member_id, part in sorted(voucher.shared.items())
        ],
        amount=_money(voucher.amount_minor, desk),
        held_until=voucher.held_until,
        redeemed_at=voucher.issued_at,
        granted_for=voucher.granted_for,
        recorded_by=voucher.recorded_by,
        use_recorded_by=voucher.use_recorded_by,
    )


def voucher_answer(voucher: Voucher, desk: Desk) -> VoucherAnswer:
    return VoucherAnswer(
        code=voucher.code,
        state=voucher.state_at(desk.now),
        reward_id=voucher.reward_id,
        redemption_id=voucher.redemption_id,
        member_id=voucher.member_id,
        issued_at=voucher.issued_at,
        expires_at=voucher.expires_at,
        used_at=voucher.used_at,
        used_order=named_order(voucher.used_order),
        used_by=voucher.used_by,
        recorded_by=voucher.recorded_by,
        use_recorded_by=voucher.use_recorded_by,
    )


def _money(amount_minor: int | None, desk: Desk) -> Money | None:
    if amount_minor is None:
        return None
    return Money(amount=amount_minor, currency=desk.program.document.currency)
