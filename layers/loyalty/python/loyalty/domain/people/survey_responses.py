"""A member's answer to a survey."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loyalty.domain.orders.order import OrderRef
    from loyalty.domain.program.kinds import SurveyKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer: about an order, or for a period.

    `member_id` is the member of the order, also if they have been merged since. The `comment` can
    hold anything, so only the list of answers shows it. `points` is the bonus.
    """

    survey_id: str
    survey_kind: SurveyKind
    member_id: str
    order: OrderRef | None
    period: str | None
    score: int
    is_low: bool
    comment: str | None
    answered_at: datetime
    points: int = 0

    @property
    def subject(self) -> tuple[str, ...]:
        """What the answer is about; there is one answer for each."""
        if self.order is not None:
            return (self.order.source, self.order.order_id)
        return (self.period or "",)

    @property
    def id(self) -> str:
        return "/".join((self.survey_id, self.member_id, *self.subject))
