"""What a storefront tells of its orders, taken in as the intake takes it in."""

from collections.abc import Sequence
from dataclasses import dataclass

from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.orders.order import Order
from loyalty.domain.people.identity import Identity
from loyalty.domain.shops.storefront import OrderPaid, OrderRefunded
from loyalty.table import keys
from loyalty.table.operations import Key
from loyalty.usecases.ports import Desk
from loyalty.usecases.shops.intake import apply
from tests.simulation.requests.common import EMAIL
from tests.simulation.requests.rewards import Redeem, code_of
from tests.simulation.world import PROGRAM_ID, World


@dataclass(frozen=True, slots=True)
class OneMemberDirectory:
    """A directory in which everybody is one member."""

    member_id: str

    def member_of(self, identities: Sequence[Identity]) -> str | None:
        return self.member_id

    def earner_of(self, identities: Sequence[Identity]) -> str | None:
        return self.member_id

    def guests(self, identities: Sequence[Identity]) -> Sequence[str]:
        return ("guest",)


@dataclass(frozen=True, slots=True)
class TellOrder:
    """An order as it is now: its goods, the refunds that stand, the vouchers that pay."""

    order: Order
    member_id: str
    refunds: tuple[RequestedRefund, ...] = ()
    of: tuple[Redeem, ...] = ()

    @property
    def name(self) -> str:
        refunds = [each.refund_id for each in self.refunds]
        return f"tell {self.order.order_id} as of {self.order.told_at} with {refunds}"

    @property
    def cause(self) -> Key:
        return keys.accrual(PROGRAM_ID, self.order.source, self.order.order_id)

    def run(self, desk: Desk, world: World) -> None:
        codes = [code_of(each, world) for each in self.of]
        paid = OrderPaid(
            order=self.order,
            currency="EUR",
            identities=(EMAIL,),
            refunds=self.refunds,
            codes=tuple(code for code in codes if code != "UNKNOWN"),
            all_given_back=any(each.whole for each in self.refunds),
        )
        apply(paid, desk=desk, directory=OneMemberDirectory(self.member_id))


@dataclass(frozen=True, slots=True)
class TellRefund:
    """A refund that is told alone."""

    order: Order
    member_id: str
    refund: RequestedRefund

    @property
    def name(self) -> str:
        return f"tell refund {self.order.order_id}/{self.refund.refund_id}"

    def run(self, desk: Desk, world: World) -> None:
        refunded = OrderRefunded(
            source=self.order.source,
            order_id=self.order.order_id,
            refund=self.refund,
            currency="EUR",
            all_given_back=self.refund.whole,
        )
        apply(refunded, desk=desk, directory=OneMemberDirectory(self.member_id))
