"""What a service may act for, and how often it has changed."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from loyalty.domain.kernel.errors import LimitReached
from loyalty.domain.program.services import PROGRAMS_MAX, Service

SHOP = Service(
    service_id="shop",
    client_id="1example",
    programs=frozenset({"bean"}),
    created_at=datetime(2026, 11, 21, tzinfo=UTC),
    created_by="operator-1",
)


def test_a_service_gets_programs_one_by_one_and_loses_them_again() -> None:
    both = SHOP.with_program("leaf")

    assert both.programs == {"bean", "leaf"}
    assert both.without_program("bean").programs == {"leaf"}
    assert (SHOP.revision, both.revision) == (1, 2)


def test_what_changes_nothing_is_no_revision() -> None:
    assert SHOP.with_program("bean") is SHOP
    assert SHOP.without_program("leaf") is SHOP
    assert SHOP.described(None) is SHOP


def test_an_item_cannot_hold_any_number_of_programs() -> None:
    full = replace(SHOP, programs=frozenset(f"p{number}" for number in range(PROGRAMS_MAX)))

    assert full.with_program("p0") is full
    with pytest.raises(LimitReached):
        full.with_program("one-more")
