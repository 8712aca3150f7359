"""The program: its document, the catalogue of rewards, its storefronts, the API's description."""

import re
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Query

from loyalty.domain.kernel.errors import (
    Forbidden,
    InvalidCursor,
    LimitReached,
    NotFound,
    PreconditionRequired,
    StaleVersion,
    TryAgain,
    WrongState,
)
from loyalty.domain.program.differences import differences
from loyalty.domain.program.document import DOCUMENT_BYTES_MAX, Program, PublishedProgram
from loyalty.domain.program.drafts import Draft
from loyalty.domain.program.publication import faults_of_broken
from loyalty.domain.program.warnings import warnings
from loyalty.domain.shops.deliveries import read_log_id
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
from loyalty.edge.aws import clients, table
from loyalty.edge.aws.inbox import SqsIntakeQueue, open_inbox
from loyalty.edge.aws.storefront_secrets import StorefrontSecrets
from loyalty.edge.http.app import ANYONE, PathId, ProgramId, create_app, reply
from loyalty.edge.http.auth import EVERYONE
from loyalty.edge.http.grants import note_caller
from loyalty.edge.http.paging import next_cursor, page_start
from loyalty.edge.http.schemas import Cursor, PageLimit
from loyalty.edge.metrics import count
from loyalty.edge.models.actions import StaffActionPage
from loyalty.edge.models.data_requests import DataRequestAnswer, data_request_answer
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
from loyalty.edge.models.erasure_requests import (
    ErasureRequestAnswer,
    ErasureRequestPage,
    erasure_request_answer,
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
from loyalty.edge.models.storefront_checks import StorefrontCheck, storefront_check
from loyalty.edge.models.storefronts import (
    DeliveryContent,
    DeliveryPage,
    ReplayAnswer,
    ReplayRequest,
    SpanReplayAnswer,
    StorefrontAnswer,
    StorefrontId,
    StorefrontList,
    StorefrontRequest,
    StorefrontState,
    delivery_answer,
    delivery_content,
    span_replay_answer,
    storefront_answer,
    storefront_state,
    webhook_path,
)
from loyalty.edge.outgoing.platform_client import (
    CHECK_TIMEOUT,
    PlatformClient,
    PlatformSettings,
)
from loyalty.edge.settings import settings
from loyalty.storefronts import platform_named
from loyalty.table.drafts import TableDrafts
from loyalty.table.erasures import TableErasures
from loyalty.table.programs import ProgramShelf, TablePrograms
from loyalty.table.storefronts import TableStorefronts
from loyalty.usecases.people.erasure import stop_erasure
from loyalty.usecases.program.drafts import read, save
from loyalty.usecases.program.publishing import faults_after, publish, require_size
from loyalty.usecases.shops.checks import check_connection
from loyalty.usecases.shops.deliveries import (
    Files,
    deliveries_page,
    delivery_with_outcome,
    health,
    replay,
    replay_span,
)
from loyalty.usecases.shops.privacy_requests import read_data_request
from loyalty.usecases.shops.storefronts import connect, connected, disconnect


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramSettings:
    table: str
    storefront_secrets: str
    inbox_bucket: str
    intake_queue_url: str


# As `Erasure.erasure_id` is of a request.
ERASURE_ID: Final = re.compile(r"[0-9a-f]{40}", re.ASCII)

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
    odd = warnings(proposed, replaces=in_force.document if in_force else None, today=today)
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


@api.get("/storefronts", allow={"manager"})
def list_storefronts(program_id: ProgramId) -> StorefrontList:
    """List the connected storefronts.

    Read one for the state of its deliveries.
    """
    shops = sorted(storefronts().all(program_id), key=lambda shop: shop.storefront_id)
    return StorefrontList(items=[storefront_answer(shop, program_id=program_id) for shop in shops])


@api.put(
    "/storefronts/<storefront_id>",
    allow={"manager"},
    also=(201,),
    refuses=(TryAgain,),
    acts="storefront.change",
)
def connect_storefront(
    program_id: ProgramId,
    storefront_id: StorefrontId,
    requested: Annotated[StorefrontRequest, Body()],
) -> Response[StorefrontAnswer]:
    """Connect a storefront, or change its connection.

    The request replaces an earlier one as a whole. Configure the shop to deliver its webhooks to
    `webhook_path`.
    """
    now = clock.now()
    program = shelf().in_force(program_id, now=now)
    shop, keys = requested.connection(storefront_id, document=program.document, now=now)
    storefront, is_new = connect(
        shop, keys, program_id=program_id, shelf=storefronts(), vault=vault()
    )
    answer = storefront_answer(storefront, program_id=program_id)
    return reply(answer, status=201 if is_new else 200)


@api.get("/storefronts/<storefront_id>", allow={"manager"}, refuses=(TryAgain,))
def read_storefront(program_id: ProgramId, storefront_id: StorefrontId) -> StorefrontState:
    """Read a storefront's connection, and the state of its deliveries.

    Counts the deliveries of the last day by status; at most a thousand are counted.
    """
    storefront = connected(storefront_id, program_id=program_id, shelf=storefronts())
    fares = health(storefront_id, program_id=program_id, files=files(), now=clock.now())
    return storefront_state(storefront, fares, program_id=program_id)


@api.post("/storefronts/<storefront_id>/check", allow={"manager"}, refuses=(TryAgain,))
def check_storefront(program_id: ProgramId, storefront_id: StorefrontId) -> StorefrontCheck:
    """Check a storefront's connection, and how to make it work.

    Looks at its settings and deliveries, and asks the platform for some seconds about scopes,
    webhooks and currency. A platform that does not answer is a finding.
    """
    now = clock.now()
    storefront = connected(storefront_id, program_id=program_id, shelf=storefronts())
    keys = vault().read(program_id, storefront_id)
    if keys is None:
        # Disconnected just now.
        raise NotFound
    checked = check_connection(
        storefront,
        keys,
        program_id=program_id,
        document=shelf().in_force(program_id, now=now).document,
        webhook_path=webhook_path(program_id, storefront_id),
        files=files(),
        find_platform=platform_named,
        caller=platforms(),
        clock=time.monotonic,
        now=now,
    )
    return storefront_check(checked, now=now)


@api.get(
    "/storefronts/<storefront_id>/deliveries",
    allow={"manager"},
    refuses=(InvalidCursor, TryAgain),
)
def list_deliveries(
    program_id: ProgramId,
    storefront_id: StorefrontId,
    limit: PageLimit = 50,
    cursor: Cursor = None,
) -> DeliveryPage:
    """List a storefront's deliveries of the last 30 days, newest first.

    Each with its latest outcome.
    """
    connected(storefront_id, program_id=program_id, shelf=storefronts())
    of = f"deliveries {program_id} {storefront_id}"
    page = deliveries_page(
        storefront_id,
        program_id=program_id,
        files=files(),
        limit=limit,
        before_id=page_start(cursor, of=of, like=read_log_id),
        now=clock.now(),
    )
    return DeliveryPage(
        items=[delivery_answer(line) for line in page.items],
        next_cursor=next_cursor(page.next, of=of),
    )


@api.get(
    "/storefronts/<storefront_id>/deliveries/<delivery_id>",
    allow={"manager"},
    refuses=(TryAgain,),
    acts="delivery.read",
)
def read_delivery(
    program_id: ProgramId, storefront_id: StorefrontId, delivery_id: PathId
) -> DeliveryContent:
    """Read a delivery with what the shop sent.

    Its body has personal data of a customer, so reading it is recorded as an action.
    """
    connected(storefront_id, program_id=program_id, shelf=storefronts())
    line = delivery_with_outcome(storefront_id, delivery_id, program_id=program_id, files=files())
    return delivery_content(line, files().inbox.read(line.stored))


@api.get(
    "/storefronts/<storefront_id>/deliveries/<delivery_id>/data-request",
    allow={"manager", "service"},
    acts="delivery.read_data_request",
)
def show_data_request(
    program_id: ProgramId, storefront_id: StorefrontId, delivery_id: PathId
) -> DataRequestAnswer:
    """Read a customer's request for their data, as the shop passed it on.

    Such a delivery has the status `data_requested`. Answer the customer by `due_at`.
    """
    connected(storefront_id, program_id=program_id, shelf=storefronts())
    passed_on = read_data_request(
        storefront_id,
        delivery_id,
        program_id=program_id,
        inbox=files().inbox,
        find_platform=platform_named,
    )
    return data_request_answer(passed_on)


@api.get(
    "/storefronts/<storefront_id>/erasures",
    allow={"manager"},
    refuses=(InvalidCursor, TryAgain),
)
def list_erasure_requests(
    program_id: ProgramId,
    storefront_id: StorefrontId,
    limit: PageLimit = 50,
    cursor: Cursor = None,
) -> ErasureRequestPage:
    """List the erasures that a shop requested.

    An erasure that is `waiting` can still be stopped.
    """
    connected(storefront_id, program_id=program_id, shelf=storefronts())
    of = f"erasures {program_id} {storefront_id}"
    page = erasures(program_id).requested(
        storefront_id, limit=limit, after=page_start(cursor, of=of, like=ERASURE_ID.fullmatch)
    )
    return ErasureRequestPage(
        items=[erasure_request_answer(erasure) for erasure in page.items],
        next_cursor=next_cursor(page.next, of=of),
    )


@api.post(
    "/storefronts/<storefront_id>/erasures/<erasure_id>/stop",
    allow={"manager"},
    refuses=(WrongState, TryAgain),
    acts="erasure.stop",
)
def stop_requested_erasure(
    program_id: ProgramId, storefront_id: StorefrontId, erasure_id: PathId
) -> ErasureRequestAnswer:
    """Stop an erasure that a shop requested, before it begins.

    Stopping it twice changes nothing more.
    """
    connected(storefront_id, program_id=program_id, shelf=storefronts())
    stopped = stop_erasure(
        erasure_id,
        storefront_id=storefront_id,
        by=api.principal.subject,
        now=clock.now(),
        erasures=erasures(program_id),
    )
    count("ErasuresStopped")
    return erasure_request_answer(stopped)


@api.post(
    "/storefronts/<storefront_id>/deliveries/<delivery_id>/replay",
    allow={"manager"},
    status=202,
    acts="delivery.replay",
)
def replay_delivery(
    program_id: ProgramId, storefront_id: StorefrontId, delivery_id: PathId
) -> ReplayAnswer:
    """Apply a delivery again.

    It is queued; nothing that already counted counts twice.
    """
    connected(storefront_id, program_id=program_id, shelf=storefronts())
    line = replay(
        storefront_id,
        delivery_id,
        program_id=program_id,
        files=files(),
        queue=queue(),
        now=clock.now(),
    )
    return ReplayAnswer(delivery=delivery_answer(line))


@api.post(
    "/storefronts/<storefront_id>/deliveries/replay",
    allow={"manager"},
    status=202,
    refuses=(InvalidCursor, TryAgain),
    acts="delivery.replay_period",
)
def replay_deliveries(
    program_id: ProgramId, storefront_id: StorefrontId, request: Annotated[ReplayRequest, Body()]
) -> SpanReplayAnswer:
    """Apply the deliveries of a period again, oldest first.

    A request queues at most a thousand of them. Repeat it with `next_cursor` as `cursor` until
    that is null. Nothing that already counted counts twice.
    """
    connected(storefront_id, program_id=program_id, shelf=storefronts())
    span = request.span()
    of = f"replay {program_id} {storefront_id} {span.since} {span.before} {sorted(span.statuses)}"
    begun = request.begun(of=of)
    requested_at = begun.requested_at if begun else clock.now()
    done = replay_span(
        storefront_id,
        span,
        program_id=program_id,
        files=files(),
        queue=queue(),
        after=begun.after if begun else None,
        asked_at=requested_at,
    )
    return span_replay_answer(done, requested_at=requested_at, of=of)


@api.delete(
    "/storefronts/<storefront_id>", allow={"manager"}, status=204, acts="storefront.disconnect"
)
def disconnect_storefront(program_id: ProgramId, storefront_id: StorefrontId) -> Response[None]:
    """Disconnect a storefront.

    Its webhooks are refused from then on, and its secrets are deleted.
    """
    disconnect(storefront_id, program_id=program_id, shelf=storefronts(), vault=vault())
    return Response(status_code=204)


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


def storefronts() -> TableStorefronts:
    return TableStorefronts(table.engine(settings(ProgramSettings).table))


def drafts(program_id: str) -> TableDrafts:
    return TableDrafts(table.engine(settings(ProgramSettings).table), program_id=program_id)


def erasures(program_id: str) -> TableErasures:
    return TableErasures(table.engine(settings(ProgramSettings).table), program_id=program_id)


def files() -> Files:
    config = settings(ProgramSettings)
    inbox = open_inbox(table=config.table, bucket=config.inbox_bucket)
    return Files(inbox=inbox, log=storefronts(), find_platform=platform_named)


def queue() -> SqsIntakeQueue:
    return SqsIntakeQueue(clients.sqs(), queue_url=settings(ProgramSettings).intake_queue_url)


@cache
def platforms() -> PlatformClient:
    return PlatformClient(
        shelf=storefronts(),
        vault=vault(),
        pause=table.pause,
        origin=settings(PlatformSettings).platform_origin,
        attempts_max=1,
        timeout=CHECK_TIMEOUT,
    )


def vault() -> StorefrontSecrets:
    prefix = settings(ProgramSettings).storefront_secrets
    return StorefrontSecrets(clients.secrets_manager(), prefix=prefix)


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
