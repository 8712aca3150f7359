"""Search a program for whatever a text names, in a few round trips."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.identity import Identity
from loyalty.domain.search import Candidates, Hit, MemberHit, Searchable, candidates_of
from loyalty.usecases.people.members import look_up

if TYPE_CHECKING:
    from loyalty.usecases.ports import Members


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where to look. Deliveries come with their storefront, events with the endpoint."""

    identities: tuple[Identity, ...] = ()
    orders: tuple[OrderRef, ...] = ()
    codes: tuple[str, ...] = ()
    redemption_ids: tuple[str, ...] = ()
    deliveries: tuple[tuple[str, str], ...] = ()
    endpoint_deliveries: tuple[tuple[str, str], ...] = ()


class SearchIndex(Protocol):
    """What a search reads of one program."""

    def sources(self) -> Sequence[str]:
        """The sources from which orders have come."""
        ...

    def shops(self) -> Sequence[tuple[str, str]]:
        """The id and the source of each connected storefront."""
        ...

    def endpoints(self) -> Sequence[str]: ...

    def find(self, places: Places) -> Sequence[Hit]:
        """What there is at these places, read strongly. Members may have been merged or erased."""
        ...


def search(
    text: str,
    *,
    by: Collection[Searchable],
    regions: Sequence[str],
    index: SearchIndex,
    members: Members,
) -> Sequence[Hit]:
    """Everything that a text names, each once, searched by what the caller may search by.

    `regions` are the countries whose phone numbers are typed without a country code.

    A member who was merged is the one they are now; one who was erased is not found.
    """
    candidates = candidates_of(text, regions=regions)
    places = _places(candidates, by=by, index=index)
    hits: list[Hit] = []
    if "member" in by:
        hits += [MemberHit(member_id=each, found_by="member_id") for each in candidates.member_ids]
    if places != Places():
        hits += index.find(places)
    found = (_as_of_now(hit, members=members) for hit in hits)
    return list(dict.fromkeys(hit for hit in found if hit is not None))


def _places(candidates: Candidates, *, by: Collection[Searchable], index: SearchIndex) -> Places:
    """Where the candidates may be. Shops, tills and endpoints are listed only if that matters."""
    has_bare_id = bool(candidates.ids) and not {"identity", "order"}.isdisjoint(by)
    has_delivery = bool(candidates.deliveries) and "delivery" in by
    shops = index.shops() if has_bare_id or has_delivery else ()
    places = Places()
    if "identity" in by:
        customers = (
            Identity("customer", each, source) for each in candidates.ids for _, source in shops
        )
        places = replace(places, identities=(*candidates.identities, *customers))
    if "order" in by:
        sources = (*(source for _, source in shops), *(index.sources() if has_bare_id else ()))
        orders = (OrderRef(source, each) for each in candidates.ids for source in sources)
        places = replace(places, orders=(*candidates.orders, *orders))
    if "voucher" in by:
        places = replace(places, codes=candidates.codes, redemption_ids=candidates.redemption_ids)
    if "delivery" in by:
        deliveries = tuple((shop, each) for each in candidates.deliveries for shop, _ in shops)
        places = replace(places, deliveries=deliveries)
    if "endpoint_delivery" in by and candidates.events:
        endpoints = index.endpoints()
        sent = tuple((endpoint, each) for each in candidates.events for endpoint in endpoints)
        places = replace(places, endpoint_deliveries=sent)
    return places


def _as_of_now(hit: Hit, *, members: Members) -> Hit | None:
    """The hit itself; for a member who was merged, the one they are now; None if erased."""
    if not isinstance(hit, MemberHit):
        return hit
    with suppress(NotFound):
        found = look_up(hit.member_id, members=members, strong=True)
        return replace(hit, member_id=found.member.member_id)
    return None
