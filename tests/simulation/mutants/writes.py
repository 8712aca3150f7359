"""Mistakes in what an entry is named by, and in what a write relies on."""

from typing import Final

from tests.simulation.mutants.mutant import Mutant

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
)
