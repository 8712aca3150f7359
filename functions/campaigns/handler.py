"""Campaigns and challenges: managers try them and keep lists; members see, join and use theirs."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from loyalty.domain.kernel.errors import (
    CurrencyMismatch,
    NotFound,
    TooLarge,
    TryAgain,
    WrongState,
)
from loyalty.domain.program.kinds import DOCUMENT_BYTES_MAX
from loyalty.domain.staff.actions import ActionOutcome, Change
from loyalty.edge import clock
from loyalty.edge.aws.queues.segment_runs import queue_segment_run
from loyalty.edge.aws.table import engine
from loyalty.edge.desk import open_actions, open_desk, shelf
from loyalty.edge.directory import acting_for, directory
from loyalty.edge.http.app import PathId, ProgramId, create_app
from loyalty.edge.http.auth import MEMBER_AND_STAFF, Role
from loyalty.edge.models.campaigns import (
    CampaignAnswer,
    CampaignList,
    CampaignOfMember,
    CampaignsOfMember,
    campaign_answer,
    campaign_of_member_answer,
)
from loyalty.edge.models.challenges import (
    BadgesOfMember,
    ChallengesOfMember,
    badge_answer,
    challenge_of_member_answer,
)
from loyalty.edge.models.offers import OffersOfMember, offer_answer
from loyalty.edge.models.order_explanations import SampleQuoteAnswer, sample_quote_answer
from loyalty.edge.models.sample_orders import SampleQuoteRequest
from loyalty.edge.models.segment_lists import (
    ListChangeAnswer,
    ListChangeRequest,
    ListStretchRequest,
    list_change_answer,
)
from loyalty.edge.settings import settings
from loyalty.table.engagement import TableEngagement
from loyalty.table.programs import TablePrograms
from loyalty.table.segment_lists import TableSegmentLists
from loyalty.table.targeting import TableTargeting
from loyalty.usecases import offers
from loyalty.usecases.campaigns import budgets, membership
from loyalty.usecases.engagement.viewing import badges_of_member, challenges_of_member
from loyalty.usecases.orders.quoting import quote_sample
from loyalty.usecases.ports import Desk
from loyalty.usecases.segment_lists import change_list, replace_stretch


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignsSettings:
    table: str
    identity_secret: str
    compaction_queue_url: str


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


@api.get("/members/<member_id>/offers", allow=MEMBER_AND_COUNTER)
def list_member_offers(program_id: ProgramId, member_id: PathId) -> OffersOfMember:
    """List the campaigns that were offered to a member, why, and whether orders used them.

    Those that ended long ago are left out.
    """
    desk = _desk(program_id)
    members = directory(program_id, settings(CampaignsSettings))
    found = offers.offers_of(member_id, members=members, desk=desk)
    document = desk.program.document
    return OffersOfMember(items=[offer_answer(each, document=document) for each in found])


@api.get("/members/<member_id>/challenges", allow=MEMBER_AND_STAFF | {"service"})
def list_member_challenges(program_id: ProgramId, member_id: PathId) -> ChallengesOfMember:
    """List the challenges of the program, and how far a member is in each.

    An order counts within seconds.
    """
    desk = _desk(program_id)
    found = challenges_of_member(member_id, shelf=_engagement(program_id), desk=desk)
    document = desk.program.document
    return ChallengesOfMember(
        items=[challenge_of_member_answer(each, document=document) for each in found]
    )


@api.get("/members/<member_id>/badges", allow=MEMBER_AND_STAFF | {"service"})
def list_member_badges(program_id: ProgramId, member_id: PathId) -> BadgesOfMember:
    """List the badges of a member.

    A badge goes with the completion that it was given for.
    """
    desk = _desk(program_id)
    found = badges_of_member(member_id, shelf=_engagement(program_id), desk=desk)
    return BadgesOfMember(items=[badge_answer(each) for each in found])


@api.post(
    "/lists/<segment_id>",
    allow={"manager", "service"},
    refuses=(TryAgain, WrongState),
    acts="list.change",
)
def change_segment_list(
    program_id: ProgramId, segment_id: PathId, request: Annotated[ListChangeRequest, Body()]
) -> ListChangeAnswer:
    """Put members on the list of a segment, and take others off it.

    They are in the segment within two minutes. The same request again changes nothing.
    """
    _require_list(program_id, segment_id)
    request.require_a_change()
    changed = change_list(
        segment_id, add=request.add, remove=request.remove, lists=_lists(program_id)
    )
    _find_soon(program_id)
    return list_change_answer(changed)


@api.put(
    "/lists/<segment_id>",
    allow={"manager", "service"},
    refuses=(TooLarge, TryAgain, WrongState),
    acts="list.replace",
)
def replace_segment_list(
    program_id: ProgramId, segment_id: PathId, request: Annotated[ListStretchRequest, Body()]
) -> ListChangeAnswer:
    """Replace the list of a segment, or the stretch of it between two ids.

    Send a long list in stretches, sorted by id: `after` is the last id of the stretch before. The
    same request again changes nothing.
    """
    _require_list(program_id, segment_id)
    request.require_within()
    changed = replace_stretch(
        segment_id,
        request.members,
        after=request.after,
        up_to=request.up_to,
        lists=_lists(program_id),
    )
    _find_soon(program_id)
    return list_change_answer(changed)


def _require_list(program_id: str, segment_id: str) -> None:
    """Refuse a segment that has no list.

    Raises:
        NotFound: there is no such segment.
        WrongState: its definition does not ask who is listed.
    """
    table, now = settings(CampaignsSettings).table, clock.now()
    document = shelf(table).in_force(program_id, now=now).document
    segment = next((each for each in document.segments if each.id == segment_id), None)
    if segment is None:
        raise NotFound("There is no such segment")
    if not segment.is_listed:
        raise WrongState('It has no list: nothing in its definition is {"fact": "listed"}')


def _lists(program_id: str) -> TableSegmentLists:
    return TableSegmentLists(engine(settings(CampaignsSettings).table), program_id=program_id)


def _find_soon(program_id: str) -> None:
    # A minute gathers the changes of a list that is sent in many requests.
    url = settings(CampaignsSettings).compaction_queue_url
    queue_segment_run(program_id, url=url, delay=timedelta(minutes=1))


def _desk(program_id: str) -> Desk:
    table = settings(CampaignsSettings).table
    return open_desk(program_id, table=table, caller=api.trusted_caller)


def _engagement(program_id: str) -> TableEngagement:
    return TableEngagement(engine(settings(CampaignsSettings).table), program_id=program_id)


def _targetings(program_id: str) -> TableTargeting:
    return TableTargeting(engine(settings(CampaignsSettings).table), program_id=program_id)
