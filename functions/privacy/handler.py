"""Privacy: every hour, finish the erasures that were begun, wherever somebody is still found."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from loyalty.domain.storefront import Delivery
from loyalty.edge import clients, clock
from loyalty.edge.desk import desk
from loyalty.edge.directory import directory
from loyalty.edge.erasing import InboxSearch, MailSuppressions
from loyalty.edge.logs import logger
from loyalty.edge.metrics import count
from loyalty.edge.pages import PageQueue, work
from loyalty.edge.settings import PrivacySettings, settings
from loyalty.edge.storefront_secrets import StorefrontSecrets
from loyalty.edge.table import engine, pause
from loyalty.storefronts import dialect
from loyalty.table.erasures import TableErasures
from loyalty.table.programs import TablePrograms
from loyalty.table.storefronts import TableStorefronts
from loyalty.usecases.erasing import close_shop, forget_deliveries, forget_traces
from loyalty.usecases.pages import Page

# Of the function's two minutes, which four pages may have to share.
SEARCH_SECONDS: Final = 20.0


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse | None:
    """The schedule wakes it to begin a run; the queue hands it a program's part of one."""
    if "Records" not in event:
        begin()
        return None
    return work(event, context, take=take, pages=pages())


def begin() -> None:
    """Every program is work of its own: one that cannot be read holds up no other.

    A run is about what was begun before it, so that it comes to an end.
    """
    table = settings(PrivacySettings).table
    began = clock.now()
    programs = [
        program_id
        for program_id in TablePrograms(engine(table)).registered()
        if TableErasures(engine(table), program_id=program_id).unfinished(begun_by=began)
    ]
    pages().send(
        Page(program_id=program_id, lane="traces", items=(began.isoformat(),))
        for program_id in programs
    )
    logger.info("erasing begun", programs=len(programs))
    count("ErasureRuns")


def take(page: Page, item: str) -> None:
    """The item is when the run began, and where the search of the inbox goes on."""
    began, _, start = item.partition(" ")
    if page.lane == "traces":
        forget(page.program_id, begun_by=datetime.fromisoformat(began))
        rest: str | None = ""
    else:
        rest = search(page.program_id, begun_by=datetime.fromisoformat(began), start=start)
    if rest is not None:
        following = (f"{began} {rest}".rstrip(),)
        pages().send([Page(program_id=page.program_id, lane="inbox", items=following)])


def forget(program_id: str, *, begun_by: datetime) -> None:
    told = settings(PrivacySettings)
    erasures = TableErasures(engine(told.table), program_id=program_id)
    for erasure in erasures.unfinished(begun_by=begun_by):
        if erasure.storefront_id is not None:
            close_shop(
                erasure,
                program_id=program_id,
                shelf=TableStorefronts(engine(told.table)),
                vault=StorefrontSecrets(clients.secrets_manager(), prefix=told.storefront_secrets),
            )
            continue
        forget_traces(
            erasure,
            erasures=erasures,
            suppressions=MailSuppressions(clients.ses()),
            members=directory(program_id, told),
            desk=desk(program_id, table=told.table),
        )


def search(program_id: str, *, begun_by: datetime, start: str) -> str | None:
    """Search a part of the inbox; gives where to go on, None when all is done."""
    told = settings(PrivacySettings)
    erasures = TableErasures(engine(told.table), program_id=program_id)
    unfinished = erasures.unfinished(begun_by=begun_by)
    inbox = InboxSearch(clients.s3(), bucket=told.inbox_bucket, program_id=program_id)
    rest = forget_deliveries(
        unfinished,
        start=start or None,
        inbox=inbox,
        order_of=_order_of,
        until=_in(SEARCH_SECONDS),
        erasures=erasures,
        desk=desk(program_id, table=told.table),
    )
    logger.info(
        "inbox searched",
        program_id=program_id,
        erasures=len(unfinished),
        searched=inbox.searched,
        erased=inbox.erased,
        is_done=rest is None,
    )
    count("DeliveriesErased", inbox.erased)
    if rest is None:
        count("ErasuresDone", len(unfinished))
    return rest


def _order_of(delivery: Delivery) -> str | None:
    return dialect(delivery.platform).envelope(delivery.body, delivery.headers).order_id


def _in(seconds: float) -> Callable[[], bool]:
    ends = time.monotonic() + seconds
    return lambda: time.monotonic() >= ends


def pages() -> PageQueue:
    return PageQueue(clients.sqs(), url=settings(PrivacySettings).privacy_queue_url, pause=pause)
