"""Reads all that a search may find, in one round trip for each hundred places."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, cast

from loyalty.domain.ledger.entries import Entry, Redemption, RequestCause
from loyalty.domain.ledger.redemptions import request_of
from loyalty.domain.search import (
    DeliveryHit,
    EndpointDeliveryHit,
    Hit,
    MemberHit,
    OrderHit,
    VoucherHit,
)
from loyalty.domain.shops.deliveries import log_time, read_log_id
from loyalty.table import keys, records
from loyalty.table.members import holder_from_item
from loyalty.table.sources import TableSources
from loyalty.table.storefronts import TableStorefronts
from loyalty.table.webhooks_out import TableEndpoints

if TYPE_CHECKING:
    from loyalty.domain.orders.order import OrderRef
    from loyalty.domain.people.identity import Identity, Keyring
    from loyalty.table.engine import Engine
    from loyalty.table.operations import Item, Key
    from loyalty.usecases.search import Places


class TableSearch:
    """Implements `SearchIndex` of one program."""

    def __init__(self, engine: Engine, *, program_id: str, keyring: Callable[[], Keyring]) -> None:
        self._engine = engine
        self._program = program_id
        self._keyring = keyring

    def sources(self) -> Sequence[str]:
        return TableSources(self._engine).all(self._program)

    def shops(self) -> Sequence[tuple[str, str]]:
        storefronts = TableStorefronts(self._engine).all(self._program)
        return [(each.storefront_id, each.source) for each in storefronts]

    def endpoints(self) -> Sequence[str]:
        return [each.endpoint_id for each in TableEndpoints(self._engine).all(self._program)]

    def find(self, places: Places) -> Sequence[Hit]:
        readers = dict(self._readers(places))
        found = self._engine.get_many(readers, strong=True)
        hits = (readers[key](found[key]) for key in readers if key in found)
        return [hit for hit in hits if hit is not None]

    def _readers(self, places: Places) -> Iterator[tuple[Key, Callable[[Item], Hit | None]]]:
        """Each place to look at, and what an item there means."""
        for identity in places.identities:
            for digest in self._keyring().digests(identity, program_id=self._program):
                yield keys.identity(self._program, *digest), _member_hit(identity)
        for order in places.orders:
            yield keys.accrual(self._program, order.source, order.order_id), _order_hit(order)
        for code in places.codes:
            yield keys.voucher(self._program, code), _voucher_hit
        for redemption_id in places.redemption_ids:
            cause = RequestCause(request_of(redemption_id), "redemption")
            yield records.cause_key(self._program, cause), _redemption_hit
        for storefront_id, log_id in places.deliveries:
            if (received := read_log_id(log_id)) is not None:
                received_at, delivery_id = received
                key = keys.delivery(
                    self._program, storefront_id, delivery_id, log_time(received_at)
                )
                yield key, _always(DeliveryHit(storefront_id=storefront_id, delivery_id=log_id))
        for endpoint_id, event_id in places.endpoint_deliveries:
            hit = EndpointDeliveryHit(endpoint_id=endpoint_id, event_id=event_id)
            yield keys.endpoint_delivery(self._program, endpoint_id, event_id), _always(hit)


def _member_hit(identity: Identity) -> Callable[[Item], Hit]:
    def read(item: Item) -> Hit:
        holder = holder_from_item(item)
        return MemberHit(
            member_id=holder.member_id, found_by=identity.kind, strength=holder.strength
        )

    return read


def _order_hit(order: OrderRef) -> Callable[[Item], Hit]:
    def read(item: Item) -> Hit:
        on_file = records.entry_from_item(item)
        member_id = on_file.member_id if isinstance(on_file, Entry) else None
        return OrderHit(order=order, member_id=member_id)

    return read


def _voucher_hit(item: Item) -> Hit:
    voucher = records.voucher_from_item(item)
    return VoucherHit(
        code=voucher.code, redemption_id=voucher.redemption_id, member_id=voucher.member_id
    )


def _redemption_hit(item: Item) -> Hit | None:
    entry = cast("Entry", records.entry_from_item(item))
    if not isinstance(entry.detail, Redemption):
        return None
    redemption = entry.detail
    return VoucherHit(
        code=redemption.code,
        redemption_id=redemption.redemption_id,
        member_id=entry.member_id,
    )


def _always(hit: Hit) -> Callable[[Item], Hit]:
    return lambda _: hit
