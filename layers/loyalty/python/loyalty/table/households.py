"""Households in the table: one item for each, with its members and open invitations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loyalty.table import keys
from loyalty.table.operations import Absent, Delete, Put, equal
from loyalty.table.records.households import household_to_item

if TYPE_CHECKING:
    from loyalty.domain.households.household import Household


def write(program: str, household: Household) -> Put | Delete:
    """It relies on the revision before; the first relies on there being none."""
    key = keys.household(program, household.household_id)
    seen = household.revision - 1
    conditions = (equal(("revision",), seen) if seen else Absent(),)
    if not household.members:
        return Delete(key, conditions)
    return Put(key, household_to_item(household, program), conditions)
