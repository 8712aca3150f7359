"""Findings of checks."""

from datetime import date

import pytest

from loyalty.domain.shops.checks import (
    Finding,
    missing_topics,
    old_version,
    sorted_findings,
    unseen_topics,
)

TODAY = date(2026, 11, 21)


def test_findings_are_sorted_by_severity_and_told_once() -> None:
    info = Finding("topic_unseen", "info", "step")
    error = Finding("access_denied", "error", "step")
    warning = Finding("no_deliveries", "warning", "step")

    assert sorted_findings([info, warning, error, info]) == (error, warning, info)


@pytest.mark.parametrize(
    ("subscribed", "missing"),
    [
        ([], ["store/order/updated", "store/order/statusUpdated"]),
        (["store/order/updated"], ["store/order/statusUpdated"]),
        (["store/order/*"], []),
        (["*"], []),
        (["store/customer/*"], ["store/order/updated", "store/order/statusUpdated"]),
    ],
)
def test_topics_are_missing_that_no_subscription_covers(
    subscribed: list[str], missing: list[str]
) -> None:
    found = missing_topics(("store/order/updated", "store/order/statusUpdated"), subscribed)

    assert [each.subject for each in found] == missing


def test_a_topic_is_unseen_only_in_a_shop_that_delivers() -> None:
    needed = ("orders/paid", "refunds/create")

    assert [each.subject for each in unseen_topics(needed, ["orders/paid"])] == ["refunds/create"]
    assert list(unseen_topics(needed, [])) == []


@pytest.mark.parametrize(
    ("version", "is_old"),
    [
        ("2025-10", True),
        ("2025-11", False),
        ("2026-07", False),
        ("2024-10-17", True),
        ("unstable", False),
        ("", False),
    ],
)
def test_an_api_version_is_old_after_a_year(version: str, *, is_old: bool) -> None:
    assert [each.code for each in old_version(version, TODAY)] == ["api_version_old"] * is_old
