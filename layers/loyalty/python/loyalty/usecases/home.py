"""What needs a person today, part by part. A part that cannot be read hides no other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal, Protocol

from loyalty.domain.concerns import (
    Concern,
    NewestFew,
    most_severe_first,
    of_approvals,
    of_data_requests,
    of_drafts,
    of_endpoint,
    of_erasures,
    of_exports,
    of_failed,
    of_parked,
    of_reviews,
    of_signature,
)

if TYPE_CHECKING:
    from loyalty.domain.ledger.approvals import Approval
    from loyalty.domain.ledger.reviews import Review
    from loyalty.domain.people.erasure import Erasure
    from loyalty.domain.program.drafts import Draft
    from loyalty.domain.report_exports import ReportExport
    from loyalty.domain.shops.deliveries import TroubledDelivery
    from loyalty.domain.shops.storefront import Status, Storefront
    from loyalty.domain.webhooks_out.deliveries import EndpointDelivery
    from loyalty.domain.webhooks_out.endpoints import Endpoint
    from loyalty.usecases.ports import Listed
    from loyalty.usecases.shops.deliveries import ReceivedDeliveries

type HomePart = Literal[
    "approvals",
    "reviews",
    "deliveries",
    "signatures",
    "erasures",
    "endpoints",
    "exports",
    "drafts",
]

# More than that need no exact number.
COUNTED_MAX: Final = 100
# An erasure that ended stays listed for weeks, so more are read than are counted.
ERASURES_READ_MAX: Final = 1000
ENDPOINT_DELIVERIES_READ: Final = 20
# Each takes a request to the inbox.
SIGNATURES_CHECKED_MAX: Final = 20
SIGNATURES_SINCE: Final = timedelta(days=7)


class TroubledShops(Protocol):
    def all(self, program_id: str) -> Sequence[Storefront]: ...

    def troubled(
        self, program_id: str, status: Status, *, limit: int
    ) -> Listed[TroubledDelivery]: ...


class SomeErasures(Protocol):
    def some(self, *, limit: int) -> Listed[Erasure]: ...


class AllEndpoints(Protocol):
    def all(self, program_id: str) -> Sequence[Endpoint]: ...


class RecentEndpointDeliveries(Protocol):
    def deliveries(
        self, program_id: str, endpoint_id: str, *, limit: int, start: str | None
    ) -> Listed[EndpointDelivery]: ...


class ListedExports(Protocol):
    def listed(self, *, limit: int, start: str | None) -> Listed[ReportExport]: ...


class NewestApprovals(Protocol):
    def listed(
        self, *, matches: Callable[[Approval], bool], limit: int, start: str | None
    ) -> Listed[Approval]: ...


class NewestReviews(Protocol):
    def listed(
        self, *, matches: Callable[[Review], bool], limit: int, start: str | None
    ) -> Listed[Review]: ...


class AllDrafts(Protocol):
    def all(self) -> Sequence[Draft]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeSources:
    """Everything of one program that may need a person."""

    program_id: str
    shops: TroubledShops
    inbox: ReceivedDeliveries
    erasures: SomeErasures
    endpoints: AllEndpoints
    endpoint_log: RecentEndpointDeliveries
    exports: ListedExports
    approvals: NewestApprovals
    reviews: NewestReviews
    drafts: AllDrafts
    version_in_force: Callable[[], int | None]


@dataclass(frozen=True, slots=True)
class Home:
    """The concerns, most severe first, and the parts that could not be read."""

    concerns: Sequence[Concern]
    unavailable: Sequence[HomePart]


def home(
    parts: Collection[HomePart],
    *,
    sources: HomeSources,
    by: str,
    now: datetime,
    note_failure: Callable[[HomePart, Exception], None],
) -> Home:
    """The concerns of these parts for a person, `by` the subject of their token.

    Each part reads a bounded number of items.
    """
    read_parts: Mapping[HomePart, Callable[[], Iterable[Concern]]] = {
        "approvals": lambda: _of_approvals(sources, by, now),
        "reviews": lambda: _of_reviews(sources, by),
        "deliveries": lambda: _of_deliveries(sources, now),
        "signatures": lambda: _of_signatures(sources, now),
        "erasures": lambda: _of_erasures(sources, now),
        "endpoints": lambda: _of_endpoints(sources),
        "exports": lambda: _of_exports(sources, now),
        "drafts": lambda: of_drafts(sources.drafts.all(), in_force=sources.version_in_force()),
    }
    concerns: list[Concern] = []
    unavailable: list[HomePart] = []
    for part, read in read_parts.items():
        if part not in parts:
            continue
        try:
            concerns += read()
        except Exception as error:  # noqa: BLE001  # whatever it is, the other parts stand
            note_failure(part, error)
            unavailable.append(part)
    return Home(most_severe_first(concerns), unavailable)


def _of_approvals(sources: HomeSources, by: str, now: datetime) -> Iterator[Concern]:
    page = sources.approvals.listed(matches=lambda _: True, limit=COUNTED_MAX, start=None)
    return of_approvals(NewestFew(page.items, is_more=page.next is not None), by=by, now=now)


def _of_reviews(sources: HomeSources, by: str) -> Iterator[Concern]:
    page = sources.reviews.listed(matches=lambda _: True, limit=COUNTED_MAX, start=None)
    return of_reviews(NewestFew(page.items, is_more=page.next is not None), by=by)


def _of_deliveries(sources: HomeSources, now: datetime) -> Iterator[Concern]:
    """Deliveries of storefronts that are connected; nobody can replay those of others."""
    connected = {each.storefront_id for each in sources.shops.all(sources.program_id)}

    def counted(status: Status) -> NewestFew[TroubledDelivery]:
        page = sources.shops.troubled(sources.program_id, status, limit=COUNTED_MAX)
        items = [each for each in page.items if each.storefront_id in connected]
        return NewestFew(items, is_more=page.next is not None)

    if connected:
        yield from of_parked(counted("parked"))
        yield from of_failed(counted("failed"), now=now)
        yield from of_data_requests(counted("data_requested"), now=now)


def _of_signatures(sources: HomeSources, now: datetime) -> Iterator[Concern]:
    storefronts = sources.shops.all(sources.program_id)
    for storefront in islice(storefronts, SIGNATURES_CHECKED_MAX):
        where = (sources.program_id, storefront.storefront_id)
        refused_at = sources.inbox.refused_at(*where)
        if refused_at is None or refused_at < now - SIGNATURES_SINCE:
            continue
        accepted = sources.inbox.newest(
            *where, since=refused_at, before=now + timedelta(minutes=1), before_id=None, limit=1
        )
        if not accepted.items:
            yield of_signature(storefront.storefront_id, refused_at=refused_at)


def _of_erasures(sources: HomeSources, now: datetime) -> Iterator[Concern]:
    page = sources.erasures.some(limit=ERASURES_READ_MAX)
    return of_erasures(NewestFew(page.items, is_more=page.next is not None), now=now)


def _of_endpoints(sources: HomeSources) -> Iterator[Concern]:
    for endpoint in sources.endpoints.all(sources.program_id):
        recent = sources.endpoint_log.deliveries(
            sources.program_id, endpoint.endpoint_id, limit=ENDPOINT_DELIVERIES_READ, start=None
        )
        yield from of_endpoint(endpoint, recent.items)


def _of_exports(sources: HomeSources, now: datetime) -> Iterator[Concern]:
    return of_exports(sources.exports.listed(limit=COUNTED_MAX, start=None).items, now=now)
