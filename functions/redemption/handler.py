"""Points buy rewards, some of which are recommended; tills use the vouchers."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

from loyalty.domain.kernel.errors import (
    Fault,
    Forbidden,
    IdempotencyConflict,
    InsufficientPoints,
    LimitReached,
    NotFound,
    OutOfStock,
    OwnAccount,
    PointsTooNew,
    RewardUnavailable,
    TryAgain,
    ValidationFailed,
    VoucherAlreadyUsed,
    VoucherIssued,
    WrongState,
)
from loyalty.domain.ledger.access import access_claims
from loyalty.domain.ledger.approvals import Approval
from loyalty.domain.staff.actions import ActionOutcome, Change
from loyalty.edge.aws import clients
from loyalty.edge.aws.table import engine
from loyalty.edge.desk import names_of_staff, open_actions, open_desk, request_id
from loyalty.edge.directory import acting_for, directory, require_another
from loyalty.edge.http.app import ANYONE, IdempotencyKey, PathId, ProgramId, create_app, reply
from loyalty.edge.http.auth import MEMBER_AND_STAFF, Role
from loyalty.edge.http.paging import next_cursor, page_start
from loyalty.edge.http.params import Body, Response
from loyalty.edge.http.schemas import Cursor, PageLimit
from loyalty.edge.metrics import count
from loyalty.edge.models.access import (
    AccessKeyAnswer,
    AccessKeys,
    AccessTokenAnswer,
    AccessTokenRequest,
)
from loyalty.edge.models.approvals import HeldForApproval, approval_answer
from loyalty.edge.models.entries import RecordedEntry, entry_answer
from loyalty.edge.models.households import (
    HouseholdAnswer,
    HouseholdRequest,
    InvitationAnswer,
    SharesRequest,
    household_answer,
    invitation_answer,
)
from loyalty.edge.models.recommendations import RecommendationsAnswer, recommendations_answer
from loyalty.edge.models.redemptions import (
    GrantRequest,
    MemberReward,
    MemberRewards,
    RedemptionAnswer,
    RedemptionPage,
    RedemptionRequest,
    VoucherAnswer,
    VoucherUse,
    redeemed_answer,
    redemption_answer,
    voucher_answer,
)
from loyalty.edge.models.statements import TransferRequest
from loyalty.edge.neighborhoods import neighborhoods
from loyalty.edge.settings import settings
from loyalty.edge.tokens.access_signer import AccessSigner
from loyalty.table.approvals import TableApprovals
from loyalty.table.positions import is_listed
from loyalty.usecases import recommendations
from loyalty.usecases.households import membership
from loyalty.usecases.ledger import corrections, redemption
from loyalty.usecases.ledger.accounts import lineage
from loyalty.usecases.ledger.approvals import ApprovalRule, give_or_hold
from loyalty.usecases.people.members import look_up
from loyalty.usecases.ports import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionSettings:
    """`access_key` is the ARN of the key that signs access tokens; empty: the stage has none."""

    table: str
    identity_secret: str
    lake_bucket: str
    access_key: str = ""


api = create_app("redemption", acting_for=acting_for, actions=open_actions)
handler = api

MEMBER_AND_COUNTER: Final[frozenset[Role]] = frozenset({"member", "cashier", "manager", "service"})
AT_THE_COUNTER: Final[frozenset[Role]] = frozenset({"cashier", "service"})
SETTLES_REDEMPTIONS: Final[frozenset[Role]] = frozenset({"member", "cashier", "manager", "service"})


@api.get("/members/<member_id>/rewards", allow=MEMBER_AND_STAFF | {"service"})
def list_member_rewards(program_id: ProgramId, member_id: PathId) -> MemberRewards:
    """List the rewards, and whether a member can redeem each now.

    If not, `why_not` has the code of the refusal. Names are in the member's language.
    """
    desk = _desk(program_id)
    rewards = redemption.rewards_for(member_id, desk=desk)
    locale = _locale_of(member_id, desk)
    return MemberRewards(
        items=[
            MemberReward(
                id=each.reward.id,
                name=each.reward.name_in(locale),
                kind=each.reward.kind,
                cost_points=each.cost_points,
                redeemable=each.refusal is None,
                why_not=each.refusal.code if each.refusal else None,
                missing_points=each.missing_points,
                opens_at=each.opens_at,
            )
            for each in rewards
        ]
    )


@api.get("/members/<member_id>/recommendations", allow=MEMBER_AND_COUNTER)
def recommend(program_id: ProgramId, member_id: PathId) -> RecommendationsAnswer:
    """Recommend rewards and goods to a member, each with its reason.

    It follows from what they bought lately and from what many members bought together; nothing
    about it is stored. A member whose consent `personalization` is false gets what is popular.
    """
    config = settings(RedemptionSettings)
    desk = _desk(program_id)
    neighborhood = neighborhoods(config.lake_bucket).of(program_id, now=desk.now)
    found = recommendations.recommend(
        member_id,
        neighborhood=neighborhood,
        members=directory(program_id, config),
        desk=desk,
    )
    return recommendations_answer(found, as_of=neighborhood.as_of)


@api.post(
    "/members/<member_id>/redemptions",
    allow={"member", "cashier", "service"},
    status=201,
    also=(200,),
    refuses=(
        IdempotencyConflict,
        InsufficientPoints,
        OutOfStock,
        LimitReached,
        RewardUnavailable,
        TryAgain,
    ),
)
def redeem(
    program_id: ProgramId,
    member_id: PathId,
    idempotency_key: IdempotencyKey,
    requested: Annotated[RedemptionRequest, Body()],
) -> Response[RedemptionAnswer]:
    """Redeem points for a reward.

    The answer has a voucher. With `hold` the points are only reserved until the redemption is
    completed or cancelled, or its hold ends. With `redeemed_at` a till that was offline reports
    what it gave before.
    """
    if requested.redeemed_at and not api.principal.is_trusted:
        detail = "Only staff and services report a redemption late"
        faults = (Fault("/redeemed_at", "not_allowed", detail),)
        raise ValidationFailed(detail, faults=faults)
    desk = _desk(program_id)
    recorded = redemption.redeem_reward(
        member_id,
        request=requested.reward(currency=desk.program.document.currency),
        request_id=_request(program_id, idempotency_key),
        desk=desk,
    )
    if not recorded.replayed:
        count("PointsRedeemed", -recorded.entry.points)
    return reply(redeemed_answer(recorded.entry, desk), status=200 if recorded.replayed else 201)


@api.post(
    "/members/<member_id>/grants",
    allow={"manager", "service"},
    status=201,
    also=(200, 202),
    bodies={202: HeldForApproval},
    refuses=(
        OwnAccount,
        IdempotencyConflict,
        OutOfStock,
        LimitReached,
        RewardUnavailable,
        TryAgain,
    ),
    acts="reward.grant",
)
def grant_reward(
    program_id: ProgramId,
    member_id: PathId,
    idempotency_key: IdempotencyKey,
    granted: Annotated[GrantRequest, Body()],
) -> Response[RedemptionAnswer | HeldForApproval]:
    """Give a member a reward that costs them nothing.

    The answer is that of a redemption, with a voucher. Its window, levels and limit per member do
    not matter; its stock does. 202: it costs so many points that it waits for a second manager's
    approval.
    """
    desk = _desk(program_id)
    rules = desk.program.document.adjustments
    outcome = give_or_hold(
        member_id,
        reward_id=granted.reward_id,
        why=granted.grant(),
        request_id=_request(program_id, idempotency_key),
        by=api.principal.subject,
        # Services never wait, as no person decides what they do.
        rule=ApprovalRule.of(rules) if api.principal.is_person else None,
        approvals=TableApprovals(engine(settings(RedemptionSettings).table), program_id=program_id),
        desk=desk,
    )
    changes = (Change(field="reward", after=granted.reward_id),)
    if isinstance(outcome, Approval):
        held = {"approval": outcome.approval_id}
        api.report_outcome(ActionOutcome(changes=changes, results=held))
        names = names_of_staff(program_id, outcome.people)
        waiting = approval_answer(outcome, names=names, now=desk.now)
        return reply(HeldForApproval(status="held", approval=waiting), status=202)
    results = {"entry": outcome.entry.id}
    api.report_outcome(ActionOutcome(changes=changes, results=results))
    return reply(redeemed_answer(outcome.entry, desk), status=200 if outcome.replayed else 201)


@api.get("/members/<member_id>/redemptions", allow=MEMBER_AND_STAFF | {"service"})
def list_redemptions(
    program_id: ProgramId, member_id: PathId, limit: PageLimit = 50, cursor: Cursor = None
) -> RedemptionPage:
    """List a member's redemptions, newest first.

    Each has its voucher.
    """
    desk = _desk(program_id)
    account = lineage(desk, member_id, strong=False)[-1]
    of = f"redemptions {program_id} {account.member_id}"
    start = page_start(cursor, of=of, like=is_listed)
    owners = (account.member_id, *account.absorbed)
    page = desk.books.vouchers(owners, limit=limit, start=start)
    return RedemptionPage(
        items=[redemption_answer(voucher, desk) for voucher in page.items],
        next_cursor=next_cursor(page.next, of=of),
    )


@api.post(
    "/members/<member_id>/redemptions/<redemption_id>/complete",
    allow=SETTLES_REDEMPTIONS,
    refuses=(WrongState, TryAgain),
)
def complete_redemption(
    program_id: ProgramId,
    member_id: PathId,
    redemption_id: PathId,
    idempotency_key: IdempotencyKey,  # noqa: ARG001  # asked for; completing twice is once anyway
) -> RedemptionAnswer:
    """Complete a held redemption.

    After that its voucher can be used. The hold must not have ended.
    """
    desk = _desk(program_id)
    return redemption_answer(
        redemption.complete(redemption_id, member_id=member_id, desk=desk), desk
    )


@api.post(
    "/members/<member_id>/redemptions/<redemption_id>/cancel",
    allow=SETTLES_REDEMPTIONS,
    refuses=(VoucherIssued, WrongState, TryAgain),
)
def cancel_redemption(
    program_id: ProgramId,
    member_id: PathId,
    redemption_id: PathId,
    idempotency_key: IdempotencyKey,  # noqa: ARG001  # asked for; cancelling twice is once anyway
) -> RedemptionAnswer:
    """Cancel a redemption whose voucher was not used.

    The points return with the expiry dates that they had. A member can cancel only a hold.
    """
    desk = _desk(program_id)
    by_member = not api.principal.is_trusted
    cancelled = redemption.cancel(
        redemption_id, member_id=member_id, by_member=by_member, desk=desk
    )
    return redemption_answer(cancelled, desk)


@api.get("/members/<member_id>/household", allow=MEMBER_AND_STAFF | {"service"})
def read_household(program_id: ProgramId, member_id: PathId) -> HouseholdAnswer:
    """Read a member's household.

    It lists the members, and how many points of each the others can spend now.
    """
    desk = _desk(program_id)
    return household_answer(member_id, membership.household_of(member_id, desk=desk))


@api.post(
    "/members/<member_id>/household",
    allow={"member"},
    status=201,
    also=(200,),
    refuses=(Forbidden, WrongState, LimitReached, TryAgain),
)
def join_household(
    program_id: ProgramId, member_id: PathId, joining: Annotated[HouseholdRequest, Body()]
) -> Response[HouseholdAnswer]:
    """Start a household, or accept an invitation to one.

    Only members can do this, for themselves. 200: they are in it already.
    """
    desk = _desk(program_id)
    if joining.invitation is None:
        is_new = membership.begin_household(member_id, desk=desk)
    else:
        is_new = membership.join_household(member_id, joining.invitation, desk=desk)
    found = membership.household_of(member_id, desk=desk)
    return reply(household_answer(member_id, found), status=201 if is_new else 200)


@api.patch(
    "/members/<member_id>/household", allow={"member"}, refuses=(Forbidden, WrongState, TryAgain)
)
def share_points(
    program_id: ProgramId, member_id: PathId, shares: Annotated[SharesRequest, Body()]
) -> HouseholdAnswer:
    """Limit how many points the others in the household may spend in a month.

    These are points of the member. Points that were spent this month count.
    """
    desk = _desk(program_id)
    membership.share_points(member_id, most=shares.shares_max, desk=desk)
    return household_answer(member_id, membership.household_of(member_id, desk=desk))


@api.delete(
    "/members/<member_id>/household",
    allow={"member", "manager", "service"},
    status=204,
    refuses=(OwnAccount, TryAgain),
    acts="household.leave",
)
def leave_household(program_id: ProgramId, member_id: PathId) -> Response[None]:
    """Leave the household at once.

    No points move. A manager takes a member out in the same way.
    """
    left = membership.leave_household(member_id, desk=_desk(program_id))
    api.report_outcome(ActionOutcome(changes=[Change(field="household", before=left)]))
    return Response(status_code=204, body=None)


@api.post(
    "/members/<member_id>/household/invitations",
    allow={"member"},
    status=201,
    refuses=(Forbidden, LimitReached, TryAgain),
)
def invite_to_household(program_id: ProgramId, member_id: PathId) -> Response[InvitationAnswer]:
    """Invite a member into the household that the member owns.

    One member can accept the invitation, within a week.
    """
    invitation = membership.invite(member_id, desk=_desk(program_id))
    return reply(invitation_answer(invitation), status=201)


@api.delete(
    "/members/<member_id>/household/members/<other_id>",
    allow={"member"},
    status=204,
    refuses=(Forbidden, TryAgain),
)
def remove_from_household(
    program_id: ProgramId, member_id: PathId, other_id: PathId
) -> Response[None]:
    """Remove another member from the household that the member owns.

    This takes effect at once, and no points move.
    """
    membership.remove_from_household(member_id, other_id, desk=_desk(program_id))
    return Response(status_code=204, body=None)


@api.post(
    "/members/<member_id>/transfers",
    allow={"member", "cashier", "service"},
    status=201,
    also=(200,),
    refuses=(
        Forbidden,
        OwnAccount,
        IdempotencyConflict,
        InsufficientPoints,
        PointsTooNew,
        LimitReached,
        TryAgain,
    ),
    acts="points.transfer",
)
def transfer_points(
    program_id: ProgramId,
    member_id: PathId,
    idempotency_key: IdempotencyKey,
    transfer: Annotated[TransferRequest, Body()],
) -> Response[RecordedEntry]:
    """Transfer points to another member.

    The points keep their expiry dates.
    """
    desk = _desk(program_id)
    if api.principal.is_trusted:
        require_another(api.principal, transfer.to_member_id)
    given = corrections.give(
        member_id,
        taker_id=transfer.to_member_id,
        points=transfer.points,
        request_id=_request(program_id, idempotency_key),
        desk=desk,
    )
    api.report_outcome(
        ActionOutcome(
            changes=(Change(field="points", after=-transfer.points),),
            results={"entry": given.entry.id, "into": transfer.to_member_id},
        )
    )
    answer = RecordedEntry(entry=entry_answer(given.entry))
    return reply(answer, status=200 if given.replayed else 201)


@api.post(
    "/members/<member_id>/redemptions/<redemption_id>/access",
    allow={"member", "service"},
    status=201,
    refuses=(NotFound, RewardUnavailable, WrongState, TryAgain),
)
def make_access_token(
    program_id: ProgramId,
    member_id: PathId,
    redemption_id: PathId,
    requested: Annotated[AccessTokenRequest, Body()],
) -> Response[AccessTokenAnswer]:
    """Make a token that lets a member buy in a storefront what they have access to.

    It names the reward, the articles and the voucher. A storefront verifies it with the keys of
    `jwks.json`, without a call. It does not use the voucher: the order does.
    """
    desk = _desk(program_id)
    voucher = redemption.redemption_of(redemption_id, member_id=member_id, desk=desk)
    claims = access_claims(
        voucher, program_id=program_id, audience=requested.audience, now=desk.now
    )
    token = _access_signer().token(claims)
    ends_at = datetime.fromtimestamp(claims["exp"], UTC)
    return reply(AccessTokenAnswer(token=token, expires_at=ends_at), status=201)


@api.get("/jwks.json", allow=ANYONE, refuses=(NotFound, TryAgain))
def read_access_keys(program_id: ProgramId) -> Response[AccessKeys]:  # noqa: ARG001  # all have one
    """Read the public keys that verify access tokens.

    You may cache them for an hour.
    """
    keys = AccessKeys(keys=[AccessKeyAnswer(**_access_signer().published())])
    return reply(keys, headers={"cache-control": "public, max-age=3600"})


@api.get("/vouchers/<code>", allow=AT_THE_COUNTER)
def check_voucher(program_id: ProgramId, code: PathId) -> VoucherAnswer:
    """Read a voucher before it is used.

    It says whether the voucher can be used; it changes nothing.
    """
    desk = _desk(program_id)
    return voucher_answer(redemption.voucher_of(code.upper(), desk=desk), desk)


@api.post(
    "/vouchers/<code>/use",
    allow=AT_THE_COUNTER,
    refuses=(VoucherAlreadyUsed, WrongState, IdempotencyConflict, TryAgain),
)
def use_voucher(
    program_id: ProgramId,
    code: PathId,
    idempotency_key: IdempotencyKey,
    use: Annotated[VoucherUse, Body()],
) -> VoucherAnswer:
    """Use a voucher.

    A voucher is used once. The same `Idempotency-Key` gets the first answer again.
    """
    desk = _desk(program_id)
    used = redemption.use_voucher(
        code.upper(),
        request_id=_request(program_id, idempotency_key),
        order=use.order.ref if use.order else None,
        desk=desk,
    )
    return voucher_answer(used, desk)


def _locale_of(member_id: str, desk: Desk) -> str | None:
    """The member's locale, or the program's; only read if a reward has names in other languages."""
    document = desk.program.document
    if not any(reward.translations for reward in document.rewards):
        return None
    members = directory(desk.program.program_id, settings(RedemptionSettings))
    return look_up(member_id, members=members).member.profile.locale or document.messages.locale


def _access_signer() -> AccessSigner:
    """The key of this stage.

    Raises:
        NotFound: the stage has none.
    """
    key_arn = settings(RedemptionSettings).access_key
    if not key_arn:
        raise NotFound("This deployment makes no access tokens")
    return AccessSigner(clients.kms(), key_arn=key_arn)


def _desk(program_id: str) -> Desk:
    return open_desk(
        program_id, table=settings(RedemptionSettings).table, caller=api.trusted_caller
    )


def _request(program_id: str, idempotency_key: str) -> str:
    return request_id(
        program_id=program_id, caller=api.principal.subject, idempotency_key=idempotency_key
    )
