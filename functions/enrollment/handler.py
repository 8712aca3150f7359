"""Members: enroll, look up, read, change, merge, export and erase them; unsubscribe from mail."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Final

from loyalty.domain.kernel.errors import (
    Fault,
    Forbidden,
    IdempotencyConflict,
    IdentityTaken,
    InvalidCursor,
    LimitReached,
    NotFound,
    OwnAccount,
    ReferralNotAccepted,
    TryAgain,
    ValidationFailed,
    WrongState,
)
from loyalty.domain.ledger.entries import Counterpart, Entry
from loyalty.domain.people.member import MemberUpdate
from loyalty.domain.staff.actions import ActionOutcome, Change, changes_of_member
from loyalty.edge import origin
from loyalty.edge.action_lists import ActionFilter, FirstDay, LastDay, list_actions
from loyalty.edge.aws import clients
from loyalty.edge.aws.queues.guest_claims import GuestClaim, hand_over
from loyalty.edge.aws.table import engine
from loyalty.edge.desk import open_actions, open_desk, request_id
from loyalty.edge.directory import (
    acting_for,
    directory,
    keyring,
    proven_by,
    require_another,
)
from loyalty.edge.http.app import (
    ANYONE,
    IdempotencyKey,
    PathId,
    ProgramId,
    create_app,
    html_page,
    reply,
)
from loyalty.edge.http.auth import MEMBER_AND_STAFF, Role
from loyalty.edge.http.paging import next_cursor, page_start
from loyalty.edge.http.params import Body, Header, Path, Query, Response
from loyalty.edge.http.schemas import Cursor, Day, Instant, PageLimit
from loyalty.edge.mail.pages import unsubscribe_page, unsubscribed_page
from loyalty.edge.mail.unsubscribing import SEALED, member_named_by
from loyalty.edge.metrics import count, count_together
from loyalty.edge.models.actions import StaffActionPage
from loyalty.edge.models.entries import entry_answer
from loyalty.edge.models.explanations import ExplanationAnswer, explanation_answer
from loyalty.edge.models.member_export import ExportAnswer, export_answer, position
from loyalty.edge.models.members import (
    EnrollmentRequest,
    HistoryPage,
    LookupRequest,
    MemberAnswer,
    MemberChangeRequest,
    TierFloorRequest,
    claims,
    member_answer,
)
from loyalty.edge.models.merge_preview import MergePreviewAnswer, merge_preview_answer
from loyalty.edge.models.messages import MessagesPage, held_back_answer, message_answer
from loyalty.edge.models.plans import MemberPlanAnswer, PlanRequest, member_plan_answer
from loyalty.edge.models.statements import (
    BalanceAnswer,
    MergeAnswer,
    MergeRequest,
    StatementAnswer,
    balance_answer,
    require_period,
    statement_answer,
)
from loyalty.edge.referral_digests import signal_digests
from loyalty.edge.settings import settings
from loyalty.table.engagement import TableEngagement
from loyalty.table.member_export import TableHoldings
from loyalty.table.members import TableMembers
from loyalty.table.messages import TableLetters
from loyalty.table.positions import is_listed, is_message_of_member
from loyalty.table.referrals import TableReferrals
from loyalty.usecases.engagement.referring import ReferralClaim, claim_referral, note_signals
from loyalty.usecases.ledger import corrections, statements
from loyalty.usecases.ledger.accounts import lineage
from loyalty.usecases.messaging.reminders import held_back
from loyalty.usecases.people import joining, merge_preview
from loyalty.usecases.people import members as people
from loyalty.usecases.people.enrollment import Application
from loyalty.usecases.people.joining import ClaimLater
from loyalty.usecases.people.member_export import export
from loyalty.usecases.people.members import Enrolled
from loyalty.usecases.plans import members_plan
from loyalty.usecases.ports import Desk, Raced


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrollmentSettings:
    table: str
    identity_secret: str
    intake_queue_url: str


api = create_app("enrollment", acting_for=acting_for, actions=open_actions)
handler = api

# They may change other people's data and see all of it; an analyst may do neither.
KEEPS_MEMBERS: Final[frozenset[Role]] = frozenset({"cashier", "manager", "service"})

UnsubscribeToken = Annotated[
    str, Path(pattern=SEALED, description="The token from a mail's link; nobody can guess it.")
]

PastMoment = Annotated[
    Instant | None, Query(alias="at", description="A past moment; if left out, now.")
]
OptionalIdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x20-\x7e]+$",
        description="A repeated enrollment with the same key returns the same member.",
    ),
]


@api.post(
    "/members",
    allow=KEEPS_MEMBERS | {"member"},
    status=201,
    also=(200,),
    refuses=(IdentityTaken, IdempotencyConflict, WrongState, LimitReached, TryAgain),
    acts="member.enroll",
)
def enroll_member(
    program_id: ProgramId,
    enrollment: Annotated[EnrollmentRequest, Body()],
    idempotency_key: OptionalIdempotencyKey = None,
) -> Response[MemberAnswer]:
    """Enroll a member.

    People who sign in as members enroll themselves; staff and services enroll others by their
    identities. Orders that the person made as a guest earn now.
    """
    desk, members = _serving(program_id)
    principal = api.principal
    is_for_another = bool(enrollment.identities) and principal.is_trusted
    if not (is_for_another or principal.acts_for_self):
        detail = "Name at least one identity of the person to enroll"
        raise ValidationFailed(detail, faults=(Fault("/identities", "too_short", detail),))
    application = Application(
        # The token of a person who enrolls themself identifies them, so they need no key.
        member_id=_member_id(program_id, idempotency_key if is_for_another else None),
        claims=claims(enrollment.identities, trusted=not principal.is_person),
        profile=enrollment.profile.named(today=desk.today),
        consents=enrollment.consents,
    )
    joined = joining.join(
        application,
        proven=None if is_for_another else proven_by(principal),
        claim_later=_claim_later(desk),
        members=members,
        desk=desk,
    )
    if joined.is_new:
        count("MembersEnrolled")
    _count_claimed(joined.claimed)
    address = enrollment.signals.ip if is_for_another else api.source_ip
    _note_referral(joined.enrolled.member.member_id, enrollment, address, desk)
    api.report_outcome(ActionOutcome(target_id=joined.enrolled.member.member_id))
    return reply(_answer(joined.enrolled, desk), status=201 if joined.is_new else 200)


@api.post("/members/lookup", allow=KEEPS_MEMBERS, acts="member.look_up")
def look_up_member(program_id: ProgramId, lookup: Annotated[LookupRequest, Body()]) -> MemberAnswer:
    """Find a member by an identity.

    The identity is in the body because URLs are logged.
    """
    desk, members = _serving(program_id)
    member_id = members.member_of([lookup.identity.identity(pointer="/identity")])
    if member_id is None:
        raise NotFound("No member has this identity")
    found = people.look_up(member_id, members=members)
    api.report_outcome(ActionOutcome(target_id=found.member.member_id))
    return _answer(found, desk)


@api.get("/members/<member_id>", allow=MEMBER_AND_STAFF | {"service"})
def read_member(program_id: ProgramId, member_id: str) -> MemberAnswer:
    """Read a member: balance, expiry dates, level and profile.

    Everything is as of today, also if the calendar has not been recorded yet.
    """
    desk, members = _serving(program_id)
    return _answer(people.look_up(member_id, members=members), desk)


@api.patch(
    "/members/<member_id>",
    allow=KEEPS_MEMBERS | {"member"},
    refuses=(IdentityTaken, LimitReached, TryAgain),
    acts="member.change",
)
def change_member(
    program_id: ProgramId,
    member_id: str,
    member_change: Annotated[MemberChangeRequest, Body()],
) -> MemberAnswer:
    """Change a member's profile, consents and identities.

    A field that is left out stays; null removes one. Only staff and services remove identities.
    """
    desk, members = _serving(program_id)
    principal = api.principal
    if member_change.removes and not principal.is_trusted:
        raise Forbidden("Only staff and services can remove identities")
    update = member_change.update(today=desk.today, trusted=not principal.is_person)
    changed = joining.change(
        member_id,
        update,
        proven=None if principal.is_trusted else proven_by(principal),
        claim_later=_claim_later(desk),
        members=members,
        desk=desk,
    )
    _count_claimed(changed.claimed)
    api.report_outcome(ActionOutcome(changes=changes_of_member(update)))
    return _answer(changed.enrolled, desk)


@api.delete(
    "/members/<member_id>",
    allow=KEEPS_MEMBERS | {"member"},
    status=204,
    refuses=(TryAgain,),
    acts="member.erase",
)
def erase_member(program_id: ProgramId, member_id: str) -> Response[None]:
    """Erase a person.

    The profile and the identities are deleted. The entries stay, under an id that no longer leads
    to a person.
    """
    desk, members = _serving(program_id)
    people.erase(member_id, members=members, desk=desk)
    count("MembersErased")
    return Response(status_code=204, body=None)


@api.get("/members/<member_id>/export", allow=KEEPS_MEMBERS | {"member"}, acts="member.export")
def export_member(program_id: ProgramId, member_id: PathId, cursor: Cursor = None) -> ExportAnswer:
    """Export everything that is held of a member.

    Read page after page until `next_cursor` is null. A page has records of one or more kinds.
    """
    desk, members = _serving(program_id)
    enrolled = people.look_up(member_id, members=members, strong=True)
    table = engine(settings(EnrollmentSettings).table)
    page = export(
        enrolled,
        start=position(cursor, enrolled, desk=desk),
        holdings=TableHoldings(table, program_id=program_id, members=members),
        directory=members,
    )
    count("MembersExported")
    return export_answer(enrolled, page, desk=desk)


@api.get("/members/<member_id>/history", allow=MEMBER_AND_STAFF | {"service"})
def list_history(
    program_id: ProgramId, member_id: str, limit: PageLimit = 50, cursor: Cursor = None
) -> HistoryPage:
    """List a member's entries, newest first.

    An entry is one line of the ledger. Read the order of an accrual for its breakdown.
    """
    _, members = _serving(program_id)
    of = f"history {program_id} {member_id}"
    start = page_start(cursor, of=of, like=is_listed)
    page = people.history(member_id, limit=limit, start=start, members=members)
    return HistoryPage(
        items=[entry_answer(entry) for entry in page.items],
        next_cursor=next_cursor(page.next, of=of),
    )


@api.get("/members/<member_id>/messages", allow=MEMBER_AND_STAFF | {"service"})
def list_messages(
    program_id: ProgramId, member_id: PathId, limit: PageLimit = 50, cursor: Cursor = None
) -> MessagesPage:
    """List the messages to a member, newest first, and those that have to wait.

    A message that is due waits for the end of the quiet hours, or for the next day or week if the
    member has got too many. `held_back` says until when.
    """
    desk, members = _serving(program_id)
    member_id = people.look_up(member_id, members=members).account.member_id
    of = f"messages {program_id} {member_id}"
    start = page_start(cursor, of=of, like=is_message_of_member)
    table = engine(settings(EnrollmentSettings).table)
    records = TableHoldings(table, program_id=program_id, members=members)
    page = records.messages(member_id, limit=limit, start=start)
    waiting = held_back(
        member_id,
        letters=TableLetters(table, program_id=program_id),
        members=members,
        collected=TableEngagement(table, program_id=program_id),
        desk=desk,
    )
    return MessagesPage(
        items=[message_answer(message, desk) for message in page.items],
        held_back=held_back_answer(waiting),
        next_cursor=next_cursor(page.next, of=of),
    )


@api.get(
    "/members/<member_id>/statement",
    allow=MEMBER_AND_STAFF | {"service"},
    refuses=(LimitReached, TryAgain),
)
def read_statement(
    program_id: ProgramId,
    member_id: PathId,
    first: Annotated[Day, Query(alias="from", description="The first day (program time).")],
    last: Annotated[Day, Query(alias="to", description="The last day, included.")],
) -> StatementAnswer:
    """Read what a member held before and after a period, and every entry in it.

    A period has at most a year.
    """
    require_period(first, last)
    desk, _ = _serving(program_id)
    statement = statements.statement_of(member_id, first=first, last=last, desk=desk)
    return statement_answer(statement, first=first, last=last)


@api.get(
    "/members/<member_id>/balance",
    allow=MEMBER_AND_STAFF | {"service"},
    refuses=(LimitReached, TryAgain),
)
def read_balance(
    program_id: ProgramId,
    member_id: PathId,
    requested: PastMoment = None,
) -> BalanceAnswer:
    """Read what a member held at a moment, recomputed from the entries.

    A moment in the future counts as now.
    """
    desk, _ = _serving(program_id)
    moment = min(requested or desk.now, desk.now)
    held = statements.balance_at(member_id, moment, desk=desk)
    return balance_answer(held, moment=moment)


@api.get(
    "/members/<member_id>/explain",
    allow=MEMBER_AND_STAFF | {"service"},
    refuses=(LimitReached, TryAgain),
)
def explain_balance(
    program_id: ProgramId,
    member_id: PathId,
    requested: PastMoment = None,
) -> ExplanationAnswer:
    """Read why a member held what they held at a moment.

    Each point leads to the entry that brought it, with what took the others, in figures and in
    sentences.
    """
    desk, _ = _serving(program_id)
    moment = min(requested or desk.now, desk.now)
    explained = statements.explain_balance(member_id, moment, desk=desk)
    versions = {entry.program_version for entry in explained.accruals.values()}
    return explanation_answer(
        explained,
        moment=moment,
        document=desk.program.document,
        documents={version: desk.version(version).document for version in versions},
    )


@api.get("/members/<member_id>/actions", allow={"manager"}, refuses=(InvalidCursor, OwnAccount))
def list_member_actions(
    program_id: ProgramId,
    member_id: PathId,
    *,
    first: FirstDay = None,
    last: LastDay = None,
    limit: PageLimit = 50,
    cursor: Cursor = None,
) -> StaffActionPage:
    """List what staff did about a member, newest first.

    If the member was merged into another, the list has what was done about either. Days are of
    the program's time zone. For an erased member, list the actions of the program by target.
    """
    desk, _ = _serving(program_id)
    accounts = lineage(desk, member_id, strong=False)
    return list_actions(
        program_id,
        ActionFilter(
            first=first, last=last, of_members=[account.member_id for account in accounts]
        ),
        zone=desk.program.document.zone,
        now=desk.now,
        limit=limit,
        cursor=cursor,
    )


@api.put(
    "/members/<member_id>/tier-floor",
    allow={"manager"},
    refuses=(OwnAccount, TryAgain),
    acts="level.grant",
)
def grant_tier(
    program_id: ProgramId, member_id: PathId, tier_floor: Annotated[TierFloorRequest, Body()]
) -> MemberAnswer:
    """Grant a member a level until a day.

    The member has at least this level until then, whatever they reach.
    """
    desk, members = _serving(program_id)
    account = corrections.grant_tier(member_id, tier_floor.floor(), desk=desk)
    member = people.look_up(account.member_id, members=members).member
    level = (
        Change(field="level", after=tier_floor.level),
        Change(field="until", after=tier_floor.until.isoformat()),
    )
    api.report_outcome(ActionOutcome(changes=level))
    return _answer(Enrolled(member, account), desk)


@api.delete(
    "/members/<member_id>/tier-floor",
    allow={"manager"},
    status=204,
    refuses=(OwnAccount, TryAgain),
    acts="level.withdraw",
)
def revoke_tier(program_id: ProgramId, member_id: PathId) -> Response[None]:
    """Take back a level that was granted.

    The member has the level that they reached.
    """
    desk, _ = _serving(program_id)
    corrections.grant_tier(member_id, None, desk=desk)
    return Response(status_code=204, body=None)


@api.get("/members/<member_id>/plan", allow=MEMBER_AND_STAFF | {"service"})
def read_plan(program_id: ProgramId, member_id: PathId) -> MemberPlanAnswer:
    """Read the paid plan that a member has.

    It has the latest telling: the last day that is paid, and who reported it.
    """
    desk, _ = _serving(program_id)
    return member_plan_answer(member_id, members_plan.plan_of(member_id, desk=desk))


@api.put(
    "/members/<member_id>/plan",
    allow={"manager", "service"},
    refuses=(OwnAccount, TryAgain),
    acts="plan.give",
)
def give_plan(
    program_id: ProgramId, member_id: PathId, plan: Annotated[PlanRequest, Body()]
) -> MemberPlanAnswer:
    """Give a member a paid plan until a day, or set a new last day.

    If a shop reports a plan that lasts longer, the member has that one.
    """
    desk, _ = _serving(program_id)
    given = members_plan.give_plan(member_id, plan.terms(), desk=desk)
    changes = (
        Change(field="plan", after=plan.plan),
        Change(field="until", after=plan.until.isoformat()),
        Change(field="renews", after=plan.renews),
    )
    api.report_outcome(ActionOutcome(target_id=given.member_id, changes=changes))
    return member_plan_answer(given.member_id, given)


@api.delete(
    "/members/<member_id>/plan",
    allow={"manager", "service"},
    status=204,
    refuses=(OwnAccount, TryAgain),
    acts="plan.end",
)
def end_plan(program_id: ProgramId, member_id: PathId) -> Response[None]:
    """End a member's plan at once, no matter which source reported it.

    The member keeps what orders earned by it. If a shop charges for it, end it there too, because
    the shop's next telling counts again.
    """
    desk, _ = _serving(program_id)
    ended = members_plan.end_plan(member_id, desk=desk)
    api.report_outcome(ActionOutcome(changes=[Change(field="plan", before=ended)]))
    return Response(status_code=204, body=None)


@api.post(
    "/members/<member_id>/merge",
    allow={"manager", "service"},
    status=201,
    also=(200,),
    refuses=(OwnAccount, IdempotencyConflict, TryAgain),
    acts="member.merge",
)
def merge_members(
    program_id: ProgramId,
    member_id: PathId,
    idempotency_key: IdempotencyKey,
    merge: Annotated[MergeRequest, Body()],
) -> Response[MergeAnswer]:
    """Merge a member into another one.

    The points, the debt and everything that comes later go to the member who remains.
    """
    desk, members = _serving(program_id)
    require_another(api.principal, merge.into)
    merged = people.merge(
        member_id,
        into=merge.into,
        request_id=request_id(
            program_id=program_id, caller=api.principal.subject, idempotency_key=idempotency_key
        ),
        members=members,
        desk=desk,
    )
    if not isinstance(merged.entry.detail, Counterpart):
        raise TypeError("not a merge's entry")
    into = merged.entry.detail.member_id
    results = {"entry": merged.entry.id, "into": into}
    api.report_outcome(ActionOutcome(results=results))
    answer = MergeAnswer(member_id=merged.entry.detail.member_id, entry=entry_answer(merged.entry))
    return reply(answer, status=200 if merged.replayed else 201)


@api.post(
    "/members/<member_id>/merge/preview",
    allow={"manager", "service"},
    refuses=(OwnAccount,),
)
def preview_merge(
    program_id: ProgramId, member_id: PathId, merge: Annotated[MergeRequest, Body()]
) -> MergePreviewAnswer:
    """Preview a merge: what would become of both members, in numbers.

    Nothing is written. It is refused for the same reasons as the merge.
    """
    desk, members = _serving(program_id)
    require_another(api.principal, merge.into)
    preview = merge_preview.preview_merge(member_id, into=merge.into, members=members, desk=desk)
    return merge_preview_answer(preview)


@api.get("/unsubscribe/<token>", allow=ANYONE, refuses=(NotFound,))
def ask_to_unsubscribe(program_id: ProgramId, token: UnsubscribeToken) -> Response[str]:
    """Open the page on which a member unsubscribes from mail.

    The link of every mail opens it. Opening it changes nothing.
    """
    desk, members = _serving(program_id)
    locale = _locale_of(_unsubscribing(program_id, token), members=members)
    return html_page(unsubscribe_page(desk.program.document, locale=locale))


@api.post("/unsubscribe/<token>", allow=ANYONE, refuses=(NotFound, TryAgain))
def unsubscribe(program_id: ProgramId, token: UnsubscribeToken) -> Response[str]:
    """Unsubscribe a member from mail.

    Mail clients send this on one click (RFC 8058), and so does the page.
    """
    desk, members = _serving(program_id)
    member_id = _unsubscribing(program_id, token)
    member_update = MemberUpdate(consents={"email": False})
    changed = people.change(member_id, member_update, proven=None, members=members, desk=desk)
    count("Unsubscribed")
    locale = changed.member.profile.locale
    return html_page(unsubscribed_page(desk.program.document, locale=locale))


def _locale_of(member_id: str, *, members: TableMembers) -> str | None:
    """The member's locale; None if they have none, or were erased."""
    try:
        return people.look_up(member_id, members=members).member.profile.locale
    except NotFound:
        return None


def _unsubscribing(program_id: str, token: str) -> str:
    ring = keyring(settings(EnrollmentSettings).identity_secret)
    return member_named_by(token, program_id=program_id, keyring=ring)


def _note_referral(
    member_id: str, enrollment: EnrollmentRequest, address: str | None, desk: Desk
) -> None:
    """Claim the code that brought a new member, and store their signals for later claims."""
    if desk.program.document.referrals is None:
        return
    config, program_id = settings(EnrollmentSettings), desk.program.program_id
    shelf = TableReferrals(engine(config.table), program_id=program_id)
    digests = signal_digests(
        device=enrollment.signals.device,
        # Only claims say how many come from one network.
        address=address if enrollment.referral_code else None,
        program_id=program_id,
        keyring=keyring(config.identity_secret),
    )
    # A member who was merged or erased at this very moment has no referral.
    with suppress(NotFound, ReferralNotAccepted, Raced):
        if enrollment.referral_code is None:
            note_signals(member_id, digests, signals=shelf, desk=desk)
            return
        claim = ReferralClaim(code=enrollment.referral_code, friend_id=member_id, digests=digests)
        claim_referral(claim, shelf=shelf, signals=shelf, desk=desk)


def _serving(program_id: str) -> tuple[Desk, TableMembers]:
    config = settings(EnrollmentSettings)
    desk = open_desk(program_id, table=config.table, caller=api.trusted_caller)
    return desk, directory(program_id, config)


def _claim_later(desk: Desk) -> ClaimLater:
    def claim_later(member_id: str) -> None:
        hand_over(
            clients.sqs(),
            GuestClaim(desk.program.program_id, member_id, origin.cause()),
            queue_url=settings(EnrollmentSettings).intake_queue_url,
            now=desk.now,
        )

    return claim_later


def _count_claimed(entries: Sequence[Entry]) -> None:
    if entries:
        points = sum(each.points + each.pending_points for each in entries)
        count_together({"OrdersClaimed": len(entries), "PointsEarned": points})


def _answer(enrolled: Enrolled, desk: Desk) -> MemberAnswer:
    return member_answer(enrolled, desk, names_counterparts=api.principal.is_trusted)


def _member_id(program_id: str, idempotency_key: str | None) -> str:
    """A new member's id; with an idempotency key it derives from the key, and cannot be guessed."""
    from ulid import ULID  # noqa: PLC0415  it reads its own version from the installed packages

    if idempotency_key is None:
        return f"mem_{ULID()}"
    ring = keyring(settings(EnrollmentSettings).identity_secret)
    sealed = ring.seal(program_id, api.principal.subject, idempotency_key)
    return f"mem_{ULID.from_bytes(sealed[:16])}"
