"""The checks of conditions: what they name, how large they are, and that no refund makes them true.

A campaign must never give more because goods go back. So a condition that is read of what the
member keeps may only turn from true to false as they keep less. Whether it does follows from its
structure: lower bounds on sums do, upper bounds do the opposite, and `not` turns one into the
other. What is read of what was bought, or is no matter of goods at all, never changes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from loyalty.domain.kernel.errors import Fault
from loyalty.domain.program.conditions import COMPOSITES, ConditionPart, condition_tag
from loyalty.domain.program.document import Program
from loyalty.domain.program.kinds import CHARGES
from loyalty.domain.program.line_selectors import LineSelector
from loyalty.domain.program.member_conditions import SegmentCondition, TierCondition
from loyalty.domain.program.order_conditions import Measure, UnitPriceCondition

DEPTH_MAX: Final = 4
LEAVES_MAX: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionAt:
    """A condition and its place in the document; `negated`: an odd number of `not` is above it."""

    condition: ConditionPart
    place: str
    depth: int = 1
    negated: bool = False

    def walk(self) -> Iterator["ConditionAt"]:
        """This condition and all below it that are no deeper than one level too deep."""
        yield self
        if self.depth > DEPTH_MAX:
            return
        for step, part in self.condition.nested():
            below = ConditionAt(
                condition=part,
                place=f"{self.place}/{step}",
                depth=self.depth + 1,
                negated=self.negated != (step == "not"),
            )
            yield from below.walk()

    @property
    def is_composite(self) -> bool:
        return condition_tag(self.condition) in COMPOSITES.values()

    def leaves(self) -> Iterator["ConditionAt"]:
        return (each for each in self.walk() if not each.is_composite)


def sizes(
    conditions: Sequence[ConditionAt], place: str, *, thing: str = "campaign"
) -> Iterator[Fault]:
    """Faults for conditions of one thing that are nested too deeply, or too many."""
    for root in conditions:
        for each in root.walk():
            if each.depth > DEPTH_MAX:
                detail = f"Conditions may be nested {DEPTH_MAX} deep"
                yield Fault(each.place, "too_deep", detail)
    leaves = [leaf for root in conditions for leaf in root.leaves()]
    if len(leaves) > LEAVES_MAX:
        detail = f"A {thing} may have {LEAVES_MAX} conditions; this one has {len(leaves)}"
        yield Fault(place, "too_many_conditions", detail)


def bounds(root: ConditionAt) -> Iterator[Fault]:
    """Faults for numbers without a bound, and for bounds that contradict each other."""
    for leaf in root.leaves():
        lowest, highest = leaf.condition.bounds
        if leaf.condition.lacks_bound:
            yield Fault(leaf.place, "no_bound", "Say at least how much, at most how much, or both")
        elif lowest is not None and highest is not None and lowest > highest:
            detail = f"At least {lowest} and at most {highest} cannot both hold"
            yield Fault(leaf.place, "contradiction", detail)


def rising(root: ConditionAt) -> Iterator[Fault]:
    """A fault for each condition that a refund could make true."""
    for leaf in root.leaves():
        reason = _why_it_rises(leaf)
        if reason:
            detail = f'{reason}. Read it of what was bought: "read": "bought"'
            yield Fault(leaf.place, "could_rise", detail)


def _why_it_rises(leaf: ConditionAt) -> str | None:
    condition = leaf.condition
    if not isinstance(condition, Measure) or condition.read == "bought":
        return None
    if isinstance(condition, UnitPriceCondition):
        return "A refund can raise or lower the price of a unit"
    lowest, highest = condition.bounds
    if leaf.negated and lowest is not None:
        return "A refund can make this lower bound false, and so its opposite true"
    if not leaf.negated and highest is not None:
        return "A refund can make this upper bound true"
    return None


def unknown_levels(root: ConditionAt, document: Program) -> Iterator[Fault]:
    for leaf in root.leaves():
        if not isinstance(leaf.condition, TierCondition):
            continue
        levels = document.tiers.levels if document.tiers else ()
        level_ids = {level.id for level in levels}
        for index, level_id in enumerate(leaf.condition.is_in):
            if level_id not in level_ids:
                detail = f"There is no level “{level_id}”"
                yield Fault(f"{leaf.place}/is_in/{index}", "unknown_level", detail)


def unknown_segments(root: ConditionAt, document: Program) -> Iterator[Fault]:
    for leaf in root.leaves():
        if not isinstance(leaf.condition, SegmentCondition):
            continue
        segment_ids = {segment.id for segment in document.segments}
        for index, segment_id in enumerate(leaf.condition.is_in):
            if segment_id not in segment_ids:
                detail = f"There is no segment “{segment_id}”"
                yield Fault(f"{leaf.place}/is_in/{index}", "unknown_segment", detail)


def selectors(root: ConditionAt, document: Program) -> Iterator[Fault]:
    """The faults of the selectors of lines in a condition."""
    for leaf in root.leaves():
        if isinstance(leaf.condition, Measure):
            yield from selector(leaf.condition.of, document, f"{leaf.place}/of")


def selector(lines: LineSelector, document: Program, place: str) -> Iterator[Fault]:
    """Faults for lists that do not exist, and for names that can select nothing."""
    for index, name in enumerate(lines.lists):
        if name not in document.lists:
            yield Fault(f"{place}/lists/{index}", "unknown_list", f"There is no list “{name}”")
    pairs = (
        ("categories", lines.categories, lines.not_categories),
        ("skus", lines.skus, lines.not_skus),
    )
    for field, included, excluded in pairs:
        yield from included_and_excluded(included, excluded, f"{place}/not_{field}")
    for index, charge in enumerate(lines.also_charges):
        if charge in lines.not_categories:
            detail = f"“{charge}” counts here, but its category is excluded"
            yield Fault(f"{place}/also_charges/{index}", "contradiction", detail)
    for index, category in enumerate(lines.categories):
        if category in CHARGES and category not in lines.also_charges:
            detail = f"“{category}” does not count unless also_charges names it too"
            yield Fault(f"{place}/categories/{index}", "never_counts", detail)


def included_and_excluded(
    included: Sequence[str], excluded: Sequence[str], place: str
) -> Iterator[Fault]:
    for index, name in enumerate(excluded):
        if name in included:
            detail = f"“{name}” is both included and excluded"
            yield Fault(f"{place}/{index}", "contradiction", detail)
