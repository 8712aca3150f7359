"""Lists of segments: who is on one after a change, and after stretches of it were replaced."""

from itertools import pairwise
from random import Random
from typing import Final

import pytest

from local.memory import MemoryEngine
from loyalty.domain.kernel.errors import TooLarge
from loyalty.domain.ledger.account import Account
from loyalty.table import keys, records
from loyalty.table.operations import Put
from loyalty.table.segment_lists import TableSegmentLists
from loyalty.usecases import segment_lists
from loyalty.usecases.segment_lists import change_list, replace_stretch

EVERYBODY: Final = tuple(f"mem_{number:03}" for number in range(250))


@pytest.fixture
def lists() -> TableSegmentLists:
    table = MemoryEngine()
    accounts = [Account(member_id=each) for each in EVERYBODY]
    accounts += [Account(member_id="mem_gone", status="closed")]
    for account in accounts:
        item = records.account_to_item(account, "bean")
        table.write([Put(keys.account("bean", account.member_id), item)])
    return TableSegmentLists(table, program_id="bean")


def test_only_members_are_put_on_a_list_and_as_often_as_one_likes(
    lists: TableSegmentLists,
) -> None:
    for _ in range(2):
        changed = change_list(
            "press", add=["mem_007", "mem_gone", "nobody", "mem_007"], remove=[], lists=lists
        )
        assert (changed.added, changed.unknown) == (1, ("mem_gone", "nobody"))
        assert list(lists.members("press")) == ["mem_007"]
    assert list(lists.members("vip")) == []
    assert lists.changes() == 2


def test_more_members_than_a_transaction_has_are_put_on_it_and_taken_off(
    lists: TableSegmentLists,
) -> None:
    change_list("press", add=EVERYBODY, remove=[], lists=lists)
    assert tuple(lists.members("press")) == EVERYBODY

    change_list("press", add=[], remove=EVERYBODY[:249], lists=lists)
    assert list(lists.members("press")) == ["mem_249"]


def test_stretches_replace_a_list_in_any_order_and_again(lists: TableSegmentLists) -> None:
    draw = Random(1)
    change_list("press", add=draw.sample(EVERYBODY, 100), remove=[], lists=lists)
    after_all = sorted(draw.sample(EVERYBODY, 80))
    bounds = [None, *after_all[19:79:20], None]
    stretches = [
        (after, up_to, [w for w in after_all if w > (after or "") and w <= (up_to or "~")])
        for after, up_to in pairwise(bounds)
    ]

    for after, up_to, members in draw.sample([*stretches, *stretches], 2 * len(stretches)):
        replace_stretch("press", members, after=after, up_to=up_to, lists=lists)

    assert list(lists.members("press")) == after_all


def test_a_stretch_that_takes_off_too_many_changes_nothing(
    lists: TableSegmentLists, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segment_lists, "TAKEN_OFF_MAX", 3)
    change_list("press", add=EVERYBODY[:5], remove=[], lists=lists)

    with pytest.raises(TooLarge):
        replace_stretch("press", ["mem_249"], after=None, up_to=None, lists=lists)
    assert list(lists.members("press")) == list(EVERYBODY[:5])

    replaced = replace_stretch("press", EVERYBODY[2:5], after=None, up_to=None, lists=lists)
    assert (replaced.added, replaced.removed) == (3, 2)
