"""Points are added, taken and given by hand."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Final

from loyalty.domain.ledger.approvals import RequestedAdjustment
from loyalty.domain.ledger.entries import Adjustment
from loyalty.usecases.ledger.corrections import (
    Allowance,
    adjust,
    give,
)
from loyalty.usecases.ledger.once import Recorded
from loyalty.usecases.ports import Desk
from tests.simulation.requests.common import Keyed
from tests.simulation.world import World

WHY: Final = Adjustment(reason="goodwill", reference=None)


@dataclass(frozen=True, slots=True)
class Adjust(Keyed):
    ENTRY: ClassVar = "adjustment"

    member_id: str
    points: int
    request_id: str
    below_zero: bool = False
    points_max: int | None = None
    """How many points the calling clerk may adjust in a day."""
    expiring_on: date | None = None

    @property
    def name(self) -> str:
        return f"adjust {self.member_id} by {self.points} ({self.request_id})"

    def run(self, desk: Desk, world: World) -> Recorded:
        requested_adjustment = RequestedAdjustment(
            points=self.points,
            why=WHY,
            expiring_on=self.expiring_on,
            below_zero=self.below_zero,
        )
        allowance = None if self.points_max is None else Allowance("clerk", self.points_max)
        return adjust(
            self.member_id,
            adjustment=requested_adjustment,
            request_id=self.request_id,
            allowance=allowance,
            desk=desk,
        )


@dataclass(frozen=True, slots=True)
class Give(Keyed):
    ENTRY: ClassVar = "transfer#out"

    giver_id: str
    taker_id: str
    points: int
    request_id: str

    @property
    def name(self) -> str:
        return f"give {self.points} from {self.giver_id} to {self.taker_id} ({self.request_id})"

    def run(self, desk: Desk, world: World) -> Recorded:
        return give(
            self.giver_id,
            taker_id=self.taker_id,
            points=self.points,
            request_id=self.request_id,
            desk=desk,
        )
