"""Mistakes in redemptions, vouchers, merges and corrections."""

from typing import Final

from tests.simulation.mutants.mutant import Mutant

MUTANTS: Final = (
    # Vouchers, merges, corrections.
    Mutant(
        "points of a merged member's voucher return to the merged one",
        "owners_of",
        "settled(desk, open_account(desk, member_id, strong=True))",
        "desk.books.account(member_id, strong=True)",
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
        "known_ends.get(lot, end)",
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
        "give_back_to",
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
        "giveable_from=waiting(parts, program.document, today=today)",
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
        "give_back_to",
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
)
