"""The engine of the reports is kept while what it knows is so, and no longer."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from loyalty.domain.ledger.account import Account
from loyalty.domain.program.document import Program
from loyalty.lake import columns, reports
from loyalty.lake.connections import ReportEngine
from loyalty.lake.mirror import Mirror
from tests.support.documents import program
from tests.support.lake import NOVEMBER, Home, by_column
from tests.support.ledger import NOON, accrual, change, order


class Warm:
    """A function that is asked for one report after the other."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.engine = ReportEngine()
        self.mirror = Mirror(self.home.bucket.client, bucket="lake", root=root / "mirror")

    def row(self, name: str, *, document: Program | None = None, **changed: Any) -> dict[str, Any]:
        report = reports.report(name)
        facts = self.mirror.fetch("bean", report.reads, columns=columns.read_by(name))
        table = reports.run(
            report,
            replace(NOVEMBER, **changed),
            facts=facts,
            document=document or program(),
            connect=self.engine.over,
        )
        return dict(by_column(table)[0])

    def lent(self) -> Any:
        lendable = self.engine._lendable
        assert lendable
        return lendable.connected


@pytest.fixture
def warm(tmp_path: Path) -> Warm:
    warm = Warm(tmp_path)
    warm.home.write([change(accrual(order("1001")))], name="1-1")
    return warm


def test_the_next_report_is_asked_of_the_same_engine(warm: Warm) -> None:
    warm.row("liability")
    first = warm.lent()

    warm.row("summary")
    warm.row("summary", last=date(2026, 11, 20))

    assert warm.lent() is first


def test_what_was_written_since_is_in_the_next_answer(warm: Warm) -> None:
    before = warm.row("summary")
    member = Account(member_id="ana", status="active", enrolled_at=NOON)
    warm.home.write([change(member), change(accrual(order("1002")))], name="2-3")

    after = warm.row("summary")

    assert (before["orders"], after["orders"]) == (1, 2)
    assert after["members"] == before["members"] + 1


def test_an_engine_loads_the_facts_that_a_further_report_needs(warm: Warm) -> None:
    warm.row("sources")
    warm.home.write([change(accrual(order("1002")))], name="2-2")

    warm.row("liability")

    assert warm.row("sources")["orders"] == 2


def test_a_changed_document_gets_a_new_engine(warm: Warm) -> None:
    assert warm.row("liability")["worth_minor"] is None

    worth = program(point_value={"amount_minor": 2, "per_points": 1})

    assert warm.row("liability", document=worth)["worth_minor"] == 98


def test_an_engine_on_which_a_report_failed_is_not_asked_again(warm: Warm) -> None:
    warm.row("liability")
    first = warm.lent()

    with pytest.raises(duckdb.InterruptException):
        interrupted(warm, first)

    warm.row("liability")
    assert warm.lent() is not first


def interrupted(warm: Warm, expected: Any) -> None:
    facts = warm.mirror.fetch("bean", {"entries"})
    until = NOVEMBER.as_of.date()
    with warm.engine.over(
        facts, kinds={"entries"}, document=program(), zone=NOVEMBER.zone, until=until
    ) as connected:
        assert connected is expected
        raise duckdb.InterruptException("too slow")
