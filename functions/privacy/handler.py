"""Privacy: every hour, continue the erasures that were begun."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import batched
from typing import Any, Final

from loyalty.domain.people.erasure import ErasureRef
from loyalty.domain.shops.storefront import Delivery
from loyalty.edge import clock, deadline
from loyalty.edge.aws import clients
from loyalty.edge.aws.erasing import MailSuppressions
from loyalty.edge.aws.inbox import search_inbox
from loyalty.edge.aws.queues.batches import BatchAnswer
from loyalty.edge.aws.queues.work import PageQueue, work
from loyalty.edge.aws.storefront_secrets import StorefrontSecrets
from loyalty.edge.aws.table import engine, pause
from loyalty.edge.desk import open_desk
from loyalty.edge.directory import directory
from loyalty.edge.logs import logger
from loyalty.edge.metrics import count
from loyalty.edge.settings import settings
from loyalty.storefronts import platform_named
from loyalty.table.erasures import TableErasures
from loyalty.table.programs import TablePrograms
from loyalty.table.storefronts import TableStorefronts
from loyalty.usecases.people.erasure import close_shop, forget_deliveries, forget_traces
from loyalty.usecases.work_pages import WorkPage


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacySettings:
    table: str
    identity_secret: str
    inbox_bucket: str
    storefront_secrets: str
    privacy_queue_url: str


# A part of the function's two minutes, which four pages may have to share.
SEARCH_SECONDS: Final = 20.0
# The search waits until every erasure of the run is ready for it; a failed one is tried again when
# the queue's visibility timeout of twelve minutes is over.
PATIENCE: Final = timedelta(minutes=15)
LOOK_AGAIN_AFTER: Final = timedelta(seconds=20)
# Each takes about 100 bytes of a message; SQS takes ten messages of 256 KB in total.
SEARCHED_FOR_AT_ONCE_MAX: Final = 200
# Two hours are promised, and there is a run every hour: a run has missed any older erasure.
LATE_AFTER: Final = timedelta(hours=2)


@deadline.keeping_time
def handler(event: dict[str, Any], _context: object) -> BatchAnswer | None:
    """Begin a run for the schedule, or work on a program's part of one from the queue."""
    if "Records" not in event:
        begin()
        return None
    return work(event, take=take, pages=pages())


def begin() -> None:
    """Queue every erasure separately, so that one that fails blocks no other.

    A run handles the erasures that were begun before it, so that it ends.
    """
    table = settings(PrivacySettings).table
    began = clock.now()
    late = 0
    for program_id in TablePrograms(engine(table)).registered():
        erasures = TableErasures(engine(table), program_id=program_id)
        unfinished = erasures.unfinished(begun_by=began)
        if not unfinished:
            continue
        pages().send(
            WorkPage(program_id=program_id, lane="traces", items=(each.ref.erasure_id,))
            for each in unfinished
            if not each.are_traces_gone
        )
        pages().send([WorkPage(program_id=program_id, lane="searches", items=(began.isoformat(),))])
        late += sum(each.ref.begun_at <= began - LATE_AFTER for each in unfinished)
        logger.info("erasures queued", program_id=program_id, erasures=len(unfinished))
    if late:
        count("ErasuresLate", late)


def take(page: WorkPage, item: str) -> None:
    """Do one item: an erasure, the start of a search, or a part of the inbox to search."""
    match page.lane:
        case "traces":
            forget(page.program_id, item)
        case "searches":
            begin_search(page.program_id, began=datetime.fromisoformat(item), waited=page.hops)
        case _:
            start, *named = item.split(" ")
            search(page.program_id, [_ref(each) for each in named], start=start)


def forget(program_id: str, erasure_id: str) -> None:
    config = settings(PrivacySettings)
    erasures = TableErasures(engine(config.table), program_id=program_id)
    erasure = erasures.find(erasure_id)
    if erasure is None or erasure.is_done:
        # Another run has finished it.
        return
    if erasure.request is not None:
        if not erasures.start(erasure):
            # A manager has stopped it.
            return
        erasure = replace(erasure, is_begun=True)
    if erasure.storefront_id is not None:
        close_shop(
            erasure,
            program_id=program_id,
            shelf=TableStorefronts(engine(config.table)),
            vault=StorefrontSecrets(clients.secrets_manager(), prefix=config.storefront_secrets),
        )
    else:
        forget_traces(
            erasure,
            erasures=erasures,
            suppressions=MailSuppressions(clients.ses()),
            members=directory(program_id, config),
            desk=open_desk(program_id, table=config.table),
        )
    erasures.note_traces_gone(erasure)


def begin_search(program_id: str, *, began: datetime, waited: int) -> None:
    """Start one search for all erasures of a run that are ready for it.

    Erasures that fail or are slow are left to the next run. `waited` is how often the search was
    put off before.
    """
    erasures = TableErasures(engine(settings(PrivacySettings).table), program_id=program_id)
    unfinished = erasures.unfinished(begun_by=began)
    ready = [each.ref for each in unfinished if each.are_traces_gone]
    if len(ready) < len(unfinished) and clock.now() < began + PATIENCE:
        again = (began.isoformat(),)
        # Twice as long each time: six messages until the patience ends, instead of one each 20 s.
        delay = LOOK_AGAIN_AFTER * 2**waited
        page = WorkPage(program_id=program_id, lane="searches", items=again, delay=delay)
        pages().send([page])
        return
    pages().send(
        _part(program_id, some) for some in batched(ready, SEARCHED_FOR_AT_ONCE_MAX, strict=False)
    )


def search(program_id: str, refs: Sequence[ErasureRef], *, start: str) -> None:
    """Search a part of the inbox for these erasures, and queue the next part."""
    config = settings(PrivacySettings)
    erasures = TableErasures(engine(config.table), program_id=program_id)
    current = erasures.current(refs)
    inbox = search_inbox(program_id, table=config.table, bucket=config.inbox_bucket)
    rest = forget_deliveries(
        current,
        start=start or None,
        inbox=inbox,
        order_of=_order_of,
        until=_in(SEARCH_SECONDS),
        erasures=erasures,
        desk=open_desk(program_id, table=config.table),
    )
    logger.info(
        "inbox searched",
        program_id=program_id,
        erasures=len(current),
        searched=inbox.searched,
        erased=inbox.erased,
        is_done=rest is None,
    )
    count("DeliveriesErased", inbox.erased)
    if rest is None:
        count("ErasuresDone", len(current))
    else:
        pages().send([_part(program_id, refs, start=rest)])


def _part(program_id: str, refs: Sequence[ErasureRef], *, start: str = "") -> WorkPage:
    named = (f"{each.erasure_id}@{each.begun_at.isoformat()}" for each in refs)
    return WorkPage(program_id=program_id, lane="inbox", items=(" ".join([start, *named]),))


def _ref(named: str) -> ErasureRef:
    erasure_id, _, begun_at = named.rpartition("@")
    return ErasureRef(erasure_id, datetime.fromisoformat(begun_at))


def _order_of(delivery: Delivery) -> str | None:
    return platform_named(delivery.platform).envelope(delivery.body, delivery.headers).order_id


def _in(seconds: float) -> Callable[[], bool]:
    ends = time.monotonic() + seconds
    return lambda: time.monotonic() >= ends


def pages() -> PageQueue:
    return PageQueue(clients.sqs(), url=settings(PrivacySettings).privacy_queue_url, pause=pause)
