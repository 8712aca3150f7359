"""Mistakes in safeguards, and in what a review does to the points of an order."""

from typing import Final

from tests.simulation.mutants.mutant import Mutant

MUTANTS: Final = (
    Mutant(
        "of two orders at once neither is beyond the limit",
        "accrue",
        "redeemed_below=safeguard.below",
        "redeemed_below={}",
    ),
    Mutant(
        "points are held beyond their last day",
        "placed",
        "max(part.available_on, min(held_until, part.expires_on))",
        "max(part.available_on, held_until)",
    ),
    Mutant(
        "a refund looks for released points where they were held",
        "hold_of",
        'None if state.verdict == "released" else accrual.held_until',
        "accrual.held_until",
    ),
    Mutant(
        "a release gives back what a refund took",
        "release",
        "part.points - taken",
        "part.points",
    ),
    Mutant(
        "an order that was rejected earns again when it changes",
        "remainder_of",
        'state.verdict == "rejected"',
        "False",
    ),
)
