"""Which orders and members are looked at because of a change."""

from dataclasses import replace
from datetime import date

from loyalty.domain.changes import Record, TableChange
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.entries import OrderCause, RequestCause
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.refunds import OrderState, RecordedState
from loyalty.domain.orders.order import OrderRef
from loyalty.usecases.engagement.waking import order_named, pages_to_look_at
from loyalty.usecases.work_pages import WorkPage
from tests.support.ledger import CLAWBACK, NOON, accrual, entry, order
from tests.support.plan_examples import PLAN


class Since:
    """Programs that count since a version."""

    def __init__(self, version: int) -> None:
        self._since = version

    def counts(self, program_id: str, version: int) -> bool:
        return program_id == "bean" and (version == 0 or version >= self._since)


def pages(
    *records: Record, before: Record | None = None, program: str = "bean", since: int = 1
) -> list[WorkPage]:
    changes = [
        TableChange(program_id=program, made_at=NOON, before=before, after=each) for each in records
    ]
    return list(pages_to_look_at(changes, programs=Since(since)))


def test_everything_that_changes_an_order_has_it_looked_at_once() -> None:
    bought = accrual()
    refund = entry(OrderCause("pos", "1001", "clawback", "r1"), Holding(), detail=CLAWBACK)
    state = RecordedState(ref=OrderRef("pos", "1001"), state=OrderState(taken=()))

    assert pages(bought, refund, state) == [
        WorkPage(program_id="bean", lane="orders", items=("pos#1001",))
    ]
    assert order_named("pos#1001") == OrderRef("pos", "1001")


def test_a_merged_member_is_looked_at_and_no_other_change_of_an_account() -> None:
    merged = Account(member_id="mem_1", status="merged", into="mem_2")
    active = Account(member_id="mem_1")

    assert pages(merged, before=active) == [
        WorkPage(program_id="bean", lane="members", items=("mem_1",))
    ]
    assert pages(active, before=active) == []


def test_a_member_is_looked_at_whose_plan_changed_or_came_to_a_day() -> None:
    without = Account(member_id="mem_1")
    begun = replace(without, plan=PLAN, due=date(2026, 12, 21))
    month = replace(begun, due=date(2027, 1, 21), balance=5)
    look = [WorkPage(program_id="bean", lane="plans", items=("mem_1",))]

    assert pages(begun, before=without) == look
    assert pages(month, before=begun) == look
    assert pages(without, before=begun) == look
    assert pages(replace(begun, balance=5), before=begun) == []
    assert pages(replace(without, due=date(2027, 1, 21)), before=without) == []


def test_what_cannot_count_is_not_looked_at() -> None:
    request = entry(RequestCause("r", "adjustment"), Holding())

    assert pages(replace(accrual(), program_version=1), since=2) == []
    assert pages(accrual(), program="tea") == []
    assert pages(request) == []


def test_a_page_holds_no_more_orders_than_a_worker_looks_at_in_time() -> None:
    found = pages(*(accrual(order(f"{number}")) for number in range(60)))

    assert [len(page.items) for page in found] == [25, 25, 10]
