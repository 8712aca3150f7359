"""The worker that counts orders and activities for challenges looks at what has changed."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from loyalty.domain.kernel.errors import Refusal
from loyalty.table.engagement import TableEngagement
from loyalty.usecases.engagement.activities import settle_waiting, settle_waiting_for
from loyalty.usecases.engagement.activity_counting import count_activity
from loyalty.usecases.engagement.reconciling import reconcile, unite_progress
from loyalty.usecases.engagement.waking import Lane, activity_named, order_named
from loyalty.usecases.ledger.redemption import use_voucher
from loyalty.usecases.ports import Desk
from tests.simulation.requests.activities import activity_desk
from tests.simulation.world import PROGRAM_ID, World, stepped_engine


@dataclass(frozen=True, slots=True)
class Look:
    """Looks at an order, an activity or a merged member, as the stream says."""

    lane: Lane
    item: str

    @property
    def name(self) -> str:
        return f"look at {self.item}"

    def run(self, desk: Desk, world: World) -> None:
        shelf = TableEngagement(stepped_engine(), program_id=PROGRAM_ID)
        shelves = activity_desk()
        if self.lane == "orders":
            order = order_named(self.item)
            reconcile(order, shelf=shelf, desk=desk)
            settle_waiting_for(order, shelves=shelves, desk=desk)
        elif self.lane == "activities":
            ref = activity_named(self.item)
            count_activity(ref, activities=shelves.activities, shelf=shelf, desk=desk)
        else:
            unite_progress(self.item, shelf=shelf, desk=desk)
            settle_waiting(self.item, shelves=shelves, desk=desk)


@dataclass(frozen=True, slots=True)
class UseAwarded:
    """A till uses every voucher that challenges have given by now, if it can be used."""

    name: str = "use what challenges gave"

    def run(self, desk: Desk, world: World) -> None:
        awards: list[Any] = [item for key, item in world.table.items.items() if key.sk == "AWARD"]
        for code in [each["code"] for each in awards if "code" in each]:
            with suppress(Refusal):
                use_voucher(code, request_id=f"{code}-use", order=None, desk=desk)
