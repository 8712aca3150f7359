"""Statements and past balances of members with very many entries: right, bounded, or refused."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest

from local.memory import MemoryEngine
from loyalty.domain.kernel.errors import LimitReached, TryAgain
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.entries import Adjustment, Entry, RequestCause
from loyalty.domain.ledger.holding import Holding, total
from loyalty.domain.people.identity import Keyring
from loyalty.domain.people.member import Member
from loyalty.edge.models.statements import statement_answer
from loyalty.table import keys, records
from loyalty.table.member_export import TableHoldings
from loyalty.table.members import TableMembers
from loyalty.table.operations import Item, Key, Put, Query, QueryPage
from loyalty.usecases.ledger import statements
from loyalty.usecases.ledger.statements import balance_at, statement_of
from loyalty.usecases.people.member_export import Position, export
from loyalty.usecases.people.members import Enrolled
from tests.support.ledger import LOT
from tests.support.memory import NOW, Shop

ANA: Final = "ana"
LONGEST: Final = "x" * 200
GATEWAYS_MAX: Final = 6_000_000
MANY: Final = 20_000
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
EVERY: Final = timedelta(minutes=20)


class Lagging(MemoryEngine):
    """A table whose index of entries lacks the newest ones."""

    behind = 0
    queried: int = 0

    def query(self, query: Query) -> QueryPage:
        found = super().query(query)
        self.queried += len(found.items)
        if query.index != "history" or not self.behind or found.next is not None:
            return found
        return QueryPage(found.items[: -self.behind], None, found.count - self.behind)


def moment_of(number: int) -> datetime:
    return START + number * EVERY


def adjustment(number: int) -> Entry:
    """The first gives 3 points, the next takes one, and so on."""
    return Entry(
        cause=RequestCause(f"r{number}", "adjustment"),
        member_id=ANA,
        effect=Holding(lots={LOT: 3 if number % 2 == 0 else -1}),
        happened_at=moment_of(number),
        recorded_at=moment_of(number),
        program_version=1,
        detail=Adjustment(reason=LONGEST, reference=LONGEST),
    )


def points_of(numbers: int) -> int:
    return sum(3 if number % 2 == 0 else -1 for number in range(numbers))


def filled(engine: MemoryEngine, entries: int) -> Shop:
    """A shop with a member who has this many entries; the clock is after the last one."""
    shop = Shop(engine=engine)
    holding = Holding()
    made = [adjustment(number) for number in range(entries)]
    for entry in made:
        item: Item = records.entry_to_item(entry, "bean")
        engine.apply([Put(records.cause_key("bean", entry.cause), item)])
    holding = total(entry.effect for entry in made)
    account = Account(
        member_id=ANA,
        balance=holding.points,
        holding=holding,
        entries=entries,
        enrolled_at=START,
    )
    engine.apply([Put(keys.account("bean", ANA), records.account_to_item(account, "bean"))])
    shop.now = max(NOW, moment_of(entries))
    return shop


@pytest.fixture(scope="module")
def many() -> Shop:
    return filled(Lagging(), MANY)


def lagging(shop: Shop) -> Lagging:
    assert isinstance(shop.engine, Lagging)
    return shop.engine


@pytest.mark.parametrize("entries", [100, 4_999, 12_345, MANY - 100])
def test_a_balance_is_right_whichever_side_of_the_moment_is_added_up(
    many: Shop, entries: int
) -> None:
    moment = moment_of(entries) - timedelta(microseconds=1)

    assert balance_at(ANA, moment, desk=many.desk).points == points_of(entries)


@pytest.mark.parametrize("number", [50, 6_000, MANY - 50])
def test_an_entry_counts_from_its_very_moment_on(many: Shop, number: int) -> None:
    assert balance_at(ANA, moment_of(number), desk=many.desk).points == points_of(number + 1)


def test_only_the_shorter_side_is_read(many: Shop) -> None:
    engine = lagging(many)
    engine.queried = 0

    balance_at(ANA, moment_of(MANY - 2_500), desk=many.desk)

    assert 2_490 <= engine.queried <= 2_510


@pytest.mark.parametrize("days_ago", [270, 2])
def test_a_statement_leads_from_its_opening_to_its_closing_balance(
    many: Shop, days_ago: int
) -> None:
    # The first lies before the middle of the entries, the second after it.
    first = many.now.date() - timedelta(days=days_ago)

    found = statement_of(ANA, first=first, last=first + timedelta(days=9), desk=many.desk)

    opening = sum(1 for number in range(MANY) if moment_of(number) < midnight_of(first))
    assert found.opening.points == points_of(opening)
    assert len(found.entries) == min(720, MANY - opening)
    assert found.closing.points == points_of(opening + len(found.entries))


def midnight_of(day: date) -> datetime:
    """Of the shop, which is an hour or two east of Greenwich."""
    local = datetime.combine(day, datetime.min.time(), tzinfo=Shop().program.document.zone)
    return local.astimezone(UTC)


@pytest.mark.parametrize("entries", [1_200, 6_000])
def test_a_period_of_too_many_entries_is_refused(entries: int) -> None:
    shop = filled(MemoryEngine(), entries)

    with pytest.raises(LimitReached, match="1,000 ledger entries"):
        statement_of(
            ANA, first=START.date(), last=START.date() + timedelta(days=30), desk=shop.desk
        )


def test_the_largest_statement_fits_into_a_response() -> None:
    shop = filled(MemoryEngine(), statements.PERIOD_ENTRIES_MAX)
    period: dict[str, Any] = {"first": date(2025, 12, 31), "last": date(2026, 2, 1)}

    largest = statement_of(ANA, **period, desk=shop.desk)

    assert len(largest.entries) == statements.PERIOD_ENTRIES_MAX
    assert len(statement_answer(largest, **period).model_dump_json()) < GATEWAYS_MAX / 2


def test_too_many_entries_to_add_up_are_refused(
    many: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "ADDED_MAX", 5_000)

    with pytest.raises(LimitReached):
        balance_at(ANA, moment_of(MANY // 2), desk=many.desk)


def test_too_many_entries_to_count_are_refused_before_counting(
    many: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "COUNTED_MAX", MANY - 1)

    with pytest.raises(LimitReached):
        balance_at(ANA, moment_of(1), desk=many.desk)


@pytest.mark.parametrize("entries", [100, 5_001])
def test_a_list_that_lags_behind_the_account_is_not_used(entries: int) -> None:
    shop = filled(Lagging(), entries)
    lagging(shop).behind = 1

    with pytest.raises(TryAgain):
        balance_at(ANA, moment_of(entries - 50), desk=shop.desk)


def no_keyring() -> Keyring:
    raise AssertionError("a member without identities has no digests")


@pytest.mark.slow
def test_an_export_of_very_many_entries_has_each_of_them_once(many: Shop) -> None:
    members = TableMembers(many.engine, program_id="bean", keyring=no_keyring)
    member = Member(member_id=ANA, enrolled_at=START, enrolled_by="", identities={})
    account = many.account(ANA)
    holdings = TableHoldings(many.engine, program_id="bean", members=members)
    ids: set[str] = set()
    entries = 0
    start: Position | None = None
    while True:
        page = export(Enrolled(member, account), start=start, holdings=holdings, directory=members)
        assert len(page.entries) <= 200
        ids |= {entry.id for entry in page.entries}
        entries += len(page.entries)
        if page.next is None:
            break
        start = page.next

    assert len(ids) == entries == MANY


def test_counting_reads_no_attributes(many: Shop) -> None:
    partition = keys.history_partition("bean", ANA)
    page = many.engine.query(Query(pk=partition, index="history", limit=10, only_counts=True))

    assert (page.items, page.count) == ((), 10)
    assert isinstance(page.next, dict)
    assert Key(str(page.next["pk"]), str(page.next["sk"])) in many.engine.items
