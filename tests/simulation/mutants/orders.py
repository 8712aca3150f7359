"""Mistakes in refunds, in new versions of orders, and in what these count toward levels."""

from typing import Final

from tests.simulation.mutants.mutant import Mutant

MUTANTS: Final = (
    # Refunds.
    Mutant(
        "what was forgiven is asked for again",
        "Settled.settled",
        "self.clawed + self.owed + self.forgiven",
        "self.clawed + self.owed",
    ),
    Mutant(
        "what was excused is asked for again",
        "Settled.settled",
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
        "order_to_settle",
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
        "now - then",
        "0",
    ),
)
