"""The figures of reports that goals are measured by."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from loyalty.domain.changes import Record
from loyalty.domain.ledger.account import Account
from loyalty.lake.figures import LakeFigures
from tests.support.documents import program, reward
from tests.support.lake import Home
from tests.support.ledger import accrual, change, order, voucher

NOW: Final = datetime(2026, 12, 10, 9, tzinfo=UTC)


def noon(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


@pytest.fixture
def figures(tmp_path: Path) -> LakeFigures:
    """Ana enrolls in September, buys once in October and twice in November, and uses two lattes."""
    home = Home(tmp_path)
    records: list[Record] = [
        Account(member_id="mem_1", enrolled_at=noon(9, 5)),
        *(
            accrual(order(str(number), occurred_at=moment), recorded_at=moment)
            for number, moment in enumerate((noon(10, 5), noon(11, 5), noon(11, 6)))
        ),
        *(
            voucher("used", redemption_id=each, reward_id=each, issued_at=noon(11, 7))
            for each in ("latte", "tote")
        ),
    ]
    home.write([change(item) for item in records], name="figures")
    facts = home.fetch()
    rewards = [reward(cost_minor=90), reward(id="tote", cost_minor=300)]
    return LakeFigures(
        document=program(rewards=rewards, time_zone="Europe/Paris"),
        now=NOW,
        fetch=lambda _report: facts,
        connect=home.engine.over,
    )


@pytest.mark.parametrize(
    ("report", "column", "first", "figure"),
    [
        ("summary", "orders", date(2026, 11, 1), 2),
        ("summary", "orders", date(2026, 10, 1), 3),
        ("summary", "redemption_rate", date(2026, 11, 1), 0.0),
        ("summary", "redemption_rate", date(2026, 11, 30), None),
        ("summary", "liability_minor", date(2026, 11, 1), None),
        ("rewards", "cost_minor", date(2026, 11, 1), 390),
        ("rewards", "cost_minor", date(2026, 11, 30), 0),
    ],
)
def test_a_figure_is_the_only_value_of_its_column_or_the_sum(
    figures: LakeFigures, report: str, column: str, first: date, figure: Any
) -> None:
    assert figures.figure(report, column, first=first, last=date(2026, 11, 30)) == figure


def test_the_history_is_of_whole_months_since_the_program_has_members(
    figures: LakeFigures,
) -> None:
    months = figures.history(last=date(2026, 12, 9)).months

    assert months["summary", "members"] == [1, 1, 1]
    assert months["summary", "orders"] == [0, 1, 2]
    assert figures.history(last=date(2026, 11, 30)).months == months
    assert figures.history(last=date(2026, 11, 29)).months["summary", "orders"] == [0, 1]
