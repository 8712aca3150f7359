"""Checks that orders earn, and rewards cost, what they do at a member's level."""

from datetime import date
from typing import Any

from loyalty.domain.program.document import PublishedProgram
from loyalty.table.operations import Key
from tests.simulation import naive
from tests.simulation.auditing.seen import Seen, Violation, add, qualifying_of


class Levels:
    """What members reach, by the entries one after the other."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def has_its_level(self, key: Key, entry: Any, program: PublishedProgram) -> None:
        """An order earns at the level before it, or at once at the one that it reaches."""
        tiers = program.document.tiers
        counts = qualifying_of(entry)
        account = self._seen.accounts.get(entry["member_id"])
        if tiers is None or counts is None or account is None:
            return
        counted = self._seen.ever_counted(account)
        day = date.fromisoformat(self._seen.local_day(entry["happened_at"]))
        rank = self._rank(account, program, day=day, counted=counted)
        if tiers.applies_at_once:
            lines = entry["order"]["lines"]
            reaches = naive.counts_for(
                lines, naive.Refunds.of(None), program.document, tier=tier_of(rank, program)
            )
            add(counted, {counts[0]: reaches})
            rank = max(rank, self._rank(account, program, day=day, counted=counted))
        tier = tier_of(rank, program)
        if entry["order"].get("tier") != tier:
            raise Violation(f"{key} earned at {entry['order'].get('tier')} instead of {tier}")

    def reaches(self, entry: Any, program: PublishedProgram) -> None:
        """The days on which a member reaches levels, by the entries one after the other."""
        account = self._seen.accounts.get(entry["member_id"])
        if account is None or program.document.tiers is None:
            return
        before = self._seen.ever_counted(account)
        reached = self._seen.reached[entry["member_id"]]
        more: dict[str, int] = {}
        if counted := qualifying_of(entry):
            more = {counted[0]: counted[1]}
        elif entry["kind"] == "merge" and entry["about"]["direction"] == "in":
            more = self._seen.ever_counted(self._seen.accounts[entry["about"]["member_id"]])
            reached |= self._seen.reached[entry["about"]["member_id"]]
        after = dict(before)
        add(after, more)
        today = date.fromisoformat(self._seen.local_day(entry["recorded_at"]))
        found, alone = (
            naive.days_reached(
                account,
                program.document,
                zone=self._seen.zone,
                today=today,
                before=start,
                after=end,
            )
            for start, end in ((before, after), ({}, more))
        )
        # What the other member had reached alone is not reached again by a merge.
        reached |= found - alone if entry["kind"] == "merge" else found

    def is_priced_by_its_level(self, key: Key, entry: Any, program: PublishedProgram) -> None:
        """What is for some levels, or costs less at some, goes by the level on its day."""
        reward = program.document.reward(entry["about"]["reward_id"])
        given = "granted_for" in entry["about"]
        if reward is None or given or not (reward.tiers or reward.tier_costs):
            return
        account = self._seen.accounts[entry["member_id"]]
        day = date.fromisoformat(self._seen.local_day(entry["happened_at"]))
        counted = self._seen.ever_counted(account)
        tier = tier_of(self._rank(account, program, day=day, counted=counted), program)
        costs = reward.tier_costs.get(tier or "", reward.cost_points)
        if (reward.tiers and tier not in reward.tiers) or entry["points"] != -costs:
            raise Violation(f"{key} costs {-entry['points']} points at {tier}")

    def counters_add_up(self, member_id: str) -> None:
        """Counters equal the sums of the entries, unless they are too old to matter."""
        account = self._seen.accounts[member_id]
        counted = dict(self._seen.members[member_id].qualifying)
        for absorbed in account.get("absorbed", ()):
            add(counted, self._seen.members[absorbed].qualifying)
        for counter, amount in account["qualifying"].items():
            if amount != counted.get(counter, 0):
                raise Violation(f"{counter} is {amount}, the entries say {counted.get(counter, 0)}")

    def _rank(
        self, account: Any, program: PublishedProgram, *, day: date, counted: dict[str, int]
    ) -> int:
        return naive.level(
            account,
            program.document,
            zone=self._seen.zone,
            day=day,
            counted=counted,
            reached=self._seen.reached[account["member_id"]],
        )


def tier_of(rank: int, program: PublishedProgram) -> str | None:
    tiers = program.document.tiers
    return tiers.levels[rank - 1].id if tiers and rank else None
