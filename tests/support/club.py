"""A shop with campaigns whose members are new, and what tests do in it."""

from datetime import timedelta
from typing import Any, Final

from loyalty.domain.ledger.account import Account, used_of_campaigns
from loyalty.domain.ledger.entries import Accrual, RequestedRefund
from loyalty.domain.orders.order import Order, OrderRef
from loyalty.domain.people.member import Member, Profile
from loyalty.table import keys, records
from loyalty.table.engine import Persistent
from loyalty.table.operations import Put
from loyalty.table.targeting import TableTargeting
from loyalty.usecases.campaigns import membership
from loyalty.usecases.orders.accrual import Customer, Earned, earn
from loyalty.usecases.orders.edits import record_refund
from tests.support.documents import rule
from tests.support.memory import NOW, Shop
from tests.support.orders import line

ANA: Final = "mem_ana"
BOB: Final = "mem_bob"


class Club(Shop):
    """A shop whose members are new: none of them has ordered yet."""

    def __init__(self, *campaigns: dict[str, Any], members: tuple[str, ...] = (ANA,), **parts: Any):
        defaults: dict[str, Any] = {"earning_rules": [rule()], "pending_days": 0}
        super().__init__(**defaults | {"campaigns": list(campaigns)} | parts)
        for member_id in members:
            account = Account(member_id=member_id, enrolled_at=NOW, orders=0)
            item = records.account_to_item(account, "bean")
            self.engine.write([Put(keys.account("bean", member_id), item)])

    def sells(
        self,
        order_id: str,
        amount_minor: int = 1000,
        *,
        member: str = ANA,
        days_ago: float = 0,
        **parts: Any,
    ) -> Accrual:
        """What an order earned."""
        sold = bought(order_id, line(amount_minor, **parts), days_ago=days_ago)
        done = earn(sold, customer=Customer(member_id=member, named=member), desk=self.desk)
        assert isinstance(done, Earned)
        assert isinstance(done.entry.detail, Accrual)
        return done.entry.detail

    def refunds(self, order_id: str, **what: Any) -> None:
        name = f"r{next(self._codes)}"
        request = RequestedRefund(refund_id=name, occurred_at=NOW, fingerprint=name, **what)
        record_refund(OrderRef("till", order_id), request, desk=self.desk)

    @property
    def targetings(self) -> TableTargeting:
        return TableTargeting(
            Persistent(self.engine, pause=lambda _attempt: None), program_id="bean"
        )

    def joins(self, member_id: str, campaign_id: str) -> membership.CampaignMembership:
        return membership.join(member_id, campaign_id, targetings=self.targetings, desk=self.desk)

    def leaves(self, member_id: str, campaign_id: str) -> None:
        membership.leave(member_id, campaign_id, targetings=self.targetings, desk=self.desk)

    def enrolls(self, member_id: str, **profile: Any) -> None:
        """Enroll a member with a profile, as the API does."""
        member = Member(
            member_id=member_id,
            enrolled_at=NOW,
            enrolled_by="",
            profile=Profile(**profile),
            identities={},
        )
        self.members.enroll(member, Account(member_id=member_id, enrolled_at=NOW, orders=0))

    def used(self, member: str = ANA) -> dict[str, int]:
        """What the member used of limits, without those that are whole."""
        return {name: used for name, used in used_of_campaigns(self.stored(member)).items() if used}

    def stored(self, member: str = ANA) -> Account:
        account = self.desk.books.account(member, strong=True)
        assert account is not None
        return account


def bought(order_id: str, *lines: Any, days_ago: float = 0, **parts: Any) -> Order:
    fields: dict[str, Any] = {"source": "till", "order_id": order_id}
    return Order(**fields, occurred_at=NOW - timedelta(days=days_ago), lines=lines, **parts)
