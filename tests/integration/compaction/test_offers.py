"""Compaction: after a program's day, members whose orders changed get campaigns offered."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from functions.campaigns.handler import handler as campaigns
from functions.compaction.handler import pages_of
from tests.integration.conftest import Clock
from tests.integration.lakeside import archived, compact, rows
from tests.support import till
from tests.support.campaigns import campaign
from tests.support.http import call

pytestmark = pytest.mark.usefixtures("disk")


def offers_of(member_id: str) -> list[dict[str, Any]]:
    path = f"{till.PROGRAM}/members/{member_id}/offers"
    items: list[dict[str, Any]] = call(campaigns, "GET", path, as_=till.CASHIER).body["items"]
    return items


def test_who_bought_gets_an_offer_and_uses_it(publish: Callable[..., Any], time: Clock) -> None:
    publish(campaigns=[campaign(id="oat", activation="offer")], offers={"by_lot_percent": 0})
    ana, bob = till.enroll(), till.enroll("bob@example.com")
    till.earn(ana, 4999, order_id="1")
    time.now += timedelta(days=40)
    till.earn(ana, 4999, order_id="2", occurred_at=f"{time.now:%Y-%m-%dT%H:%M:%SZ}")
    archived()

    assert (compact(), compact()) == ([], [])

    (offer,) = offers_of(ana)
    assert (offer["id"], offer["state"], offers_of(bob)) == ("oat", "open", [])
    time.now += timedelta(minutes=5)
    till.earn(ana, 4999, order_id="3", occurred_at=f"{time.now:%Y-%m-%dT%H:%M:%SZ}")
    assert [each["state"] for each in offers_of(ana)] == ["used"]
    archived()
    (row,) = rows("offers", "2026-12-01", "2026-12-31")
    assert row[:8] == ["oat", "chosen", 1, 1, 1, 1, 1, 10]


def test_no_two_kinds_of_work_share_a_lane() -> None:
    lanes = [page.lane for page in pages_of(("bean",))]

    assert len(lanes) == len(set(lanes))
