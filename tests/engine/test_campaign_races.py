"""Orders under campaigns on real transactions, with many threads."""

from collections import Counter
from collections.abc import Callable
from itertools import chain
from typing import Any, Final

from loyalty.domain.campaigns.limits import CampaignPeriod
from loyalty.domain.ledger.account import used_of_campaigns
from loyalty.domain.ledger.entries import Accrual, RequestedRefund
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.identity import Keyring
from loyalty.table.engine import Persistent
from loyalty.table.members import TableMembers
from loyalty.usecases.ledger.statements import audit_member
from loyalty.usecases.orders.accrual import Customer, Earned, earn
from loyalty.usecases.orders.edits import record_refund
from loyalty.usecases.people.enrollment import Application, enroll
from loyalty.usecases.ports import Desk
from tests.support.campaigns import campaign
from tests.support.orders import NOON, line, order
from tests.support.race import race

ANA: Final = "mem_ana"

type OpenDesk = Callable[..., Desk]


def open_club(engine: Persistent, open_desk: OpenDesk, *campaigns: dict[str, Any]) -> Desk:
    """A desk of a program with campaigns, which Ana has just joined."""
    ring = Keyring({"1": b"a key of the digests"}, current="1")
    members = TableMembers(engine, program_id="bean", keyring=lambda: ring)
    desk = open_desk(NOON, campaigns=list(campaigns), pending_days=0)
    enroll(Application(member_id=ANA), members=members, desk=desk)
    return desk


def points_for(order_id: str, *, desk: Desk, member_id: str = ANA) -> Counter[str]:
    """What each rule and campaign gives for an order of 10.00, which is sent twice."""
    bought = order(line(1000), order_id=order_id)
    customer = Customer(member_id=member_id, named=member_id)
    first, again = (earn(bought, customer=customer, desk=desk) for _ in range(2))
    assert isinstance(first, Earned)
    assert isinstance(again, Earned)
    assert again.entry == first.entry
    assert isinstance(first.entry.detail, Accrual)
    points: Counter[str] = Counter()
    for share in first.entry.detail.shares:
        points[share.rule_id] += share.points
    return points


def test_eight_writers_on_one_member_never_fail_and_every_bonus_is_given_once(
    engine: Persistent, open_desk: OpenDesk
) -> None:
    desk = open_club(
        engine,
        open_desk,
        campaign(id="first", **{"for": {"fact": "first_order"}}),
        campaign(id="third", **{"for": {"fact": "order_number", "every": 3}}),
        campaign(id="capped", limits={"per_member": {"points": 75, "per": "month"}}),
        campaign(id="thrice", limits={"per_member": {"orders": 3}}),
        campaign(id="scarce", limits={"budget": {"points": 165}}),
    )

    def shop(number: int) -> list[Counter[str]]:
        return [points_for(f"{number}-{turn}", desk=desk) for turn in range(6)]

    given = list(chain.from_iterable(race(shop, threads=8)))

    totals = sum(given, Counter())
    assert {name: totals[name] for name in totals if name != "base"} == {
        "first": 10,
        "third": 160,
        "capped": 75,
        "thrice": 30,
        "scarce": 165,
    }
    assert sum(each["third"] > 0 for each in given) == 16
    account = desk.books.account(ANA, strong=True)
    assert account is not None
    assert account.orders == 48
    assert used_of_campaigns(account)["thrice#all#orders"] == 3
    assert audit_member(ANA, desk=desk) == []


def test_orders_and_refunds_at_once_leave_a_budget_with_what_is_out(
    engine: Persistent, open_desk: OpenDesk
) -> None:
    desk = open_club(engine, open_desk, campaign(limits={"budget": {"points": 100}}))

    def buy_and_return(number: int) -> int:
        points_kept = 0
        for turn in range(4):
            name = f"{number}-{turn}"
            points = points_for(name, desk=desk)["welcome"]
            if turn % 2:
                whole = RequestedRefund(
                    refund_id="r", occurred_at=NOON, whole=True, fingerprint="r"
                )
                record_refund(OrderRef("pos", name), whole, desk=desk)
            else:
                points_kept += points
        return points_kept

    out = sum(race(buy_and_return, threads=8))

    (shards,) = desk.books.budgets_used([CampaignPeriod("welcome", "all")]).values()
    assert sum(shards) == out <= 100
    rest = points_for("last", desk=desk)["welcome"]
    assert rest == min(10, 100 - out)
    assert audit_member(ANA, desk=desk) == []
