"""Campaigns: managers try them and watch their budgets, and members join and leave them."""

from dataclasses import dataclass
from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from loyalty.domain.kernel.errors import CurrencyMismatch, TryAgain, WrongState
from loyalty.domain.program.kinds import DOCUMENT_BYTES_MAX
from loyalty.domain.staff.actions import ActionOutcome, Change
from loyalty.edge.aws.table import engine
from loyalty.edge.desk import open_actions, open_desk
from loyalty.edge.directory import acting_for
from loyalty.edge.http.app import PathId, ProgramId, create_app
from loyalty.edge.http.auth import Role
from loyalty.edge.models.campaigns import (
    CampaignAnswer,
    CampaignList,
    CampaignOfMember,
    CampaignsOfMember,
    campaign_answer,
    campaign_of_member_answer,
)
from loyalty.edge.models.order_explanations import SampleQuoteAnswer, sample_quote_answer
from loyalty.edge.models.sample_orders import SampleQuoteRequest
from loyalty.edge.settings import settings
from loyalty.table.programs import TablePrograms
from loyalty.table.targeting import TableTargeting
from loyalty.usecases.campaigns import budgets, membership
from loyalty.usecases.orders.quoting import quote_sample
from loyalty.usecases.ports import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignsSettings:
    table: str
    identity_secret: str


api = create_app("campaigns", acting_for=acting_for, actions=open_actions)
handler = api

MEMBER_AND_COUNTER: Final[frozenset[Role]] = frozenset({"member", "cashier", "manager", "service"})


@api.post(
    "/check/quote",
    allow={"manager", "operator"},
    body_bytes_max=DOCUMENT_BYTES_MAX,
    refuses=(CurrencyMismatch,),
)
def quote_sample_order(
    program_id: ProgramId, request: Annotated[SampleQuoteRequest, Body()]
) -> SampleQuoteAnswer:
    """Quote an order, and a refund of it, by a document that is not published.

    The order, its member and its refund are made up, and of any time. Nothing is used of any limit
    yet, and nothing is recorded.
    """
    programs = TablePrograms(engine(settings(CampaignsSettings).table))
    document = request.program(replaces=programs.in_force(program_id))
    sample = request.sample(document)
    return sample_quote_answer(
        quote_sample(sample, document=document),
        document=document,
        today=document.today(sample.order.occurred_at),
    )


@api.get("/campaigns", allow={"analyst", "manager"})
def list_campaigns(program_id: ProgramId) -> CampaignList:
    """List the campaigns of the program, and how each stands.

    It has what is left of their budgets at this moment.
    """
    desk = _desk(program_id)
    currency = desk.program.document.currency
    found = budgets.statuses(desk=desk)
    return CampaignList(items=[campaign_answer(each, currency=currency) for each in found])


@api.get("/campaigns/<campaign_id>", allow={"analyst", "manager"})
def read_campaign(program_id: ProgramId, campaign_id: PathId) -> CampaignAnswer:
    """Read how a campaign stands, and what is left of its budget.

    The program document has its rules.
    """
    desk = _desk(program_id)
    found = budgets.status(campaign_id, desk=desk)
    return campaign_answer(found, currency=desk.program.document.currency)


@api.get("/members/<member_id>/campaigns", allow=MEMBER_AND_COUNTER)
def list_member_campaigns(program_id: ProgramId, member_id: PathId) -> CampaignsOfMember:
    """List the campaigns of a member, and how far they have come in each.

    Campaigns that are over, or that cannot become theirs, are left out.
    """
    desk = _desk(program_id)
    found = membership.campaigns_of(member_id, desk=desk)
    document = desk.program.document
    return CampaignsOfMember(
        items=[campaign_of_member_answer(each, document=document) for each in found]
    )


@api.put(
    "/members/<member_id>/campaigns/<campaign_id>",
    allow=MEMBER_AND_COUNTER,
    refuses=(WrongState, TryAgain),
    acts="campaign.join",
)
def join_campaign(
    program_id: ProgramId, member_id: PathId, campaign_id: PathId
) -> CampaignOfMember:
    """Let a member join a campaign.

    Orders count from then on. To join it again changes nothing.
    """
    desk = _desk(program_id)
    joined = membership.join(member_id, campaign_id, targetings=_targetings(program_id), desk=desk)
    changes = (Change(field="campaign", after=campaign_id),)
    api.report_outcome(ActionOutcome(target_id=joined.member_id, changes=changes))
    return campaign_of_member_answer(joined.campaign, document=desk.program.document)


@api.delete(
    "/members/<member_id>/campaigns/<campaign_id>",
    allow=MEMBER_AND_COUNTER,
    status=204,
    refuses=(TryAgain,),
    acts="campaign.leave",
)
def leave_campaign(program_id: ProgramId, member_id: PathId, campaign_id: PathId) -> Response[None]:
    """Let a member leave a campaign.

    Orders that earned keep what they earned. To leave it again is no error.
    """
    desk = _desk(program_id)
    owner = membership.leave(member_id, campaign_id, targetings=_targetings(program_id), desk=desk)
    changes = (Change(field="campaign", before=campaign_id),)
    api.report_outcome(ActionOutcome(target_id=owner, changes=changes))
    return Response(status_code=204, body=None)


def _desk(program_id: str) -> Desk:
    table = settings(CampaignsSettings).table
    return open_desk(program_id, table=table, caller=api.trusted_caller)


def _targetings(program_id: str) -> TableTargeting:
    return TableTargeting(engine(settings(CampaignsSettings).table), program_id=program_id)
