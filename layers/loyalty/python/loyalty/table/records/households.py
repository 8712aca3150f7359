"""Households, as the table stores them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, cast

from loyalty.domain.households.household import Household
from loyalty.table import keys
from loyalty.table.records.parts import VERSION, instant_from

if TYPE_CHECKING:
    from loyalty.table.operations import Item


def household_to_item(household: Household, program: str) -> Item:
    key = keys.household(program, household.household_id)
    return {
        "pk": key.pk,
        "sk": key.sk,
        "v": VERSION,
        "kind": "household",
        "household_id": household.household_id,
        "owner_id": household.owner_id,
        "members": {name: day.isoformat() for name, day in household.members.items()},
        "invitations": {digest: keys.instant(end) for digest, end in household.invitations.items()},
        "revision": household.revision,
    }


def household_from_item(item: Item) -> Household:
    wire = cast("dict[str, Any]", item)
    return Household(
        household_id=wire["household_id"],
        owner_id=wire["owner_id"],
        members={name: date.fromisoformat(day) for name, day in wire["members"].items()},
        invitations={digest: instant_from(end) for digest, end in wire["invitations"].items()},
        revision=wire["revision"],
    )
