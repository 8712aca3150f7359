"""Mistakes in orders of guests, and in who gets them."""

from typing import Final

from tests.simulation.mutants.mutant import Mutant

MUTANTS: Final = (
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
)
