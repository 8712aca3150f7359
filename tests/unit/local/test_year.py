"""An example year, made small: it comes out the same again, and its books and reports add up."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from local.memory import MemoryEngine
from local.year.counter import PROGRAM_ID, Counter
from local.year.keeping import SavedYear
from local.year.making import Span, make_year
from local.year.opening import TRUSTED
from loyalty.domain.campaigns.limits import CampaignPeriod
from loyalty.domain.facts import Fact, facts_of
from loyalty.domain.ledger.audit import audit
from loyalty.domain.ledger.entries import Accrual, Entry
from loyalty.domain.people.identity import Keyring
from loyalty.domain.program.publication import faults
from loyalty.domain.trials.sums import added_up
from loyalty.domain.trials.trial import Trial, try_on
from loyalty.lake.connections import ReportEngine
from loyalty.lake.day_sums import DAILY
from loyalty.lake.mirror import Mirror
from loyalty.lake.objects import Lake
from loyalty.lake.reports import Cell, ReportPeriod, names, report, run
from loyalty.lake.segment_snapshots import SegmentSnapshots
from loyalty.table import records
from loyalty.table.changes import change_told_again
from loyalty.table.sources import TableSources
from tests.support.bucket import Bucket
from tests.support.lake import KINDS, Row, by_column
from tests.support.trials import people_of, versions_of

LAST = date(2026, 3, 20)
SPAN = Span.until(LAST, months=2)
NOW = datetime(2026, 3, 21, 5, tzinfo=UTC)
KEYRING = Keyring({"1": b"a key"}, current="1")
MEMBERS = 50
SEED = 7

type Ask = Callable[[str], list[Row]]


# To make a year takes longer than to ask of it.
pytestmark = pytest.mark.xdist_group("year")


@pytest.fixture(scope="module")
def year() -> Counter:
    return make_year(SPAN, keyring=KEYRING, seed=SEED, members=MEMBERS)


@pytest.fixture(scope="module")
def bucket(year: Counter) -> Bucket:
    """The lake of the year."""
    bucket = Bucket()
    Lake(bucket.client, bucket="lake").write(_facts(year.engine), name="year")
    return bucket


@pytest.fixture(scope="module")
def mirror(bucket: Bucket, tmp_path_factory: pytest.TempPathFactory) -> Mirror:
    return Mirror(bucket.client, bucket="lake", root=tmp_path_factory.mktemp("facts"))


@pytest.fixture(scope="module")
def ask(year: Counter, mirror: Mirror) -> Ask:
    """Ask for the rows of a report of the year, on an engine that is kept."""
    engine = ReportEngine()
    facts = mirror.fetch(PROGRAM_ID, [*KINDS, DAILY])
    period = ReportPeriod(first=SPAN.first, last=SPAN.last, zone=year.program.zone, as_of=NOW)

    def ask(name: str) -> list[Row]:
        table = run(report(name), period, facts=facts, document=year.program, connect=engine.over)
        return by_column(table)

    return ask


def test_the_same_seed_makes_the_same_year(year: Counter) -> None:
    again = make_year(SPAN, keyring=KEYRING, seed=SEED, members=MEMBERS)

    assert again.engine.items == year.engine.items


def test_its_orders_can_be_found_by_their_ids(year: Counter) -> None:
    sources = TableSources(year.engine).all(PROGRAM_ID)

    ordered = {key.pk.split("#")[3] for key in year.engine.items if "#ORDER#" in key.pk}

    assert len(sources) > 1
    assert set(sources) == ordered


def test_another_seed_makes_another_year(year: Counter) -> None:
    other = make_year(SPAN, keyring=KEYRING, seed=SEED + 1, members=MEMBERS)

    assert other.engine.items.keys() != year.engine.items.keys()


def test_a_stored_year_equals_the_generated_one(year: Counter, tmp_path: Path) -> None:
    saved_year = SavedYear(span=SPAN, keyring=KEYRING, folder=tmp_path, seed=SEED, members=MEMBERS)

    assert (saved_year.make(), saved_year.make()) == (True, False)
    assert saved_year.items() == list(year.engine.items.values())


def test_a_year_under_another_key_is_generated_again_and_replaces_the_first(
    tmp_path: Path,
) -> None:
    span = Span(first=LAST, last=LAST)
    first = SavedYear(span=span, keyring=KEYRING, folder=tmp_path, members=1)
    other = replace(first, keyring=Keyring({"1": b"another key"}, current="1"))
    first.make()

    assert other.make()
    assert list(tmp_path.iterdir()) == [other.path]


def test_it_has_campaigns_that_are_over_that_run_and_that_are_to_come(year: Counter) -> None:
    first_days = {each.id: each.when.starts_on for each in year.program.campaigns}
    last_days = {each.id: each.when.ends_on for each in year.program.campaigns}

    assert tuple(faults(year.program)) == ()
    assert (last_days["bean-weeks"] or LAST) < LAST
    assert (first_days["slow-afternoons"] or LAST) < LAST
    assert last_days["slow-afternoons"] is None
    assert (first_days["holidays"] or LAST) > LAST


def test_a_trial_of_its_document_gives_what_was_booked(year: Counter) -> None:
    versions = versions_of(year.published)
    trial = Trial(proposed=year.published, versions=versions, first=SPAN.shown_from, last=LAST)

    sums = added_up(try_on(person, trial) for person in people_of(_facts(year.engine)))

    assert sums.fidelity.orders > 50
    assert sums.fidelity.orders_exact >= TRUSTED * sums.fidelity.orders
    # The document is the same in both worlds, so nobody gains or loses.
    assert sums.gain_squares == 0


def test_a_campaign_is_withheld_from_some_members_and_reports_say_what_it_brings(
    year: Counter, ask: Ask
) -> None:
    items = [each for each in year.engine.items.values() if each["sk"] == "ENTRY#accrual"]
    details = [getattr(records.entry_from_item(each), "detail", None) for each in items]
    held_out = {name for each in details if isinstance(each, Accrual) for name in each.held_out}

    (row,) = ask("campaign_uplift")

    assert held_out == {"slow-afternoons"}
    assert (row["campaign_id"], row["state"]) == ("slow-afternoons", "running")
    # Nobody was a member of so short a year when it began.
    assert (row["members"], row["held_out"], row["effect"]) == (0, 0, "too_few")


def test_its_campaigns_give_points_and_stay_within_their_budgets(year: Counter) -> None:
    items = year.engine.items.values()
    entries = [
        records.entry_from_item(each) for each in items if str(each["sk"]).startswith("ENTRY#")
    ]
    given: defaultdict[str, int] = defaultdict(int)
    for entry in entries:
        if isinstance(entry, Entry) and isinstance(entry.detail, Accrual):
            for share in entry.detail.shares:
                given[share.rule_id] += share.points

    budget = CampaignPeriod("bean-weeks", "all")
    used = sum(year.desk.books.budgets_used([budget])[budget.name])

    assert min(given["bean-weeks"], given["slow-afternoons"], given["third-visit"]) > 0
    assert 0 < used <= min(given["bean-weeks"], 40_000)


def test_all_books_of_the_year_audit_clean(year: Counter) -> None:
    items = year.engine.items.values()
    entries: defaultdict[str, list[Entry]] = defaultdict(list)
    for item in items:
        if str(item["sk"]).startswith("ENTRY#"):
            entry = records.entry_from_item(item)
            if isinstance(entry, Entry):
                entries[entry.member_id].append(entry)
    accounts = [records.account_from_item(item) for item in items if item.get("kind") == "account"]

    found = [audit(each, entries[each.member_id], program=year.desk.program) for each in accounts]

    assert len(accounts) >= MEMBERS
    assert not any(found)


@pytest.mark.slow
def test_every_segment_of_the_year_has_members_but_the_list(
    year: Counter, bucket: Bucket, mirror: Mirror
) -> None:
    lake = Lake(bucket.client, bucket="lake")
    snapshots = SegmentSnapshots(lake, program_id=PROGRAM_ID, mirror=mirror)

    sizes = snapshots.computed(year.program, before=None, now=NOW).sizes()

    assert sizes.keys() == {"regulars", "gone-quiet", "home-brewers"}
    assert all(0 < size < MEMBERS for size in sizes.values())


def test_every_report_of_the_year_has_rows(ask: Ask) -> None:
    empty = [name for name in names() if not ask(name)]

    assert empty == []


def test_reports_of_the_year_agree_with_each_other_and_with_the_books(
    year: Counter, ask: Ask
) -> None:
    (summary,) = ask("summary")
    trend, sources, liability = ask("trend"), ask("sources"), ask("liability")

    balances = _sum_of_balances(year)
    assert summary["points_outstanding"] == balances
    assert sum(_number(row["points"]) for row in liability if row["state"] != "pending") == balances
    for column in ("orders", "revenue_minor", "guest_orders", "guest_revenue_minor"):
        assert _total(trend, column) == summary[column]
        assert _total(sources, column) == summary[column]
    for column in ("new_members", "points_earned", "points_redeemed", "points_expired"):
        assert _total(trend, column) == summary[column]


def _total(rows: list[Row], column: str) -> int:
    return sum(_number(row[column]) for row in rows)


def _number(cell: Cell) -> int:
    assert isinstance(cell, int)
    return cell


def _sum_of_balances(year: Counter) -> int:
    accounts = (i for i in year.engine.items.values() if i.get("kind") == "account")
    return sum(records.account_from_item(item).balance for item in accounts)


def _facts(engine: MemoryEngine) -> Iterator[Fact]:
    for item in engine.items.values():
        change = change_told_again(item, made_at=NOW)
        if change is not None:
            yield from facts_of(change)
