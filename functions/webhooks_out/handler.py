"""Webhooks out: manage merchants' endpoints, and send them events as signed webhooks."""

import random
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Annotated, Any

from loyalty.domain.kernel.errors import InvalidCursor, LimitReached, TryAgain, WrongState
from loyalty.domain.webhooks_out.deliveries import Attempt, EndpointDelivery, payload
from loyalty.domain.webhooks_out.endpoints import Endpoint
from loyalty.edge import clock, deadline, desk
from loyalty.edge.aws import clients
from loyalty.edge.aws.endpoint_secrets import EndpointSecrets, RememberedSecrets, new_secret
from loyalty.edge.aws.queues.batches import handle_messages, log_failure
from loyalty.edge.aws.queues.record import QueueRecord
from loyalty.edge.aws.queues.webhooks_out import SqsAttemptQueue, read_attempt
from loyalty.edge.aws.table import engine
from loyalty.edge.http.app import PathId, ProgramId, create_app, reply
from loyalty.edge.http.paging import next_cursor, page_start
from loyalty.edge.http.params import Body, Response
from loyalty.edge.http.schemas import Cursor, PageLimit
from loyalty.edge.local_cloud import is_on_one_machine
from loyalty.edge.logs import logger
from loyalty.edge.metrics import count
from loyalty.edge.models.endpoints import (
    EndpointAnswer,
    EndpointDeliveryPage,
    EndpointId,
    EndpointPage,
    EndpointRequest,
    EndpointWithSecret,
    RedeliveryAnswer,
    endpoint_answer,
    endpoint_delivery_answer,
    with_secret,
)
from loyalty.edge.outgoing.webhook_sender import WebhookSender
from loyalty.edge.settings import settings
from loyalty.table.positions import is_listed
from loyalty.table.webhooks_out import TableEndpointLog, TableEndpoints
from loyalty.usecases.webhooks_out.deliveries import (
    OutgoingEvent,
    deliver,
    fan_out,
    probe,
    redeliver,
)
from loyalty.usecases.webhooks_out.endpoints import register, registered, remove, rotate


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhooksOutSettings:
    table: str
    endpoint_secrets: str
    webhooks_out_queue_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalEndpointSettings:
    """Whether endpoints may be on this machine, over plain HTTP.

    Only the local cloud sets it; no template does.
    """

    local_endpoints: str = ""


api = create_app("webhooks_out", actions=desk.open_actions)


@deadline.keeping_time
def handler(event: dict[str, Any], context: object) -> Any:
    """Answer managers; take events of the bus and due attempts from the queues."""
    if "Records" not in event:
        return api(event, context)
    # Every message of a batch sees the endpoints as they were when the batch arrived.
    of_program = cache(lambda program_id: endpoints().all(program_id))
    take_one = partial(take, endpoints_of=of_program)
    return handle_messages(event, take_one, on_failure=log_failure("not handled"))


@api.put(
    "/endpoints/<endpoint_id>",
    allow={"manager"},
    also=(201,),
    refuses=(LimitReached, TryAgain),
    acts="endpoint.change",
)
def register_endpoint(
    program_id: ProgramId, endpoint_id: EndpointId, request: Annotated[EndpointRequest, Body()]
) -> Response[EndpointWithSecret]:
    """Register or change an endpoint.

    A new endpoint's secret is shown only in this answer.
    The request replaces an earlier one as a whole. Events are signed with the secret (Standard
    Webhooks), and sent again until your endpoint accepts them.
    """
    now = clock.now()
    desk.shelf(settings(WebhooksOutSettings).table).in_force(program_id, now=now)
    endpoint, secret, is_new = register(
        request.endpoint(endpoint_id, now=now, allow_local=allows_local()),
        program_id=program_id,
        endpoints=endpoints(),
        vault=vault(),
        new_secret=new_secret,
    )
    return reply(with_secret(endpoint, secret, now=now), status=201 if is_new else 200)


@api.get("/endpoints", allow={"manager"})
def list_endpoints(program_id: ProgramId) -> EndpointPage:
    """List the endpoints, at most twenty.

    An endpoint is an address of yours that gets events as signed webhooks.
    """
    now = clock.now()
    return EndpointPage(
        items=[endpoint_answer(each, now=now) for each in endpoints().all(program_id)]
    )


@api.get("/endpoints/<endpoint_id>", allow={"manager"})
def read_endpoint(program_id: ProgramId, endpoint_id: EndpointId) -> EndpointAnswer:
    """Read an endpoint; its secret is not shown again.

    The answer says whether events are sent, and why not.
    """
    found = registered(endpoint_id, program_id=program_id, endpoints=endpoints())
    return endpoint_answer(found, now=clock.now())


@api.delete("/endpoints/<endpoint_id>", allow={"manager"}, status=204, acts="endpoint.remove")
def remove_endpoint(program_id: ProgramId, endpoint_id: EndpointId) -> Response[None]:
    """Remove an endpoint: nothing more is sent to it, and its secret is deleted.

    Deliveries that wait are not sent either.
    """
    remove(endpoint_id, program_id=program_id, endpoints=endpoints(), vault=vault())
    return Response(status_code=204)


@api.post(
    "/endpoints/<endpoint_id>/rotate",
    allow={"manager"},
    refuses=(WrongState, TryAgain),
    acts="endpoint.rotate_secret",
)
def rotate_secret(program_id: ProgramId, endpoint_id: EndpointId) -> EndpointWithSecret:
    """Sign with a new secret, and for 24 hours with the previous one as well.

    The new secret is shown only in this answer.
    """
    now = clock.now()
    endpoint, secret = rotate(
        endpoint_id,
        program_id=program_id,
        endpoints=endpoints(),
        vault=vault(),
        new_secret=new_secret,
        now=now,
    )
    return with_secret(endpoint, secret, now=now)


@api.post("/endpoints/<endpoint_id>/test", allow={"manager"}, status=202, acts="endpoint.test")
def send_test_event(program_id: ProgramId, endpoint_id: EndpointId) -> RedeliveryAnswer:
    """Send a test event, to see whether the endpoint listens.

    The event carries no data of the program.
    """
    delivery = probe(
        endpoint_id,
        event_id=f"evt_{secrets.token_hex(12)}",
        program_id=program_id,
        endpoints=endpoints(),
        log=log(),
        queue=attempts(),
        now=clock.now(),
    )
    return RedeliveryAnswer(delivery=endpoint_delivery_answer(delivery))


@api.get("/endpoints/<endpoint_id>/deliveries", allow={"manager"}, refuses=(InvalidCursor,))
def list_endpoint_deliveries(
    program_id: ProgramId, endpoint_id: EndpointId, limit: PageLimit = 50, cursor: Cursor = None
) -> EndpointDeliveryPage:
    """List the deliveries of the last 30 days, newest first.

    A delivery is one event for one endpoint, with the last attempt and the next one.
    """
    registered(endpoint_id, program_id=program_id, endpoints=endpoints())
    of = f"endpoint deliveries {program_id} {endpoint_id}"
    start = page_start(cursor, of=of, like=is_listed)
    page = log().deliveries(program_id, endpoint_id, limit=limit, start=start)
    return EndpointDeliveryPage(
        items=[endpoint_delivery_answer(each) for each in page.items],
        next_cursor=next_cursor(page.next, of=of),
    )


@api.post(
    "/endpoints/<endpoint_id>/deliveries/<event_id>/redeliver",
    allow={"manager"},
    status=202,
    refuses=(WrongState,),
    acts="endpoint.redeliver",
)
def redeliver_event(
    program_id: ProgramId, endpoint_id: EndpointId, event_id: PathId
) -> RedeliveryAnswer:
    """Send an event of the last 30 days again, whether or not it was delivered.

    It has the same id as before, so that a receiver can recognize it.
    """
    delivery = redeliver(
        endpoint_id,
        event_id,
        program_id=program_id,
        endpoints=endpoints(),
        log=log(),
        queue=attempts(),
        now=clock.now(),
    )
    return RedeliveryAnswer(delivery=endpoint_delivery_answer(delivery))


def take(record: QueueRecord, *, endpoints_of: Callable[[str], Sequence[Endpoint]]) -> None:
    """Queue an event for the endpoints that want it, or make an attempt that is due."""
    message = record.content
    if due := read_attempt(message):
        attempt(due)
        return
    event, detail = message["event"], message["detail"]
    outgoing = OutgoingEvent(
        program_id=detail["program_id"],
        event_id=detail["id"],
        event=event,
        body=payload(event, timestamp=detail["occurred_at"], data=detail),
    )
    fan_out(
        outgoing,
        endpoints=endpoints_of(outgoing.program_id),
        log=log(),
        queue=attempts(),
        now=clock.now(),
    )


def attempt(due: Attempt) -> None:
    delivery = deliver(
        due,
        endpoints=endpoints(),
        vault=signing_secrets(),
        log=log(),
        queue=attempts(),
        send=sender(),
        now=clock.now(),
        chance=random.random(),  # noqa: S311  # no secret
    )
    if delivery is not None:
        _log(due.program_id, delivery)


def allows_local() -> bool:
    """Whether an endpoint may be on this machine: only on a local cloud that is set up for it."""
    return bool(settings(LocalEndpointSettings).local_endpoints) and is_on_one_machine()


@cache
def endpoints() -> TableEndpoints:
    return TableEndpoints(engine(settings(WebhooksOutSettings).table))


@cache
def log() -> TableEndpointLog:
    return TableEndpointLog(engine(settings(WebhooksOutSettings).table))


@cache
def attempts() -> SqsAttemptQueue:
    return SqsAttemptQueue(clients.sqs(), url=settings(WebhooksOutSettings).webhooks_out_queue_url)


@cache
def vault() -> EndpointSecrets:
    prefix = settings(WebhooksOutSettings).endpoint_secrets
    return EndpointSecrets(clients.secrets_manager(), prefix=prefix)


@cache
def signing_secrets() -> RememberedSecrets:
    return RememberedSecrets(vault(), clock=time.monotonic)


@cache
def sender() -> WebhookSender:
    return WebhookSender(allow_local=allows_local())


def _log(program_id: str, delivery: EndpointDelivery) -> None:
    """Log an attempt without its address, which may carry a token."""
    logger.info(
        "attempted",
        program_id=program_id,
        endpoint_id=delivery.endpoint_id,
        event_id=delivery.event_id,
        attempts=delivery.attempts,
        state=delivery.state,
        status=delivery.status,
        trouble=delivery.trouble,
    )
    if delivery.state == "delivered":
        count("WebhooksOutDelivered")
        return
    if delivery.trouble in ("endpoint_disabled", "endpoint_removed"):
        return
    count("WebhooksOutFailed")
    if delivery.state == "parked":
        count("WebhooksOutParked")
