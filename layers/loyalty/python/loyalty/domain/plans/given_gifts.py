"""A gift of a plan that a member got."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenGift:
    """A gift that was given, by its award; `source` reported the plan, and it was due `on`."""

    award_id: str
    source: str
    on: date
