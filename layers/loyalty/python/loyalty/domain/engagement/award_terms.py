"""What an award gives, and what for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# What awards are given for: something that can be undone. As stored, in events and in the API.
AwardOccasion = Literal["challenge", "referral", "activity", "board", "plan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardTerms:
    """What an award gives: points, a reward, badges, in any combination; and what it is for.

    `rule_id` is the challenge, or what else it is given for. `version` is the version of the
    program that promises it, in whose document the reward is.
    """

    given_for: AwardOccasion
    rule_id: str
    version: int
    points: int = 0
    wait_days: int = 0
    reward_id: str | None = None
    badges: tuple[str, ...] = ()
