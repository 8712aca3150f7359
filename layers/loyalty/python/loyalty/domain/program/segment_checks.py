"""What must hold of segments, and of conditions on members outside of campaigns."""

from collections.abc import Iterator, Sequence
from typing import Final

from loyalty.domain.kernel.errors import Fault
from loyalty.domain.program import condition_checks
from loyalty.domain.program.condition_checks import ConditionAt
from loyalty.domain.program.conditions import condition_tag
from loyalty.domain.program.document import Program
from loyalty.domain.program.lake_conditions import BoughtCondition, ScoreCondition
from loyalty.domain.program.rewards import Reward
from loyalty.domain.program.segments import Segment

# These are about an order, and a reward is redeemed without one.
_OF_ORDERS: Final = frozenset({"first_order", "order_number"})


def checks(document: Program, segments: Sequence[Segment]) -> Iterator[Iterator[Fault]]:
    """The checks of a program's segments. `segments` are those that could be read."""
    for index, segment in enumerate(segments):
        yield _who(segment, document, f"/segments/{index}/who")


def of_reward(reward: Reward, document: Program, place: str) -> Iterator[Fault]:
    """The faults of the members that a reward is for, and for whom it opens when."""
    conditions = [
        (reward.members, f"{place}/for"),
        *((step.members, f"{place}/opens/{index}/for") for index, step in enumerate(reward.opens)),
    ]
    for condition, where in conditions:
        if condition is not None:
            root = ConditionAt(condition=condition, place=where)
            yield from _of_reward(root, document)


def _of_reward(root: ConditionAt, document: Program) -> Iterator[Fault]:
    yield from _common(root, document, thing="reward")
    yield from condition_checks.unknown_segments(root, document)
    for leaf in root.leaves():
        if condition_tag(leaf.condition) in _OF_ORDERS:
            detail = "A reward is redeemed without an order: use another condition"
            yield Fault(leaf.place, "about_orders", detail)


def _who(segment: Segment, document: Program, place: str) -> Iterator[Fault]:
    root = ConditionAt(condition=segment.who, place=place)
    yield from _common(root, document, thing="segment")
    if not (segment.is_live or segment.is_computed):
        detail = (
            "The profile is never where past orders are. Make two segments of it, and name both "
            "where they are used"
        )
        yield Fault(place, "mixed", detail)
    for leaf in root.leaves():
        match leaf.condition:
            case ScoreCondition(survey=survey_id):
                if document.survey(survey_id) is None:
                    detail = f"There is no survey “{survey_id}”"
                    yield Fault(f"{leaf.place}/survey", "unknown_survey", detail)
            case BoughtCondition(of=selector):
                yield from condition_checks.selector(selector, document, f"{leaf.place}/of")


def _common(root: ConditionAt, document: Program, *, thing: str) -> Iterator[Fault]:
    yield from condition_checks.sizes([root], root.place, thing=thing)
    yield from condition_checks.bounds(root)
    yield from condition_checks.unknown_levels(root, document)
