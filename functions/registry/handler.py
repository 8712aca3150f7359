"""Registry: who may do what. Operators manage services, and managers the people of a program."""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

from loyalty.domain.kernel.errors import (
    Fault,
    InvalidCursor,
    LimitReached,
    OwnAccount,
    RolesKeptElsewhere,
    TooLarge,
    TryAgain,
    ValidationFailed,
    WrongState,
)
from loyalty.domain.kernel.limits import EXTERNAL_ID
from loyalty.domain.staff.actions import ActionOutcome, changes_of_roles
from loyalty.edge import clock
from loyalty.edge.aws import clients
from loyalty.edge.aws.service_clients import CognitoServiceClients, ForeignServiceClients
from loyalty.edge.aws.staff_accounts import CognitoStaffAccounts
from loyalty.edge.aws.table import engine
from loyalty.edge.desk import open_actions
from loyalty.edge.http.app import PathId, ProgramId, create_app, reply
from loyalty.edge.http.paging import next_cursor, page_start
from loyalty.edge.http.params import Body, Query, Response
from loyalty.edge.http.schemas import Cursor, PageLimit
from loyalty.edge.models.people import (
    InvitationRequest,
    InvitedAnswer,
    PeoplePage,
    PeoplePageLimit,
    PersonAnswer,
    RolesRequest,
    invited_answer,
    person_answer,
)
from loyalty.edge.models.services import (
    ProgramPage,
    ServiceAnswer,
    ServiceId,
    ServicePage,
    ServiceRequest,
    ServiceWithSecret,
    program_listed,
    service_answer,
    service_with_secret,
)
from loyalty.edge.settings import settings
from loyalty.table.positions import is_listed
from loyalty.table.programs import TablePrograms
from loyalty.table.services import TableServices
from loyalty.table.staff import TableStaff
from loyalty.usecases.program.services import (
    ServiceClients,
    grant_program,
    register_service,
    registered_service,
    remove_service,
    withdraw_program,
)
from loyalty.usecases.staff import people
from loyalty.usecases.staff.people import StaffDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrySettings:
    """The table; and the user pools of services and of staff, unless they have another issuer."""

    table: str
    services_pool: str = ""
    services_token_url: str = ""
    staff_pool: str = ""
    staff_issuer: str = ""


PROGRAM_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,39}", re.ASCII)
SERVICE_ID: Final = re.compile(EXTERNAL_ID, re.ASCII)

api = create_app("registry", actions=open_actions)
handler = api


@api.get("/v1/programs", prefix="", allow={"operator"}, refuses=(InvalidCursor,))
def list_programs(limit: PageLimit = 50, cursor: Cursor = None) -> ProgramPage:
    """List the programs of this deployment.

    A program is on the list once its first version was published.
    """
    page = programs().page(
        limit=limit, after=page_start(cursor, of="programs", like=PROGRAM_ID.fullmatch)
    )
    return ProgramPage(
        items=[program_listed(program) for program in page.items],
        next_cursor=next_cursor(page.next, of="programs"),
    )


@api.put(
    "/v1/services/<service_id>",
    prefix="",
    allow={"operator"},
    also=(201,),
    refuses=(WrongState, TryAgain),
    acts="service.register",
)
def put_service(
    service_id: ServiceId, request: Annotated[ServiceRequest, Body()]
) -> Response[ServiceWithSecret]:
    """Register a service, or change its description.

    A service is a server that calls the API. A new one gets a client, whose secret is shown only in
    this answer, and may not act for any program yet. If you lose the secret, remove the service and
    register it again.
    """
    config = settings(RegistrySettings)
    if config.services_pool and request.client_id:
        detail = "This deployment makes the client; leave it out"
        raise ValidationFailed(detail, faults=(Fault("/client_id", "client_id_given", detail),))
    if not config.services_pool and not request.client_id:
        detail = "State the client that the issuer has for this server"
        raise ValidationFailed(detail, faults=(Fault("/client_id", "missing", detail),))
    done = register_service(
        service_id,
        description=request.description,
        client_id=request.client_id,
        services=services(),
        clients=service_clients(),
        now=clock.now(),
        by=api.principal.subject,
    )
    answer = service_with_secret(
        done.service, secret=done.secret, token_url=config.services_token_url or None
    )
    return reply(answer, status=201 if done.is_new else 200)


@api.get("/v1/services", prefix="", allow={"operator"}, refuses=(InvalidCursor,))
def list_services(limit: PageLimit = 50, cursor: Cursor = None) -> ServicePage:
    """List the services of this deployment.

    Each has the programs it may act for.
    """
    page = services().page(
        limit=limit, after=page_start(cursor, of="services", like=SERVICE_ID.fullmatch)
    )
    return ServicePage(
        items=[service_answer(service) for service in page.items],
        next_cursor=next_cursor(page.next, of="services"),
    )


@api.get("/v1/services/<service_id>", prefix="", allow={"operator"})
def read_service(service_id: ServiceId) -> ServiceAnswer:
    """Read a service; the secret of its client is not shown again.

    The answer has the programs it may act for.
    """
    return service_answer(registered_service(service_id, services=services()))


@api.delete(
    "/v1/services/<service_id>",
    prefix="",
    allow={"operator"},
    status=204,
    refuses=(TryAgain,),
    acts="service.remove",
)
def delete_service(service_id: ServiceId) -> Response[None]:
    """Remove a service.

    Its tokens open no program any more, within 30 seconds, and it gets no new ones.
    """
    remove_service(service_id, services=services(), clients=service_clients())
    return Response(status_code=204)


@api.put(
    "/v1/services/<service_id>/programs/<program_id>",
    prefix="",
    allow={"operator"},
    refuses=(LimitReached, TryAgain),
    acts="service.allow",
)
def allow_service(service_id: ServiceId, program_id: ProgramId) -> ServiceAnswer:
    """Let a service act for a program.

    It takes up to 30 seconds if the service has tried before. The program need not exist yet.
    """
    return service_answer(grant_program(service_id, program_id, services=services()))


@api.delete(
    "/v1/services/<service_id>/programs/<program_id>",
    prefix="",
    allow={"operator"},
    status=204,
    refuses=(TryAgain,),
    acts="service.stop",
)
def stop_service(service_id: ServiceId, program_id: ProgramId) -> Response[None]:
    """Let a service no longer act for a program.

    Within 30 seconds, the program does not exist for it any more.
    """
    withdraw_program(service_id, program_id, services=services())
    return Response(status_code=204)


@api.get(
    "/people",
    allow={"manager", "operator"},
    refuses=(InvalidCursor, RolesKeptElsewhere, TooLarge, TryAgain),
)
def list_people(
    program_id: ProgramId, limit: PeoplePageLimit = 25, cursor: Cursor = None
) -> PeoplePage:
    """List the people who have a role in the program.

    Ordered by when their accounts were made. People with a role in every program are not on the
    list; operators manage those.
    """
    of = f"people {program_id}"
    page = people.list_people(
        staff_desk(program_id), limit=limit, after=page_start(cursor, of=of, like=is_listed)
    )
    return PeoplePage(
        items=[person_answer(person) for person in page.items],
        next_cursor=next_cursor(page.next, of=of),
    )


@api.post(
    "/people",
    allow={"manager", "operator"},
    status=201,
    also=(200,),
    refuses=(LimitReached, RolesKeptElsewhere, TryAgain),
    acts="person.invite",
)
def invite_person(
    program_id: ProgramId, request: Annotated[InvitationRequest, Body()]
) -> Response[InvitedAnswer]:
    """Invite a person, or give roles to one who has an account.

    Roles that they have already stay. A new account gets an invitation by mail, once: send
    `send_again` for another. The answer is 200 if they had a role in the program before.
    """
    invited = people.invite(
        request.address(),
        name=request.name,
        roles=request.roles,
        send_again=request.send_again,
        desk=staff_desk(program_id),
    )
    api.report_outcome(
        ActionOutcome(
            target_id=invited.person.subject, changes=changes_of_roles(added=invited.added)
        )
    )
    answer = invited_answer(invited.person, was_sent=invited.was_sent)
    return reply(answer, status=201 if invited.is_new else 200)


@api.get("/people/<subject>", allow={"manager", "operator"}, refuses=(RolesKeptElsewhere, TryAgain))
def read_person(program_id: ProgramId, subject: PathId) -> PersonAnswer:
    """Read a person of the program.

    Also one who has left, with the name under which they were last seen.
    """
    return person_answer(people.read_person(subject, staff_desk(program_id)))


@api.put(
    "/people/<subject>",
    allow={"manager", "operator"},
    refuses=(LimitReached, OwnAccount, RolesKeptElsewhere, TryAgain, WrongState),
    acts="person.change",
)
def change_person(
    program_id: ProgramId, subject: PathId, request: Annotated[RolesRequest, Body()]
) -> PersonAnswer:
    """Change the roles of a person in the program.

    They have these and no others from then on: tokens that were issued before are refused within
    30 seconds if a role was taken away.
    """
    changed = people.change_roles(subject, roles=request.roles, desk=staff_desk(program_id))
    api.report_outcome(
        ActionOutcome(changes=changes_of_roles(added=changed.added, lost=changed.lost))
    )
    return person_answer(changed.person)


@api.delete(
    "/people/<subject>",
    allow={"manager", "operator"},
    status=204,
    refuses=(OwnAccount, RolesKeptElsewhere, TryAgain, WrongState),
    acts="person.remove",
)
def remove_person(
    program_id: ProgramId,
    subject: PathId,
    *,
    erase: Annotated[
        bool,
        Query(
            description="Also delete their name and e-mail, and their account if they have no "
            "role anywhere else."
        ),
    ] = False,
) -> Response[None]:
    """Take away all roles of a person in the program.

    Their tokens are refused within 30 seconds. Their name stays, for those who read what they did,
    until it is erased.
    """
    lost = people.remove_person(subject, erase=erase, desk=staff_desk(program_id))
    api.report_outcome(ActionOutcome(changes=changes_of_roles(lost=lost)))
    return Response(status_code=204)


def programs() -> TablePrograms:
    return TablePrograms(engine(settings(RegistrySettings).table))


def services() -> TableServices:
    return TableServices(engine(settings(RegistrySettings).table))


def service_clients() -> ServiceClients:
    pool_id = settings(RegistrySettings).services_pool
    if not pool_id:
        return ForeignServiceClients()
    return CognitoServiceClients(clients.cognito(), pool_id=pool_id)


def staff_desk(program_id: str) -> StaffDesk:
    """The desk for a request about the people of a program.

    Raises:
        RolesKeptElsewhere: staff have another issuer.
    """
    config, caller = settings(RegistrySettings), api.principal
    if not config.staff_pool:
        raise RolesKeptElsewhere(
            f"Give and take roles at {config.staff_issuer}, as groups {program_id}/<role>"
        )
    return StaffDesk(
        program_id=program_id,
        accounts=CognitoStaffAccounts(clients.cognito(), pool_id=config.staff_pool),
        records=TableStaff(engine(config.table), program_id=program_id),
        now=clock.now(),
        # Issuers do not know the local cloud's clock, which can be moved.
        issuer_now=datetime.fromtimestamp(time.time(), UTC),
        by=caller.subject,
        is_operator="operator" in caller.roles,
        token_issued_at=caller.issued_at,
        request_id=api.request_id,
    )
