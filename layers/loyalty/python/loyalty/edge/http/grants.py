"""What the table says about callers, beyond their tokens.

Which programs a service may act for, which roles were taken away from a person, and their name.
"""

from dataclasses import dataclass
from functools import cache

from loyalty.domain.kernel.errors import TryAgain, Unauthenticated
from loyalty.domain.staff.actions import DEPLOYMENT
from loyalty.edge import clock
from loyalty.edge.aws.table import engine
from loyalty.edge.http.auth import Principal
from loyalty.edge.logs import failure, logger
from loyalty.edge.settings import settings
from loyalty.table.operations import Transient
from loyalty.table.services import ServiceShelf, TableServices
from loyalty.table.staff import StaffShelf, TableStaff
from loyalty.usecases.ports import Raced
from loyalty.usecases.staff.people import note_names


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantSettings:
    """The table of services and staff."""

    table: str


def may_serve(client_id: str, program_id: str) -> bool:
    """Whether the tokens of a client open a program, as of the last 30 seconds."""
    return _services().serves(client_id, program_id, now=clock.now())


def require_in_force(principal: Principal) -> None:
    """Require that the roles in a token were not taken away since, as of the last 30 seconds.

    Raises:
        Unauthenticated: one was. Who signs in again has the roles of today.
    """
    held = {DEPLOYMENT: principal.deployment_roles}
    if principal.is_staff:
        held[principal.program_id] = principal.roles
    for where, roles in held.items():
        if not roles:
            continue
        record = _staff().record(where, principal.subject, now=clock.now())
        if record.is_outdated(roles, issued_at=principal.issued_at):
            raise Unauthenticated("Your roles have changed; sign in again")


def note_caller(program_id: str, principal: Principal) -> None:
    """Note the name of a person who acts, for those who read about it later.

    Nothing depends on it: if it fails, their next act notes it.
    """
    record = _staff().record(program_id, principal.subject, now=clock.now())
    if record.seen_as(principal.email, principal.name) == record:
        return
    records = TableStaff(engine(settings(GrantSettings).table), program_id=program_id)
    try:
        note_names(principal.subject, email=principal.email, name=principal.name, records=records)
    except (Raced, Transient, TryAgain) as error:
        logger.warning("a name was not noted", failure=failure(error))


@cache
def _services() -> ServiceShelf:
    return ServiceShelf(TableServices(engine(settings(GrantSettings).table)))


@cache
def _staff() -> StaffShelf:
    return StaffShelf(engine(settings(GrantSettings).table))
