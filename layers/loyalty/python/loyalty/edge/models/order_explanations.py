"""Why orders earn what they earn: in quotes, of past orders, of refunds before they are made."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, Required, TypedDict, cast

from pydantic import Field, with_config
from pydantic.config import JsonDict

from loyalty.domain.campaigns.finding_words import FindingWords
from loyalty.domain.campaigns.findings import CampaignFindings, ConditionFinding
from loyalty.domain.campaigns.rule_findings import RuleFindings
from loyalty.domain.ledger.order_explaining import OrderExplanation, RefundQuote
from loyalty.domain.orders.order import OrderRef
from loyalty.edge.http.schemas import AnswerPart, MemberId, Money, OrderId, Source
from loyalty.edge.models.entries import EntryRate, EntryShare, entry_rate, shares_answer
from loyalty.usecases.orders.explaining import ExplainedOrder, OrderInBooks, QuotedRefund
from loyalty.usecases.orders.lookup import OrderStatus
from loyalty.usecases.orders.quoting import Quote, SampleQuote

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program

CampaignId = Annotated[str, Field(description="The campaign's id in the program document.")]
CampaignName = Annotated[str, Field(description="The campaign's name, as members see it.")]
RuleId = Annotated[str, Field(description="The earning rule's id in the program document.")]
Applies = Annotated[bool, Field(description="Whether it gives points.")]
PointsKept = Annotated[int, Field(description="How many are left after the refunds so far.")]


def _only_required(schema: JsonDict, condition: type) -> None:
    """Unlike in other answers, fields without a value are left out."""
    schema["required"] = sorted(condition.__required_keys__)  # type: ignore[attr-defined]  # a TypedDict


_LEAVES_OUT = with_config(json_schema_extra=_only_required)
# One condition, with the names of the program document; `is` cannot be the name of a class's field.
_Condition = TypedDict(
    "_Condition",
    {
        "fact": Required[
            Annotated[
                str,
                Field(
                    description="The fact that the condition is about, as in the program document; "
                    "or `when`; `for` (decided of the member when the order was recorded); "
                    "`joined`; `offered`; `held_out` (withheld from the member to measure what it "
                    "brings); `group` (another campaign of its group counts); `lines` (the goods "
                    "that it covers); `cap` (its limit for a member); `budget`; `limit` (one of "
                    "these two); `per_order`; `campaign_points_per_order_max`."
                ),
            ]
        ],
        "is": Annotated[
            int | str | list[str] | None,
            Field(description="What the fact is; null: there is none, or it is not known."),
        ],
        "missing": Annotated[int, Field(description="How much more is needed.")],
        "negated": Annotated[bool, Field(description="true: the condition must not hold.")],
        "at_least": Annotated[int, Field(description="The lowest number, included.")],
        "at_most": Annotated[int, Field(description="The highest number, included.")],
        "at_least_minor": Annotated[
            int, Field(description="The lowest amount in minor units, included.")
        ],
        "at_most_minor": Annotated[
            int, Field(description="The highest amount in minor units, included.")
        ],
        "exactly": Annotated[int, Field(description="The number that it has to be.")],
        "every": Annotated[int, Field(description="Every so many orders.")],
        "is_in": Annotated[list[str], Field(description="It must be one of these.")],
        "of": Annotated[
            dict[str, list[str]], Field(description="The lines that count; left out: all goods.")
        ],
        "read": Annotated[
            str, Field(description="`bought`: it is not read of what is kept after refunds.")
        ],
        "name": Annotated[str, Field(description="The name of the attribute or consent.")],
        "on": Annotated[str, Field(description="How near the birthday: `day`, `week`, `month`.")],
        "winner": Annotated[str, Field(description="The id of the campaign that counts instead.")],
        "left": Annotated[int, Field(description="The points that the limit left.")],
    },
    total=False,
)


@_LEAVES_OUT
class FailedCondition(_Condition, total=False):
    """A condition that fails, with its own fields. Fields that say nothing are left out."""


@_LEAVES_OUT
class ExplainedCondition(_Condition, total=False):
    """A condition and what was found. Fields that say nothing are left out."""

    holds: Required[Annotated[bool, Field(description="Whether the condition held.")]]
    text: Required[Annotated[str, Field(description="The same in plain English.")]]


class QuotedCampaign(AnswerPart):
    """What a campaign would give for an order, or why it would give nothing."""

    id: CampaignId
    name: CampaignName
    applies: Applies
    points: Annotated[int, Field(description="Points that it would give.")]
    could_give: Annotated[
        int,
        Field(
            description="Points that it would give if nothing in `why_not` stood against it, "
            "within what its limits leave; more goods may give more."
        ),
    ]
    why_not: Annotated[
        list[FailedCondition],
        Field(description="Every condition because of which it gives nothing; empty: it applies."),
    ]
    text: Annotated[
        str,
        Field(
            description="The same in plain English, such as “10.01 EUR more for 50 beans.”, to "
            "read to a customer."
        ),
    ]


class QuoteAnswer(AnswerPart):
    """What an order would earn now, for the member it names or else for a guest.

    Nothing is reserved: a budget may have less left when the order is recorded.
    """

    member_id: Annotated[str | None, Field(description="The member quoted for; null: a guest.")]
    tier: Annotated[str | None, Field(description="The member's level on the day of the order.")]
    plan: Annotated[
        str | None, Field(description="The member's paid plan on the day of the order.")
    ]
    balance: Annotated[
        int | None, Field(description="Points that the member can spend now, before this order.")
    ]
    points: Annotated[int, Field(description="Points that could be spent at once.")]
    pending_points: Annotated[int, Field(description="Points that would become available later.")]
    breakdown: Annotated[list[EntryShare], Field(description="What each line would earn.")]
    campaigns: Annotated[
        list[QuotedCampaign],
        Field(description="Every campaign of the program, in the order of the document."),
    ]


class ExplainedCampaign(AnswerPart):
    """What a campaign gave for an order, and why."""

    id: CampaignId
    name: CampaignName
    applies: Applies
    points: Annotated[int, Field(description="Points that it gave for what was bought.")]
    kept: PointsKept
    findings: Annotated[
        list[ExplainedCondition],
        Field(description="Each of its conditions, and what limited it."),
    ]
    text: Annotated[str, Field(description="What it gave, or why nothing, in plain English.")]


class ExplainedRule(AnswerPart):
    """What an earning rule gave for an order, and why."""

    id: RuleId
    applies: Applies
    points: Annotated[int, Field(description="Points that it gave for what was bought.")]
    kept: PointsKept
    eligible_minor: Annotated[
        int, Field(description="What the lines that it covers cost, in minor units.")
    ]
    rate: Annotated[EntryRate, Field(description="Its rate at the level of the member then.")]
    findings: Annotated[list[ExplainedCondition], Field(description="Each of its conditions.")]
    text: Annotated[str, Field(description="What it gave, or why nothing, in plain English.")]


class OrderExplanationAnswer(AnswerPart):
    """Why an order earned what it earned, by the version of the program that decided it.

    It is computed from the order's entry, so it is the same whenever it is read.
    """

    source: Source
    order_id: OrderId
    status: Annotated[
        OrderStatus, Field(description="As where the order is read; only `earned` has reasons.")
    ]
    member_id: Annotated[MemberId | None, Field(description="The member who earned.")]
    program_version: Annotated[
        int | None, Field(description="The version of the program document that decided it.")
    ]
    tier: Annotated[str | None, Field(description="The id of the member's level then.")]
    plan: Annotated[str | None, Field(description="The id of the member's paid plan on that day.")]
    points: Annotated[
        int, Field(description="All points of the latest version of the order, before refunds.")
    ]
    kept: PointsKept
    campaigns: Annotated[
        list[ExplainedCampaign],
        Field(description="Every campaign of that version, in the order of the document."),
    ]
    rules: Annotated[list[ExplainedRule], Field(description="Every earning rule of that version.")]


class CampaignChange(AnswerPart):
    """The points that a refund would take of a campaign."""

    id: CampaignId
    points: Annotated[int, Field(description="The change in points, negative.")]


class RuleChange(AnswerPart):
    """The points that a refund would take of an earning rule."""

    id: RuleId
    points: Annotated[int, Field(description="The change in points, negative.")]


class LimitReturnAnswer(AnswerPart):
    """What a limit of a campaign would get back."""

    campaign_id: CampaignId
    limit: Annotated[
        Literal["cap", "budget"],
        Field(description="The limit for one member, or the budget for all."),
    ]
    period: Annotated[
        str,
        Field(description="The period: `2026-11-21`, `2026-W47`, `2026-11`, `2026`, or `all`."),
    ]
    points: Annotated[int, Field(description="Points that it would get back.")]
    orders: Annotated[int, Field(description="Orders that it would get back, if it counts them.")]


class RefundLoss(AnswerPart):
    """What an order would no longer earn after a refund, and what limits would get back."""

    points: Annotated[int, Field(description="The change in the order's points, negative or 0.")]
    counted: Annotated[Money, Field(description="How much of the refund would count.")]
    campaigns: Annotated[
        list[CampaignChange], Field(description="The campaigns that would give less.")
    ]
    rules: Annotated[list[RuleChange], Field(description="The earning rules that would give less.")]
    limits: Annotated[
        list[LimitReturnAnswer], Field(description="The limits that would get something back.")
    ]


class RefundQuoteAnswer(RefundLoss):
    """What an order would no longer earn after a refund; nothing is recorded.

    The program's `clawback` policy decides how much of it is taken from the member, and limits get
    back what is taken.
    """

    status: Annotated[
        Literal["new", "recorded", "waiting"],
        Field(
            description="`new`: the refund was not recorded before. `recorded`: it was, and takes "
            "nothing more. `waiting`: no member has earned by the order yet."
        ),
    ]


class SampleQuoteAnswer(QuoteAnswer):
    """What an order that nobody made would earn, and what a refund of it would take."""

    refund: Annotated[
        RefundLoss | None, Field(description="What the refund would take; null: none was asked.")
    ]


def quote_answer(quoted: Quote, *, document: "Program", today: date) -> QuoteAnswer:
    return QuoteAnswer(**_quote(quoted, document=document, today=today))


def sample_quote_answer(
    quoted: SampleQuote, *, document: "Program", today: date
) -> SampleQuoteAnswer:
    """The answer for a day on which the order would be recorded."""
    refund = quoted.refund
    return SampleQuoteAnswer(
        refund=RefundLoss(**_loss(refund, document.currency)) if refund else None,
        **_quote(quoted.quote, document=document, today=today),
    )


def order_explanation_answer(
    ref: OrderRef, found: OrderInBooks, explained: ExplainedOrder
) -> OrderExplanationAnswer:
    explanation, words = explained.explanation, FindingWords(explained.decided_by)
    accrual, earned = found.accrual, found.earned
    return OrderExplanationAnswer(
        source=ref.source,
        order_id=ref.order_id,
        status=found.status,
        member_id=accrual.member_id if accrual else None,
        program_version=accrual.program_version if accrual else None,
        tier=earned.tier if earned else None,
        plan=earned.plan if earned else None,
        points=sum(explanation.points.values()),
        kept=sum(explanation.points_kept.values()),
        campaigns=[_campaign(each, explanation, words) for each in explanation.campaigns],
        rules=[_rule(each, explanation, words) for each in explanation.rules],
    )


def refund_quote_answer(quoted: QuotedRefund, *, currency: str) -> RefundQuoteAnswer:
    return RefundQuoteAnswer(status=quoted.status, **_loss(quoted.quote, currency))


def _quote(quoted: Quote, *, document: "Program", today: date) -> dict[str, Any]:
    award, words = quoted.award, FindingWords(document)
    pending = sum(part.points for part in award.parts if part.available_on > today)
    return {
        "member_id": quoted.member_id,
        "tier": quoted.tier,
        "plan": quoted.plan,
        "balance": quoted.balance,
        "points": award.points - pending,
        "pending_points": pending,
        "breakdown": shares_answer(
            award.shares, document=document, tier=quoted.tier, plan=quoted.plan
        ),
        "campaigns": [
            QuotedCampaign(
                id=each.campaign.id,
                name=each.campaign.name,
                applies=each.points > 0,
                points=each.points,
                could_give=each.could_give,
                why_not=[failed_condition(reason) for reason in each.why_not],
                text=words.offer(each),
            )
            for each in quoted.campaigns
        ],
    }


def _loss(quote: RefundQuote, currency: str) -> dict[str, Any]:
    return {
        "points": quote.points,
        "counted": Money(amount=quote.amount_minor, currency=currency),
        "campaigns": [
            CampaignChange(id=each, points=lost) for each, lost in quote.campaigns.items()
        ],
        "rules": [RuleChange(id=each, points=lost) for each, lost in quote.rules.items()],
        "limits": [LimitReturnAnswer(**each._asdict()) for each in quote.limits],
    }


def _campaign(
    found: CampaignFindings, explanation: OrderExplanation, words: FindingWords
) -> ExplainedCampaign:
    campaign = found.campaign
    return ExplainedCampaign(
        id=campaign.id,
        name=campaign.name,
        applies=found.points > 0,
        points=found.points,
        kept=explanation.points_kept.get(campaign.id, 0),
        findings=[_explained(each, words.finding(each, campaign)) for each in found.findings],
        text=words.outcome(found),
    )


def _rule(found: RuleFindings, explanation: OrderExplanation, words: FindingWords) -> ExplainedRule:
    rule = found.rate.rule
    points = explanation.points.get(rule.id, 0)
    return ExplainedRule(
        id=rule.id,
        applies=points > 0,
        points=points,
        kept=explanation.points_kept.get(rule.id, 0),
        eligible_minor=found.eligible_minor,
        rate=entry_rate(found.rate),
        findings=[_explained(each, words.finding(each)) for each in found.findings],
        text=words.of_rule(found, points),
    )


def failed_condition(found: ConditionFinding) -> FailedCondition:
    negated = {"negated": True} if found.negated else {}
    return cast("FailedCondition", {"fact": found.fact, **found.details, **negated})


def _explained(found: ConditionFinding, text: str) -> ExplainedCondition:
    return cast(
        "ExplainedCondition", failed_condition(found) | {"holds": found.holds, "text": text}
    )
