"""Joining: a person enrolls or gets another identity, and the orders they made as a guest follow.

A few orders are claimed at once, because a caller waits; a queue claims the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from loyalty.usecases.orders.guests import claim_orders
from loyalty.usecases.people import members as people
from loyalty.usecases.people.enrollment import Application, enroll, enroll_oneself

if TYPE_CHECKING:
    from loyalty.domain.ledger.entries import Entry
    from loyalty.domain.people.identity import Identity
    from loyalty.domain.people.member import MemberUpdate
    from loyalty.usecases.people.members import Enrolled
    from loyalty.usecases.ports import Desk, Members

# Each is a transaction or two, and a caller waits for them.
CLAIMED_AT_ONCE_MAX: Final = 10

# Has the rest of a member's guest orders claimed in the background.
type ClaimLater = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A member, and the entries of the guest orders that were claimed with this request.

    `is_new` if this very request enrolled them.
    """

    enrolled: Enrolled
    claimed: Sequence[Entry] = ()
    is_new: bool = False


def join(
    application: Application,
    *,
    proven: Sequence[Identity] | None,
    claim_later: ClaimLater,
    members: Members,
    desk: Desk,
) -> Joined:
    """Enroll a person and claim their guest orders.

    `proven` is what the person's own token proves; None: somebody else enrolls them.

    Raises:
        as `enroll` or `enroll_oneself`.
    """
    if proven is None:
        enrolled = enroll(application, members=members, desk=desk)
    else:
        enrolled = enroll_oneself(application, proven=proven, members=members, desk=desk)
    return _with_guest_orders(enrolled, claim_later=claim_later, members=members, desk=desk)


def change(
    member_id: str,
    update: MemberUpdate,
    *,
    proven: Sequence[Identity] | None,
    claim_later: ClaimLater,
    members: Members,
    desk: Desk,
) -> Joined:
    """Change a member; with an identity added, claim the guest orders that it leads to.

    Raises:
        as `members.change`.
    """
    enrolled = people.change(member_id, update, proven=proven, members=members, desk=desk)
    if not update.add:
        return Joined(enrolled=enrolled)
    return _with_guest_orders(enrolled, claim_later=claim_later, members=members, desk=desk)


def _with_guest_orders(
    enrolled: Enrolled, *, claim_later: ClaimLater, members: Members, desk: Desk
) -> Joined:
    member, is_new = enrolled.member, enrolled.is_new
    orders = claim_orders(member, orders_max=CLAIMED_AT_ONCE_MAX, directory=members, desk=desk)
    if not orders.is_done:
        claim_later(member.member_id)
    if orders.entries:
        enrolled = people.look_up(member.member_id, members=members, strong=True)
    return Joined(enrolled=enrolled, claimed=orders.entries, is_new=is_new)
