"""The program: its document, versions and drafts, its rewards, and the API's description."""

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from loyalty.domain.kernel.errors import (
    Forbidden,
    InvalidCursor,
    LimitReached,
    PreconditionRequired,
    StaleVersion,
)
from loyalty.domain.program.differences import differences
from loyalty.domain.program.document import Program, PublishedProgram
from loyalty.domain.program.drafts import Draft
from loyalty.domain.program.goal_reach import FigureHistory
from loyalty.domain.program.kinds import DOCUMENT_BYTES_MAX
from loyalty.domain.program.publication import faults_of_broken
from loyalty.domain.program.warnings import warnings
from loyalty.domain.staff.actions import DEPLOYMENT, ActionOutcome
from loyalty.edge import action_lists, clock, desk
from loyalty.edge.action_lists import (
    AboutTarget,
    ActionFilter,
    ByPerson,
    FirstDay,
    LastDay,
    OfName,
)
from loyalty.edge.aws import table
from loyalty.edge.aws.queues.segment_runs import queue_segment_run
from loyalty.edge.http.app import ANYONE, ProgramId, create_app, reply
from loyalty.edge.http.auth import EVERYONE
from loyalty.edge.http.grants import note_caller
from loyalty.edge.http.paging import next_cursor, page_start
from loyalty.edge.http.params import Body, Header, Query, Response
from loyalty.edge.http.schemas import Cursor, PageLimit
from loyalty.edge.models.actions import StaffActionPage
from loyalty.edge.models.differences import difference_answers, sentences
from loyalty.edge.models.drafts import (
    DraftAnswer,
    DraftId,
    DraftList,
    DraftRequest,
    VersionDifferences,
    VersionNumber,
    VersionPage,
    draft_answer,
    draft_head,
    version_answer,
    version_differences,
)
from loyalty.edge.models.program_checks import (
    CheckedProgram,
    ProposedProgram,
    fault_answers,
    read_proposed,
    worst_case_answer,
)
from loyalty.edge.models.programs import (
    Catalogue,
    ProgramInForce,
    PublicProgramInForce,
    PublishedVersion,
    catalogue,
    public_program,
)
from loyalty.edge.settings import settings
from loyalty.table.drafts import TableDrafts
from loyalty.table.goals import TableGoals
from loyalty.table.programs import REMEMBERED_FOR, ProgramShelf, TablePrograms
from loyalty.usecases.program.drafts import read, save
from loyalty.usecases.program.publishing import faults_after, publish, require_size


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramSettings:
    table: str
    compaction_queue_url: str


api = create_app("program", actions=desk.open_actions)
handler = api

VERSION_MAX: Final = 10**9
# Where a page of versions can end.
VERSION_PLACE: Final = re.compile(r"version ([1-9]\d{0,8})", re.ASCII)


@api.put(
    "",
    # An operator opens a program.
    allow={"manager", "operator"},
    also=(201,),
    refuses=(PreconditionRequired, StaleVersion),
    body_bytes_max=DOCUMENT_BYTES_MAX,
    inspect=faults_of_broken,
    acts="program.publish",
)
def publish_program(
    program_id: ProgramId,
    document: Annotated[Program, Body()],
    if_match: Annotated[
        str | None, Header(alias="If-Match", description="The ETag of the version to replace.")
    ] = None,
    if_none_match: Annotated[
        str | None, Header(alias="If-None-Match", description="`*` to publish the first version.")
    ] = None,
    note: Annotated[
        str | None,
        Query(max_length=500, description="Why you publish it, for the list of versions."),
    ] = None,
) -> Response[PublishedVersion]:
    """Publish a version of the program document.

    Send `If-None-Match: *` with the first version, and later `If-Match` with the `ETag` of the
    version to replace, so that nobody overwrites a colleague. Orders count by the version in force
    when they are recorded; earlier entries never change.
    """
    now = clock.now()
    done = publish(
        programs(),
        program_id,
        document,
        replacing=_replacing(if_match, if_none_match),
        now=now,
        by=api.principal.subject,
        note=note,
    )
    shelf().learn(done.program, now=now)
    # By then no function remembers the version before.
    soon = REMEMBERED_FOR + timedelta(seconds=5)
    url = settings(ProgramSettings).compaction_queue_url
    queue_segment_run(program_id, url=url, delay=soon)
    api.report_outcome(ActionOutcome(results={"version": str(done.program.version)}))
    return reply(
        PublishedVersion(version=done.program.version, published_at=done.program.published_at),
        status=201 if done.is_first else 200,
        headers=_etag(done.program),
    )


@api.post("/check", allow={"manager", "operator"}, body_bytes_max=DOCUMENT_BYTES_MAX)
def check_program(
    program_id: ProgramId,
    document: Annotated[ProposedProgram, Body()],
    version: Annotated[
        int | None,
        Query(
            ge=1,
            le=VERSION_MAX,
            description="The version to compare it with; if left out, the one in force.",
        ),
    ] = None,
) -> CheckedProgram:
    """Check a program document without publishing it, and compare it with a version.

    The answer has every mistake and every warning, also of a document that does not fit its schema.
    Without mistakes it has the document with every default written out, every difference, and the
    most that an order could earn.
    """
    in_force = programs().in_force(program_id)
    other = shelf().version(program_id, version) if version is not None else in_force
    proposed = read_proposed(document)
    faults = faults_after(proposed, in_force) if isinstance(proposed, Program) else proposed
    if faults or not isinstance(proposed, Program):
        return CheckedProgram(
            faults=fault_answers(faults),
            warnings=[],
            worst_case=None,
            document=None,
            compared_with=other.version if other else None,
            differences=[],
            changes=[],
        )
    require_size(proposed)
    today = proposed.today(clock.now())
    replaced = in_force.document if in_force else None
    odd = warnings(proposed, replaces=replaced, history=_history(program_id, proposed), today=today)
    found = differences(other.document, proposed) if other else ()
    return CheckedProgram(
        faults=[],
        warnings=fault_answers(odd),
        worst_case=worst_case_answer(proposed, today=today),
        document=proposed,
        compared_with=other.version if other else None,
        differences=sentences(found),
        changes=difference_answers(found),
    )


def _history(program_id: str, proposed: Program) -> FigureHistory | None:
    """The past figures by which goals are judged, if there are goals."""
    if not proposed.goals:
        return None
    book = TableGoals(table.engine(settings(ProgramSettings).table), program_id=program_id)
    return book.history()


@api.get("/versions", allow={"analyst", "cashier", "manager"}, refuses=(InvalidCursor,))
def list_versions(
    program_id: ProgramId, limit: PageLimit = 50, cursor: Cursor = None
) -> VersionPage:
    """List the versions of the program document, newest first.

    Each with when, by whom and why it was published. Read a version by its number.
    """
    of = f"versions {program_id}"
    start = page_start(cursor, of=of, like=VERSION_PLACE.fullmatch)
    page = programs().publications(
        program_id, limit=limit, before=int(start.removeprefix("version ")) if start else None
    )
    names = desk.names_of_staff(program_id, [each.published_by for each in page.items])
    return VersionPage(
        items=[version_answer(each, names=names) for each in page.items],
        next_cursor=next_cursor(f"version {page.next}" if page.next else None, of=of),
    )


@api.get("/versions/<version>", allow={"analyst", "cashier", "manager"})
def read_version(
    program_id: ProgramId,
    version: VersionNumber,
    other: Annotated[
        int | None,
        Query(
            alias="with",
            ge=1,
            le=VERSION_MAX,
            description="The version to compare it with; if left out, the one before it.",
        ),
    ] = None,
) -> VersionDifferences:
    """Read when, by whom and why a version was published, and what it changed.

    Its document is read with `GET /v1/programs/{program_id}?version=`.
    """
    published = shelf().version(program_id, version)
    number = other or version - 1
    compared = shelf().version(program_id, number) if number else None
    found = differences(compared.document, published.document) if compared else ()
    names = desk.names_of_staff(program_id, [published.published_by])
    return version_differences(published, compared=compared, found=found, names=names)


@api.get("/drafts", allow={"manager"})
def list_drafts(program_id: ProgramId) -> DraftList:
    """List the drafts of the program document, the latest change first.

    They have no documents; read one draft for its document.
    """
    found = drafts(program_id).all()
    names = desk.names_of_staff(program_id, [each.changed_by for each in found])
    return DraftList(items=[draft_head(each, names=names) for each in found])


@api.get("/drafts/<draft_id>", allow={"manager"})
def read_draft(program_id: ProgramId, draft_id: DraftId) -> Response[DraftAnswer]:
    """Read a draft with its document.

    The `ETag` is needed to save it again.
    """
    return _draft(read(draft_id, drafts=drafts(program_id)), program_id, status=200)


@api.put(
    "/drafts/<draft_id>",
    allow={"manager"},
    also=(201,),
    refuses=(LimitReached, PreconditionRequired, StaleVersion),
    body_bytes_max=DOCUMENT_BYTES_MAX,
)
def save_draft(
    program_id: ProgramId,
    draft_id: DraftId,
    request: Annotated[DraftRequest, Body()],
    if_match: Annotated[
        str | None, Header(alias="If-Match", description="The ETag of the revision to replace.")
    ] = None,
    if_none_match: Annotated[
        str | None, Header(alias="If-None-Match", description="`*` to begin a draft.")
    ] = None,
) -> Response[DraftAnswer]:
    """Save a draft of the program document, mistakes included.

    Begin a draft with `If-None-Match: *`, and later send `If-Match` with the `ETag` of the
    revision to replace. A draft has no effect until it is published.
    """
    # It is no action, and colleagues read all the same who saved it.
    note_caller(program_id, api.principal)
    saved = save(
        draft_id,
        request.content(),
        replacing=_replacing(if_match, if_none_match),
        by=api.principal.subject,
        now=clock.now(),
        drafts=drafts(program_id),
    )
    return _draft(saved, program_id, status=201 if saved.revision == 1 else 200)


@api.delete("/drafts/<draft_id>", allow={"manager"}, status=204, acts="draft.delete")
def delete_draft(program_id: ProgramId, draft_id: DraftId) -> Response[None]:
    """Delete a draft.

    Deleting it twice is no error.
    """
    drafts(program_id).delete(draft_id)
    return Response(status_code=204)


@api.get("", allow=EVERYONE)
def read_program(
    program_id: ProgramId,
    version: Annotated[
        int | None,
        Query(ge=1, le=VERSION_MAX, description="An earlier version; not for members."),
    ] = None,
) -> Response[ProgramInForce | PublicProgramInForce]:
    """Read the program document in force, or an earlier version.

    Members get its public part; `view` says which it is. The `ETag` is needed to publish the next
    version.
    """
    now = clock.now()
    if version is None:
        program = shelf().in_force(program_id, now=now)
    elif api.principal.is_trusted:
        program = shelf().version(program_id, version)
    else:
        raise Forbidden
    if api.principal.is_trusted:
        whole = ProgramInForce(
            version=program.version, published_at=program.published_at, document=program.document
        )
        return reply(whole, headers=_etag(program))
    public = PublicProgramInForce(
        version=program.version,
        published_at=program.published_at,
        document=public_program(program.document, now=now),
    )
    return reply(public, headers=_etag(program))


@api.get("/rewards", allow=EVERYONE)
def list_rewards(program_id: ProgramId) -> Catalogue:
    """List the rewards of the program.

    For what one member can redeem now, list the rewards of the member.
    """
    now = clock.now()
    document = shelf().in_force(program_id, now=now).document
    return catalogue(document, now=now)


@api.get("/actions", allow={"manager"}, refuses=(InvalidCursor,))
def list_actions(
    program_id: ProgramId,
    *,
    first: FirstDay = None,
    last: LastDay = None,
    by: ByPerson = None,
    action: OfName = None,
    target: AboutTarget = None,
    limit: PageLimit = 50,
    cursor: Cursor = None,
) -> StaffActionPage:
    """List what staff did, newest first.

    Each request by which a staff member changed something or looked up personal data is recorded
    before it is carried out. What they recorded in the ledger at the till (orders, refunds,
    redemptions, uses of vouchers) is not here: those entries say `recorded_by`. Days are of the
    program's time zone.
    """
    now = clock.now()
    return action_lists.list_actions(
        program_id,
        ActionFilter(first=first, last=last, by=by, name=action, target=target),
        zone=shelf().in_force(program_id, now=now).document.zone,
        now=now,
        limit=limit,
        cursor=cursor,
    )


@api.get("/v1/actions", prefix="", allow={"operator"}, refuses=(InvalidCursor,))
def list_deployment_actions(
    *,
    first: FirstDay = None,
    last: LastDay = None,
    by: ByPerson = None,
    action: OfName = None,
    target: AboutTarget = None,
    limit: PageLimit = 50,
    cursor: Cursor = None,
) -> StaffActionPage:
    """List what operators did for the whole deployment, newest first.

    What they did for one program is in the list of that program. Days are in UTC.
    """
    return action_lists.list_actions(
        DEPLOYMENT,
        ActionFilter(first=first, last=last, by=by, name=action, target=target),
        zone=ZoneInfo("UTC"),
        now=clock.now(),
        limit=limit,
        cursor=cursor,
    )


@api.get("/v1/openapi.json", prefix="", allow=ANYONE)
def read_openapi() -> Response[Any]:
    """Read the description of this API.

    An OpenAPI 3.1 document with every operation and field.
    """
    return Response(
        status_code=200,
        content_type="application/json",
        body=Path(__file__).with_name("openapi.json").read_text(encoding="utf-8"),
        headers={"cache-control": "public, max-age=300"},
    )


def shelf() -> ProgramShelf:
    return desk.shelf(settings(ProgramSettings).table)


def programs() -> TablePrograms:
    return TablePrograms(table.engine(settings(ProgramSettings).table))


def drafts(program_id: str) -> TableDrafts:
    return TableDrafts(table.engine(settings(ProgramSettings).table), program_id=program_id)


def _replacing(if_match: str | None, if_none_match: str | None) -> int | None:
    """The version that a request wants to replace, 0 for none; None matches no version."""
    if if_match is not None:
        tag = re.fullmatch(r'"(\d{1,9})"', if_match.strip())
        return int(tag[1]) if tag else None
    if if_none_match is not None and if_none_match.strip() == "*":
        return 0
    raise PreconditionRequired(
        "Send If-None-Match: * for a first version, "
        "or If-Match with the ETag of the version to replace."
    )


def _draft(draft: Draft, program_id: str, *, status: int) -> Response[DraftAnswer]:
    answer = draft_answer(draft, names=desk.names_of_staff(program_id, [draft.changed_by]))
    return reply(answer, status=status, headers={"etag": f'"{draft.revision}"'})


def _etag(program: PublishedProgram) -> dict[str, str]:
    return {"etag": f'"{program.version}"'}
