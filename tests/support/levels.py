"""Members whose levels are computed, and programs with policies for their levels."""

from datetime import UTC, date, datetime
from typing import Any, Final

from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.tiers import level_on
from loyalty.domain.program.document import Program
from tests.support.documents import program, rule

ENROLLED: Final = datetime(2024, 5, 17, 10, 0, tzinfo=UTC)
PERIODS: Final = ["calendar_year", "rolling_months", "membership_year"]
LEVELS: Final = [
    {"id": "silver", "name": "Silver", "reached_at": 500, "multiplier_percent": 125},
    {"id": "gold", "name": "Gold", "reached_at": 1000, "multiplier_percent": 200},
]
WHILE_ENOUGH: Final = {"model": "while_enough"}
FOR_LIFE: Final = {"model": "for_life"}


def tiers(
    period: str = "calendar_year", basis: str = "qualifying_points", **policies: Any
) -> dict[str, Any]:
    return {"basis": basis, "period": period, "levels": LEVELS, **policies}


def with_tiers(
    period: str = "calendar_year", basis: str = "qualifying_points", **policies: Any
) -> Program:
    return program(tiers=tiers(period, basis, **policies), earning_rules=[rule()])


def kept_at(silver: int | None, gold: int | None) -> list[dict[str, Any]]:
    """The levels, with the amounts that keep them."""
    return [
        level | {"keeps_at": amount} for level, amount in zip(LEVELS, (silver, gold), strict=True)
    ]


def member(**counted: int) -> Account:
    return Account(member_id="mem_1", enrolled_at=ENROLLED, qualifying=counted)


def level(account: Account, rules: Program, day: date) -> str | None:
    reached = level_on(account, rules, day=day)
    return reached.id if reached else None


def levels_in(account: Account, rules: Program, years: range) -> list[str | None]:
    """The level in the middle of each year."""
    return [level(account, rules, date(year, 6, 30)) for year in years]
