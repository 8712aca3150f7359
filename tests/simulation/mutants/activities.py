"""Mistakes in what activities are worth, in their limits, and in what they count."""

from dataclasses import replace
from typing import Final

from tests.simulation.mutants.mutant import Mutant

_MUTANTS: Final = (
    Mutant(
        "an activity that was removed keeps its points",
        "retract_activity",
        "seen.points if keeps else 0",
        "seen.points",
    ),
    Mutant(
        "an activity that was removed keeps its place",
        "retract_activity",
        "seen.uses if keeps else ()",
        "seen.uses",
    ),
    Mutant(
        "points that a member may keep are taken back",
        "retract_activity",
        'seen.is_removed or (terms is not None and terms.if_undone == "keep")',
        "False",
    ),
    Mutant(
        "a removal counts though a later report is known",
        "retract_activity",
        "retracted_at < seen.changed_at or (seen.is_removed and retracted_at == seen.changed_at)",
        "False",
    ),
    Mutant(
        "the places of merged members are free again",
        "take_up",
        "(account.member_id, *account.absorbed)",
        "(account.member_id,)",
    ),
    Mutant(
        "an activity counts without the order that it needs",
        "has_ordered",
        "bought_on is not None and bought_on >= day - timedelta(days=terms.needs_order_days)",
        "True",
    ),
    Mutant(
        "nobody looks at what waits once there is an order",
        "settle_waiting_for",
        "settle_waiting(accrual.member_id, shelves=shelves, desk=desk)",
        "None",
    ),
    Mutant(
        "an edit is judged by the version in force",
        "activities._terms",
        "desk.program if version is None else desk.version(version)",
        "desk.program",
    ),
    Mutant(
        "an activity counts by the challenges of today",
        "activity_counting._count",
        "desk.version(version).document",
        "desk.program.document",
    ),
    Mutant(
        "an activity that was removed counts all the same",
        "counts_of_activity",
        'content is None or recorded.state != "awarded"',
        "content is None",
    ),
    Mutant(
        "nobody looks at an activity",
        "waking._touched",
        'yield "activities", _SEPARATOR.join(ref), version',
        "pass",
    ),
)
MUTANTS: Final = tuple(replace(each, focus="challenges") for each in _MUTANTS)
