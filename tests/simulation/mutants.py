"""Mutants: copies of the product with one mistake each, which the simulation must find.

Each mistake is a small change that somebody could make by accident. A mutant is run against the
directed histories and then against random ones until something breaks. `python -m
tests.simulation.mutants` prints which history broke first, and fails if a mutant survives.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.simulation.syntax import changed_file

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGE: Final = ROOT / "layers" / "loyalty" / "python"
SEEDS: Final = 20_000
DIRECTED: Final = "tests/simulation/directed"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mistake in one function: `new` in place of `old`.

    `function` is the end of its dotted name. Code is compared as syntax trees (see `rewritten`),
    so it does not matter which module a function is in, or how it is formatted. A mutant that can
    no longer be made fails, and says why.
    """

    name: str
    function: str
    old: str
    new: str

    def apply(self, package: Path) -> None:
        """Make the mistake in a copy of the package.

        Raises:
            ValueError: the product has changed, and the code to change is not there.
        """
        path, changed = changed_file(
            PACKAGE / "loyalty", function=self.function, old=self.old, new=self.new
        )
        copied = package / path.relative_to(PACKAGE)
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_text(changed)


MUTANTS: Final = (
    # A cause counts once.
    Mutant(
        "an entry overwrites what stands under its cause",
        "TableBooks.operations",
        "condition: tuple[Condition, ...] = (Absent(),)",
        "condition: tuple[Condition, ...] = ()",
    ),
    Mutant(
        "an accrual's key is another one every time",
        "keys.accrual",
        '"ENTRY#accrual"',
        "f\"ENTRY#accrual#{__import__('uuid').uuid4()}\"",
    ),
    Mutant(
        "a calendar entry is keyed by its date alone",
        "keys.expiry",
        'f"ENTRY#expiry#{date}#{entries_seen}"',
        'f"ENTRY#expiry#{date}#0"',
    ),
    Mutant(
        "the fingerprint covers the time of the request",
        "redeem_reward",
        'fingerprint("redeem", ...)',
        "fingerprint(desk.now.isoformat(), ...)",
    ),
    Mutant(
        "another content under the same cause is answered as the first",
        "_replay",
        "first.fingerprint != fingerprint",
        "not fingerprint",
    ),
    Mutant(
        "a refusal is given without looking for the first try",
        "_first_or",
        "first is None",
        "first is None or first",
    ),
    # Guards.
    Mutant(
        "an earn does not rely on the debt it saw",
        "change_by_addition",
        "debt_seen=account.holding.debt",
        "",
    ),
    Mutant(
        "points come to a member who is no more",
        "_reliances",
        'equal(("status",), "active")',
        'at_least(("entries",), 0)',
    ),
    Mutant(
        "an emptied lot is removed whatever it holds by now",
        "_reliances",
        'equal(("lots", lot.isoformat()), points)',
        'at_least(("lots", lot.isoformat()), points)',
    ),
    Mutant(
        "a lot is taken from whether or not enough is left",
        "_reliances",
        'conditions.append(at_least(("lots", lot.isoformat()), points))',
        "pass",
    ),
    Mutant(
        "pending points are taken whether or not they are left",
        "_reliances",
        'conditions.append(at_least(("pending", records.pending_name(dates)), points))',
        "pass",
    ),
    Mutant(
        "a debt is made without relying on the balance",
        "change_by_taking",
        "balance_seen=account.balance if relies_on_balance else None",
        "balance_seen=None",
    ),
    Mutant(
        "what is forgiven does not rely on the balance",
        "Sources.change",
        "bool(self.owed or self.forgiven)",
        "bool(self.owed)",
    ),
    Mutant(
        "settling does not rely on the version it saw",
        "_reliances",
        "change.entries_seen",
        "change.entries_seen if not (it := change.becomes) or it.into or it.absorbed else None",
    ),
    Mutant(
        "settling relies on the balance alone",
        "_reliances",
        '("entries", change.entries_seen)',
        '("balance", change.becomes.balance if change.becomes else None)',
    ),
    Mutant(
        "the order's state is not guarded by its counter",
        "TableBooks.operations",
        '(Absent(),) if seen is None else (equal(("counter",), seen),)',
        '(Absent(),) if seen is None else (at_least(("counter",), 0),)',
    ),
    Mutant(
        "a voucher steps from any state",
        "TableBooks.operations",
        'equal(("state",), posting.voucher.seen.state)',
        'at_least(("points",), 0)',
    ),
    Mutant(
        "a placeholder is replaced whatever has joined it",
        "_is_placeholder",
        '(equal(("kind",), "placeholder"), equal(("count",), count))',
        '(equal(("kind",), "placeholder"),)',
    ),
    Mutant(
        "stock is taken beyond the last piece",
        "stock.take",
        "taken.share - taken.units",
        "taken.share",
    ),
    Mutant(
        "the limit per member is only looked at",
        "_reliances",
        'conditions.append(_missing_or(less(("redeemed", reward_id), most)))',
        "pass",
    ),
    # Due times.
    Mutant(
        "additions leave the due time alone",
        "due_by",
        "due_on is None",
        "due_on is None or account",
    ),
    Mutant(
        "additions do not rely on the due time they saw",
        "_reliances",
        "(due := change.due) is not None",
        "(due := change.due) is not None and (not due)",
    ),
    Mutant(
        "the due time moves to a later one",
        "due_by",
        "account.due > due_on",
        "account.due < due_on",
    ),
    Mutant(
        "a lot is due a day after it has expired",
        "Holding.first_due",
        "timedelta(days=1)",
        "timedelta(days=2)",
    ),
    Mutant(
        "pending points do not count for the due time",
        "Holding.first_due",
        "days += [dates.available_on for dates in self.pending]",
        "",
    ),
    Mutant(
        "what has expired already goes into its lot",
        "addition",
        "ends_on(lot, lapses_after, spared=spared) < today",
        "ends_on(lot, lapses_after, spared=spared) < date.min",
    ),
    # The calendar.
    Mutant(
        "a lot expires as its last day begins",
        "settlement",
        "ends[lot] < today",
        "ends[lot] <= today",
    ),
    Mutant(
        "what becomes available ignores the debt",
        "settlement",
        "paid_debt=min(held.debt, points)",
        "paid_debt=0",
    ),
    Mutant(
        "points are available a day late",
        "settlement",
        "dates.available_on <= today",
        "dates.available_on < today",
    ),
    Mutant(
        "days are told by UTC",
        "Program.today",
        "now.astimezone(self.zone)",
        "now",
    ),
    Mutant(
        "spending does not settle first",
        "redeem_reward",
        "settled_lineage(desk, member_id)",
        "lineage(desk, member_id, strong=True)",
    ),
    Mutant(
        "a refund does not settle first",
        "settled_lineage",
        "settled(desk, path[-1])",
        "path[-1]",
    ),
    Mutant(
        "an old activity shortens the life of the points",
        "_reliances",
        'conditions.append(_missing_or(less(("active_on",), change.active_on.isoformat())))',
        "pass",
    ),
    Mutant(
        "an order brings points back that had expired by inactivity",
        "_caught_up",
        "is_quiet or is_paid",
        "is_paid",
    ),
    Mutant(
        "an order pays a debt that points available by now have paid",
        "_caught_up",
        "is_quiet or is_paid",
        "is_quiet",
    ),
    # Refunds.
    Mutant(
        "what was forgiven is asked for again",
        "OrderState.settled",
        "self.clawed + self.owed + self.forgiven",
        "self.clawed + self.owed",
    ),
    Mutant(
        "what was excused is asked for again",
        "OrderState.settled",
        "self.clawed + self.owed + self.forgiven + self.excused",
        "self.clawed + self.owed + self.forgiven",
    ),
    Mutant(
        "a line keeps its share rounded down",
        "_share_up",
        "-(-amount_minor * part // whole)",
        "amount_minor * part // whole",
    ),
    Mutant(
        "units beyond what was bought are refunded too",
        "_refunded_units",
        "min(line.quantity, state.quantities.get(line.line_id, 0))",
        "state.quantities.get(line.line_id, 0)",
    ),
    Mutant(
        "refunds are computed by the rules of today",
        "_clawed_back",
        "decided_by=desk.version(accrual.program_version)",
        "decided_by=desk.program",
    ),
    Mutant(
        "what expired unspent is taken all the same",
        "sources_of",
        "max(0, min(owing, excusable))",
        "0",
    ),
    Mutant(
        "what expired before a merge is not looked for",
        "expired_in",
        "entry.effect.lots.get(lot, 0)",
        "entry.effect.lots.get(lot, 0) if account is path[-1] else 0",
    ),
    Mutant(
        "points of another order with the same dates are taken for this one's",
        "_of_its_own",
        "min(points - taken.total(), part.points - own[number], there)",
        "min(points - taken.total(), there)",
    ),
    Mutant(
        "other lots than the order's own are taken first",
        "sources_of",
        "held.take(owing, prefer=prefer)",
        "held.take(owing)",
    ),
    Mutant(
        "refunds that waited are dropped",
        "accruals._waiting",
        "placeholder.refunds",
        "placeholder.refunds[:0]",
    ),
    Mutant(
        "what was over on one line is not taken from the others",
        "unrefunded",
        "left_minor - state.amount_minor - over_minor",
        "left_minor - state.amount_minor",
    ),
    Mutant(
        "money of a line makes its units forgotten",
        "_given_back_minor",
        "by_units + state.amounts_minor.get(line.line_id, 0)",
        "state.amounts_minor.get(line.line_id, by_units)",
    ),
    Mutant(
        "money of a line replaces what was given back for it before",
        "refunded_with",
        "_added(state.amounts_minor, refund.amounts_minor)",
        "{**state.amounts_minor, **refund.amounts_minor}",
    ),
    Mutant(
        "money of a line is taken from its amount, not from what was paid",
        "unrefunded",
        "_share_up(whole, paid_left[line.line_id], line.paid_minor)",
        "max(0, whole - back[line.line_id])",
    ),
    Mutant(
        "units give back their share of the amount, not of what was paid",
        "_given_back_minor",
        "line.paid_minor",
        "line.amount_minor",
    ),
    # Edits and levels.
    Mutant(
        "an edit that a later one has corrected is settled all the same",
        "_revised_accrual",
        "if is_outdated(version.order.told_at, by=in_force_since):\n    return Outdated()",
        "",
    ),
    Mutant(
        "an order that is told again as it was does not outdate what was told in between",
        "_revised_accrual",
        "order.told_at != in_force_since",
        "order.told_at is None",
    ),
    Mutant(
        "what was paid is no part of what a storefront tells",
        "content_fingerprint",
        "[line.gross_minor for line in order.lines]",
        "[]",
    ),
    Mutant(
        "an edit gives again what was given before",
        "to_settle",
        "sum((part.points for part in parts_of(accrual, before)))",
        "accrual.points",
    ),
    Mutant(
        "a refund that ends a level sooner does not move the due time",
        "change_by_taking",
        "due=due_by(account, counting.changes_on) if counting else None",
        "due=None",
    ),
    Mutant(
        "what counts towards a level does not rely on what else it is told from",
        "_reliances_on_levels",
        "(revision := change.tier_revision_seen) is not None",
        "(revision := change.tier_revision_seen) is not None and revision < 0",
    ),
    Mutant(
        "a late order is not noticed by others that count",
        "_counting",
        "revises_tier=counting.revises",
        "revises_tier=False",
    ),
    Mutant(
        "orders at once pass a level that neither reaches alone",
        "_reliances_on_levels",
        "change.qualifying_at_most",
        "dict[str, int]()",
    ),
    Mutant(
        "an order that counts nothing does not rely on the level at which it earns",
        "tiers.counting",
        "not revises and of_order is None",
        "not revises",
    ),
    Mutant(
        "an order whose refunds waited relies on its counter only as they left it",
        "tiers.counting",
        "of_order in (None, counted)",
        "True",
    ),
    Mutant(
        "a redemption does not rely on the level that decides its price",
        "redemptions.redeem",
        "counting=_relied_on(reward, account, decided_by.document, grant=grant)",
        "counting=None",
    ),
    Mutant(
        "a refund does not lower what its order counted for",
        "disqualified",
        "counts(after) - counts(before)",
        "0",
    ),
    # Guests.
    Mutant(
        "nobody looks who enrolled while a guest's order was kept",
        "record_for",
        "found.member_id is None",
        "found.member_id",
    ),
    Mutant(
        "who has just enrolled is looked for by a stale read",
        "TableMembers._stood_for",
        "(False, True)",
        "(False, False)",
    ),
    Mutant(
        "kept orders are looked for by a stale read",
        "TableBooks.guest_orders",
        "limit=GUEST_ORDERS_A_PAGE + 2, strong=True",
        "limit=GUEST_ORDERS_A_PAGE + 2, strong=False",
    ),
    Mutant(
        "what was bought under an address is anybody's who says it is theirs",
        "Member.proven",
        'is_verified and identity.kind != "subject"',
        'identity.kind != "subject"',
    ),
    Mutant(
        "an address stands for whoever has it on file",
        "_stands",
        "holder.strength > Strength.NOTED",
        "holder.strength >= Strength.NOTED",
    ),
    Mutant(
        "what was proven is taken by the next who proves it",
        "losses_to",
        "holder.strength < min(claimant.strength(identity), safe_from)",
        "holder.strength <= min(claimant.strength(identity), safe_from)",
    ),
    Mutant(
        "who loses an identity still has it on file",
        "without",
        "each not in lost",
        "each not in {}",
    ),
    Mutant(
        "a claim stays as good as it was when somebody signs in",
        "TableMembers._regraded",
        "before.strength(each) != after.strength(each)",
        "before.strength(each) < after.strength(each)",
    ),
    Mutant(
        "who loses an identity is overwritten as they were when it was read",
        "TableMembers._claims",
        '(equal(("revision",), loss.before.revision),)',
        "()",
    ),
    Mutant(
        "what was bought too long ago is claimed",
        "_unclaimed_of",
        "timedelta(days=days)",
        "timedelta(days=days + 9)",
    ),
    Mutant(
        "an order that somebody else recorded ends the claiming",
        "claim_orders",
        "continue",
        "break",
    ),
    Mutant(
        "a guest's order is claimed as it was read, whatever it has become",
        "_latest_version",
        "is_outdated(order.told_at, by=placeholder.order.told_at)",
        "is_outdated(placeholder.order.told_at, by=order.told_at)",
    ),
    Mutant(
        "a change of a guest's order drops the refunds that wait for it",
        "_revised_guest_order",
        "guest=found.guest or customer.guest",
        "refunds=(), guest=found.guest or customer.guest",
    ),
    Mutant(
        "a guest's order becomes what it was before",
        "_revised_guest_order",
        "is_outdated(version.order.told_at, by=found.order.told_at)",
        "not version.order",
    ),
    Mutant(
        "what waits is written over what has joined it",
        "TableBooks.keep",
        "_is_placeholder(placeholder.count - 1)",
        "_is_placeholder(placeholder.count)[:1]",
    ),
    # Vouchers, merges, corrections.
    Mutant(
        "points of a merged member's voucher return to the merged one",
        "_return_points",
        "settled(desk, open_account(desk, voucher.member_id, strong=True))",
        "desk.books.account(voucher.member_id, strong=True)",
    ),
    Mutant(
        "a hold is completed after its time",
        "Voucher.state_at",
        "self.held_until <= now",
        "self.held_until < now",
    ),
    Mutant(
        "points live on however often they are spent and come back",
        "returns._returned",
        "voucher.first_ends.get(lot, end)",
        "end",
    ),
    Mutant(
        "points return while a shop may still accept the code",
        "redemption.cancel",
        "voucher.in_shops",
        "()",
    ),
    Mutant(
        "a cancel does not see that a shop got the code meanwhile",
        "TableBooks.operations",
        "(_in_shops(posting.voucher.seen), _return_steps(posting.voucher.seen))",
        "(_return_steps(posting.voucher.seen),)",
    ),
    Mutant(
        "points return for a code that was used while it was cancelled",
        "end_cancelling",
        'replace(voucher, state="used", used_at=_last_use(voucher, now=desk.now))',
        'replace(voucher, state="cancelled")',
    ),
    Mutant(
        "points live on from the day of the cancel",
        "returns._returned",
        "first_ends[first_end + reinstates] = first_end\nlots[first_end + reinstates] += points",
        "first_ends[today + reinstates] = first_end\nlots[today + reinstates] += points",
    ),
    Mutant(
        "a member's own cancel lengthens the life of points",
        "give_back",
        'by_member and voucher.state_at(now) != "cancelled"',
        "False",
    ),
    Mutant(
        "points that were given away forget that they were reinstated",
        "transfer",
        "lot in added.effect.lots",
        "lot in added.effect.pending",
    ),
    Mutant(
        "a balance may hold more than it may when two add at once",
        "_reliances",
        'conditions.append(at_most(("balance",), change.balance_at_most))',
        "pass",
    ),
    Mutant(
        "points of an order can be given away at once",
        "accrue",
        "giveable_from=waiting(accrual.parts, program.document, today=today)",
        "",
    ),
    Mutant(
        "pending points can be given away as soon as they are available",
        "_giveable_from",
        "by_day[giveable_on(step.dates.available_on, program)] += step.points",
        "pass",
    ),
    Mutant(
        "two transfers at once give what only one may",
        "transfer",
        "relies_on_entries=bool(still_waiting(giver.giveable_from, today=today))",
        "relies_on_entries=False",
    ),
    Mutant(
        "a cancelled piece of stock is gone",
        "give_back",
        "unit_back(voucher)",
        "None",
    ),
    Mutant(
        "what comes back ignores the debt",
        "returns._returned",
        "addition(account, ...)",
        "addition(replace(account, holding=Holding()), ...)",
    ),
    Mutant(
        "a merge leaves the debt beside the lots",
        "merge",
        "(loser.holding + survivor.holding).netted()",
        "loser.holding + survivor.holding",
    ),
    Mutant(
        "a merge does not rely on the version of the survivor",
        "_reliances",
        "change.entries_seen",
        "None if (it := change.becomes) and it.absorbed else change.entries_seen",
    ),
    Mutant(
        "a merge does not rely on the version of the one that goes",
        "_reliances",
        "change.entries_seen",
        "None if (it := change.becomes) and it.into else change.entries_seen",
    ),
    Mutant(
        "a take by hand makes a debt without relying on the balance",
        "take_points",
        "relies_on_balance=owed > 0",
        "relies_on_balance=False",
    ),
    Mutant(
        "points given do not pay the taker's debt",
        "transfer",
        "addition(taker, ...)",
        "addition(replace(taker, holding=Holding()), ...)",
    ),
    Mutant(
        "the soonest expiry comes last",
        "Holding.take",
        "sorted(self.lots)",
        "sorted(self.lots, reverse=True)",
    ),
    # Rewards that are given.
    Mutant(
        "a given reward costs its points",
        "redemptions.give",
        "Price(0, reward.amount_minor)",
        "Price(reward.cost_points, reward.amount_minor)",
    ),
    Mutant(
        "a given reward counts toward the member's limit",
        "redemptions.redeem",
        "reward.per_member_max is not None and grant is None",
        "reward.per_member_max is not None",
    ),
    Mutant(
        "any number of rewards is given in a day",
        "why_not_given",
        "has_redeemed_often(account, today=program.document.today(now))",
        "False",
    ),
    # Redemptions that tills report late.
    Mutant(
        "two late redemptions restore the same expired points",
        "redemptions.redeem",
        "not restored.is_empty",
        "False",
    ),
    Mutant(
        "points that had expired before a late redemption pay for it",
        "_lapsed_since",
        "entry.happened_at > moment",
        "True",
    ),
    Mutant(
        "what a late redemption restored can be restored again",
        "_lapsed_since",
        "entry.points > 0 or entry.happened_at == ended_at",
        "entry.happened_at == ended_at",
    ),
    Mutant(
        "a late redemption lengthens the life of expired points",
        "redemptions.redeem",
        "dict.fromkeys(restored.lots, LONG_OVER)",
        "{}",
    ),
    Mutant(
        "a redemption is reported however late",
        "redemption._late",
        "not desk.now - timedelta(minutes=minutes) <= made_at <= desk.now + AHEAD_MAX",
        "False",
    ),
    # Points that paid for an order.
    Mutant(
        "points return by what the order no longer is",
        "paid_points._settle",
        "posting = replace(posting, order_seen=_seen(ref, held, file))",
        "pass",
    ),
    Mutant(
        "a withdrawn refund leaves the points that it returned",
        "paid_points._settle",
        "voucher.returned - voucher.return_forgiven <= due <= voucher.returned",
        "due <= voucher.returned",
    ),
    Mutant(
        "a voucher is given back although some of its points have returned meanwhile",
        "TableBooks.operations",
        "(_in_shops(posting.voucher.seen), _return_steps(posting.voucher.seen))",
        "(_in_shops(posting.voucher.seen),)",
    ),
    Mutant(
        "points that were waived are taken later",
        "take_share_again",
        "voucher.return_forgiven + missing - owed",
        "voucher.return_forgiven",
    ),
    Mutant(
        "a refund that a superseded version lists counts again",
        "edits.record_refund",
        "listed_with is not None and not is_outdated(listed_with.told_at, by=_told_at(file))",
        "listed_with is not None",
    ),
    Mutant(
        "a refund that the version in force does without counts when it arrives late",
        "_is_superseded",
        "request.whole or was_withdrawn or order.lists_refunds",
        "request.whole or was_withdrawn",
    ),
    Mutant(
        "a member's own redemption is looked for by a stale read",
        "redemption_of",
        "open_account(desk, member_id, strong=True)",
        "open_account(desk, member_id, strong=False)",
    ),
    # Policies of levels and of expiry.
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


@dataclass(frozen=True, slots=True)
class Verdict:
    """The first history that broke: a directed one, a random one, or none."""

    mutant: Mutant
    clause: str
    seed: str
    seconds: float

    @property
    def is_killed(self) -> bool:
        return bool(self.clause or self.seed)


def judge(mutant: Mutant, *, seeds: int) -> Verdict:
    """Run a mutant against the directed histories, then against random ones until one breaks."""
    began = time.monotonic()
    with mutated(mutant) as package:
        clauses = _run(
            package,
            *("-m", "pytest", "-x", "-q", f"--override-ini=cache_dir={package}/.cache"),
            DIRECTED,
        )
        clause = re.search(r"^(?:FAILED|ERROR) .*::(\w+)", clauses, re.MULTILINE)
        random = _run(package, "-m", "tests.simulation", "--seeds", str(seeds))
        seed = re.search(r"^seed (\d+) broke a promise: (.*)", random, re.MULTILINE)
    return Verdict(
        mutant,
        clause.group(1) if clause else "",
        f"{seed.group(1)}: {seed.group(2)}" if seed else "",
        time.monotonic() - began,
    )


@contextmanager
def mutated(mutant: Mutant) -> Iterator[Path]:
    """A copy of the package with the mistake in it."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "python"
        shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
        mutant.apply(package)
        yield package


def _run(package: Path, *arguments: str) -> str:
    """Run Python with this copy of the package in place of the real one. Returns what it prints."""
    finished = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode not in (0, 1, 2):
        raise RuntimeError(f"{arguments} cannot be run:\n{finished.stdout}{finished.stderr}")
    return finished.stdout + finished.stderr


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutants")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="random histories for each")
    parser.add_argument("--jobs", type=int, default=1, help="how many at once")
    parser.add_argument("--only", default="", help="mutants whose name contains this")
    options = parser.parse_args(arguments)
    chosen = [mutant for mutant in MUTANTS if options.only in mutant.name]
    survivors = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for verdict in pool.map(lambda mutant: judge(mutant, seeds=options.seeds), chosen):
            survivors += not verdict.is_killed
            print(f"{'killed  ' if verdict.is_killed else 'SURVIVED'}  {verdict.mutant.name}")
            print(f"          directed  {verdict.clause or '-'}")
            print(f"          random    {verdict.seed[:150] or '-'}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} mutants killed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
