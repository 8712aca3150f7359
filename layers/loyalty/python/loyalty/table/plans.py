"""Tellings of members' paid plans, in the table: one item for each member who had a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loyalty.domain.plans.tellings import MemberPlans
from loyalty.table import keys
from loyalty.table.operations import Absent, Check, Delete, Put, Refused, equal
from loyalty.table.records.plans import plans_from_item, plans_to_item
from loyalty.usecases.ports import Raced

if TYPE_CHECKING:
    from loyalty.table.engine import Engine


def write(program: str, plans: MemberPlans) -> Put:
    """It relies on the revision before; the first relies on there being none."""
    seen = plans.revision - 1
    condition = equal(("revision",), seen) if seen else Absent()
    key = keys.member_plans(program, plans.member_id)
    return Put(key, plans_to_item(plans, program), (condition,))


def unite(engine: Engine, program: str, merged_id: str, *, into: str) -> None:
    """Move the tellings of a merged member's plans to the survivor.

    Raises:
        Raced: one of the two changed, or the survivor is active no more.
    """
    of_merged, of_survivor = (keys.member_plans(program, each) for each in (merged_id, into))
    found = engine.get_many((of_merged, of_survivor), strong=True)
    if of_merged not in found:
        return
    merged = plans_from_item(found[of_merged])
    before = (
        plans_from_item(found[of_survivor]) if of_survivor in found else MemberPlans(member_id=into)
    )
    operations = (
        Delete(of_merged, (equal(("revision",), merged.revision),)),
        write(program, before.united(merged)),
        # A survivor who was merged since must not keep what nobody would pass on.
        Check(keys.account(program, into), (equal(("status",), "active"),)),
    )
    try:
        engine.write(operations)
    except Refused as refused:
        raise Raced from refused
