"""Campaigns, as members and managers see them."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from loyalty.domain.campaigns.budgets import BudgetStatus
from loyalty.domain.campaigns.finding_words import FindingWords
from loyalty.domain.campaigns.participation import CapProgress, MemberCampaign
from loyalty.domain.program.kinds import Activation, BudgetPeriod, MemberPeriod
from loyalty.edge.http.schemas import AnswerPart, Money
from loyalty.edge.models.order_explanations import FailedCondition, failed_condition
from loyalty.usecases.campaigns.budgets import CampaignState, CampaignStatus

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program

CampaignId = Annotated[str, Field(description="The campaign's id in the program document.")]
CampaignName = Annotated[str, Field(description="The campaign's name in the program document.")]
StartsOn = Annotated[
    date | None, Field(description="The first day, in the program's time zone; null: none.")
]
EndsOn = Annotated[
    date | None, Field(description="The last day, in the program's time zone; null: none.")
]


class CampaignCap(AnswerPart):
    """A limit of a campaign for one member: of points or of orders. The other one is null."""

    per: Annotated[
        MemberPeriod, Field(description="The period; it is the current one, by the calendar.")
    ]
    points: Annotated[int | None, Field(description="The most points in the period.")]
    orders: Annotated[int | None, Field(description="The most orders that get points.")]
    used: Annotated[int, Field(description="How much of it the member used.")]


class CampaignOfMember(AnswerPart):
    """A campaign, as one of its members sees it."""

    id: CampaignId
    name: CampaignName
    joined: Annotated[
        bool, Field(description="Whether the member joined it; false if it needs no joining.")
    ]
    joined_at: Annotated[
        datetime | None, Field(description="When they joined, in UTC; orders count from then on.")
    ]
    can_join: Annotated[bool, Field(description="Whether they have to join it, and can.")]
    eligible: Annotated[
        bool,
        Field(
            description="Whether it counts for an order made now, as far as that depends on the "
            "member and the time. False: not yet, such as before the third order."
        ),
    ]
    why_not: Annotated[
        list[FailedCondition],
        Field(
            description="What stands against it for an order made now, of the member and the time, "
            "with what is `missing`; empty: it depends on the order."
        ),
    ]
    text: Annotated[str, Field(description="The same in plain English; empty: nothing does.")]
    caps: Annotated[
        list[CampaignCap], Field(description="Its limits for each member, and what is used.")
    ]
    starts_on: StartsOn
    ends_on: EndsOn


class CampaignsOfMember(AnswerPart):
    """The campaigns of a member."""

    items: Annotated[
        list[CampaignOfMember],
        Field(
            description="Those that are for the member, or can become so, in the document's order."
        ),
    ]
    next_cursor: Annotated[None, Field(description="Always null: there is one page.")] = None


class BudgetInMoney(AnswerPart):
    """A budget in money; points count by the program's value of a point, rounded down."""

    amount: Annotated[Money, Field(description="The budget.")]
    used: Annotated[Money, Field(description="What the points that were given are worth.")]
    left: Annotated[Money, Field(description="What the points that are left are worth.")]


class CampaignBudgetAnswer(AnswerPart):
    """A campaign's budget in the current period.

    Before the campaign it is the first period, and afterwards the last one.
    """

    per: Annotated[BudgetPeriod, Field(description="The period.")]
    points: Annotated[int, Field(description="The budget in points.")]
    used: Annotated[int, Field(description="Points given, less what refunds took back.")]
    left: Annotated[int, Field(description="Points that orders can still get.")]
    money: Annotated[
        BudgetInMoney | None, Field(description="The same in money; null: a budget in points.")
    ]


class CampaignAnswer(AnswerPart):
    """A campaign of the version in force, and how it stands."""

    id: CampaignId
    name: CampaignName
    state: Annotated[
        CampaignState,
        Field(
            description="`scheduled`: it has not begun. `spent`: its budget of the current period "
            "is used up. `ended`: its last day is over."
        ),
    ]
    activation: Annotated[
        Activation,
        Field(
            description="`join`: members have to join it. `offer`: it is for members who were "
            "offered it."
        ),
    ]
    group: Annotated[
        str | None, Field(description="The group of which an order gets one campaign.")
    ]
    starts_on: StartsOn
    ends_on: EndsOn
    budget: Annotated[
        CampaignBudgetAnswer | None, Field(description="Its budget; null: it has none.")
    ]


class CampaignList(AnswerPart):
    """The campaigns of the version in force."""

    items: Annotated[list[CampaignAnswer], Field(description="All, in the document's order.")]
    next_cursor: Annotated[None, Field(description="Always null: there is one page.")] = None


def campaign_of_member_answer(found: MemberCampaign, *, document: "Program") -> CampaignOfMember:
    campaign = found.campaign
    return CampaignOfMember(
        id=campaign.id,
        name=campaign.name,
        joined=found.joined_at is not None,
        joined_at=found.joined_at,
        can_join=found.can_join,
        eligible=found.is_eligible,
        why_not=[failed_condition(each) for each in found.why_not],
        text=FindingWords(document).why_not(campaign, found.why_not),
        caps=[campaign_cap_answer(each) for each in found.caps],
        starts_on=campaign.when.starts_on,
        ends_on=campaign.when.ends_on,
    )


def campaign_answer(status: CampaignStatus, *, currency: str) -> CampaignAnswer:
    campaign = status.campaign
    return CampaignAnswer(
        id=campaign.id,
        name=campaign.name,
        state=status.state,
        activation=campaign.activation,
        group=campaign.group,
        starts_on=campaign.when.starts_on,
        ends_on=campaign.when.ends_on,
        budget=_budget(status.budget, currency=currency) if status.budget else None,
    )


def campaign_cap_answer(cap: CapProgress) -> CampaignCap:
    return CampaignCap(per=cap.per, points=cap.points, orders=cap.orders, used=cap.used)


def _budget(budget: BudgetStatus, *, currency: str) -> CampaignBudgetAnswer:
    money = budget.money
    return CampaignBudgetAnswer(
        per=budget.per,
        points=budget.points,
        used=budget.used,
        left=budget.left,
        money=BudgetInMoney(
            amount=Money(amount=money.amount_minor, currency=currency),
            used=Money(amount=money.used_minor, currency=currency),
            left=Money(amount=money.left_minor, currency=currency),
        )
        if money
        else None,
    )
