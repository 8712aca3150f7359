"""Mistakes in when points are available, expire and are due."""

from typing import Final

from tests.simulation.mutants.mutant import Mutant

MUTANTS: Final = (
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
        "local_day(now, self.zone)",
        "now.date()",
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
)
