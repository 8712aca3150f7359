"""Mistakes in what orders count for challenges, and in giving what these are worth."""

from dataclasses import replace
from typing import Final

from tests.simulation.mutants.mutant import Mutant

_MUTANTS: Final = (
    # What an order counts.
    Mutant(
        "what costs nothing counts",
        "counting._tally",
        "line.amount_minor > 0 and covers(line)",
        "covers(line)",
    ),
    Mutant(
        "an order counts more than it may",
        "counting._tally",
        "amount if rule.per_order_max is None else min(amount, rule.per_order_max)",
        "amount",
    ),
    Mutant(
        "the days of windows are told by UTC",
        "counts_of_order",
        "program.today(left.occurred_at)",
        "left.occurred_at.date()",
    ),
    Mutant(
        "the first day of a challenge does not count",
        "counting._window",
        "day < challenge.starts_on",
        "day <= challenge.starts_on",
    ),
    Mutant(
        "an order counts by the challenges of today",
        "_counts_now",
        "desk.version(accrual.program_version).document",
        "desk.program.document",
    ),
    Mutant(
        "an order that was rejected counts all the same",
        "_counts_now",
        'file.state and file.state.verdict == "rejected"',
        "False",
    ),
    Mutant(
        "what was refunded counts all the same",
        "_counts_now",
        "unrefunded(accrual.earned.order, state_of(accrual.earned, file.state))",
        "accrual.earned.order",
    ),
    # Progress.
    Mutant(
        "a window is judged by the terms of the latest order",
        "progress.counted",
        "seen.version if seen else version",
        "version",
    ),
    Mutant(
        "a category stays though nothing of it is left",
        "progress.difference",
        "{**before, **now}",
        "now",
    ),
    Mutant(
        "two orders of a category count twice",
        "amount_in",
        "sum((amount > 0 for amount in summed.tally.values()))",
        "sum(summed.tally.values())",
    ),
    Mutant(
        "a challenge is completed as often as its progress says",
        "due_awards",
        "min(amount_in(summed, rule) // rule.target, rule.times_max)",
        "amount_in(summed, rule) // rule.target",
    ),
    Mutant(
        "a streak outlives one period less",
        "progress.runs",
        "_missed(run) > _streak(progress, run, terms).freezes",
        "_missed(run) >= max(1, _streak(progress, run, terms).freezes)",
    ),
    Mutant(
        "the last period of a streak begins the next one",
        "progress.runs",
        "run = []",
        "run = run[-1:]",
    ),
    Mutant(
        "what the member may keep is taken back",
        "progress._keeps",
        'bool(versions) and terms(min(versions)).if_undone == "keep"',
        "False",
    ),
    Mutant(
        "members who become one were given what one of them was",
        "progress.united",
        "_added(survivor.given.get(window, {}), absorbed.given.get(window, {}))",
        "_added(survivor.given.get(window, {}), {})",
    ),
    Mutant(
        "members who become one are judged by the later terms",
        "progress.united",
        "min(seen.version, more.version)",
        "max(seen.version, more.version)",
    ),
    # What a write relies on.
    Mutant(
        "what an order counts does not rely on what is left of it",
        "engagement.writes",
        "yield Check(state, (Absent() if counter is None else equal(('counter',), counter),))",
        "pass",
    ),
    Mutant(
        "two workers count an order at once",
        "engagement.writes",
        'Put(key, share_to_item(share), _before("revision", share.revision))',
        "Put(key, share_to_item(share), ())",
    ),
    Mutant(
        "two orders add to the same progress",
        "engagement.writes",
        'Put(key, progress_to_item(progress), _before("revision", progress.revision))',
        "Put(key, progress_to_item(progress), ())",
    ),
    Mutant(
        "progress is read by a stale read",
        "TableEngagement.progress",
        "self._engine.get(key, strong=True)",
        "self._engine.get(key, strong=False)",
    ),
    Mutant(
        "an order counts for a member who has become another",
        "reconciling.add_to_progress",
        "active=path[-1].member_id",
        "active=None",
    ),
    # Giving and taking back.
    Mutant(
        "an order that counts as before gives nothing that is still due",
        "reconciling.add_to_progress",
        "sorted({*before, *now})",
        "sorted(each for each in {*before, *now} if each not in before or difference("
        "now.get(each, {}), before[each]))",
    ),
    Mutant(
        "a look gives one award at most",
        "settle_counter",
        "while _take_step(counter, member_id, shelf=shelf, desk=desk):\n    pass",
        "_take_step(counter, member_id, shelf=shelf, desk=desk)",
    ),
    Mutant(
        "progress of merged members is left behind",
        "united_progress",
        "path[:-1]",
        "path[:0]",
    ),
    Mutant(
        "progress that was added to another's stays where it was",
        "united_progress",
        "emptied(theirs, now=desk.now)",
        "replace(theirs, revision=theirs.revision + 1)",
    ),
    Mutant(
        "points wait no longer than those of orders",
        "new_award",
        "program.document.today(now) + timedelta(days=terms.wait_days)",
        "program.document.today(now)",
    ),
    Mutant(
        "an award expires as if it were an order's",
        "new_award",
        "policy_of(program.document, terms.given_for)",
        "program.document.expiry",
    ),
    Mutant(
        "what was forgiven is given a second time",
        "awarding._given",
        "min(award.standing.forgiven, points)",
        "0",
    ),
    Mutant(
        "points of an award that expired are taken all the same",
        "awards._expired_of",
        "expired_in(past, path, desk=desk)",
        "expired_in([], path, desk=desk)",
    ),
    Mutant(
        "the voucher of an award that is taken back can still be used",
        "take_reward",
        "replace(voucher, state='cancelling' if voucher.in_shops else 'cancelled')",
        "voucher",
    ),
    Mutant(
        "the reward of an award is given again though its voucher was used",
        "give_reward",
        'voucher is not None and voucher.state not in ("cancelled", "cancelling")',
        'voucher is not None and voucher.state not in ("cancelled", "cancelling", "used")',
    ),
    # Which members to look at.
    Mutant(
        "nobody looks at an order that has not changed since it was recorded",
        "waking._touched",
        'yield "orders", item_of(entry.order), entry.program_version',
        "pass",
    ),
    Mutant(
        "nobody looks at members who became one",
        "waking._touched",
        'yield "members", member_id, 0',
        "pass",
    ),
)
MUTANTS: Final = tuple(replace(each, focus="challenges") for each in _MUTANTS)
