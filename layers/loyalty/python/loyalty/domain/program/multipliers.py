"""The multipliers of a level and of a paid plan, together.

It imports no models: what only reads entries needs it too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loyalty.domain.program.plans import Plan


def multipliers(level_percent: int, plan: Plan | None) -> tuple[int, int]:
    """What counts of the multipliers of a level and of a plan, in percent.

    Both, if the plan stacks as a product; else the higher one, and 100 for the other.
    """
    if plan is None:
        return level_percent, 100
    percent = plan.benefits.multiplier_percent
    if plan.benefits.stacks == "product":
        return level_percent, percent
    return (100, percent) if percent > level_percent else (level_percent, 100)
