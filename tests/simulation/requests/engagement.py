"""The worker that counts orders for challenges looks at what has changed."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from loyalty.domain.kernel.errors import Refusal
from loyalty.table.engagement import TableEngagement
from loyalty.usecases.engagement.reconciling import reconcile, unite_progress
from loyalty.usecases.engagement.waking import Lane, order_named
from loyalty.usecases.ledger.redemption import use_voucher
from loyalty.usecases.ports import Desk
from tests.simulation.world import PROGRAM_ID, World, stepped_engine


@dataclass(frozen=True, slots=True)
class Look:
    """Looks at an order, or at a merged member, that somebody was told to look at."""

    lane: Lane
    item: str

    @property
    def name(self) -> str:
        return f"look at {self.item}"

    def run(self, desk: Desk, world: World) -> None:
        shelf = TableEngagement(stepped_engine(), program_id=PROGRAM_ID)
        if self.lane == "orders":
            reconcile(order_named(self.item), shelf=shelf, desk=desk)
        else:
            unite_progress(self.item, shelf=shelf, desk=desk)


@dataclass(frozen=True, slots=True)
class UseAwarded:
    """A till uses every voucher that challenges have given by now, if it can be used."""

    name: str = "use what challenges gave"

    def run(self, desk: Desk, world: World) -> None:
        awards: list[Any] = [item for key, item in world.table.items.items() if key.sk == "AWARD"]
        for code in [each["code"] for each in awards if "code" in each]:
            with suppress(Refusal):
                use_voucher(code, request_id=f"{code}-use", order=None, desk=desk)
