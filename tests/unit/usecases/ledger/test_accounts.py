"""Finding the account that a write belongs to, through merges, and caught up with the calendar."""

from datetime import timedelta
from itertools import pairwise
from typing import Final

import pytest

from loyalty.domain.kernel.errors import NotFound
from loyalty.usecases.ledger.accounts import lineage, open_account, settled, settled_lineage
from loyalty.usecases.ledger.corrections import merge_members
from loyalty.usecases.people.enrollment import Application, enroll
from loyalty.usecases.people.members import erase
from tests.support.memory import NOW, BusyTable, Shop

ANA: Final = "mem_ana"
BEN: Final = "mem_ben"
TOMORROW: Final = NOW.date() + timedelta(days=1)


@pytest.fixture
def table() -> BusyTable:
    return BusyTable()


@pytest.fixture
def shop(table: BusyTable) -> Shop:
    return Shop(ANA, BEN, engine=table)


def merge(shop: Shop, loser: str, into: str) -> None:
    merge_members(loser, into=into, request_id=f"{loser} {into}", desk=shop.desk)


def test_a_member_has_an_account_of_their_own(shop: Shop) -> None:
    assert open_account(shop.desk, ANA, strong=False).member_id == ANA
    assert [each.member_id for each in lineage(shop.desk, ANA, strong=True)] == [ANA]


def test_an_unknown_member_has_no_account(shop: Shop) -> None:
    with pytest.raises(NotFound):
        open_account(shop.desk, "mem_nobody", strong=False)


def test_an_erased_member_has_no_account(shop: Shop) -> None:
    member_id = enroll(
        Application(member_id="mem_cleo"), members=shop.members, desk=shop.desk
    ).member.member_id
    erase(member_id, members=shop.members, desk=shop.desk)

    with pytest.raises(NotFound):
        open_account(shop.desk, member_id, strong=True)


def test_a_merged_member_has_the_account_of_the_one_they_were_merged_into(shop: Shop) -> None:
    merge(shop, ANA, into=BEN)

    assert open_account(shop.desk, ANA, strong=False).member_id == BEN
    assert [each.member_id for each in lineage(shop.desk, ANA, strong=True)] == [ANA, BEN]


def test_a_chain_of_merges_ends_after_eight_accounts() -> None:
    members = [f"mem_{number}" for number in range(10)]
    shop = Shop(*members)
    for loser, into in pairwise(members):
        merge(shop, loser, into)

    assert open_account(shop.desk, "mem_2", strong=True).member_id == "mem_9"
    with pytest.raises(NotFound):
        open_account(shop.desk, "mem_1", strong=True)


def test_settling_an_account_on_which_nothing_is_due_writes_nothing(
    shop: Shop, table: BusyTable
) -> None:
    shop.adjust_balance(ANA, 30, expiring_on=TOMORROW)
    before = dict(table.items)

    account = settled(shop.desk, open_account(shop.desk, ANA, strong=True))

    assert account.holding.lots == {TOMORROW: 30}
    assert table.items == before


def test_settling_records_the_lots_that_have_expired(shop: Shop) -> None:
    shop.adjust_balance(ANA, 30, expiring_on=TOMORROW)
    shop.adjust_balance(ANA, 20)
    shop.now += timedelta(days=2)

    account = settled(shop.desk, open_account(shop.desk, ANA, strong=True))

    assert account.balance == 20
    assert shop.entries(ANA)[-1].effect.lots == {TOMORROW: -30}
    shop.must_add_up(ANA)


def test_two_who_settle_at_once_record_an_expiry_once(shop: Shop, table: BusyTable) -> None:
    shop.adjust_balance(ANA, 30, expiring_on=TOMORROW)
    shop.now += timedelta(days=2)
    seen = open_account(shop.desk, ANA, strong=True)
    table.rivals.append(lambda: settled(shop.desk, seen))

    account = settled(shop.desk, seen)

    assert account.balance == 0
    assert [each.points for each in shop.entries(ANA)] == [30, -30]


def test_only_the_last_account_of_a_lineage_is_settled(shop: Shop) -> None:
    shop.adjust_balance(ANA, 30, expiring_on=TOMORROW)
    merge(shop, ANA, into=BEN)
    shop.now += timedelta(days=2)

    *merged, account = settled_lineage(shop.desk, ANA)

    assert [each.member_id for each in merged] == [ANA]
    assert (account.member_id, account.balance) == (BEN, 0)
