"""Which programs a service may act for, as the table says."""

from dataclasses import dataclass
from functools import cache

from loyalty.edge import clock
from loyalty.edge.aws.table import engine
from loyalty.edge.settings import settings
from loyalty.table.services import ServiceShelf, TableServices


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantSettings:
    """The table of services."""

    table: str


def may_serve(client_id: str, program_id: str) -> bool:
    """Whether the tokens of a client open a program, as of the last 30 seconds."""
    return _shelf().serves(client_id, program_id, now=clock.now())


@cache
def _shelf() -> ServiceShelf:
    return ServiceShelf(TableServices(engine(settings(GrantSettings).table)))
