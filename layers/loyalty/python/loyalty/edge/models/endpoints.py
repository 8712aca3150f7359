"""Endpoints, as managers register and read them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field, StrictBool, StrictStr

from loyalty.domain.events import ALL
from loyalty.domain.kernel.errors import Fault, ValidationFailed
from loyalty.domain.kernel.fields import LINE
from loyalty.domain.kernel.limits import EXTERNAL_ID
from loyalty.domain.webhooks_out.addresses import URL_CHARS_MAX, AddressRefused, read_address
from loyalty.domain.webhooks_out.deliveries import DeliveryState, EndpointDelivery, Trouble
from loyalty.domain.webhooks_out.endpoints import EVERY_EVENT, OVERLAP, DisabledBecause, Endpoint
from loyalty.edge.http.params import Path
from loyalty.edge.http.schemas import AnswerPart, NextCursor, RequestPart

EVENTS: Final = tuple(sorted(event.name for event in ALL))

EndpointId = Annotated[
    str, Path(pattern=EXTERNAL_ID, description="The endpoint's id, of your own choosing.")
]
EventName = Annotated[
    StrictStr, Field(max_length=64, json_schema_extra={"enum": [*EVENTS, EVERY_EVENT]})
]


class EndpointRequest(RequestPart):
    """Where to send which events. A second request replaces the first one as a whole."""

    url: Annotated[
        StrictStr,
        Field(max_length=URL_CHARS_MAX, description="A public https address that takes events."),
    ]
    events: Annotated[
        tuple[EventName, ...],
        Field(
            min_length=1,
            max_length=len(EVENTS) + 1,
            description="Names of events, or `*` for every event, also of later versions.",
        ),
    ]
    description: Annotated[
        Annotated[StrictStr, LINE] | None, Field(max_length=200, description="A note of yours.")
    ] = None
    enabled: Annotated[StrictBool, Field(description="False: no events are sent.")] = True

    def endpoint(self, endpoint_id: str, *, now: datetime, allow_local: bool) -> Endpoint:
        """The endpoint that this request registers.

        Raises:
            ValidationFailed: it names an unknown event, or an address that takes no events.
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
                detail = f"There is no event “{name}”; use one of {', '.join(sorted(EVENTS))}"
                yield Fault(f"/events/{place}", "unknown_event", detail)


class EndpointAnswer(AnswerPart):
    """A registered endpoint."""

    id: Annotated[str, Field(description="The endpoint's id, of your own choosing.")]
    url: Annotated[str, Field(description="The address that takes events.")]
    events: Annotated[
        tuple[str, ...], Field(description="Names of events, or `*` for every event.")
    ]
    description: Annotated[str | None, Field(description="Your note.")]
    enabled: Annotated[bool, Field(description="Whether events are sent.")]
    disabled_because: Annotated[
        DisabledBecause | None,
        Field(
            description="Why no events are sent. `asked`: a manager disabled it. "
            "`gone`: it answered 410."
        ),
    ]
    created_at: Annotated[datetime, Field(description="When it was registered, in UTC.")]
    changed_at: Annotated[datetime, Field(description="When it was changed last, in UTC.")]
    previous_secret_until: Annotated[
        datetime | None,
        Field(
            description="Until then, in UTC, deliveries are also signed with the previous secret."
        ),
    ]


class EndpointWithSecret(EndpointAnswer):
    """A registered endpoint with its secret, if that is new. A secret is shown only once."""

    secret: Annotated[
        str | None, Field(description="The key that signs deliveries (Standard Webhooks).")
    ] = None


class EndpointPage(AnswerPart):
    """The registered endpoints."""

    items: Annotated[list[EndpointAnswer], Field(description="All endpoints; at most twenty.")]
    next_cursor: NextCursor = None


class EndpointDeliveryAnswer(AnswerPart):
    """The delivery of one event to one endpoint."""

    event_id: Annotated[str, Field(description="The event's id, which every attempt repeats.")]
    event: Annotated[str, Field(description="The event's name.")]
    state: Annotated[
        DeliveryState,
        Field(
            description="`retrying`: it is tried again. `delivered`: the endpoint accepted it. "
            "`parked`: it is not tried again unless you redeliver it."
        ),
    ]
    attempts: Annotated[int, Field(description="How often it was tried.")]
    queued_at: Annotated[datetime, Field(description="When the event was queued, in UTC.")]
    last_attempt_at: Annotated[
        datetime | None, Field(description="When it was tried last, in UTC; null: not yet.")
    ]
    last_status: Annotated[
        int | None, Field(description="The HTTP status of the endpoint's last answer.")
    ]
    last_trouble: Annotated[
        Trouble | None,
        Field(description="Why the last attempt had no HTTP status, or was refused."),
    ]
    next_attempt_at: Annotated[
        datetime | None, Field(description="When it is tried next, in UTC; null: not again.")
    ]


class EndpointDeliveryPage(AnswerPart):
    """A page of deliveries to an endpoint, newest first."""

    items: Annotated[
        list[EndpointDeliveryAnswer], Field(description="The deliveries of this page.")
    ]
    next_cursor: NextCursor


class RedeliveryAnswer(AnswerPart):
    """The event is queued to be sent."""

    status: Annotated[Literal["queued"], Field(description="The event waits to be sent.")] = (
        "queued"
    )
    delivery: Annotated[EndpointDeliveryAnswer, Field(description="The delivery as it stands.")]


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
