"""Reports on the members of a segment: what they say if nobody else had ever been there."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from loyalty.domain.changes import Record
from loyalty.domain.facts import facts_of
from loyalty.domain.ledger.account import Account
from loyalty.domain.program.document import Program
from loyalty.domain.report_exports import EACH, RequestedFile
from loyalty.lake import columns, reports
from loyalty.lake.mirror import Mirror
from loyalty.lake.narrowing import SegmentMembers
from loyalty.lake.report_files import Scope, write
from loyalty.lake.reports import ReportPeriod
from tests.support.documents import program
from tests.support.histories import MEMBERS, documents, histories, periods
from tests.support.lake import NOVEMBER, Home, Row, by_column
from tests.support.ledger import NOON, accrual, change, order
from tests.support.recomputed import Recomputed

NARROWED: Final = [name for name in reports.names() if not reports.report(name).never_narrowed]
some: Final = settings(
    max_examples=2,
    deadline=None,
    phases=set(Phase) - {Phase.shrink, Phase.explain},
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class NarrowedHome(Home):
    """A lake that is fetched by the columns that a narrowed report reads, and no others."""

    def segment(self, members: Collection[str], *, name: str = "some") -> SegmentMembers:
        path = self.root / "bean" / "segments" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [*((each, name, "now") for each in members), ("mem_1", "other", "now"), (None,) * 3]
        with duckdb.connect() as engine:
            engine.execute("CREATE TABLE t (member_id TEXT, segment_id TEXT, definition TEXT)")
            engine.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
            engine.execute(f"COPY t TO '{path}' (FORMAT parquet)")
        return SegmentMembers(segment_id=name, definition="now", path=path)

    def narrowed(
        self,
        name: str,
        among: SegmentMembers,
        *,
        facts: Path,
        period: ReportPeriod = NOVEMBER,
        document: Program | None = None,
    ) -> list[Row]:
        return by_column(
            reports.run(
                reports.report(name),
                period,
                facts=facts,
                document=document or program(),
                among=among,
                connect=self.engine.over,
            )
        )


def recorded(root: Path, items: Sequence[Record]) -> NarrowedHome:
    home = NarrowedHome(root)
    home.write([change(item) for item in items], name="all")
    return home


def of_members(items: Sequence[Any], members: Collection[str], everything: Recomputed) -> list[Any]:
    """The items of some members, and of whoever became one of them."""

    def is_theirs(item: Any) -> bool:
        owners = {getattr(fact, "member_id", None) for fact in facts_of(change(item))}
        if isinstance(item, Account):
            owners = {item.member_id}
        return any(each and everything.heir(each) in members for each in owners)

    return [item for item in items if is_theirs(item)]


@pytest.mark.slow
@some
@given(items=histories(), period=periods(), members=st.sets(MEMBERS), data=st.data())
def test_a_narrowed_report_is_that_of_a_program_with_these_members_alone(
    tmp_path_factory: pytest.TempPathFactory,
    items: list[Record],
    period: ReportPeriod,
    members: set[str],
    data: st.DataObject,
) -> None:
    document = data.draw(documents(zone=period.zone))
    home = recorded(tmp_path_factory.mktemp("home"), items)
    theirs = of_members(items, members, Recomputed(items, period, document))
    alone, among, facts = Recomputed(theirs, period, document), home.segment(members), home.fetch()

    for name in NARROWED:
        found = home.narrowed(name, among, facts=facts, period=period, document=document)
        assert found == without_budgets(alone.rows(name)), name


def without_budgets(rows: list[Row]) -> list[Row]:
    """What is left of a budget is no matter of some members, so reports on them leave it out."""
    hidden = {"budget": None, "budget_used": None}
    return [{**row, **hidden} if hidden.keys() <= row.keys() else row for row in rows]


STORY: Final[list[Record]] = [
    *(Account(member_id=each, enrolled_at=NOON) for each in ("mem_1", "mem_2")),
    accrual(order("1001")),
    replace(accrual(order("1002")), member_id="mem_2"),
    replace(accrual(order("1003")), member_id="mem_2"),
]


@pytest.mark.usefixtures("by_columns")
@pytest.mark.parametrize("name", ["summary", "liability"])
def test_a_narrowed_report_reads_the_columns_that_tell_members_apart(
    tmp_path: Path, name: str
) -> None:
    home = recorded(tmp_path, STORY)
    home.fold(now=NOON + timedelta(days=99))
    mirror = Mirror(home.bucket.client, bucket="lake", root=tmp_path)
    needed = columns.read_by(name, is_narrowed=True)
    facts = mirror.fetch("bean", tuple(needed), columns=needed)

    (narrowed,) = home.narrowed(name, home.segment({"mem_2"}), facts=facts)

    assert narrowed[{"summary": "points_earned", "liability": "points"}[name]] == 2 * 49


def test_segments_stand_beside_each_other(tmp_path: Path) -> None:
    home = recorded(tmp_path, STORY)
    segments = [home.segment({"mem_1"}, name="one"), home.segment({"mem_1", "mem_2"}, name="both")]

    table = reports.run_beside(
        reports.report("summary"),
        NOVEMBER,
        facts=home.fetch(),
        document=program(),
        segments=segments,
        connect=home.engine.over,
    )

    rows = {str(row["of_segment"]): row for row in by_column(table)}
    assert {name: row["orders"] for name, row in rows.items()} == {"one": 1, "both": 3}
    assert home.answer()["orders"] == 3


def test_a_member_who_was_merged_since_is_in_the_segments_of_who_they_became(
    tmp_path: Path,
) -> None:
    merged = Account(
        member_id="mem_2", status="merged", into="mem_1", enrolled_at=NOON, ended_at=NOON
    )
    home = recorded(tmp_path, [STORY[0], merged, *STORY[2:]])

    def orders(members: set[str]) -> Any:
        (row,) = home.narrowed("summary", home.segment(members), facts=home.fetch())
        return row["orders"]

    assert orders({"mem_1"}) == 3
    assert orders({"mem_2"}) == 0


class TestFiles:
    def written(self, tmp_path: Path, segment: str, **what: Any) -> str:
        """The text of a CSV file about a segment; `both` has more members than `one`."""
        home = recorded(tmp_path, STORY)
        segments = {
            "one": home.segment({"mem_1"}, name="one"),
            "both": home.segment({"mem_1", "mem_2"}, name="both"),
        }
        requested = RequestedFile(
            first=NOVEMBER.first,
            last=NOVEMBER.last,
            segment=segment,
            file_format="csv",
            **what,
        )
        scope = Scope(
            folder=home.fetch(),
            document=program(),
            period=NOVEMBER,
            segments=tuple(segments.values()) if segment == EACH else (segments[segment],),
        )
        path = scope.folder / requested.name
        write(requested, path, scope=scope, seconds_max=60.0, spill_limit="1GiB")
        return path.read_text()

    def test_a_report_on_a_segment(self, tmp_path: Path) -> None:
        header, row, *others = self.written(tmp_path, "one", report="sources").splitlines()

        assert dict(zip(header.split(","), row.split(","), strict=True))["orders"] == "1"
        assert not others

    def test_a_report_on_each_segment(self, tmp_path: Path) -> None:
        header, *rows = self.written(tmp_path, EACH, report="sources").splitlines()

        assert header.startswith("of_segment,source")
        place = header.split(",").index("orders")
        assert [(row.split(",")[0], row.split(",")[place]) for row in rows] == [
            ("one", "1"),
            ("both", "3"),
        ]

    def test_the_facts_of_a_segment(self, tmp_path: Path) -> None:
        text = self.written(tmp_path, "one", facts="orders")

        assert "1001" in text
        assert "1002" not in text
