"""How small an effect of a campaign a holdout could show, before it is published.

It follows from how much purchases differ from member to member. What is explained by what each of
them bought before is taken out, as the report on uplift does (CUPED).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Final

# 1.96 + 0.84 standard errors: such an effect is proven in four of five campaigns, and where there
# is none, nothing is in 95 of 100.
_ERRORS: Final = 2.8
# With fewer on one side, no figure means anything; the report on uplift has the same bound.
SIDE_MIN: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchases:
    """What members bought in a period (y) and in an equally long one before it (x), as sums.

    Amounts are in minor units, less refunds; a member who bought nothing counts with 0.
    """

    members: int
    x: int
    y: int
    xx: int
    xy: int
    yy: int

    @property
    def mean_minor(self) -> int:
        """What a member bought in the period, but nothing where more was refunded."""
        return max(0, self.y // self.members) if self.members else 0

    def spread_minor(self) -> float:
        """The standard deviation of y among members, less what x explains of it."""
        n = self.members
        if n < 2:
            return 0.0
        # In whole numbers, so that nothing is lost where amounts are large: n² times the variance.
        of_x, of_y = n * self.xx - self.x**2, n * self.yy - self.y**2
        both = n * self.xy - self.x * self.y
        left = of_y - (both * both // of_x if of_x else 0)
        return sqrt(max(0, left) / (n * (n - 1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastEffect:
    """The least effect on a member's purchases that could be seen, with so many on each side.

    `minor` is None if there are too few members on one side. `per_mille` is its share of what a
    member bought; None if members bought nothing.
    """

    members: int
    held_out: int
    minor: int | None
    per_mille: int | None


def least_effect(
    purchases: Purchases, *, members: int, held_out_percent: int, elsewhere_percent: int = 0
) -> LeastEffect:
    """The least effect that a holdout of so many percent of members could show.

    `elsewhere_percent` are held out of all campaigns, and so are on neither side.
    """
    compared = members * (100 - elsewhere_percent) // 100
    held_out = compared * held_out_percent // 100
    others = compared - held_out
    if min(held_out, others) < SIDE_MIN:
        return LeastEffect(members=others, held_out=held_out, minor=None, per_mille=None)
    minor = ceil(_ERRORS * purchases.spread_minor() * sqrt(1 / held_out + 1 / others))
    return LeastEffect(
        members=others,
        held_out=held_out,
        minor=minor,
        per_mille=-(-1000 * minor * purchases.members // purchases.y) if purchases.y > 0 else None,
    )
