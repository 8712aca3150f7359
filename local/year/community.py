"""What orders count for, and what members do beside buying: bring friends, and write reviews."""

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from functools import partial

from local.memory import MemoryEngine
from loyalty.domain.engagement.activities import ActivityRef, ReportedActivity
from loyalty.domain.kernel.errors import Refusal
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.identity import Identity, Keyring
from loyalty.edge.referral_digests import code_for_friends
from loyalty.table.activities import TableActivities
from loyalty.table.engagement import TableEngagement
from loyalty.table.members import TableMembers
from loyalty.table.referrals import TableReferrals
from loyalty.usecases.engagement.activities import record_activity
from loyalty.usecases.engagement.activity_counting import count_activity
from loyalty.usecases.engagement.activity_steps import ActivityDesk
from loyalty.usecases.engagement.reconciling import reconcile, unite_progress
from loyalty.usecases.engagement.referral_orders import look_at_friend, look_at_order
from loyalty.usecases.engagement.referring import ReferralClaim, claim_referral, code_of
from loyalty.usecases.ports import Desk

_REVIEWS = "product-reviews"


class Community:
    """Does what the function `engagement` does, because nothing reads this table's changes."""

    def __init__(
        self, engine: MemoryEngine, *, program_id: str, members: TableMembers, keyring: Keyring
    ) -> None:
        self._members = members
        self._friends = TableReferrals(engine, program_id=program_id)
        self._awards = TableEngagement(engine, program_id=program_id)
        self._activities = ActivityDesk(
            activities=TableActivities(engine, program_id=program_id), awards=self._awards
        )
        self._new_code = partial(code_for_friends, program_id=program_id, keyring=keyring)
        self._of_guests: defaultdict[Identity, list[OrderRef]] = defaultdict(list)

    def look_at(self, order: OrderRef, *, guest: Identity | None = None, desk: Desk) -> None:
        """Count an order that was made or changed; that of a guest once it is claimed."""
        if guest:
            self._of_guests[guest].append(order)
            return
        reconcile(order, shelf=self._awards, desk=desk)
        look_at_order(order, shelf=self._friends, awards=self._awards, desk=desk)

    def look_at_claimed(self, identities: Iterable[Identity], *, desk: Desk) -> None:
        """Count the orders that somebody claimed by enrolling with these identities."""
        for identity in identities:
            for order in self._of_guests.pop(identity, ()):
                self.look_at(order, desk=desk)

    def look_at_member(self, member_id: str, *, desk: Desk) -> None:
        """Unite what a merged member collected with what the survivor did."""
        unite_progress(member_id, shelf=self._awards, desk=desk)
        look_at_friend(member_id, shelf=self._friends, awards=self._awards, desk=desk)

    def bring(self, friend_id: str, *, by: str, desk: Desk) -> None:
        """Note that a member brought a friend, if the program's rules allow it."""
        with suppress(Refusal):
            code = code_of(by, new_code=self._new_code, shelf=self._friends, desk=desk).code
            claim = ReferralClaim(code=code, friend_id=friend_id)
            claim_referral(claim, shelf=self._friends, signals=self._friends, desk=desk)

    def review(self, number: int, *, member_id: str, sku: str, has_photo: bool, desk: Desk) -> None:
        """Record that a member wrote a review of a product, the only one of them about it."""
        report = ReportedActivity(
            ref=ActivityRef(_REVIEWS, str(number)),
            activity="review",
            member_id=member_id,
            occurred_at=desk.now,
            changed_at=desk.now,
            subject=sku,
            attributes=frozenset({"photo"} if has_photo else ()),
        )
        with suppress(Refusal):
            record_activity(report, shelves=self._activities, directory=self._members, desk=desk)
            count_activity(
                report.ref, activities=self._activities.activities, shelf=self._awards, desk=desk
            )
