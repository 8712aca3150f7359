"""Reads the table's stream: turns its records into changes, in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast, get_args

from loyalty.domain.changes import Record, TableChange
from loyalty.domain.ledger.entries import EntryKind
from loyalty.table.attribution import CAUSED_BY
from loyalty.table.engine import from_wire, require_known_version
from loyalty.table.records import account_from_item, entry_from_item, voucher_from_item
from loyalty.table.records.actions import action_from_item
from loyalty.table.records.activities import activity_from_item
from loyalty.table.records.approvals import approval_from_item
from loyalty.table.records.budgets import budget_shard_from_item, budget_spent_from_item
from loyalty.table.records.data_requests import data_request_from_item
from loyalty.table.records.engagement import award_from_item, share_from_item
from loyalty.table.records.goals import goal_standing_from_item
from loyalty.table.records.members import member_from_item
from loyalty.table.records.messages import message_from_item
from loyalty.table.records.orders import recorded_state_from_item
from loyalty.table.records.referrals import referral_from_item
from loyalty.table.records.responses import response_from_item
from loyalty.table.records.reviews import review_from_item
from loyalty.table.records.staff_days import staff_day_from_item
from loyalty.table.records.targeting import targeting_from_item

if TYPE_CHECKING:
    from loyalty.table.operations import Item

_READERS: Final[Mapping[str, Callable[[Item], Record | None]]] = {
    **dict.fromkeys((*get_args(EntryKind), "placeholder"), entry_from_item),
    "account": account_from_item,
    "action": action_from_item,
    "activity": activity_from_item,
    "approval": approval_from_item,
    "award": award_from_item,
    "budget": budget_shard_from_item,
    "budget_spent": budget_spent_from_item,
    "delivery": data_request_from_item,
    "goal": goal_standing_from_item,
    "message": message_from_item,
    "order": recorded_state_from_item,
    "profile": member_from_item,
    "referral": referral_from_item,
    "review": review_from_item,
    "share": share_from_item,
    "staff_day": staff_day_from_item,
    "survey_response": response_from_item,
    "targeting": targeting_from_item,
    "voucher": voucher_from_item,
}


class Unreadable(Exception):
    """An item that our code cannot have written; the cause says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The readable records of a batch of the stream: each change with its sequence number.

    Lambda retries a stream from the first record that failed, so later records are not read.
    """

    changes: tuple[tuple[str, TableChange], ...]
    first: str
    last: str
    unreadable: tuple[str, Unreadable] | None = None


def read(records: Sequence[Mapping[str, Any]]) -> Batch:
    """The changes in a batch of the stream, up to the first record that cannot be read."""
    changes: list[tuple[str, TableChange]] = []
    first = last = sequence_number(records[0])
    for record in records:
        sequence = sequence_number(record)
        try:
            change = change_of(record)
        except Unreadable as error:
            return Batch(
                changes=tuple(changes), first=first, last=last, unreadable=(sequence, error)
            )
        if change is not None:
            changes.append((sequence, change))
        last = sequence
    return Batch(changes=tuple(changes), first=first, last=last)


def sequence_number(record: Mapping[str, Any]) -> str:
    return cast("str", record["dynamodb"]["SequenceNumber"])


def change_of(record: Mapping[str, Any]) -> TableChange | None:
    """The change that a record describes; None for a deletion or an item of another kind.

    Raises:
        Unreadable: the item is of a kind that we read, but it is not valid.
    """
    images = record["dynamodb"]
    if "NewImage" not in images:
        return None
    try:
        after = _stored_item(images["NewImage"])
        if after is None:
            return None
        return TableChange(
            program_id=images["Keys"]["pk"]["S"].split("#")[1],
            made_at=_moment(images["ApproximateCreationDateTime"]),
            before=_stored_item(images["OldImage"]) if "OldImage" in images else None,
            after=after,
            caused_by=images["NewImage"].get(CAUSED_BY, {}).get("S"),
        )
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise Unreadable(f"record {sequence_number(record)}") from error


def change_told_again(item: Item, *, made_at: datetime) -> TableChange | None:
    """An item as if it were just written for the first time; None for an item of another kind.

    Raises:
        Unreadable: the item is of a kind that we read, but it is not valid.
    """
    try:
        after = _of_item(item)
        if after is None:
            return None
        return TableChange(
            program_id=cast("str", item["pk"]).split("#")[1],
            made_at=made_at,
            before=None,
            after=after,
        )
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise Unreadable(f"item {cast('str', item['sk'])}") from error


def _stored_item(image: Mapping[str, Any]) -> Record | None:
    return _of_item(require_known_version(cast("Item", from_wire({"M": image}))))


def _of_item(item: Item) -> Record | None:
    read_item = _READERS.get(str(item.get("kind")))
    return read_item(item) if read_item else None


def _moment(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
