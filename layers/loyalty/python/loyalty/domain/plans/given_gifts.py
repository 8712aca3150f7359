"""A gift of a plan that a member was given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenGift:
    """A gift that was given, by its award; `source` told of the plan, and it was due `on` a day."""

    award_id: str
    source: str
    on: date
