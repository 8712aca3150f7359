"""All mutants, by what they are about."""

from typing import Final

from tests.simulation.mutants import (
    activities,
    campaigns,
    challenges,
    dates,
    guests,
    orders,
    policies,
    reviews,
    spending,
    writes,
)

MUTANTS: Final = (
    *writes.MUTANTS,
    *dates.MUTANTS,
    *orders.MUTANTS,
    *guests.MUTANTS,
    *spending.MUTANTS,
    *policies.MUTANTS,
    *campaigns.MUTANTS,
    *challenges.MUTANTS,
    *activities.MUTANTS,
    *reviews.MUTANTS,
)
