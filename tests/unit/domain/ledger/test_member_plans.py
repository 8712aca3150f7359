"""What an account says of its member's plan on a day."""

from datetime import date
from typing import Final

from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.member_plans import plan_on, with_plan_announced
from loyalty.domain.plans.held_plan import HeldPlan
from tests.support.documents import program

PROGRAM: Final = program(plans=[{"id": "prime", "name": "Prime"}])
HELD: Final = HeldPlan("prime", date(2026, 11, 1), date(2026, 11, 30), "active")
ANA: Final = Account(member_id="ana", plan=HELD)


def test_a_plan_counts_on_the_days_on_which_it_runs() -> None:
    plan = PROGRAM.plans[0]

    days = (date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 30), date(2026, 12, 1))

    assert [plan_on(ANA, PROGRAM, day=day) for day in days] == [None, plan, plan, None]


def test_a_plan_that_the_program_has_no_more_brings_nothing() -> None:
    assert plan_on(ANA, program(), day=date(2026, 11, 21)) is None
    assert plan_on(Account(member_id="ana"), PROGRAM, day=date(2026, 11, 21)) is None


def test_the_end_of_a_plan_is_announced_on_the_day_after_its_last() -> None:
    assert with_plan_announced(ANA, day=date(2026, 11, 30)) == ANA
    ended = with_plan_announced(ANA, day=date(2026, 12, 1)).plan
    assert ended is not None
    assert ended.announced == "ended"
