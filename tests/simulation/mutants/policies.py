"""Mistakes in what a program says about levels and about when points expire."""

from typing import Final

from tests.simulation.mutants.mutant import Mutant

MUTANTS: Final = (
    Mutant(
        "a level is kept only by what reaches it",
        "needed_to_keep",
        "level.keeps_at or level.reached_at",
        "level.reached_at",
    ),
    Mutant(
        "a level falls at once to what is still reached",
        "_carries",
        "max(carried, rank_below(tiers, rank)) if tiers.one_step_down else carried",
        "carried",
    ),
    Mutant(
        "a level for life has to be kept",
        "_carries",
        'tiers.holds.model == "for_life"',
        "False",
    ),
    Mutant(
        "a level holds for another period though its amount is no longer enough",
        "ranks",
        'self.periods.spans if tiers.holds.model == "next_period" else 0',
        "self.periods.spans",
    ),
    Mutant(
        "every amount reaches a level that only a grant gives",
        "reached_rank",
        "level.reached_at is not None and level.reached_at <= amount",
        "(level.reached_at or 0) <= amount",
    ),
    Mutant(
        "settling forgets the level that dropped counters gave",
        "tidied",
        "replace(pruned, tier_reached=(), tier_carried=carried)",
        "replace(pruned, tier_reached=(), tier_carried=())",
    ),
    Mutant(
        "settling forgets the day on which a level was reached",
        "tidied",
        "replace(pruned, tier_reached=reached, tier_carried=carried)",
        "replace(pruned, tier_reached=reached, tier_carried=())",
    ),
    Mutant(
        "the day on which a level is reached is not noted",
        "counting",
        "_reached_by(counted, account, after, program, day=day)",
        "()",
    ),
    Mutant(
        "a refund does not take back the day on which a level was reached",
        "has_enough",
        "level is not None and level.reached_at is not None and level.reached_at <= amount",
        "level is not None",
    ),
    Mutant(
        "a merge reaches again what the loser had reached",
        "reached_by_merge",
        "each not in separate and not ours.has_enough(each, alone)",
        "each not in separate",
    ),
    Mutant(
        "a merge forgets the level that the loser's dropped counters gave",
        "merge",
        "(*survivor.tier_carried, *loser.tier_carried)",
        "survivor.tier_carried",
    ),
    Mutant(
        "the order that reaches a level always has its rate",
        "level_of_order",
        "tiers is None or not tiers.applies_at_once",
        "tiers is None",
    ),
    Mutant(
        "the order that reaches a level never has its rate",
        "level_of_order",
        "tiers is None or not tiers.applies_at_once",
        "True",
    ),
    Mutant(
        "points of their own date do not lapse",
        "ends_on",
        "lot if lot in spared else min(lot, lapses_after)",
        "lapses_after if lot == date.max else lot",
    ),
    Mutant(
        "every activity keeps points alive",
        "newly_active",
        "inactivity is None or activity not in inactivity.activities",
        "inactivity is None",
    ),
    Mutant(
        "an answer without a bonus is no activity",
        "_unthanked",
        "active_on is None",
        "True",
    ),
    Mutant(
        "a bonus expires like points of orders",
        "policy_of",
        "source in policies",
        "False",
    ),
    Mutant(
        "transferred points keep their dates whatever the program says",
        "_transferred",
        "min(lot, last)",
        "lot",
    ),
)
