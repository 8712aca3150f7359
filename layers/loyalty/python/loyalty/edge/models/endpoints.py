"""Endpoints as managers register them, and what they are answered."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Final, Literal

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import ConfigDict, Field, StrictBool, StrictStr

from loyalty.domain.events import ALL
from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.kernel.fields import EXTERNAL_ID, LINE
from loyalty.domain.webhooks_out.addresses import URL_CHARS_MAX, AddressRefused, read_address
from loyalty.domain.webhooks_out.deliveries import DeliveryState, EndpointDelivery
from loyalty.domain.webhooks_out.endpoints import EVERY_EVENT, OVERLAP, DisabledBecause, Endpoint
from loyalty.edge.http.schemas import AnswerPart, RequestPart

EVENTS: Final = tuple(sorted(event.name for event in ALL))

EndpointId = Annotated[str, Path(pattern=EXTERNAL_ID, description="A name of your own choosing.")]
EventName = Annotated[
    StrictStr, Field(max_length=64, json_schema_extra={"enum": [*EVENTS, EVERY_EVENT]})
]


class EndpointRequest(RequestPart):
    """Where events are to be sent. Sent again, it replaces all that was said before."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "https://hooks.example.com/loyalty",
                    "events": ["PointsEarned", "MemberChanged"],
                    "description": "Our CRM",
                }
            ]
        }
    )

    url: Annotated[
        StrictStr,
        Field(max_length=URL_CHARS_MAX, description="A public https address."),
    ]
    events: Annotated[
        tuple[EventName, ...],
        Field(
            min_length=1,
            max_length=len(EVENTS) + 1,
            description="Names of events, or `*` for all that there are and will be.",
        ),
    ]
    description: Annotated[StrictStr, Field(max_length=200), LINE] | None = None
    enabled: Annotated[StrictBool, Field(description="False: nothing is sent there.")] = True

    def endpoint(self, endpoint_id: str, *, now: datetime, allow_local: bool) -> Endpoint:
        """What is asked for, checked.

        Raises:
            ValidationFailed: an event that there is none, or an address where nothing is sent.
        """
        faults = tuple(self._faults(allow_local=allow_local))
        if faults:
            raise ValidationFailed(faults[0].detail, faults=faults)
        return Endpoint(
            endpoint_id=endpoint_id,
            url=self.url,
            events=tuple(dict.fromkeys(self.events)),
            description=self.description,
            created_at=now,
            changed_at=now,
            disabled=None if self.enabled else "asked",
        )

    def _faults(self, *, allow_local: bool) -> Iterator[Fault]:
        try:
            read_address(self.url, allow_local=allow_local)
        except AddressRefused as refusal:
            yield Fault("/url", refusal.reason, str(refusal))
        for place, name in enumerate(self.events):
            if name not in EVENTS and name != EVERY_EVENT:
                detail = f"There is no event “{name}”; there are {', '.join(sorted(EVENTS))}"
                yield Fault(f"/events/{place}", "unknown_event", detail)


class EndpointAnswer(AnswerPart):
    """A registered endpoint."""

    id: str
    url: str
    events: tuple[str, ...]
    description: str | None
    enabled: bool
    disabled_because: Annotated[
        DisabledBecause | None, Field(description="`gone`: it answered 410.")
    ]
    created_at: datetime
    changed_at: datetime
    previous_secret_until: Annotated[
        datetime | None,
        Field(description="Until then deliveries carry the signature of the secret before, too."),
    ]


class EndpointWithSecret(EndpointAnswer):
    """A registered endpoint, and its secret where that is new: it is shown this once."""

    secret: Annotated[
        str | None, Field(description="What deliveries are signed with (Standard Webhooks).")
    ] = None


class EndpointPage(AnswerPart):
    items: list[EndpointAnswer]
    next_cursor: str | None = None


class EndpointDeliveryAnswer(AnswerPart):
    """An event for an endpoint, and how its delivery fares."""

    event_id: str
    event: str
    state: DeliveryState
    attempts: int
    queued_at: datetime
    last_attempt_at: datetime | None
    last_status: Annotated[
        int | None, Field(description="The HTTP status that the endpoint answered last.")
    ]
    last_trouble: Annotated[
        str | None, Field(description="Why there is no such status: a stable code.")
    ]
    next_attempt_at: datetime | None


class EndpointDeliveryPage(AnswerPart):
    items: list[EndpointDeliveryAnswer]
    next_cursor: str | None


class RedeliveryAnswer(AnswerPart):
    """The event is queued to be sent."""

    status: Literal["queued"] = "queued"
    delivery: EndpointDeliveryAnswer


def endpoint_answer(endpoint: Endpoint, *, now: datetime) -> EndpointAnswer:
    until = endpoint.rotated_at + OVERLAP if endpoint.rotated_at else None
    return EndpointAnswer(
        id=endpoint.endpoint_id,
        url=endpoint.url,
        events=endpoint.events,
        description=endpoint.description,
        enabled=endpoint.disabled is None,
        disabled_because=endpoint.disabled,
        created_at=endpoint.created_at,
        changed_at=endpoint.changed_at,
        previous_secret_until=until if until and now < until else None,
    )


def with_secret(endpoint: Endpoint, secret: str | None, *, now: datetime) -> EndpointWithSecret:
    return EndpointWithSecret(**endpoint_answer(endpoint, now=now).model_dump(), secret=secret)


def endpoint_delivery_answer(delivery: EndpointDelivery) -> EndpointDeliveryAnswer:
    return EndpointDeliveryAnswer(
        event_id=delivery.event_id,
        event=delivery.event,
        state=delivery.state,
        attempts=delivery.attempts,
        queued_at=delivery.queued_at,
        last_attempt_at=delivery.attempted_at,
        last_status=delivery.status,
        last_trouble=delivery.trouble,
        next_attempt_at=delivery.next_attempt_at,
    )
