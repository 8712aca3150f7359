"""Mistakes in whom campaigns are for, in what they give, and in what counts in their limits."""

from dataclasses import replace
from typing import Final

from tests.simulation.mutants.mutant import Mutant

_MUTANTS: Final = (
    # What a write relies on.
    Mutant(
        "a limit of a member is only looked at",
        "_reliances_on_campaigns",
        'yield _missing_or(at_most(("redeemed", counter), most))',
        "pass",
    ),
    Mutant(
        "what left less than was wanted need not be as it was seen",
        "_reliances_on_campaigns",
        "yield same if seen else _missing_or(same)",
        "pass",
    ),
    Mutant(
        "two orders at once may both be the first",
        "counting_of_order",
        "orders_within=within",
        "orders_within=None",
    ),
    Mutant(
        "the day of the latest order need not be as it was seen",
        "_reliances_on_campaigns",
        "counting.bought_on_seen or ()",
        "()",
    ),
    Mutant(
        "an older order moves the latest day back",
        "_reliances_on_campaigns",
        'yield _missing_or(less(("bought_on",), counting.bought_on.isoformat()))',
        "pass",
    ),
    Mutant(
        "a shard of a budget gives more than its share",
        "budgets.take",
        "taken.share - taken.points",
        "taken.share",
    ),
    Mutant(
        "a shard that nobody used yet gives whatever is asked of it",
        "budgets.take",
        "(AnyOf((Missing(enough.path), enough)),) if left >= 0 else (enough,)",
        "(AnyOf((Missing(enough.path), enough)),)",
    ),
    Mutant(
        "an order that finds a budget short does not read the other shards",
        "accrual._earn",
        "shards = {**shards, **desk.books.budgets_used(overtaken.short_budgets)}",
        "pass",
    ),
    # Whom it is for.
    Mutant(
        "a number of orders that is not known is none",
        "member_facts._is_unknown",
        'facts.orders is None and (not needed.isdisjoint({"orders", "bought_on"}))',
        "False",
    ),
    Mutant(
        "an order without goods is one",
        "counting_of_order",
        "int(has_goods(order)) + net[ORDERS]",
        "1 + net[ORDERS]",
    ),
    Mutant(
        "a cancelled order counts as one for ever",
        "counts_as_order",
        "int(has_goods(left) or forgiven > 0)",
        "1",
    ),
    Mutant(
        "an order counts no more though points of it were forgiven",
        "counts_as_order",
        "has_goods(left) or forgiven > 0",
        "has_goods(left)",
    ),
    Mutant(
        "a campaign is joined after the order",
        "has_joined",
        "since is not None and since.replace(microsecond=0) <= facts.occurred_at",
        "since is not None",
    ),
    Mutant(
        "hours are told by UTC",
        "campaign_counts.decide",
        "order.occurred_at.astimezone(program.zone)",
        "order.occurred_at",
    ),
    Mutant(
        "hours after midnight belong to the day on which they end",
        "CampaignWindow._covers",
        "self.holds_on(day - timedelta(days=1))",
        "self.holds_on(day)",
    ),
    Mutant(
        "an edit forgets whom a campaign was for",
        "context_of",
        "opened=frozenset(accrual.opened)",
        "opened=frozenset()",
    ),
    Mutant(
        "an edit or a refund forgets who was held out",
        "context_of",
        "held_out=frozenset(accrual.held_out)",
        "held_out=frozenset()",
    ),
    Mutant(
        "a member who is held out gets the points all the same",
        "CompiledProgram._running",
        "campaign.id in context.held_out",
        "False",
    ),
    Mutant(
        "the lots of all programs are the same",
        "holdouts.lot",
        'f"{program_id}:{salt}:{member_id}"',
        'f"{salt}:{member_id}"',
    ),
    Mutant(
        "the holdout of a program leaves out campaigns without one of their own",
        "held_out_of",
        "frozenset(each.id for each in document.campaigns)",
        "frozenset(each.id for each in document.campaigns if each.holdout)",
    ),
    Mutant(
        "of the orders that a guest claims the latest name comes first",
        "guests._unclaimed",
        "each.order.occurred_at if each.order else desk.now",
        "0",
    ),
    # What it gives.
    Mutant(
        "what is kept decides which campaigns count",
        "full_award",
        "every.plan(purchase.keeping(bought), context)",
        "every.plan(purchase, context)",
    ),
    Mutant(
        "of two that give the same the last wins its group",
        "CompiledProgram.outdone",
        "most[each.id] > most[winner]",
        "most[each.id] >= most[winner]",
    ),
    Mutant(
        "each campaign may give the maximum of an order",
        "CompiledProgram.plan",
        "left -= given",
        "pass",
    ),
    Mutant(
        "a winner that a limit cuts short keeps its group",
        "planning.freeze",
        "ceilings |= short",
        "return ceilings | short",
    ),
    Mutant(
        "a multiplier works on rounded points",
        "effects._multiply",
        "int(earned * extra / 100)",
        "int(earned) * extra // 100",
    ),
    Mutant(
        "conditions of a bonus in proportion are read of what is kept",
        "planning._condition",
        "lambda purchase: holds(purchase.keeping(purchase.bought))",
        "holds",
    ),
    Mutant(
        "goods that cost nothing stay when everything was paid back",
        "unrefunded",
        "not keeps_minor and any((line.paid_minor for line in order.lines))",
        "False",
    ),
    Mutant(
        "units stay whose money was paid back",
        "unrefunded",
        "min(left, keeps(line, line.quantity)) if line.paid_minor else left",
        "left",
    ),
    # What counts in limits.
    Mutant(
        "a limit gets back what was forgiven",
        "campaign_counts.moved",
        "(fallen - newly_forgiven, fallen) if fallen else (1, 1)",
        "(1, 1)",
    ),
    Mutant(
        "what a limit gets back is rounded up",
        "outstanding",
        "counts -= (then - now) * taken // of",
        "counts -= -(-(then - now) * taken // of)",
    ),
    Mutant(
        "points that were forgiven count again when they are given again",
        "outstanding",
        "max(counts, now)",
        "counts + now - then",
    ),
    Mutant(
        "a limit of orders counts every change of points",
        "limits._uses",
        "bool(then) != bool(now)",
        "then != now",
    ),
    Mutant(
        "a limit of orders takes from orders what they have",
        "MemberCap.room",
        "not had and orders_max is not None and used.get(self.orders_name, 0) >= orders_max",
        "orders_max is not None and used.get(self.orders_name, 0) >= orders_max",
    ),
    Mutant(
        "an edit may have no more than limits leave",
        "ceilings_of_edit",
        "freeze(every, purchase, context, rooms=room, had=had)",
        "freeze(every, purchase, context, rooms=room)",
    ),
    Mutant(
        "the ceilings of the first version hold for every other one",
        "context_of",
        "accrual.ceilings if state.ceilings is None else state.ceilings",
        "accrual.ceilings",
    ),
    Mutant(
        "a budget that was lowered gives what other shards have left",
        "left_in",
        "min(of_shards, max(0, budget.points - sum(shards)))",
        "of_shards",
    ),
    Mutant(
        "a budget of a day is told by UTC",
        "accruals.accrue",
        "budgets_on(program.document, day)",
        "budgets_on(program.document, order.occurred_at.date())",
    ),
    Mutant(
        "members who become one have used what one of them did",
        "corrections.merge",
        "redeemed=summed(loser.redeemed, survivor.redeemed)",
        "redeemed=survivor.redeemed",
    ),
    Mutant(
        "members who become one have bought as often as is known",
        "corrections._together",
        "None if one is None or other is None else one + other",
        "(one or 0) + (other or 0)",
    ),
    Mutant(
        "members who become one last bought when the remaining one did",
        "corrections.merge",
        "bought_on=max(filter(None, (loser.bought_on, survivor.bought_on)), default=None)",
        "bought_on=survivor.bought_on",
    ),
)
MUTANTS: Final = tuple(replace(each, focus="campaigns") for each in _MUTANTS)
