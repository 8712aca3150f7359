"""Services in the table, and how long a withdrawn right stays in force."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from local.memory import MemoryEngine
from loyalty.domain.program.services import Service
from loyalty.table.services import ServiceShelf, TableServices
from loyalty.usecases.ports import Raced

NOW: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def a_service(service_id: str = "shop", *programs: str, client_id: str = "client-1") -> Service:
    return Service(
        service_id=service_id,
        client_id=client_id,
        programs=frozenset(programs),
        created_at=NOW,
        created_by="operator-1",
        description="Webshop",
    )


@pytest.fixture
def services() -> TableServices:
    return TableServices(MemoryEngine())


def test_what_is_stored_is_read_again(services: TableServices) -> None:
    stored = a_service("shop", "leaf", "bean")

    services.put(stored, instead_of=None)

    assert services.find("shop") == stored
    assert services.find("other") is None
    assert services.programs_of("client-1") == {"bean", "leaf"}
    assert services.programs_of("client-2") == frozenset()


def test_a_write_relies_on_the_revision_that_was_read(services: TableServices) -> None:
    first = a_service()
    services.put(first, instead_of=None)
    second = first.with_program("bean")
    services.put(second, instead_of=first)

    for late in (first.with_program("leaf"), replace(second, description="Other")):
        with pytest.raises(Raced):
            services.put(late, instead_of=first)
    with pytest.raises(Raced):
        services.put(a_service("shop", "leaf"), instead_of=None)
    with pytest.raises(Raced):
        services.remove(first)
    assert services.find("shop") == second


def test_a_write_whose_answer_was_lost_can_be_repeated(services: TableServices) -> None:
    first = a_service()
    services.put(first, instead_of=None)
    services.put(first, instead_of=None)
    second = first.with_program("bean")
    services.put(second, instead_of=first)
    services.put(second, instead_of=first)
    services.remove(second)
    services.remove(second)

    assert services.find("shop") is None
    assert services.programs_of("client-1") == frozenset()


def test_two_services_cannot_share_a_client(services: TableServices) -> None:
    services.put(a_service("shop", "bean"), instead_of=None)

    with pytest.raises(Raced):
        services.put(a_service("other"), instead_of=None)

    assert services.find("other") is None
    assert services.programs_of("client-1") == {"bean"}


def test_services_are_listed_page_by_page(services: TableServices) -> None:
    for number in range(5):
        services.put(a_service(f"s{number}", client_id=f"c{number}"), instead_of=None)

    first = services.page(limit=3, after=None)
    rest = services.page(limit=3, after=first.next)

    assert [each.service_id for each in (*first.items, *rest.items)] == [
        f"s{number}" for number in range(5)
    ]
    assert rest.next is None


class TestTheShelf:
    def test_a_right_is_withdrawn_within_30_seconds(self, services: TableServices) -> None:
        granted = a_service("shop", "bean")
        services.put(granted, instead_of=None)
        shelf = ServiceShelf(services)
        assert shelf.serves("client-1", "bean", now=NOW)
        services.put(granted.without_program("bean"), instead_of=granted)

        assert shelf.serves("client-1", "bean", now=NOW + timedelta(seconds=24))
        assert not shelf.serves("client-1", "bean", now=NOW + timedelta(seconds=25))

    def test_a_client_opens_no_other_program(self, services: TableServices) -> None:
        services.put(a_service("shop", "bean"), instead_of=None)
        shelf = ServiceShelf(services)

        assert shelf.serves("client-1", "bean", now=NOW)
        assert not shelf.serves("client-1", "leaf", now=NOW)
        assert not shelf.serves("client-2", "bean", now=NOW)
