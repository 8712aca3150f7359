"""Programs and services, as operators list and register them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StrictStr

from loyalty.domain.kernel.fields import LINE
from loyalty.domain.kernel.limits import EXTERNAL_ID
from loyalty.domain.program.services import SERVICE_SCOPE, Service
from loyalty.edge.http.params import Path
from loyalty.edge.http.schemas import AnswerPart, NextCursor, RequestPart
from loyalty.table.programs import ListedProgram

ServiceId = Annotated[
    str, Path(pattern=EXTERNAL_ID, description="The service's id, of your own choosing.")
]


class ProgramListed(AnswerPart):
    """A program of this deployment."""

    id: str = Field(description="The program's id.")
    name: str = Field(description="Its name, from the version in force.")
    time_zone: str = Field(description="Its time zone, from the version in force.")
    version: int = Field(description="The number of the version in force.")


class ProgramPage(AnswerPart):
    """One page of the programs, by id."""

    items: list[ProgramListed] = Field(description="The programs.")
    next_cursor: NextCursor


class ServiceRequest(RequestPart):
    """What to register. A second request replaces the first one; the programs stay."""

    description: Annotated[
        Annotated[StrictStr, LINE] | None, Field(max_length=200, description="A note of yours.")
    ] = None
    client_id: Annotated[
        StrictStr | None,
        Field(
            pattern=r"^[\x21-\x7e]{1,256}$",
            description="The server's client, if the deployment has an issuer of its own for "
            "services. Otherwise one is made.",
        ),
    ] = None


class ServiceAnswer(AnswerPart):
    """A service: a server, and the programs it may act for."""

    id: str = Field(description="The service's id.")
    client_id: str = Field(description="The id of its client at the issuer.")
    description: str | None = Field(description="Your note.")
    programs: list[str] = Field(description="The programs it may act for.")
    created_at: datetime = Field(description="When it was registered.")


class ServiceWithSecret(ServiceAnswer):
    """A service, with what its server needs to fetch tokens."""

    client_secret: str | None = Field(
        description="The secret of its client, only in the answer that made it."
    )
    token_url: str | None = Field(
        description="Where its server fetches tokens; null if another issuer grants them."
    )
    scope: str = Field(description="The scope to request.")


class ServicePage(AnswerPart):
    """One page of the services, by id."""

    items: list[ServiceAnswer] = Field(description="The services.")
    next_cursor: NextCursor


def program_listed(program: ListedProgram) -> ProgramListed:
    return ProgramListed(
        id=program.program_id,
        name=program.name,
        time_zone=program.time_zone,
        version=program.version,
    )


def service_answer(service: Service) -> ServiceAnswer:
    return ServiceAnswer(
        id=service.service_id,
        client_id=service.client_id,
        description=service.description,
        programs=sorted(service.programs),
        created_at=service.created_at,
    )


def service_with_secret(
    service: Service, *, secret: str | None, token_url: str | None
) -> ServiceWithSecret:
    return ServiceWithSecret(
        **service_answer(service).model_dump(),
        client_secret=secret,
        token_url=token_url,
        scope=SERVICE_SCOPE,
    )
