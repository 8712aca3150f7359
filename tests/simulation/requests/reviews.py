"""Managers decide about orders that exceeded safeguards."""

from dataclasses import dataclass

from loyalty.domain.ledger.reviews import Review, ReviewVerdict, review_id
from loyalty.domain.orders.order import Order
from loyalty.table.reviews import TableReviews
from loyalty.usecases.orders.reviews import decide_review
from loyalty.usecases.ports import Desk
from tests.simulation.world import PROGRAM_ID, World, stepped_engine


@dataclass(frozen=True, slots=True)
class Decide:
    """A manager releases an order's points, or rejects the order."""

    order: Order
    verdict: ReviewVerdict

    @property
    def name(self) -> str:
        return f"review of {self.order.order_id}: {self.verdict}"

    def run(self, desk: Desk, world: World) -> Review:
        return decide_review(
            review_id(self.order.ref),
            verdict=self.verdict,
            by="manager",
            reason="looked at it",
            reviews=TableReviews(stepped_engine(), program_id=PROGRAM_ID),
            desk=desk,
        )
