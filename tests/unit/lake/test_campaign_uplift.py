"""What campaigns brought in: by plain arithmetic, and seldom something where there is nothing."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.domain.campaigns.holdouts import lot
from loyalty.domain.changes import Record
from loyalty.domain.earning.awarding import Share
from loyalty.domain.facts import EntryFact, Fact, MemberFact, OrderFact
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.entries import Accrual, Clawback, OrderCause
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.program.document import Program
from loyalty.lake import reports, sql_views
from loyalty.lake.objects import FOLDED
from loyalty.lake.reports import ReportPeriod
from tests.support.campaigns import campaign, with_campaigns
from tests.support.lake import Home, by_column
from tests.support.ledger import change, entry, order
from tests.support.recomputed import Recomputed

# Two million lots are drawn; takes a quarter of a minute of processor time.
pytestmark = pytest.mark.slow

LOT: Final = date(2027, 11, 30)
NAMES: Final = st.text(max_size=12)
HALF: Final = {"percent": 50}
# Standard errors to either side, of an interval for the last look and of those for any look.
LAST_LOOK: Final = 1.959964
ANY_LOOK: Final = {1000: 3.363888, 2000: 3.123779}
NOVEMBER: Final = {"starts_on": "2026-11-01", "ends_on": "2026-11-28"}


def period(last: date = date(2026, 11, 30)) -> ReportPeriod:
    return ReportPeriod(
        first=date(2026, 11, 1),
        last=last,
        zone=ZoneInfo("UTC"),
        as_of=datetime(2026, 12, 10, 9, tzinfo=UTC),
    )


@given(st.lists(st.tuples(NAMES, NAMES, NAMES), min_size=100, max_size=100))
@settings(max_examples=5, deadline=None)
def test_the_lake_draws_the_lots_that_orders_are_decided_by(
    members: list[tuple[str, str, str]],
) -> None:
    with duckdb.connect(":memory:") as connected:
        connected.execute(sql_views.shared("macros"))
        for each in members:
            assert connected.execute("SELECT lot(?, ?, ?)", each).fetchone() == (lot(*each),)


def history(seed: int, *, members: int) -> list[Record]:
    """Members who enroll at any time, merge, leave, buy, and return a part of what they bought."""
    draw, since = Random(seed), datetime(2026, 9, 20, tzinfo=UTC)
    records: list[Record] = []
    for number in range(members):
        enrolled_at = since + timedelta(hours=draw.randrange(24 * 60))
        is_merged = number % 9 == 8
        ended_at = enrolled_at + timedelta(hours=draw.randrange(24 * 60))
        records.append(
            Account(
                member_id=f"mem_{number}",
                enrolled_at=enrolled_at,
                status="merged" if is_merged else "closed" if number % 13 == 5 else "active",
                ended_at=ended_at if is_merged or number % 13 == 5 else None,
                into=f"mem_{draw.randrange(number)}" if is_merged else None,
            )
        )
        for bought in range(draw.choice((0, 0, 1, 2, 5))):
            records += purchase(draw, f"mem_{number}", f"{number}-{bought}", enrolled_at)
    return records


def purchase(draw: Random, member_id: str, order_id: str, since: datetime) -> list[Record]:
    """An order with points of campaigns, and perhaps a refund of a part of it."""
    sold_at, minor = since + timedelta(hours=draw.randrange(24 * 70)), draw.randrange(100, 9000)
    given = {name: draw.randrange(1, 90) for name in ("a", "b") if draw.random() < 0.4}
    shares = (Share("base", "1", minor // 100 + 1, minor), *(
        Share(name, "1", points, minor) for name, points in given.items()
    ))  # fmt: skip
    lot_of = draw.choice((LOT, date(2026, 10, 31)))
    earned = entry(
        OrderCause("pos", order_id, "accrual"),
        Holding(lots={lot_of: sum(share.points for share in shares)}),
        member_id=member_id,
        happened_at=sold_at,
        recorded_at=sold_at,
        detail=Accrual(
            order=order(order_id, amount_minor=minor, occurred_at=sold_at),
            shares=shares,
            parts=(),
            campaigns=tuple(given),
        ),
    )
    if draw.random() < 0.7:
        return [earned]
    back_at, taken = sold_at + timedelta(hours=draw.randrange(500)), minor // 3
    detail = Clawback(
        source="pos", order_id=order_id, refund_id="r", amount_minor=taken, clawed=0, owed=0,
        forgiven=0, excused=0, debt_after=0,
        campaign_points={name: -(points // 2) for name, points in given.items()},
    )  # fmt: skip
    returned = entry(
        OrderCause("pos", order_id, "clawback", "r"),
        Holding(lots={lot_of: -1}),
        member_id=member_id,
        happened_at=back_at,
        recorded_at=back_at,
        detail=detail,
    )
    return [earned, returned]


def test_the_report_is_what_plain_arithmetic_says(tmp_path: Path) -> None:
    records, home = history(1, members=400), Home(tmp_path)
    home.write([change(each) for each in records], name="all")
    document = with_campaigns(
        campaign(id="a", holdout=HALF, when={"starts_on": "2026-11-05", "ends_on": "2026-11-25"}),
        campaign(id="b", holdout={"percent": 40}, when={"starts_on": "2026-10-20"}),
        campaign(id="c", holdout=HALF, **{"for": {"fact": "first_order"}}),
        campaign(id="d"),
        time_zone="UTC",
        universal_holdout={"percent": 20, "salt": "2026-h2"},
        point_value={"amount_minor": 2},
        economics={"gross_margin_percent": 60},
    )

    found = rows(home.fetch(), document)

    assert found == Recomputed(records, period(), document).campaign_uplift()
    assert [row["campaign_id"] for row in found] == [None, "a", "b", "c"]
    assert [row["state"] for row in found] == ["running", "ended", "running", "running"]
    assert all(row["left_out"] for row in found)
    assert Counter(row["effect"] for row in found)["not_proven"] > 1
    assert all(row["points"] for row in found if row["campaign_id"] != "c")


def typed(fact: type[Fact], given: Mapping[str, str]) -> str:
    """All columns of a kind of facts; those that are not given are null."""
    types = sql_views.columns(fact).items()
    return ", ".join(f'({given.get(name, "NULL")})::{kind} AS "{name}"' for name, kind in types)


def lake(folder: Path, *, members: int, extra: str = "0") -> Path:
    """Members of very different appetite, and what they bought in the eight weeks to 28 November.

    `extra` is what each order costs more because of something, in SQL, by member `id` and `day`.
    """
    common = {"v": "1", "program_id": "'bean'", "recorded_at": "TIMESTAMP '2026-01-01'"}
    of_member = common | {
        "fact_id": "id", "revision": "1", "status": "'active'",
        "enrolled_at": "TIMESTAMP '2026-01-01'",
    }  # fmt: skip
    of_order = common | {
        "fact_id": "id || '-' || day", "revision": "2", "member_id": "id", "source": "'pos'",
        "order_id": "id || '-' || day", "lines": "1", "amount_minor": "amount_minor",
        "occurred_at": "TIMESTAMP '2026-10-04 12:00' + to_days(day::INTEGER)",
    }  # fmt: skip
    folder.mkdir(exist_ok=True)
    with sql_views.workshop(folder) as connected:
        connected.execute(sql_views.shared("macros"))
        connected.execute(f"""
            CREATE MACRO chance(what, about) AS (hash(what || ':' || about) % 1000003) / 1000003.0;
            CREATE TABLE people AS
            SELECT
                'mem_' || number AS id,
                0.03 + 0.3 * pow(chance('appetite', number), 3) AS appetite,
                500 + 4000 * chance('basket', number) AS basket
            FROM range({members}) AS numbers (number);
            CREATE TABLE bought AS
            SELECT id, day, (basket * (0.5 + chance('amount', id || day)) + {extra})::BIGINT
                AS amount_minor
            FROM people, range(56) AS days (day)
            WHERE chance('buys', id || '-' || day) < appetite
        """)  # noqa: S608  # our own
        for fact, given_columns, table in (
            (MemberFact, of_member, "people"),
            (OrderFact, of_order, "bought"),
            (EntryFact, common, "people WHERE false"),
        ):
            (folder / fact.kind).mkdir(parents=True)
            path = folder / fact.kind / f"2026-11-28~all{FOLDED}"
            numbered = "".join(
                f", number_of({id_}) AS {name}" for name, id_ in sql_views.numbers(fact).items()
            )
            sql = f"SELECT *{numbered} FROM (SELECT {typed(fact, given_columns)} FROM {table})"  # noqa: S608  # our own
            connected.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")
    return folder


def rows(facts: Path, document: Program, last: date = date(2026, 11, 30)) -> list[dict[str, Any]]:
    report = reports.report("campaign_uplift")
    table = reports.run(report, period(last), facts=facts, document=document, seconds_max=300)
    found = by_column(table)
    return cast("list[dict[str, Any]]", found)


def experiments(names: range, **parts: Any) -> Program:
    """Campaigns that only differ in who is held out."""
    held = {"holdout": HALF, "when": NOVEMBER}
    return with_campaigns(
        *(campaign(id=f"c{number}", **held) for number in names), time_zone="UTC", **parts
    )


def test_of_400_campaigns_that_bring_nothing_few_seem_to_bring_something(tmp_path: Path) -> None:
    """Of 2,000 it is 91, or 4.6 %."""
    facts = lake(tmp_path, members=2000)
    found = [
        row["effect"]
        for first in (200, 400)
        for row in rows(facts, experiments(range(first, first + 200)))
    ]

    effects = Counter(found)
    assert len(found) == 400
    assert effects["more"] + effects["less"] <= 20, effects
    assert effects["wrong_split"] <= 2, effects
    assert not effects["too_few"]


def test_who_looks_every_four_days_is_not_misled(tmp_path: Path) -> None:
    """With the narrower interval, which is right at the end, one of six would be."""
    facts = lake(tmp_path, members=1000)
    misled, misled_by_the_last_look = set(), set()
    document = experiments(range(200))
    for day in range(3, 28, 4):
        for row in rows(facts, document, date(2026, 11, 1 + day)):
            if row["state"] == "running":
                name, uplift = row["campaign_id"], abs(row["uplift_minor"])
                half = row["high_minor"] - row["uplift_minor"]
                misled |= {name} if uplift > half else set()
                narrow = half * LAST_LOOK / ANY_LOOK[1000]
                misled_by_the_last_look |= {name} if uplift > narrow else set()

    assert len(misled) <= 10
    assert len(misled_by_the_last_look) > 20


def test_what_a_campaign_brings_is_found_and_bought_before_makes_it_sharper(
    tmp_path: Path,
) -> None:
    """From November on, members who are not held out of it pay 6 € more with each order."""
    extra = "CASE WHEN day >= 28 AND lot('bean', 'c0', id) >= 5000 THEN 600 ELSE 0 END"
    facts = lake(tmp_path, members=2000, extra=extra)
    document = experiments(
        range(1), point_value={"amount_minor": 1}, economics={"gross_margin_percent": 60}
    )
    plain = with_campaigns(campaign(id="c0", holdout=HALF), time_zone="UTC")

    (sharp,), (blunt,) = rows(facts, document), rows(facts, plain, date(2026, 11, 28))

    orders = 28 * (0.03 + 0.3 / 4)
    assert sharp["effect"] == "more"
    assert sharp["low_minor"] < 600 * orders < sharp["high_minor"]
    assert (sharp["outcome"], sharp["cost_minor"]) == ("pays", 0)
    # The blunt one still runs, so its interval is wider for that reason too.
    ratio = LAST_LOOK / ANY_LOOK[2000]
    widths = [row["high_minor"] - row["low_minor"] for row in (sharp, blunt)]
    assert widths[0] < 0.8 * widths[1] * ratio


def test_a_split_that_was_not_drawn_is_told(tmp_path: Path) -> None:
    """Somebody deleted every third member who was held out."""
    facts = lake(tmp_path, members=2000)
    path = facts / "members" / f"2026-11-28~all{FOLDED}"
    with duckdb.connect(":memory:") as connected:
        connected.execute(sql_views.shared("macros"))
        connected.execute(f"""
            CREATE TABLE kept AS FROM read_parquet('{path}')
            WHERE lot('bean', 'c0', fact_id) >= 5000 OR lot('bean', 'c0', fact_id) % 3 > 0
        """)
        connected.execute(f"COPY kept TO '{path}' (FORMAT parquet)")

    (row,) = rows(facts, experiments(range(1)))

    assert (row["effect"], row["outcome"]) == ("wrong_split", "not_proven")
