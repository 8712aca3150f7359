"""Services in the table, and the cache of a warm function."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, cast

from loyalty.domain.program.services import Service
from loyalty.table import keys
from loyalty.table.operations import Absent, Condition, Delete, Item, Put, Query, Refused, equal
from loyalty.table.recent import Recent
from loyalty.table.records import VERSION
from loyalty.usecases.ports import Listed, Raced

if TYPE_CHECKING:
    from loyalty.table.engine import Engine


class TableServices:
    """Implements `Services`.

    Each service has two items: one by its id, for operators, and one by its client, which a request
    with the client's token reads.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, service_id: str) -> Service | None:
        item = self._engine.get(keys.service(service_id), strong=True)
        return _from_item(item) if item else None

    def programs_of(self, client_id: str) -> frozenset[str]:
        """The programs that a client may act for; none if it belongs to no service."""
        item = self._engine.get(keys.service_client(client_id), strong=False)
        return frozenset(cast("list[str]", item["programs"])) if item else frozenset()

    def page(self, *, limit: int, after: str | None) -> Listed[Service]:
        """One page of the services, by id."""
        page = self._engine.query(
            Query(
                pk=keys.SERVICES_PARTITION,
                limit=limit,
                start={**keys.service(after)._asdict()} if after else None,
            )
        )
        more = cast("str", page.next["sk"]) if page.next else None
        return Listed([_from_item(item) for item in page], more)

    def put(self, service: Service, *, instead_of: Service | None) -> None:
        seen: Condition = (
            equal(("revision",), instead_of.revision) if instead_of is not None else Absent()
        )
        owned: Condition = (
            equal(("service",), service.service_id) if instead_of is not None else Absent()
        )
        item = _to_item(service)
        key, client = keys.service(service.service_id), keys.service_client(service.client_id)
        try:
            self._engine.write(
                [Put(key, item, (seen,)), Put(client, _client_item(service), (owned,))]
            )
        except Refused as refused:
            # The answer to a first attempt may have been lost.
            if refused.found.get(0) != {"pk": key.pk, "sk": key.sk, **item}:
                raise Raced from refused

    def remove(self, service: Service) -> None:
        try:
            self._engine.write(
                [
                    Delete(
                        keys.service(service.service_id),
                        (equal(("revision",), service.revision),),
                    ),
                    Delete(keys.service_client(service.client_id)),
                ]
            )
        except Refused as refused:
            # None: the answer to a first attempt may have been lost.
            if refused.found.get(0) is not None:
                raise Raced from refused


class ServiceShelf:
    """A cache of what clients may act for, at most 30 s old."""

    def __init__(self, services: TableServices) -> None:
        self._programs = Recent(services.programs_of)

    def serves(self, client_id: str, program_id: str, *, now: datetime) -> bool:
        return program_id in self._programs.get(client_id, now=now)


def _to_item(service: Service) -> Item:
    return {
        "kind": "service",
        "v": VERSION,
        "service": service.service_id,
        "client": service.client_id,
        "description": service.description,
        "programs": [*sorted(service.programs)],
        "created_at": keys.instant(service.created_at),
        "created_by": service.created_by,
        "revision": service.revision,
    }


def _client_item(service: Service) -> Item:
    return {
        "kind": "service_client",
        "v": VERSION,
        "service": service.service_id,
        "programs": [*sorted(service.programs)],
    }


def _from_item(item: Item) -> Service:
    return Service(
        service_id=cast("str", item["service"]),
        client_id=cast("str", item["client"]),
        description=cast("str | None", item["description"]),
        programs=frozenset(cast("list[str]", item["programs"])),
        created_at=datetime.fromisoformat(cast("str", item["created_at"])),
        created_by=cast("str", item["created_by"]),
        revision=cast("int", item["revision"]),
    )
