"""What schedules do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from loyalty.domain.kernel.errors import TryAgain
from loyalty.table import keys
from loyalty.table.due import TableDues
from loyalty.usecases.ledger.sweeps import DueItem, Shard, wake
from loyalty.usecases.ports import Desk
from tests.simulation.world import PROGRAM_ID, World, stepped_engine


@dataclass(frozen=True, slots=True)
class Sweep:
    """Settles every member and releases every voucher that the index lists as due."""

    name: str = "sweep"

    def run(self, desk: Desk, world: World) -> None:
        dues = TableDues(stepped_engine(), program_id=PROGRAM_ID)
        for due in list(_listed(dues, desk.now, world)):
            try:
                wake(due, dues=dues, desk=desk)
            except TryAgain:
                # The next sweep finds it again.
                continue


def _listed(dues: TableDues, now: datetime, world: World) -> Iterator[DueItem]:
    """What is due by now; shards that never had an item are not queried."""
    until = f"{keys.instant(now)}#~"
    shards = {
        tuple(str(item["expiring_pk"]).rsplit("#", 2)[1:])
        for item in world.table.items.values()
        if "expiring_sk" in item and str(item["expiring_sk"]) <= until
    }
    for day, number in sorted(shards):
        shard = Shard(date.fromisoformat(day), int(number))
        yield from dues.page(shard, since=None, until=now).items
