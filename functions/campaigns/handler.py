"""Campaigns, challenges, offers, friends, activities, boards: members see and join them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from loyalty.domain.engagement.activities import ActivityRef
from loyalty.domain.engagement.referrals import ReferralDecision, ReferralVerdict
from loyalty.domain.kernel.errors import (
    ActivityConflict,
    CurrencyMismatch,
    InvalidCursor,
    NotFound,
    OwnAccount,
    ReferralNotAccepted,
    TooLarge,
    TryAgain,
    WrongState,
)
from loyalty.domain.kernel.limits import EXTERNAL_ID
from loyalty.domain.people.identity import Keyring
from loyalty.domain.program.kinds import DOCUMENT_BYTES_MAX
from loyalty.domain.staff.actions import ActionOutcome, Change
from loyalty.edge import clock
from loyalty.edge.aws.queues.segment_runs import queue_segment_run
from loyalty.edge.aws.table import engine
from loyalty.edge.desk import names_of_staff, open_actions, open_desk, shelf
from loyalty.edge.directory import acting_for, directory, keyring, own_member, require_another
from loyalty.edge.http.app import ANYONE, PathId, ProgramId, create_app, reply
from loyalty.edge.http.auth import MEMBER_AND_STAFF, Role
from loyalty.edge.http.paging import next_cursor, page_start
from loyalty.edge.http.schemas import Cursor, PageLimit
from loyalty.edge.metrics import count
from loyalty.edge.models.activities import (
    ActivitiesPage,
    ActivityIgnored,
    ActivityRecordedAnswer,
    ActivityRequest,
    activity_answer,
    recorded_answer,
)
from loyalty.edge.models.approvals import DecisionRequest
from loyalty.edge.models.boards import (
    BoardList,
    BoardOfMemberAnswer,
    BoardWindow,
    StandingAnswer,
    board_answer,
    board_of_member_answer,
    standing_answer,
)
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
from loyalty.edge.models.referrals import (
    OwnReferralAnswer,
    ReferralAnswer,
    ReferralClaimRequest,
    ReferralOfMember,
    ReferralPage,
    ReferralPromise,
    own_referral_answer,
    promise_answer,
    referral_answer,
    referral_of_member_answer,
)
from loyalty.edge.models.sample_orders import SampleQuoteRequest
from loyalty.edge.models.segment_lists import (
    ListChangeAnswer,
    ListChangeRequest,
    ListStretchRequest,
    list_change_answer,
)
from loyalty.edge.referral_digests import code_for_friends, signal_digests
from loyalty.edge.settings import settings
from loyalty.table.activities import TableActivities
from loyalty.table.boards import TableBoards
from loyalty.table.engagement import TableEngagement
from loyalty.table.positions import is_held_referral, is_listed
from loyalty.table.programs import TablePrograms
from loyalty.table.referrals import TableReferrals
from loyalty.table.segment_lists import TableSegmentLists
from loyalty.table.targeting import TableTargeting
from loyalty.usecases import offers
from loyalty.usecases.campaigns import budgets, membership
from loyalty.usecases.engagement import activities, joining, referring
from loyalty.usecases.engagement.activity_steps import ActivityDesk
from loyalty.usecases.engagement.boards import board_of_member, board_shown, boards_shown
from loyalty.usecases.engagement.referral_viewing import (
    own_referral,
    referral_of_member,
    stages_of,
)
from loyalty.usecases.engagement.referring import ReferralClaim
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

SourcePath = Annotated[
    str,
    Path(
        pattern=EXTERNAL_ID, description="The system that numbered the activity, by your own name."
    ),
]

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
    """List a member's offers: why they were made, and whether orders used them.

    The list leaves out offers that ended long ago.
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


@api.put(
    "/members/<member_id>/challenges/<challenge_id>",
    allow=MEMBER_AND_COUNTER,
    status=204,
    refuses=(WrongState, TryAgain),
    acts="challenge.join",
)
def join_challenge(
    program_id: ProgramId, member_id: PathId, challenge_id: PathId
) -> Response[None]:
    """Let a member join a challenge.

    Orders count from then on. Joining again changes nothing.
    """
    shelf, desk = _engagement(program_id), _desk(program_id)
    owner = joining.join(member_id, challenge_id, shelf=shelf, desk=desk)
    changes = (Change(field="challenge", after=challenge_id),)
    api.report_outcome(ActionOutcome(target_id=owner, changes=changes))
    return Response(status_code=204, body=None)


@api.delete(
    "/members/<member_id>/challenges/<challenge_id>",
    allow=MEMBER_AND_COUNTER,
    status=204,
    refuses=(TryAgain,),
    acts="challenge.leave",
)
def leave_challenge(
    program_id: ProgramId, member_id: PathId, challenge_id: PathId
) -> Response[None]:
    """Let a member leave a challenge.

    The member keeps what counted and what it gave. Leaving again changes nothing.
    """
    shelf, desk = _engagement(program_id), _desk(program_id)
    owner = joining.leave(member_id, challenge_id, shelf=shelf, desk=desk)
    changes = (Change(field="challenge", before=challenge_id),)
    api.report_outcome(ActionOutcome(target_id=owner, changes=changes))
    return Response(status_code=204, body=None)


@api.get("/members/<member_id>/badges", allow=MEMBER_AND_STAFF | {"service"})
def list_member_badges(program_id: ProgramId, member_id: PathId) -> BadgesOfMember:
    """List the badges of a member.

    A badge goes with the completion that it was given for.
    """
    desk = _desk(program_id)
    found = badges_of_member(member_id, shelf=_engagement(program_id), desk=desk)
    return BadgesOfMember(items=[badge_answer(each) for each in found])


@api.get("/members/<member_id>/referral", allow=MEMBER_AND_STAFF | {"service"}, refuses=(TryAgain,))
def read_member_referral(program_id: ProgramId, member_id: PathId) -> ReferralOfMember:
    """Read a member's code for friends, and what it brought.

    It says how far each friend got, but not who they are.
    """
    found = referral_of_member(
        member_id,
        new_code=lambda owner: code_for_friends(owner, program_id=program_id, keyring=_keyring()),
        shelf=_referrals(program_id),
        desk=_desk(program_id),
    )
    return referral_of_member_answer(found)


@api.get("/referrals/<referral_code>", allow=ANYONE, refuses=(NotFound,))
def read_referral_code(program_id: ProgramId, referral_code: PathId) -> ReferralPromise:
    """Read what a code promises a friend.

    Anyone may ask. The response does not name the member.
    """
    desk = _desk(program_id)
    terms = referring.require_code(referral_code, shelf=_referrals(program_id), desk=desk)
    return promise_answer(referral_code, terms)


@api.post(
    "/referrals/claims",
    allow={"member", "cashier", "service"},
    status=201,
    also=(200,),
    refuses=(NotFound, ReferralNotAccepted, TryAgain),
    acts="referral.claim",
)
def claim_referral(
    program_id: ProgramId, claim: Annotated[ReferralClaimRequest, Body()]
) -> Response[OwnReferralAnswer]:
    """Claim the code of the member who brought a friend.

    The same claim again changes nothing. A suspicious claim is held until a manager decides.
    """
    principal, desk, shelf = api.principal, _desk(program_id), _referrals(program_id)
    if principal.is_trusted and claim.member_id is not None:
        friend_id = claim.member_id
        address = claim.signals.ip
    else:
        friend_id = own_member(principal, claim.member_id or "me")
        address = api.source_ip
    digests = signal_digests(
        device=claim.signals.device, address=address, program_id=program_id, keyring=_keyring()
    )
    claimed = referring.claim_referral(
        ReferralClaim(code=claim.code, friend_id=friend_id, digests=digests),
        shelf=shelf,
        signals=shelf,
        desk=desk,
    )
    referral = claimed.referral
    api.report_outcome(ActionOutcome(target_id=referral.friend_id))
    answer = own_referral_answer(own_referral(referral, [referral], desk=desk))
    return reply(answer, status=201 if claimed.is_new else 200)


@api.get("/referrals", allow={"manager"}, refuses=(InvalidCursor,))
def list_held_referrals(
    program_id: ProgramId, limit: PageLimit = 50, cursor: Cursor = None
) -> ReferralPage:
    """List the referrals that wait for a manager.

    Each names the signals that made it suspicious.
    """
    of = f"referrals {program_id}"
    start = page_start(cursor, of=of, like=is_held_referral)
    page = _referrals(program_id).held(limit=limit, after=start)
    stages = stages_of(page.items, desk=_desk(program_id))
    return ReferralPage(
        items=[referral_answer(each, stages[each.friend_id], names={}) for each in page.items],
        next_cursor=next_cursor(page.next, of=of),
    )


@api.post(
    "/members/<member_id>/referral/approve",
    allow={"manager"},
    refuses=(OwnAccount, WrongState, TryAgain),
    acts="referral.approve",
)
def approve_referral(
    program_id: ProgramId, member_id: PathId, decision: Annotated[DecisionRequest, Body()]
) -> ReferralAnswer:
    """Approve a friend's referral that is held.

    The friend's orders count as if it had never been held. Approving it again changes nothing.
    """
    return _decide(program_id, member_id, "approved", decision.reason)


@api.post(
    "/members/<member_id>/referral/refuse",
    allow={"manager"},
    refuses=(OwnAccount, WrongState, TryAgain),
    acts="referral.refuse",
)
def refuse_referral(
    program_id: ProgramId, member_id: PathId, decision: Annotated[DecisionRequest, Body()]
) -> ReferralAnswer:
    """Refuse a friend's referral that is held.

    Nobody gets anything for it, and the friend can make no other claim. Refusing it again changes
    nothing.
    """
    return _decide(program_id, member_id, "refused", decision.reason)


@api.post(
    "/activities",
    allow={"cashier", "service"},
    status=201,
    also=(200, 202),
    bodies={202: ActivityIgnored},
    refuses=(ActivityConflict, NotFound, TryAgain),
)
def record_activity(
    program_id: ProgramId, activity: Annotated[ActivityRequest, Body()]
) -> Response[ActivityRecordedAnswer | ActivityIgnored]:
    """Record something that a member did besides buying.

    It counts once, however often you send it: 201 if the request changed something, 200 if the
    content is known or outdated. A later `changed_at` edits it: its points change by the
    difference. 202: the person is not a member.
    """
    desk = _desk(program_id)
    outcome = activities.record_activity(
        activity.report(),
        shelves=_activity_desk(program_id),
        directory=directory(program_id, settings(CampaignsSettings)),
        desk=desk,
    )
    if outcome is None:
        return reply(ActivityIgnored(), status=202)
    if not outcome.replayed:
        count("ActivitiesRecorded")
    return reply(recorded_answer(outcome, desk), status=200 if outcome.replayed else 201)


@api.delete("/activities/<source>/<activity_id>", allow={"cashier", "service"}, refuses=(TryAgain,))
def retract_activity(
    program_id: ProgramId, source: SourcePath, activity_id: PathId
) -> ActivityRecordedAnswer:
    """Retract an activity, because it was removed at its source.

    This takes back exactly its points, like a refund of an order. Content that the source wrote
    before does not count, even if it arrives later. Retracting again changes nothing.
    """
    desk = _desk(program_id)
    outcome = activities.retract_activity(
        ActivityRef(source, activity_id),
        retracted_at=desk.now,
        shelves=_activity_desk(program_id),
        desk=desk,
    )
    return recorded_answer(outcome, desk)


@api.get("/members/<member_id>/activities", allow=MEMBER_AND_STAFF | {"service"})
def list_member_activities(
    program_id: ProgramId, member_id: PathId, limit: PageLimit = 50, cursor: Cursor = None
) -> ActivitiesPage:
    """List what a member did besides buying, the latest first.

    It says what each one earned, or why it earned nothing.
    """
    desk, of = _desk(program_id), f"activities {program_id} {member_id}"
    page = activities.activities_of_member(
        member_id,
        limit=limit,
        start=page_start(cursor, of=of, like=is_listed),
        activities=_activities(program_id),
        desk=desk,
    )
    return ActivitiesPage(
        items=[activity_answer(each, desk.program.document) for each in page.items],
        next_cursor=next_cursor(page.next, of=of),
    )


@api.get("/boards", allow=MEMBER_AND_STAFF | {"service"})
def list_boards(program_id: ProgramId) -> BoardList:
    """List the boards of the program.

    Each board says what ranks the members, and what the first places get.
    """
    desk = _desk(program_id)
    found = boards_shown(desk=desk)
    return BoardList(items=[board_answer(*each, document=desk.program.document) for each in found])


@api.get("/boards/<board_id>", allow=MEMBER_AND_STAFF | {"service"}, refuses=(NotFound,))
def read_board(
    program_id: ProgramId, board_id: PathId, window: BoardWindow = None
) -> StandingAnswer:
    """Read how members stand on a board.

    It is computed every hour. It names only members who agreed.
    """
    found = board_shown(board_id, window=window, boards=_boards(program_id), desk=_desk(program_id))
    # Members must not learn who the others are.
    return standing_answer(found, has_ids=api.principal.is_trusted)


@api.get(
    "/members/<member_id>/boards/<board_id>",
    allow=MEMBER_AND_STAFF | {"service"},
    refuses=(NotFound,),
)
def read_member_board(
    program_id: ProgramId, member_id: PathId, board_id: PathId
) -> BoardOfMemberAnswer:
    """Read where a member is on a board, in the running window.

    The score counts an order within seconds. The place compares it with the others' scores of the
    last hour.
    """
    found = board_of_member(
        member_id,
        board_id,
        boards=_boards(program_id),
        progress=_engagement(program_id),
        desk=_desk(program_id),
    )
    return board_of_member_answer(found)


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


def _decide(
    program_id: str, friend_id: str, verdict: ReferralVerdict, reason: str
) -> ReferralAnswer:
    desk, shelf = _desk(program_id), _referrals(program_id)
    for found in shelf.referrals([friend_id]):
        require_another(api.principal, found.referrer_id)
    decision = ReferralDecision(verdict, api.principal.subject, desk.now, reason)
    decided = referring.decide_referral(friend_id, decision, shelf=shelf, desk=desk)
    stages = stages_of([decided], desk=desk)
    names = names_of_staff(program_id, [decided.decision.by if decided.decision else None])
    return referral_answer(decided, stages[decided.friend_id], names=names)


def _keyring() -> Keyring:
    return keyring(settings(CampaignsSettings).identity_secret)


def _referrals(program_id: str) -> TableReferrals:
    return TableReferrals(engine(settings(CampaignsSettings).table), program_id=program_id)


def _desk(program_id: str) -> Desk:
    table = settings(CampaignsSettings).table
    return open_desk(program_id, table=table, caller=api.trusted_caller)


def _engagement(program_id: str) -> TableEngagement:
    return TableEngagement(engine(settings(CampaignsSettings).table), program_id=program_id)


def _activities(program_id: str) -> TableActivities:
    return TableActivities(engine(settings(CampaignsSettings).table), program_id=program_id)


def _activity_desk(program_id: str) -> ActivityDesk:
    return ActivityDesk(activities=_activities(program_id), awards=_engagement(program_id))


def _targetings(program_id: str) -> TableTargeting:
    return TableTargeting(engine(settings(CampaignsSettings).table), program_id=program_id)


def _boards(program_id: str) -> TableBoards:
    return TableBoards(engine(settings(CampaignsSettings).table), program_id=program_id)
