"""Overview: what needs a person in a program today, and whatever a text names."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Final

from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.kernel.regions import regions_of
from loyalty.domain.search import MemberHit, Searchable
from loyalty.domain.staff.actions import ActionOutcome
from loyalty.edge import clock
from loyalty.edge.aws.table import engine
from loyalty.edge.desk import open_actions, shelf
from loyalty.edge.directory import directory, keyring
from loyalty.edge.http.app import ProgramId, create_app
from loyalty.edge.http.auth import Role
from loyalty.edge.http.params import Body
from loyalty.edge.logs import failure, logger
from loyalty.edge.metrics import count
from loyalty.edge.models.goals import Goals, goals_answer
from loyalty.edge.models.home import HomeAnswer, home_answer
from loyalty.edge.models.search import SearchAnswer, SearchRequest, found_thing
from loyalty.edge.settings import settings
from loyalty.table.approvals import TableApprovals
from loyalty.table.drafts import TableDrafts
from loyalty.table.erasures import TableErasures
from loyalty.table.goals import TableGoals
from loyalty.table.inbox import InboxList
from loyalty.table.report_exports import TableReportExports
from loyalty.table.reviews import TableReviews
from loyalty.table.search import TableSearch
from loyalty.table.storefronts import TableStorefronts
from loyalty.table.webhooks_out import TableEndpointLog, TableEndpoints
from loyalty.usecases.home import HomePart, HomeSources, home
from loyalty.usecases.search import search


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewSettings:
    table: str
    identity_secret: str


api = create_app("overview", actions=open_actions)
handler = api

# What each role finds is what it may read elsewhere. An identity or a voucher's code would tell an
# analyst to whom it belongs.
_SEARCHABLE: Final[Mapping[Role, frozenset[Searchable]]] = {
    "analyst": frozenset({"member", "order"}),
    "cashier": frozenset({"identity", "member", "order", "voucher"}),
    "service": frozenset({"identity", "member", "order", "voucher"}),
    "manager": frozenset(
        {"identity", "member", "order", "voucher", "delivery", "endpoint_delivery"}
    ),
}


# A part is for whoever may read the lists that it counts.
_PARTS: Final[Mapping[Role, frozenset[HomePart]]] = {
    "analyst": frozenset({"exports"}),
    "cashier": frozenset(),
    "manager": frozenset(
        {
            "approvals",
            "reviews",
            "deliveries",
            "signatures",
            "erasures",
            "endpoints",
            "exports",
            "drafts",
        }
    ),
}


@api.get("/home", allow=_PARTS.keys())
def read_home(program_id: ProgramId) -> HomeAnswer:
    """Read what needs a person today, the most severe first.

    Each with how many there are and the route where it is solved. Parts that the caller may not
    see are left out; one that cannot be read is named as unavailable.
    """
    now = clock.now()
    found = home(
        _allowed(_PARTS),
        sources=_sources(program_id, now),
        by=api.principal.subject,
        now=now,
        note_failure=_note_failure,
    )
    return home_answer(found, as_of=now)


@api.get("/goals", allow={"analyst", "manager"})
def list_goals(program_id: ProgramId) -> Goals:
    """List the program's goals, and where each stands.

    They are evaluated after each day of the program.
    """
    table = settings(OverviewSettings).table
    document = shelf(table).in_force(program_id, now=clock.now()).document
    stood = TableGoals(engine(table), program_id=program_id).standings() if document.goals else {}
    return goals_answer(document.goals, stood)


@api.post("/search", allow=_SEARCHABLE.keys(), acts="member.search")
def search_program(
    program_id: ProgramId, request: Annotated[SearchRequest, Body()]
) -> SearchAnswer:
    """Find whatever a text names: members, orders, vouchers, deliveries.

    Each hit has the ids that lead to it. The text is neither logged nor stored, and is in the body
    because URLs are logged.
    """
    config = settings(OverviewSettings)
    index = TableSearch(
        engine(config.table),
        program_id=program_id,
        keyring=lambda: keyring(config.identity_secret),
    )
    hits = search(
        request.text,
        by=_allowed(_SEARCHABLE),
        regions=_regions(program_id),
        index=index,
        members=directory(program_id, config),
    )
    members = {hit.member_id for hit in hits if isinstance(hit, MemberHit)}
    api.report_outcome(ActionOutcome(target_id=members.pop() if len(members) == 1 else None))
    return SearchAnswer(items=[found_thing(hit) for hit in hits])


def _regions(program_id: str) -> Sequence[str]:
    """The countries whose phone numbers are typed without a country code."""
    programs = shelf(settings(OverviewSettings).table)
    with suppress(NotFound):
        document = programs.in_force(program_id, now=clock.now()).document
        return regions_of(locale=document.messages.locale, zone=document.time_zone)
    return ()


def _allowed[T](by_role: Mapping[Role, frozenset[T]]) -> frozenset[T]:
    """What the caller's roles allow together."""
    return frozenset[T]().union(*(by_role[role] for role in api.principal.roles))


def _sources(program_id: str, now: datetime) -> HomeSources:
    config = settings(OverviewSettings)
    table = engine(config.table)
    return HomeSources(
        program_id=program_id,
        shops=TableStorefronts(table),
        inbox=InboxList(table),
        erasures=TableErasures(table, program_id=program_id),
        endpoints=TableEndpoints(table),
        endpoint_log=TableEndpointLog(table),
        exports=TableReportExports(table, program_id=program_id),
        approvals=TableApprovals(table, program_id=program_id),
        reviews=TableReviews(table, program_id=program_id),
        drafts=TableDrafts(table, program_id=program_id),
        version_in_force=partial(_version_in_force, program_id, now),
    )


def _version_in_force(program_id: str, now: datetime) -> int | None:
    """None before the first version is published, when there may be drafts already."""
    with suppress(NotFound):
        return shelf(settings(OverviewSettings).table).in_force(program_id, now=now).version
    return None


def _note_failure(part: HomePart, error: Exception) -> None:
    count("HomePartsUnavailable")
    logger.warning("a part of home cannot be read", part=part, failure=failure(error))
