"""Connections that a warm function remembers for a moment."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from local.memory import MemoryEngine
from loyalty.domain.shops.storefront import OrderFilter, Storefront
from loyalty.table.storefronts import StorefrontShelf, TableStorefronts
from tests.support.received import storefront

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
SHOP = storefront(connected_at=NOW)
CHANGED = replace(SHOP, earns=OrderFilter(tags_none=("wholesale",)))


class Lagging(TableStorefronts):
    """A table whose weak reads see what was there before."""

    def __init__(self) -> None:
        super().__init__(MemoryEngine())
        self.before: Storefront | None = None
        self.reads = 0

    def find(
        self, program_id: str, storefront_id: str, *, strong: bool = True
    ) -> Storefront | None:
        self.reads += 1
        return super().find(program_id, storefront_id) if strong else self.before


type Find = Callable[..., Storefront | None]


@pytest.fixture
def table() -> Lagging:
    return Lagging()


@pytest.fixture
def find(table: Lagging) -> Find:
    shelf = StorefrontShelf(table)

    def find(seconds: float, *, since: datetime | None = None) -> Storefront | None:
        now = NOW + timedelta(seconds=seconds)
        return shelf.find("bean", "online", platform="shopify", now=now, since=since)

    return find


def test_a_shop_s_filters_are_stored_under_names_that_never_change() -> None:
    engine = MemoryEngine()
    earns = OrderFilter(
        statuses=("paid",), channels=("web",), tags_any=("vip",), tags_none=("staff",)
    )

    TableStorefronts(engine).put("bean", replace(SHOP, earns=earns))

    (item,) = engine.items.values()
    assert item["earns"] == {
        "statuses": ["paid"],
        "channels": ["web"],
        "tags_any": ["vip"],
        "tags_none": ["staff"],
    }


def test_a_shop_is_read_once_for_all_requests_of_25_seconds(table: Lagging, find: Find) -> None:
    table.put("bean", SHOP)
    table.before = SHOP

    assert [find(0), find(10), find(24.9)] == [SHOP] * 3
    assert table.reads == 1

    table.before = CHANGED
    assert find(25) == CHANGED


def test_a_shop_that_was_connected_a_moment_ago_is_found(table: Lagging, find: Find) -> None:
    table.put("bean", CHANGED)

    assert find(0) == CHANGED


def test_a_shop_that_has_just_changed_its_platform_is_read_again(
    table: Lagging, find: Find
) -> None:
    table.put("bean", CHANGED)
    table.before = replace(SHOP, platform="stripe")

    assert find(0) == CHANGED


def test_a_read_that_requires_a_change_gets_it(table: Lagging, find: Find) -> None:
    table.put("bean", SHOP)
    table.before = SHOP
    find(0)
    table.put("bean", CHANGED)

    assert find(5) == SHOP
    assert find(5, since=NOW + timedelta(seconds=4)) == CHANGED
    assert find(6, since=NOW + timedelta(seconds=4)) == CHANGED
    assert table.reads == 2


def test_a_clock_that_was_set_back_keeps_no_old_connection(table: Lagging, find: Find) -> None:
    table.put("bean", CHANGED)
    table.before = SHOP
    find(0)
    table.before = CHANGED

    assert find(-1) == CHANGED


def test_a_disconnected_shop_is_removed_from_the_cache(table: Lagging, find: Find) -> None:
    table.put("bean", SHOP)
    find(0)
    table.remove("bean", "online")

    assert find(30) is None
