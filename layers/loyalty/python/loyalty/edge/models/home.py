"""Home: what needs a person today."""

from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from loyalty.domain.concerns import Concern, ConcernKind, ConcernSeverity
from loyalty.edge.http.schemas import AnswerPart
from loyalty.usecases.home import Home, HomePart

# The route that lists what a concern counts, below the program.
_ROUTES: Final[dict[ConcernKind, str]] = {
    "approvals_waiting": "/approvals",
    "data_requests": "/storefronts/{subject}/deliveries",
    "deliveries_failed": "/storefronts/{subject}/deliveries",
    "deliveries_parked": "/storefronts/{subject}/deliveries",
    "drafts": "/drafts",
    "drafts_outdated": "/drafts",
    "endpoint_disabled": "/endpoints/{subject}",
    "endpoint_failing": "/endpoints/{subject}/deliveries",
    "erasures_stoppable": "/storefronts/{subject}/erasures",
    "erasures_unfinished": "",
    "exports_failed": "/reports/exports",
    "exports_under_way": "/reports/exports",
    "reviews_open": "/reviews",
    "storefront_credentials": "/storefronts/{subject}/check",
    "storefront_signature": "/storefronts/{subject}/check",
}


class ConcernAnswer(AnswerPart):
    """Something that needs a person, or that they may want to know."""

    kind: Annotated[ConcernKind, Field(description="What it is.")]
    severity: Annotated[
        ConcernSeverity,
        Field(description="`error`: something does not work. `warning`: it may not, soon."),
    ]
    count: Annotated[int, Field(description="How many there are.")]
    is_more: Annotated[bool, Field(description="Whether there may be more than were counted.")]
    subject: Annotated[
        str | None, Field(description="The id of the storefront or endpoint; null for others.")
    ]
    path: Annotated[
        str | None,
        Field(
            description="The route where it is listed or checked, below the program; null: only an "
            "operator can help."
        ),
    ]
    latest_at: Annotated[
        datetime | None, Field(description="When it last happened, in UTC; null if unknown.")
    ]
    due_at: Annotated[
        datetime | None,
        Field(description="Until when the first of them has to be dealt with; null: no limit."),
    ]


class HomeAnswer(AnswerPart):
    """What needs a person, as far as the caller may see it."""

    as_of: Annotated[datetime, Field(description="When it was read, in UTC.")]
    items: Annotated[list[ConcernAnswer], Field(description="The most severe first.")]
    unavailable: Annotated[
        list[HomePart], Field(description="Parts that could not be read just now.")
    ]


def home_answer(found: Home, *, as_of: datetime) -> HomeAnswer:
    return HomeAnswer(
        as_of=as_of,
        items=[_answer(each) for each in found.concerns],
        unavailable=list(found.unavailable),
    )


def _answer(concern: Concern) -> ConcernAnswer:
    return ConcernAnswer(
        kind=concern.kind,
        severity=concern.severity,
        count=concern.count,
        is_more=concern.is_more,
        subject=concern.subject,
        path=_ROUTES[concern.kind].format(subject=concern.subject) or None,
        latest_at=concern.latest_at,
        due_at=concern.due_at,
    )
