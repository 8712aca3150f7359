"""A ledger entry as the API shows it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

from pydantic import Field

from loyalty.domain.earning.awarding import RuleRate, Share, rate_of
from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.ledger.entries import (
    Accrual,
    Adjustment,
    AwardClawback,
    Bonus,
    BonusOccasion,
    Clawback,
    Counterpart,
    Edit,
    Entry,
    EntryKind,
    GrantOccasion,
    Redemption,
    Return,
    RewardGrant,
    SharedPart,
)
from loyalty.domain.ledger.holds import placed
from loyalty.edge.http.redaction import OfStaff
from loyalty.edge.http.schemas import AnswerPart, LotPoints, NamedOrder, PendingPoints

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program


class EntryRate(AnswerPart):
    """The rate of an earning rule: `points` for every `per_minor`, times both multipliers."""

    points: Annotated[int, Field(description="Points for every `per_minor`.")]
    per_minor: Annotated[int, Field(description="An amount in the currency's minor units.")]
    multiplier_percent: Annotated[
        int, Field(description="The multiplier of the member's level, in percent: 150 is 1.5.")
    ]
    plan_percent: Annotated[
        int,
        Field(
            description="The multiplier of the member's paid plan, in percent. If only the "
            "higher of the two multipliers counts, the other is 100."
        ),
    ]


RecordedBy = Annotated[
    str | None,
    OfStaff(),
    Field(
        description="The subject (`sub`) of the token of the staff member or service that recorded "
        "it. Null for members and analysts, and if the member, a storefront or the calendar did."
    ),
]

# Some 250 bytes of JSON each.
SHARES_MAX: Final = 1_000


class EntryShare(AnswerPart):
    """What one line earned under one rule or campaign, and on how much money."""

    rule_id: Annotated[
        str, Field(description="The id of the earning rule or campaign in the program document.")
    ]
    line_id: Annotated[
        str | None,
        Field(
            description="The order's line; null in the breakdown of a very large order, which has "
            "one share for each rule."
        ),
    ]
    points: Annotated[int, Field(description="Points that the line earned under it.")]
    eligible_minor: Annotated[
        int, Field(description="How much of the line counted, in the currency's minor units.")
    ]
    rate: Annotated[
        EntryRate | None,
        Field(description="The rule's rate at that time; null: the points are of a campaign."),
    ]


RefundedMinor = Annotated[
    int, Field(description="How much of the refund counted, in the currency's minor units.")
]
Clawed = Annotated[int, Field(description="Points taken from what the member held.")]
Owed = Annotated[int, Field(description="Points that became debt, paid by later earnings.")]
Forgiven = Annotated[int, Field(description="Points that the program let the member keep.")]
Excused = Annotated[int, Field(description="Points that had already expired unspent.")]


class EntryClawback(AnswerPart):
    """How a refund took points back.

    `clawed + owed + forgiven + excused` is how many points less the order earns.
    """

    refund_id: Annotated[
        str,
        Field(
            description="The refund's id, unique within its order; `~review`: a manager rejected "
            "the order in a review."
        ),
    ]
    amount_minor: RefundedMinor
    clawed: Clawed
    owed: Owed
    forgiven: Forgiven
    excused: Excused


class BonusClawback(AnswerPart):
    """How a bonus was taken back because what it was given for was undone.

    `clawed + owed + forgiven + excused` is how many points of it no longer stand.
    """

    clawed: Clawed
    owed: Owed
    forgiven: Forgiven
    excused: Excused


class EntryEdit(AnswerPart):
    """How a storefront's change of an order changed what it earns.

    `clawed + owed + forgiven + excused` is how many points less the order earns. If it earns more,
    points that a refund once forgave count first, and `forgiven` is negative.
    """

    amount_minor: Annotated[
        int,
        Field(
            description="How much more the order is worth, in the currency's minor units; "
            "negative: less."
        ),
    ]
    clawed: Clawed
    owed: Owed
    forgiven: Forgiven
    excused: Excused


class EntryAnswer(AnswerPart):
    """One immutable line of the ledger, with its cause and its explanation."""

    id: Annotated[str, Field(description="The entry's id, made from its cause.")]
    kind: Annotated[EntryKind, Field(description="What kind of cause the entry has.")]
    points: Annotated[int, Field(description="The signed change in spendable points.")]
    pending_points: Annotated[int, Field(description="The signed change in pending points.")]
    happened_at: Annotated[
        datetime, Field(description="When the cause happened, in UTC: the order's time, say.")
    ]
    recorded_at: Annotated[datetime, Field(description="When the entry was recorded, in UTC.")]
    program_version: Annotated[
        int, Field(description="The version of the program document that decided it.")
    ]
    lots: Annotated[
        list[LotPoints],
        Field(description="The signed changes by expiry date; debt is not part of a lot."),
    ]
    pending: Annotated[
        list[PendingPoints], Field(description="The signed changes in pending points by date.")
    ]
    debt: Annotated[int, Field(description="The signed change in debt, in points.")]
    available_on: Annotated[
        date | None,
        Field(
            description="Of an accrual: the day on which the last of its points becomes available, "
            "in the program's time zone."
        ),
    ] = None
    expires_on: Annotated[
        date | None,
        Field(
            description="Of an accrual: the last day of its longest-lived points, in the program's "
            "time zone; null also if they never expire."
        ),
    ] = None
    tier: Annotated[str | None, Field(description="The id of the member's level then.")] = None
    breakdown: Annotated[
        list[EntryShare] | None,
        Field(description="Of an accrual, where an order is read: what each line earned."),
    ] = None
    order: Annotated[
        NamedOrder | None,
        Field(
            description="The order that caused it, if one did. Of a survey's bonus: the order that "
            "the answer is about. Of a return: the refunded order that the points paid for."
        ),
    ] = None
    clawback: Annotated[
        EntryClawback | None, Field(description="Of a refund: how it took points back.")
    ] = None
    edit: Annotated[
        EntryEdit | None, Field(description="Of a changed order: how its points changed.")
    ] = None
    redemption_id: Annotated[
        str | None,
        Field(description="Of a redemption, a contribution, or a return: the redemption's id."),
    ] = None
    reward_id: Annotated[
        str | None, Field(description="Of a redemption: the reward's id in the program document.")
    ] = None
    reason: Annotated[
        str | None,
        Field(
            description="Of an adjustment or a grant: the reason that was given. Of a return: "
            "`cancelled`, `hold_expired`, `refunded`, or `refund_withdrawn`."
        ),
    ] = None
    reference: Annotated[
        str | None,
        Field(
            description="Of an adjustment or a grant: your own reference, such as a case number."
        ),
    ] = None
    bonus_clawback: Annotated[
        BonusClawback | None,
        Field(description="Of a bonus that was taken back: how it took points back."),
    ] = None
    given_for: Annotated[
        BonusOccasion | None,
        Field(description="Of a bonus, or what was taken back of it: what it was given for."),
    ] = None
    rule_id: Annotated[
        str | None,
        Field(description="Of a challenge's bonus or reward: the challenge's id in the document."),
    ] = None
    granted_for: Annotated[
        GrantOccasion | None,
        Field(description="Of a reward that cost nothing: what it was given for."),
    ] = None
    survey_id: Annotated[
        str | None, Field(description="Of a survey's bonus: the survey's id in the document.")
    ] = None
    counterpart_id: Annotated[
        str | None,
        Field(
            description="Of a transfer or a merge: the other member's id. Of a contribution: "
            "the id of the household member who redeemed."
        ),
    ] = None
    recorded_by: RecordedBy = None


class RecordedEntry(AnswerPart):
    """The entry that the request caused, now or when it was first sent."""

    entry: Annotated[EntryAnswer, Field(description="The entry that the request caused.")]


class _RuleShare(NamedTuple):
    rule_id: str
    line_id: None
    points: int
    eligible_minor: int


def shares_answer(
    shares: Iterable[Share], *, document: "Program", tier: str | None, plan: str | None
) -> list[EntryShare]:
    """A breakdown with the rates of the program version that decided it.

    Points of campaigns have no rate. More than `SHARES_MAX` shares are summed up by rule, so that
    every answer stays far below the gateway's limit.
    """
    rules = {rule.id: rule for rule in document.earning_rules}
    shown: tuple[Share | _RuleShare, ...] = tuple(shares)
    if len(shown) > SHARES_MAX:
        shown = _by_rule(shown)
    return [
        EntryShare(
            rule_id=share.rule_id,
            line_id=share.line_id,
            points=share.points,
            eligible_minor=share.eligible_minor,
            rate=(
                entry_rate(rate_of(rules[share.rule_id], document, tier=tier, plan=plan))
                if share.rule_id in rules
                else None
            ),
        )
        for share in shown
    ]


def entry_rate(rate: RuleRate) -> EntryRate:
    return EntryRate(
        points=rate.rule.points,
        per_minor=rate.rule.per_minor,
        multiplier_percent=rate.percent,
        plan_percent=rate.plan_percent,
    )


def _by_rule(shares: Sequence[Share | _RuleShare]) -> tuple[_RuleShare, ...]:
    points: Counter[str] = Counter()
    eligible_minor: Counter[str] = Counter()
    for share in shares:
        points[share.rule_id] += share.points
        eligible_minor[share.rule_id] += share.eligible_minor
    return tuple(
        _RuleShare(rule_id, None, points[rule_id], eligible_minor[rule_id]) for rule_id in points
    )


def entry_answer(entry: Entry, *, decided_by: "Program | None" = None) -> EntryAnswer:
    """The entry with its cause and its explanation.

    `decided_by` is the document of the entry's program version; without it there is no breakdown.
    """
    return EntryAnswer(
        id=entry.id,
        kind=entry.kind,
        points=entry.points,
        pending_points=entry.pending_points,
        happened_at=entry.happened_at,
        recorded_at=entry.recorded_at,
        program_version=entry.program_version,
        lots=[
            LotPoints(expires_on=last_day(lot), points=points)
            for lot, points in sorted(entry.effect.lots.items())
        ],
        pending=[
            PendingPoints(
                available_on=dates.available_on,
                expires_on=last_day(dates.expires_on),
                points=points,
            )
            for dates, points in sorted(entry.effect.pending.items())
        ],
        debt=entry.effect.debt,
        recorded_by=entry.recorded_by,
        **_explanation(entry, decided_by),
        **_named(entry),
    )


def last_day(day: date) -> date | None:
    """The last day of points as the API shows it: None if they never expire."""
    return None if day == NEVER else day


def _explanation(entry: Entry, decided_by: "Program | None") -> dict[str, Any]:
    match entry.detail:
        case Accrual() | Clawback() | Edit() as of_order:
            return _order_explanation(of_order, decided_by)
        case (Redemption() | Return() | SharedPart()) as redeemed:
            return {"redemption_id": redeemed.redemption_id, **_of_redemption(redeemed)}
        case Adjustment() as adjustment:
            return {"reason": adjustment.reason, "reference": adjustment.reference}
        case Bonus() as bonus:
            return {
                "given_for": bonus.given_for,
                "survey_id": bonus.survey_id,
                "rule_id": bonus.rule_id,
            }
        case AwardClawback() as taken:
            parts = {name: getattr(taken, name) for name in BonusClawback.model_fields}
            return {
                "given_for": taken.given_for,
                "rule_id": taken.rule_id,
                "bonus_clawback": BonusClawback(**parts),
            }
        case Counterpart() as counterpart:
            return {"counterpart_id": counterpart.member_id}
        case None:
            return {}


def _of_redemption(detail: Redemption | Return | SharedPart) -> dict[str, Any]:
    match detail:
        case Redemption():
            return {"reward_id": detail.reward_id, **_grant(detail.grant)}
        case Return():
            return {"reason": detail.why}
        case SharedPart():
            return {"counterpart_id": detail.spent_by, "reason": detail.why}


def _grant(grant: RewardGrant | None) -> dict[str, Any]:
    if grant is None:
        return {}
    return {
        "granted_for": grant.granted_for,
        "reason": grant.reason,
        "reference": grant.reference,
        "rule_id": grant.rule_id,
    }


def _order_explanation(
    detail: Accrual | Clawback | Edit, decided_by: "Program | None"
) -> dict[str, Any]:
    match detail:
        case Clawback():
            taken = {name: getattr(detail, name) for name in EntryClawback.model_fields}
            return {"clawback": EntryClawback(**taken)}
        case Edit():
            changed = {name: getattr(detail, name) for name in EntryEdit.model_fields}
            return {"edit": EntryEdit(**changed)}
        case Accrual():
            places = placed(detail.parts, held_until=detail.held_until)
            return {
                "available_on": max((place.available_on for place in places), default=None),
                "expires_on": last_day(
                    max((part.expires_on for part in detail.parts), default=NEVER)
                ),
                "tier": detail.tier,
                "breakdown": (
                    shares_answer(
                        detail.shares, document=decided_by, tier=detail.tier, plan=detail.plan
                    )
                    if decided_by
                    else None
                ),
            }


def _named(entry: Entry) -> dict[str, Any]:
    order = entry.order
    if order is None:
        return {}
    return {"order": NamedOrder(source=order.source, order_id=order.order_id)}
