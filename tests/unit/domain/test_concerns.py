"""What needs a person: counted, dated, and more urgent the longer it lasts."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from loyalty.domain.concerns import (
    Concern,
    NewestFew,
    most_severe_first,
    of_data_requests,
    of_drafts,
    of_endpoint,
    of_erasures,
    of_exports,
    of_failed,
    of_parked,
)
from loyalty.domain.people.erasure import Erasure, ErasureRequest
from loyalty.domain.program.drafts import Draft
from loyalty.domain.report_exports import ReportExport, RequestedFile, too_large
from loyalty.domain.shops.deliveries import TroubledDelivery
from loyalty.domain.webhooks_out.deliveries import EndpointDelivery
from loyalty.domain.webhooks_out.endpoints import DisabledBecause, Endpoint

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def troubled(shop: str = "online", *, ago: timedelta = HOUR, reason: str = "") -> TroubledDelivery:
    return TroubledDelivery(
        storefront_id=shop, log_id="1", received_at=NOW - ago, reason=reason or None
    )


def brief(concerns: Iterable[Concern]) -> list[tuple[Any, ...]]:
    return [(each.kind, each.severity, each.count, each.subject) for each in concerns]


def test_parked_deliveries_are_counted_for_each_storefront() -> None:
    parked = NewestFew([troubled(), troubled("shop-2"), troubled(ago=2 * HOUR)], is_more=True)

    online, other = of_parked(parked)

    assert brief([online, other]) == [
        ("deliveries_parked", "error", 2, "online"),
        ("deliveries_parked", "error", 1, "shop-2"),
    ]
    assert (online.latest_at, online.is_more) == (NOW - HOUR, True)


def test_deliveries_that_a_token_would_mend_point_to_the_credentials() -> None:
    parked = NewestFew([troubled(reason="access_denied"), troubled(reason="malformed")])

    assert brief(of_parked(parked)) == [
        ("deliveries_parked", "error", 2, "online"),
        ("storefront_credentials", "error", 1, "online"),
    ]


@pytest.mark.parametrize(("minutes", "severity"), [(59, "warning"), (61, "error")])
def test_failed_deliveries_are_retried_for_an_hour(minutes: int, severity: str) -> None:
    failed = NewestFew([troubled(ago=timedelta(minutes=minutes))])

    assert brief(of_failed(failed, now=NOW)) == [("deliveries_failed", severity, 1, "online")]


@pytest.mark.parametrize(("days", "severity"), [(22, "warning"), (24, "error")])
def test_a_data_request_is_urgent_a_week_before_it_is_due(days: int, severity: str) -> None:
    requests = NewestFew([troubled(), troubled(ago=timedelta(days=days))])

    (concern,) = of_data_requests(requests, now=NOW)

    assert brief([concern]) == [("data_requests", severity, 2, "online")]
    assert concern.due_at == NOW + timedelta(days=30 - days)


def erasure(begins_in: timedelta, **parts: Any) -> Erasure:
    return Erasure(erasure_id="e", begun_at=NOW + begins_in, **parts)


def test_requested_erasures_can_be_stopped_until_they_begin() -> None:
    request = ErasureRequest(storefront_id="online", delivery_id="d", received_at=NOW)
    stopped = replace(request, stopped_at=NOW)
    erasures = NewestFew(
        [
            erasure(40 * HOUR, request=request),
            erasure(20 * HOUR, request=request),
            erasure(30 * HOUR, request=stopped),
            erasure(-HOUR, request=request),
            erasure(-90 * HOUR, request=request, is_done=True),
        ]
    )

    (concern,) = of_erasures(erasures, now=NOW)

    assert brief([concern]) == [("erasures_stoppable", "info", 2, "online")]
    assert concern.due_at == NOW + 20 * HOUR


def test_an_erasure_that_takes_longer_than_promised_is_an_error() -> None:
    late = NewestFew([erasure(-3 * HOUR), erasure(-HOUR)])

    assert brief(of_erasures(late, now=NOW)) == [("erasures_unfinished", "error", 1, None)]


def endpoint(disabled: DisabledBecause | None = None) -> Endpoint:
    return Endpoint(
        endpoint_id="crm",
        url="https://crm.example.com",
        events=("*",),
        description=None,
        created_at=NOW,
        changed_at=NOW,
        disabled=disabled,
    )


def sent(state: Any, *, attempts: int = 1) -> EndpointDelivery:
    return EndpointDelivery(
        endpoint_id="crm",
        event_id="evt",
        event="PointsEarned",
        queued_at=NOW,
        began_at=NOW,
        state=state,
        attempts=attempts,
        attempted_at=NOW if attempts else None,
    )


@pytest.mark.parametrize(
    ("recent", "found"),
    [
        ([sent("delivered")], []),
        ([sent("retrying", attempts=0), sent("delivered")], []),
        ([sent("retrying"), sent("delivered")], [("endpoint_failing", "warning", 1, "crm")]),
        ([sent("retrying"), sent("parked")], [("endpoint_failing", "error", 2, "crm")]),
    ],
)
def test_an_endpoint_fails_if_recent_events_were_not_taken(
    recent: list[EndpointDelivery], found: list[tuple[Any, ...]]
) -> None:
    assert brief(of_endpoint(endpoint(), recent)) == found


def test_an_endpoint_that_is_gone_needs_a_person_and_one_that_a_person_disabled_does_not() -> None:
    failing = [sent("parked")]

    assert brief(of_endpoint(endpoint("gone"), failing)) == [
        ("endpoint_disabled", "error", 1, "crm")
    ]
    assert brief(of_endpoint(endpoint("asked"), failing)) == []


def test_exports_are_under_way_or_failed_lately() -> None:
    day = date(2026, 11, 1)
    request = RequestedFile(report="summary", first=day, last=day, file_format="csv")

    def export(ago: timedelta) -> ReportExport:
        return ReportExport(export_id="x", request=request, requested_at=NOW - ago)

    exports = [
        export(HOUR),
        # It was given up a day later, whether or not that was recorded.
        export(30 * HOUR),
        too_large(export(200 * HOUR), "too many", now=NOW - timedelta(days=8)),
    ]

    assert brief(of_exports(exports, now=NOW)) == [
        ("exports_under_way", "info", 1, None),
        ("exports_failed", "warning", 1, None),
    ]


def test_drafts_of_a_replaced_version_are_told_apart() -> None:
    drafts = [
        Draft(draft_id=str(based_on), revision=1, based_on=based_on, changed_at=NOW, changed_by="a")
        for based_on in (None, 2, 3)
    ]

    assert brief(of_drafts(drafts, in_force=3)) == [
        ("drafts_outdated", "warning", 2, None),
        ("drafts", "info", 1, None),
    ]


def test_the_most_severe_comes_first() -> None:
    found = [Concern(kind="drafts", severity="info", count=1), *of_parked(NewestFew([troubled()]))]

    assert [each.severity for each in most_severe_first(found)] == ["error", "info"]
