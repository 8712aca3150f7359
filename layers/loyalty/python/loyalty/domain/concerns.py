"""What in a program needs a person today, with how many there are and how urgent it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from loyalty.domain.people.privacy_requests import due_at
from loyalty.domain.report_exports import FILE_DAYS, ReportExport

if TYPE_CHECKING:
    from loyalty.domain.ledger.approvals import Approval
    from loyalty.domain.ledger.reviews import Review
    from loyalty.domain.people.erasure import Erasure
    from loyalty.domain.program.drafts import Draft
    from loyalty.domain.shops.deliveries import TroubledDelivery
    from loyalty.domain.webhooks_out.deliveries import EndpointDelivery
    from loyalty.domain.webhooks_out.endpoints import Endpoint

type ConcernKind = Literal[
    "approvals_waiting",
    "deliveries_failed",
    "deliveries_parked",
    "drafts",
    "drafts_outdated",
    "data_requests",
    "endpoint_disabled",
    "endpoint_failing",
    "erasures_stoppable",
    "erasures_unfinished",
    "exports_failed",
    "exports_under_way",
    "reviews_open",
    "storefront_credentials",
    "storefront_signature",
]
type ConcernSeverity = Literal["error", "warning", "info"]

_SEVERITIES: Final[tuple[ConcernSeverity, ...]] = ("error", "warning", "info")
# Answering a data request takes a person some days.
DATA_REQUEST_URGENT: Final = timedelta(days=7)
# Erasures are promised within two hours.
ERASURE_LATE: Final = timedelta(hours=2)
# Thirty attempts, a minute apart, have failed by then.
FAILED_LATE: Final = timedelta(hours=1)
# Reasons that only a new token, or more rights for it, mends.
_CREDENTIALS: Final = frozenset({"access_denied", "no_access_token"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Something that needs a person.

    `count` is how many there are; with `is_more`, there are at least so many. `subject` is the id
    of the storefront or the endpoint that it is about. `latest_at` is when it last happened, and
    `due_at` until when the first of them has to be dealt with.
    """

    kind: ConcernKind
    severity: ConcernSeverity
    count: int
    is_more: bool = False
    subject: str | None = None
    latest_at: datetime | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewestFew[T]:
    """The newest of a list; `is_more` if the list goes on."""

    items: Sequence[T]
    is_more: bool = False


def most_severe_first(concerns: Iterable[Concern]) -> tuple[Concern, ...]:
    """Errors first, and of one severity those that are due soonest."""
    return tuple(sorted(concerns, key=lambda each: _SEVERITIES.index(each.severity)))


def of_parked(parked: NewestFew[TroubledDelivery]) -> Iterator[Concern]:
    """Deliveries that a person has to look at, and storefronts whose credentials caused them."""
    for storefront_id, deliveries in _by_storefront(parked.items).items():
        latest_at = max(each.received_at for each in deliveries)
        yield Concern(
            kind="deliveries_parked",
            severity="error",
            count=len(deliveries),
            is_more=parked.is_more,
            subject=storefront_id,
            latest_at=latest_at,
        )
        if denied := [each for each in deliveries if each.reason in _CREDENTIALS]:
            yield Concern(
                kind="storefront_credentials",
                severity="error",
                count=len(denied),
                is_more=parked.is_more,
                subject=storefront_id,
                latest_at=max(each.received_at for each in denied),
            )


def of_failed(failed: NewestFew[TroubledDelivery], *, now: datetime) -> Iterator[Concern]:
    """Deliveries that are retried by themselves for a while, and then given up."""
    for storefront_id, deliveries in _by_storefront(failed.items).items():
        is_late = min(each.received_at for each in deliveries) + FAILED_LATE < now
        yield Concern(
            kind="deliveries_failed",
            severity="error" if is_late else "warning",
            count=len(deliveries),
            is_more=failed.is_more,
            subject=storefront_id,
            latest_at=max(each.received_at for each in deliveries),
        )


def of_data_requests(requests: NewestFew[TroubledDelivery], *, now: datetime) -> Iterator[Concern]:
    for storefront_id, deliveries in _by_storefront(requests.items).items():
        first_due_at = min(due_at(each.received_at) for each in deliveries)
        yield Concern(
            kind="data_requests",
            severity="error" if first_due_at < now + DATA_REQUEST_URGENT else "warning",
            count=len(deliveries),
            is_more=requests.is_more,
            subject=storefront_id,
            latest_at=max(each.received_at for each in deliveries),
            due_at=first_due_at,
        )


def of_signature(storefront_id: str, *, refused_at: datetime) -> Concern:
    """A storefront signs with another secret: a delivery was refused, and none accepted since."""
    return Concern(
        kind="storefront_signature",
        severity="error",
        count=1,
        is_more=True,
        subject=storefront_id,
        latest_at=refused_at,
    )


def of_erasures(erasures: NewestFew[Erasure], *, now: datetime) -> Iterator[Concern]:
    """Erasures that a shop requested and a manager can still stop, and those that take too long."""
    stoppable: dict[str, list[Erasure]] = defaultdict(list)
    late = []
    for erasure in erasures.items:
        if erasure.is_done or erasure.is_stopped:
            continue
        if erasure.request is not None and now < erasure.begun_at:
            stoppable[erasure.request.storefront_id].append(erasure)
        elif erasure.begun_at + ERASURE_LATE < now:
            late.append(erasure)
    for storefront_id, some in stoppable.items():
        yield Concern(
            kind="erasures_stoppable",
            severity="info",
            count=len(some),
            is_more=erasures.is_more,
            subject=storefront_id,
            due_at=min(each.begun_at for each in some),
        )
    if late:
        yield Concern(
            kind="erasures_unfinished",
            severity="error",
            count=len(late),
            is_more=erasures.is_more,
            due_at=min(each.begun_at for each in late) + ERASURE_LATE,
        )


def of_endpoint(endpoint: Endpoint, recent: Sequence[EndpointDelivery]) -> Iterator[Concern]:
    """An endpoint that does not take events; `recent` are its newest deliveries, newest first."""
    if endpoint.disabled == "asked":
        return
    if endpoint.disabled == "gone":
        yield Concern(
            kind="endpoint_disabled",
            severity="error",
            count=1,
            subject=endpoint.endpoint_id,
            latest_at=endpoint.changed_at,
        )
        return
    failing = [each for each in recent if each.state != "delivered" and each.attempts]
    if failing:
        is_given_up = any(each.state == "parked" for each in failing)
        yield Concern(
            kind="endpoint_failing",
            severity="error" if is_given_up else "warning",
            count=len(failing),
            is_more=len(failing) == len(recent),
            subject=endpoint.endpoint_id,
            latest_at=failing[0].attempted_at,
        )


def of_exports(exports: Sequence[ReportExport], *, now: datetime) -> Iterator[Concern]:
    """Exports under way, and those that failed within the days that a file is kept."""
    current = [export.as_of(now) for export in exports]
    if under_way := [each for each in current if not each.is_over]:
        yield Concern(
            kind="exports_under_way",
            severity="info",
            count=len(under_way),
            latest_at=max(each.requested_at for each in under_way),
        )
    since = now - timedelta(days=FILE_DAYS)
    ended = [each.finished_at for each in current if each.state == "failed" and each.finished_at]
    if failed := [moment for moment in ended if moment >= since]:
        yield Concern(
            kind="exports_failed", severity="warning", count=len(failed), latest_at=max(failed)
        )


def of_approvals(approvals: NewestFew[Approval], *, by: str, now: datetime) -> Iterator[Concern]:
    """What somebody else requested, so that this person can decide."""
    waiting = [
        each for each in approvals.items if each.state_at(now) == "held" and each.requested_by != by
    ]
    if waiting:
        yield Concern(
            kind="approvals_waiting",
            severity="warning",
            count=len(waiting),
            is_more=approvals.is_more,
            latest_at=max(each.requested_at for each in waiting),
            due_at=min(each.expires_at for each in waiting),
        )


def of_reviews(reviews: NewestFew[Review], *, by: str) -> Iterator[Concern]:
    """Orders that exceeded safeguards and that somebody else recorded: this person can decide."""
    waiting = [each for each in reviews.items if each.state == "open" and each.caused_by != by]
    if waiting:
        yield Concern(
            kind="reviews_open",
            severity="warning",
            count=len(waiting),
            is_more=reviews.is_more,
            latest_at=max(each.opened_at for each in waiting),
        )


def of_drafts(drafts: Sequence[Draft], *, in_force: int | None) -> Iterator[Concern]:
    """Drafts of the version in force, and those based on one that was replaced since."""
    outdated = [each.changed_at for each in drafts if each.based_on != in_force]
    current = [each.changed_at for each in drafts if each.based_on == in_force]
    if outdated:
        yield Concern(
            kind="drafts_outdated",
            severity="warning",
            count=len(outdated),
            latest_at=max(outdated),
        )
    if current:
        yield Concern(kind="drafts", severity="info", count=len(current), latest_at=max(current))


def _by_storefront(
    deliveries: Iterable[TroubledDelivery],
) -> Mapping[str, Sequence[TroubledDelivery]]:
    grouped: dict[str, list[TroubledDelivery]] = defaultdict(list)
    for delivery in deliveries:
        grouped[delivery.storefront_id].append(delivery)
    return grouped
