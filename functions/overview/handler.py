"""Overview: find whatever a text names in a program."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from aws_lambda_powertools.event_handler.openapi.params import Body

from loyalty.domain.search import MemberHit, Searchable
from loyalty.domain.staff.actions import ActionOutcome
from loyalty.edge.aws.table import engine
from loyalty.edge.desk import open_actions
from loyalty.edge.directory import directory, keyring
from loyalty.edge.http.app import ProgramId, create_app
from loyalty.edge.http.auth import Role
from loyalty.edge.models.search import SearchAnswer, SearchRequest, found_thing
from loyalty.edge.settings import settings
from loyalty.table.search import TableSearch
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
        by=frozenset[Searchable]().union(*(_SEARCHABLE[role] for role in api.principal.roles)),
        index=index,
        members=directory(program_id, config),
    )
    members = {hit.member_id for hit in hits if isinstance(hit, MemberHit)}
    api.report_outcome(ActionOutcome(target_id=members.pop() if len(members) == 1 else None))
    return SearchAnswer(items=[found_thing(hit) for hit in hits])
