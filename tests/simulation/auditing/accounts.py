"""Checks on accounts: they are the sums of their entries, and due in time."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from local.memory import Written
from loyalty.domain.program.document import PublishedProgram
from loyalty.table.operations import Item
from tests.simulation import naive
from tests.simulation.auditing.seen import Seen, Violation


class Accounts:
    """What members hold, and when something has to be settled."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def account(self, before: Item | None, account: Any, program: PublishedProgram) -> None:
        self._seen.accounts[account["member_id"]] = account
        if before is not None:
            old: Any = before
            if old["status"] != "active":
                raise Violation("a member that is no more was written to")
            if account["status"] == "active" and (
                account.get("active_on", "") < old.get("active_on", "")
            ):
                raise Violation("activity went back in time")
        for name, most in _limits(program).items():
            if account["redeemed"].get(name, 0) > most and not account.get("absorbed"):
                raise Violation(f"{name} was redeemed more often than allowed")
        self._due(account, program)

    def balance(self, member_id: str) -> None:
        account, sums = self._seen.accounts[member_id], self._seen.members[member_id]
        lots = {lot: points for lot, points in account["lots"].items() if points}
        pending = {dates: points for dates, points in account["pending"].items() if points}
        for what, held, counted in (
            ("entries", account["entries"], sums.entries),
            ("balance", account["balance"], sums.points),
            ("lots", lots, sums.lots),
            ("debt", account["debt"], sums.debt),
            ("pending", pending, sums.pending),
            ("lots less debt", account["balance"], sum(lots.values()) - account["debt"]),
        ):
            if held != counted:
                raise Violation(f"{what}: the account says {held}, its entries {counted}")
        if account["debt"] < 0 or any(points < 0 for points in (*lots.values(), *pending.values())):
            raise Violation("less than nothing is left")
        if account["debt"] and lots:
            raise Violation("there is a debt beside lots that could pay it")
        if account["balance"] < 0 and not self._seen.may_owe:
            raise Violation("a balance below zero, which the program does not allow")
        if account["status"] != "active" and (lots or pending or account["debt"]):
            raise Violation("a member that is no more holds points")

    def activity(self, written: Sequence[Written], program: PublishedProgram, today: date) -> None:
        """A day of activity is noted for what the program calls an activity, and nothing else."""
        items: list[Any] = [after for _, _, after in written if after is not None]
        if program.document.inactivity is None or _has_kind(items, "merge"):
            return
        counting = set(program.document.inactivity.activities)
        for key, before, after in written:
            old: Any = before
            account: Any = after
            if key.sk != "ACCOUNT" or old is None or account["status"] != "active":
                continue
            found = _activities(items, account["member_id"]) & counting
            noted = account.get("active_on", "")
            if noted != old.get("active_on", "") and not found:
                raise Violation(f"{key} notes an activity that is none")
            if found and noted < today.isoformat():
                raise Violation(f"{key} does not note an activity: {sorted(found)}")

    def _due(self, account: Any, program: PublishedProgram) -> None:
        """Due times are never late, and the index agrees with the account."""
        due = account.get("due")
        lots = account["lots"]
        ends = min((lot for lot in lots if lots[lot]), default=naive.NEVER)
        if self._seen.strict_about_quiet and account["status"] == "active":
            member_id = account["member_id"]
            each_ends = (
                self._seen.ends(lot, member_id, account, program) for lot in lots if lots[lot]
            )
            ends = min(each_ends, default=naive.NEVER)
        coming = [dates[:10] for dates, points in account["pending"].items() if points]
        if ends < naive.NEVER:
            coming.append(naive.next_day(ends))
        if coming and (due is None or due > min(coming)):
            raise Violation(f"due on {due}, but something comes on {min(coming)}")
        if account["status"] == "active":
            day = self._seen.days[account["member_id"]]
            changes_on = naive.level_changes_on(
                account,
                program.document,
                zone=self._seen.zone,
                day=day,
                before=due,
                counted=self._seen.ever_counted(account),
                reached=self._seen.reached[account["member_id"]],
            )
            if changes_on is not None:
                raise Violation(f"due on {due}, but the level is another on {changes_on}")
        if (due is None) != ("expiring_pk" not in account):
            raise Violation("the index knows another due time than the account")
        if due is not None:
            midnight = naive.midnight_told(due, self._seen.zone.key)
            if account["expiring_sk"] != f"{midnight}#{account['member_id']}":
                raise Violation(f"due on {due}, but the index says {account['expiring_sk']}")


def _has_kind(items: Sequence[Any], kind: str) -> bool:
    return any(item.get("kind") == kind for item in items)


def _activities(items: Sequence[Any], member_id: str) -> set[str]:
    """What the items of one write say that a member did."""
    entries = [each for each in items if each.get("member_id") == member_id and "lots" in each]
    # What was completed gives a reward; nobody redeems it.
    entries = [each for each in entries if "award_id" not in each.get("about", {})]
    kinds = {each["kind"] for each in entries if each["kind"] != "adjustment"}
    found = {"accrual": "order", "redemption": "redemption", "transfer": "transfer"}
    activities = {found[kind] for kind in kinds if kind in found}
    if any(each["kind"] == "adjustment" and each["points"] >= 0 for each in entries):
        activities.add("adjustment")
    if any(each["sk"].startswith("RESPONSE") for each in items):
        activities.add("survey")
    return activities


def _limits(program: PublishedProgram) -> dict[str, int]:
    """How often a member may redeem each reward that has a limit."""
    return {
        reward.id: reward.per_member_max
        for reward in program.document.rewards
        if reward.per_member_max is not None
    }
