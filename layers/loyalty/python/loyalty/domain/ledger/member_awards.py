"""What members are given for something that can be undone, such as a completed challenge."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from loyalty.domain.ledger.settled import Settled

if TYPE_CHECKING:
    from loyalty.domain.engagement.award_terms import AwardOccasion


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAward:
    """Something that a member was given, and how it stands.

    `rule_id` is the challenge, or what else it was given for. All its points become available and
    expire on the same days, whenever they were given. `target` is how many should stand:
    `clawed + owed + forgiven + excused` of the standing is what was given less the target.

    `stands` says whether it is given now. `code` is the last voucher of its reward. `reward_kept`:
    that voucher was used before the award was taken back. `step` counts what was done to it and
    guards the item. `given_at` is when it was given first, and `changed_at` when the last step was.
    """

    award_id: str
    member_id: str
    given_for: AwardOccasion
    rule_id: str
    points: int
    available_on: date
    expires_on: date
    reward_id: str | None = None
    badges: tuple[str, ...] = ()
    standing: Settled = field(default_factory=Settled)
    target: int = 0
    stands: bool = False
    code: str | None = None
    reward_kept: bool = False
    step: int = 0
    given_at: datetime | None = None
    changed_at: datetime | None = None

    @property
    def points_given(self) -> int:
        """The points that were ever given."""
        return sum(part.points for part in self.standing.given)

    @property
    def is_balanced(self) -> bool:
        """Whether every point that was given stands or is settled."""
        return self.standing.settled == self.points_given - self.target
