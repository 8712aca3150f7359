"""What orders count, and awards, as the table stores them."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast

from loyalty.domain.engagement.activities import ActivityRef
from loyalty.domain.engagement.changes import ActivityShare, OrderShare
from loyalty.domain.ledger.member_awards import MemberAward
from loyalty.domain.ledger.settled import Settled
from loyalty.domain.orders.order import OrderRef
from loyalty.table import keys
from loyalty.table.records.parts import (
    VERSION,
    dated_from_map,
    dated_to_map,
    instant_from,
    maybe_instant,
    parts_from_list,
    parts_to_list,
)

if TYPE_CHECKING:
    from loyalty.domain.engagement.counting import Tallies
    from loyalty.table.operations import Item, Value


def share_to_item(share: OrderShare) -> Item:
    return {
        "kind": "share",
        "v": VERSION,
        "occurred_at": keys.instant(share.occurred_at),
        "tallies": _tallies_to_map(share.tallies),
        "revision": share.revision,
    }


def share_from_item(item: Item) -> OrderShare:
    wire = cast("dict[str, Any]", item)
    return OrderShare(
        order=OrderRef(*wire["pk"].split("#")[3:5]),
        counter=wire["sk"].partition("#")[2],
        occurred_at=instant_from(wire["occurred_at"]),
        tallies=wire["tallies"],
        revision=wire["revision"],
    )


def activity_share_to_item(share: ActivityShare) -> Item:
    return {
        "kind": "activity_share",
        "v": VERSION,
        "tallies": _tallies_to_map(share.tallies),
        "revision": share.revision,
    }


def activity_share_from_item(item: Item) -> ActivityShare:
    wire = cast("dict[str, Any]", item)
    return ActivityShare(
        ref=ActivityRef(*wire["pk"].split("#")[3:5]),
        counter=wire["sk"].partition("#")[2],
        tallies=wire["tallies"],
        revision=wire["revision"],
    )


def award_to_item(award: MemberAward, program: str) -> Item:
    standing = award.standing
    item: Item = {
        "kind": "award",
        "v": VERSION,
        "member_id": award.member_id,
        "given_for": award.given_for,
        "rule_id": award.rule_id,
        "points": award.points,
        "available_on": award.available_on.isoformat(),
        "expires_on": award.expires_on.isoformat(),
        "target": award.target,
        "state": "standing" if award.stands else "undone",
        "step": award.step,
        "clawed": standing.clawed,
        "owed": standing.owed,
        "forgiven": standing.forgiven,
        "excused": standing.excused,
        "taken": list(standing.taken),
        "given": parts_to_list(standing.given),
        "expired": dated_to_map(standing.expired),
    }
    for name in ("given_at", "changed_at"):
        moment = cast("datetime | None", getattr(award, name))
        if moment is not None:
            item[name] = keys.instant(moment)
    if award.reward_id:
        item["reward_id"] = award.reward_id
    if award.code:
        item["code"] = award.code
    if award.reward_kept:
        item["reward_kept"] = True
    if award.badges:
        item |= {
            "about": {"badges": list(award.badges)},
            "history_pk": keys.badges_partition(program, award.member_id),
            "history_sk": award.award_id,
        }
    return item


def badges_from_item(item: Item) -> tuple[str, ...]:
    """The badges that a member has by an award, as the index lists it."""
    wire = cast("dict[str, Any]", item)
    return tuple(wire["about"]["badges"]) if wire["state"] == "standing" else ()


def award_from_item(item: Item) -> MemberAward:
    wire = cast("dict[str, Any]", item)
    return MemberAward(
        award_id=wire["pk"].split("#")[3],
        member_id=wire["member_id"],
        given_for=wire["given_for"],
        rule_id=wire["rule_id"],
        points=wire["points"],
        available_on=date.fromisoformat(wire["available_on"]),
        expires_on=date.fromisoformat(wire["expires_on"]),
        standing=Settled(
            clawed=wire["clawed"],
            owed=wire["owed"],
            forgiven=wire["forgiven"],
            excused=wire["excused"],
            taken=tuple(wire["taken"]),
            given=parts_from_list(wire["given"]),
            expired=dated_from_map(wire["expired"]),
        ),
        target=wire["target"],
        stands=wire["state"] == "standing",
        reward_id=wire.get("reward_id"),
        badges=tuple(wire.get("about", {}).get("badges", ())),
        code=wire.get("code"),
        reward_kept=wire.get("reward_kept", False),
        step=wire["step"],
        given_at=maybe_instant(wire.get("given_at")),
        changed_at=maybe_instant(wire.get("changed_at")),
    )


def _tallies_to_map(tallies: Tallies) -> dict[str, Value]:
    return {window: dict(tally) for window, tally in tallies.items()}
