"""People become members, see and change what is known of them, and may be forgotten."""

from dataclasses import dataclass
from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Path, Query
from ulid import ULID

from loyalty.domain.kernel.errors import (
    Fault,
    Forbidden,
    IdempotencyConflict,
    IdentityTaken,
    LimitReached,
    NotFound,
    OwnAccount,
    TryAgain,
    ValidationFailed,
    WrongState,
)
from loyalty.domain.ledger.entries import Counterpart
from loyalty.domain.people.member import MemberUpdate
from loyalty.edge.aws import clients
from loyalty.edge.aws.queues.guest_claims import GuestClaim, hand_over
from loyalty.edge.aws.table import engine
from loyalty.edge.desk import open_desk, request_id
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
from loyalty.edge.http.schemas import Cursor, Day, Instant, PageLimit
from loyalty.edge.mail.unsubscribing import ASK, DONE, SEALED, member_named_by
from loyalty.edge.metrics import count
from loyalty.edge.models.entries import entry_answer
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
from loyalty.edge.models.statements import (
    BalanceAnswer,
    MergeAnswer,
    MergeRequest,
    StatementAnswer,
    balance_answer,
    require_period,
    statement_answer,
)
from loyalty.edge.settings import settings
from loyalty.table.member_export import TableHoldings
from loyalty.table.members import TableMembers
from loyalty.table.positions import is_listed
from loyalty.usecases.ledger import corrections, statements
from loyalty.usecases.orders.guests import claim_orders
from loyalty.usecases.people import enrollment
from loyalty.usecases.people.enrollment import Application, Enrolled
from loyalty.usecases.people.member_export import export
from loyalty.usecases.ports import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrollmentSettings:
    table: str
    identity_secret: str
    intake_queue_url: str


api = create_app("enrollment", acting_for=acting_for)
handler = api

# Who may write about others, and see all that is held of them; an analyst does neither.
KEEPS_MEMBERS: Final[frozenset[Role]] = frozenset({"cashier", "manager", "service"})

UnsubscribeToken = Annotated[
    str, Path(pattern=SEALED, description="Of a mail's link: nobody can guess it.")
]

# Each is a transaction or two, and a caller waits for them.
CLAIMED_AT_ONCE_MAX: Final = 10

OptionalIdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x20-\x7e]+$",
        description="Sent again with the same key, an enrollment is answered with its member.",
    ),
]


@api.post(
    "/members",
    allow=KEEPS_MEMBERS | {"member"},
    status=201,
    also=(200,),
    refuses=(IdentityTaken, IdempotencyConflict, WrongState, LimitReached, TryAgain),
)
def enroll_member(
    program_id: ProgramId,
    wanted: Annotated[EnrollmentRequest, Body()],
    idempotency_key: OptionalIdempotencyKey = None,
) -> Response[MemberAnswer]:
    """Enroll a member.

    People who sign in enroll themselves; staff and services enroll others by their identities.
    Staff who name nobody enroll themselves. Orders that the person made as a guest earn now.
    """
    desk, members = _serving(program_id)
    principal = api.principal
    of_another = bool(wanted.identities) and principal.is_trusted
    application = Application(
        # Who enrolls themself is told apart from everybody by their token, and needs no key.
        member_id=_member_id(program_id, idempotency_key if of_another else None),
        claims=claims(wanted.identities, trusted=not principal.is_person),
        profile=wanted.profile.named(today=desk.today),
        consents=wanted.consents,
    )
    if of_another:
        enrolled = enrollment.enroll(application, members=members, desk=desk)
    elif principal.is_person:
        enrolled = enrollment.enroll_oneself(
            application, proven=proven_by(principal), members=members, desk=desk
        )
    else:
        detail = "A service names at least one identity of whom it enrolls"
        raise ValidationFailed(detail, faults=(Fault("/identities", "too_short", detail),))
    is_new = enrolled.is_new
    if is_new:
        count("MembersEnrolled")
    enrolled = _with_orders_of_before(enrolled, members=members, desk=desk)
    return reply(_answer(enrolled, desk), status=201 if is_new else 200)


@api.post("/members/lookup", allow=KEEPS_MEMBERS)
def look_up_member(program_id: ProgramId, wanted: Annotated[LookupRequest, Body()]) -> MemberAnswer:
    """Find a member by an identity.

    The identity is in the body because URLs are logged.
    """
    desk, members = _serving(program_id)
    member_id = members.member_of([wanted.identity.identity(pointer="/identity")])
    if member_id is None:
        raise NotFound("Nobody is known by this identity")
    return _answer(enrollment.look_up(member_id, members=members), desk)


@api.get("/members/<member_id>", allow=MEMBER_AND_STAFF | {"service"})
def read_member(program_id: ProgramId, member_id: str) -> MemberAnswer:
    """Read a member: balance, expiry dates, level and profile.

    Everything is as of today, also if the calendar has not been recorded yet.
    """
    desk, members = _serving(program_id)
    return _answer(enrollment.look_up(member_id, members=members), desk)


@api.patch(
    "/members/<member_id>",
    allow=KEEPS_MEMBERS | {"member"},
    refuses=(IdentityTaken, LimitReached, TryAgain),
)
def change_member(
    program_id: ProgramId,
    member_id: str,
    wanted: Annotated[MemberChangeRequest, Body()],
) -> MemberAnswer:
    """Change a member's profile, consents and identities.

    A field that is left out stays; null removes one. Only staff and services remove identities.
    """
    desk, members = _serving(program_id)
    principal = api.principal
    if wanted.removes and not principal.is_trusted:
        raise Forbidden("Identities are removed by staff and services")
    changed = enrollment.change(
        member_id,
        wanted.change(today=desk.today, trusted=not principal.is_person),
        proven=None if principal.is_trusted else proven_by(principal),
        members=members,
        desk=desk,
    )
    if wanted.identities:
        changed = _with_orders_of_before(changed, members=members, desk=desk)
    return _answer(changed, desk)


@api.delete(
    "/members/<member_id>", allow=KEEPS_MEMBERS | {"member"}, status=204, refuses=(TryAgain,)
)
def erase_member(program_id: ProgramId, member_id: str) -> Response[None]:
    """Erase a person.

    The profile and the identities are deleted. The entries stay, under an id that names nobody.
    """
    desk, members = _serving(program_id)
    enrollment.erase(member_id, members=members, desk=desk)
    count("MembersErased")
    return Response(status_code=204, body=None)


@api.get("/members/<member_id>/export", allow=KEEPS_MEMBERS | {"member"})
def export_member(program_id: ProgramId, member_id: PathId, cursor: Cursor = None) -> ExportAnswer:
    """Export everything that is held of a member.

    Read page after page until `next_cursor` is null. A page has records of one or more kinds.
    """
    desk, members = _serving(program_id)
    enrolled = enrollment.look_up(member_id, members=members, strong=True)
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
    page = enrollment.history(member_id, limit=limit, start=start, members=members)
    return HistoryPage(
        items=[entry_answer(entry) for entry in page.items],
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
    first: Annotated[Day, Query(alias="from", description="A day of the program's.")],
    last: Annotated[Day, Query(alias="to", description="Included.")],
) -> StatementAnswer:
    """Read what a member held before and after a period, and every entry in it.

    A period has at most a year.
    """
    require_period(first, last)
    desk, _ = _serving(program_id)
    told = statements.statement_of(member_id, first=first, last=last, desk=desk)
    return statement_answer(told, first=first, last=last)


@api.get(
    "/members/<member_id>/balance",
    allow=MEMBER_AND_STAFF | {"service"},
    refuses=(LimitReached, TryAgain),
)
def read_balance(
    program_id: ProgramId,
    member_id: PathId,
    requested: Annotated[
        Instant | None, Query(alias="at", description="A past moment; if left out, now.")
    ] = None,
) -> BalanceAnswer:
    """Read what a member held at a moment, recomputed from the entries.

    A moment in the future counts as now.
    """
    desk, _ = _serving(program_id)
    moment = min(requested or desk.now, desk.now)
    held = statements.balance_at(member_id, moment, desk=desk)
    return balance_answer(held, moment=moment)


@api.put("/members/<member_id>/tier-floor", allow={"manager"}, refuses=(OwnAccount, TryAgain))
def grant_tier(
    program_id: ProgramId, member_id: PathId, wanted: Annotated[TierFloorRequest, Body()]
) -> MemberAnswer:
    """Grant a member a level until a day.

    The member has at least this level until then, whatever they reach.
    """
    desk, members = _serving(program_id)
    account = corrections.grant_tier(member_id, wanted.floor(), desk=desk)
    member = enrollment.look_up(account.member_id, members=members).member
    return _answer(Enrolled(member, account), desk)


@api.delete(
    "/members/<member_id>/tier-floor",
    allow={"manager"},
    status=204,
    refuses=(OwnAccount, TryAgain),
)
def revoke_tier(program_id: ProgramId, member_id: PathId) -> Response[None]:
    """Take back a level that was granted.

    The member has the level that they reached.
    """
    desk, _ = _serving(program_id)
    corrections.grant_tier(member_id, None, desk=desk)
    return Response(status_code=204, body=None)


@api.post(
    "/members/<member_id>/merge",
    allow={"manager", "service"},
    status=201,
    also=(200,),
    refuses=(OwnAccount, IdempotencyConflict, TryAgain),
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
    merged = corrections.merge_members(
        member_id,
        into=merge.into,
        request_id=request_id(
            program_id=program_id, caller=api.principal.subject, idempotency_key=idempotency_key
        ),
        desk=desk,
    )
    enrollment.unite(member_id, members=members, desk=desk)
    if not isinstance(merged.entry.detail, Counterpart):
        raise TypeError("not a merge's entry")
    answer = MergeAnswer(member_id=merged.entry.detail.member_id, entry=entry_answer(merged.entry))
    return reply(answer, status=200 if merged.replayed else 201)


@api.get("/unsubscribe/<token>", allow=ANYONE, refuses=(NotFound,))
def ask_to_unsubscribe(program_id: ProgramId, token: UnsubscribeToken) -> Response[str]:
    """Open the page on which a member unsubscribes from mail.

    The link of every mail opens it. Opening it changes nothing.
    """
    _unsubscribing(program_id, token)
    return html_page(ASK)


@api.post("/unsubscribe/<token>", allow=ANYONE, refuses=(NotFound, TryAgain))
def unsubscribe(program_id: ProgramId, token: UnsubscribeToken) -> Response[str]:
    """Unsubscribe a member from mail.

    Mail clients send this on one click (RFC 8058), and so does the page.
    """
    desk, members = _serving(program_id)
    member_id = _unsubscribing(program_id, token)
    member_update = MemberUpdate(consents={"email": False})
    enrollment.change(member_id, member_update, proven=None, members=members, desk=desk)
    count("Unsubscribed")
    return html_page(DONE)


def _unsubscribing(program_id: str, token: str) -> str:
    ring = keyring(settings(EnrollmentSettings).identity_secret)
    return member_named_by(token, program_id=program_id, keyring=ring)


def _serving(program_id: str) -> tuple[Desk, TableMembers]:
    config = settings(EnrollmentSettings)
    return open_desk(program_id, table=config.table), directory(program_id, config)


def _with_orders_of_before(enrolled: Enrolled, *, members: TableMembers, desk: Desk) -> Enrolled:
    """The member with what they bought as a guest: a few orders at once, more by and by."""
    member = enrolled.member
    claimed = claim_orders(member, orders_max=CLAIMED_AT_ONCE_MAX, directory=members, desk=desk)
    if not claimed.is_done:
        hand_over(
            clients.sqs(),
            GuestClaim(desk.program.program_id, member.member_id),
            queue_url=settings(EnrollmentSettings).intake_queue_url,
            now=desk.now,
        )
    if not claimed.entries:
        return enrolled
    count("OrdersClaimed", len(claimed.entries))
    count("PointsEarned", sum(each.points + each.pending_points for each in claimed.entries))
    return enrollment.look_up(member.member_id, members=members, strong=True)


def _answer(enrolled: Enrolled, desk: Desk) -> MemberAnswer:
    return member_answer(enrolled, desk, names_counterparts=api.principal.is_trusted)


def _member_id(program_id: str, idempotency_key: str | None) -> str:
    """A new member's id: that of the request where it has a name, and not to be guessed."""
    if idempotency_key is None:
        return f"mem_{ULID()}"
    ring = keyring(settings(EnrollmentSettings).identity_secret)
    sealed = ring.seal(program_id, api.principal.subject, idempotency_key)
    return f"mem_{ULID.from_bytes(sealed[:16])}"
