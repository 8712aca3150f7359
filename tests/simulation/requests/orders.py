"""Orders arrive, change, and are refunded."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.orders.order import Order
from loyalty.domain.people.identity import Identity
from loyalty.table import keys
from loyalty.table.operations import Key
from loyalty.usecases.orders.accrual import NamedCustomer
from loyalty.usecases.orders.arrival import (
    ArrivedOrder,
    ArrivedRefund,
    OrderOutcome,
    RefundOutcome,
    order_arrived,
    refund_arrived,
)
from loyalty.usecases.ports import Desk
from tests.simulation.requests.common import table_members
from tests.simulation.world import PROGRAM_ID, World


@dataclass(frozen=True, slots=True)
class Arrival:
    """An order arrives: of a member, of a customer `known_by` identities, or of nobody."""

    order: Order
    member_id: str | None
    known_by: tuple[Identity, ...] = ()
    MODE: ClassVar[Literal["record", "correct"]]

    @property
    def who(self) -> str:
        return self.member_id or "a guest"

    @property
    def cause(self) -> Key:
        return keys.accrual(PROGRAM_ID, self.order.source, self.order.order_id)

    def run(self, desk: Desk, world: World) -> OrderOutcome:
        customer = NamedCustomer(
            named=f"email:{self.order.order_id}",
            member_id=self.member_id,
            identities=self.known_by,
        )
        arrived = ArrivedOrder(order=self.order, customer=customer, mode=self.MODE)
        return order_arrived(arrived, directory=table_members(), desk=desk).order


class Earn(Arrival):
    """A till records an order."""

    __slots__ = ()
    MODE = "record"

    @property
    def name(self) -> str:
        return f"earn {self.order.order_id} for {self.who}"


class Record(Arrival):
    """A storefront sends an order, or what it has become."""

    __slots__ = ()
    MODE = "correct"

    @property
    def name(self) -> str:
        return f"record {self.order.order_id} of {self.who} as of {self.order.told_at}"


@dataclass(frozen=True, slots=True)
class Refund:
    order: Order
    requested: RequestedRefund

    @property
    def name(self) -> str:
        return f"refund {self.order.order_id}/{self.requested.refund_id}"

    @property
    def cause(self) -> Key:
        return keys.clawback(
            PROGRAM_ID, self.order.source, self.order.order_id, self.requested.refund_id
        )

    def run(self, desk: Desk, world: World) -> RefundOutcome:
        arrived = ArrivedRefund(ref=self.order.ref, request=self.requested, mode="record")
        return refund_arrived(arrived, desk=desk).refund
