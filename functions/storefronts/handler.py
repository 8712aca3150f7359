"""The storefronts: connecting shops, what they delivered, and erasures that they requested."""

import re
import time
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from loyalty.domain.kernel.errors import (
    InvalidCursor,
    NotFound,
    TryAgain,
    WrongState,
)
from loyalty.domain.shops.deliveries import read_log_id
from loyalty.edge import clock, desk
from loyalty.edge.aws import clients, table
from loyalty.edge.aws.inbox import SqsIntakeQueue, open_inbox
from loyalty.edge.aws.storefront_secrets import StorefrontSecrets
from loyalty.edge.http.app import PathId, ProgramId, create_app, reply
from loyalty.edge.http.paging import next_cursor, page_start
from loyalty.edge.http.schemas import Cursor, PageLimit
from loyalty.edge.metrics import count
from loyalty.edge.models.data_requests import DataRequestAnswer, data_request_answer
from loyalty.edge.models.erasure_requests import (
    ErasureRequestAnswer,
    ErasureRequestPage,
    erasure_request_answer,
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
from loyalty.table.erasures import TableErasures
from loyalty.table.programs import ProgramShelf
from loyalty.table.storefronts import TableStorefronts
from loyalty.usecases.people.erasure import stop_erasure
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
class StorefrontsSettings:
    table: str
    storefront_secrets: str
    inbox_bucket: str
    intake_queue_url: str


# As `Erasure.erasure_id` is of a request.
ERASURE_ID: Final = re.compile(r"[0-9a-f]{40}", re.ASCII)

api = create_app("storefronts", actions=desk.open_actions)
handler = api


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
    # A shop is connected only to a program that there is.
    shelf().in_force(program_id, now=now)
    shop, keys = requested.connection(storefront_id, now=now)
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


def shelf() -> ProgramShelf:
    return desk.shelf(settings(StorefrontsSettings).table)


def storefronts() -> TableStorefronts:
    return TableStorefronts(table.engine(settings(StorefrontsSettings).table))


def erasures(program_id: str) -> TableErasures:
    return TableErasures(table.engine(settings(StorefrontsSettings).table), program_id=program_id)


def files() -> Files:
    config = settings(StorefrontsSettings)
    inbox = open_inbox(table=config.table, bucket=config.inbox_bucket)
    return Files(inbox=inbox, log=storefronts(), find_platform=platform_named)


def queue() -> SqsIntakeQueue:
    return SqsIntakeQueue(clients.sqs(), queue_url=settings(StorefrontsSettings).intake_queue_url)


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
    prefix = settings(StorefrontsSettings).storefront_secrets
    return StorefrontSecrets(clients.secrets_manager(), prefix=prefix)
