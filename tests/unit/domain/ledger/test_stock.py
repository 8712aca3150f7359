"""A stock in shards: how it is dealt out, and which shard gives a unit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.kernel.shards import SHARDS, own_shard, share_of
from loyalty.domain.ledger.stock import StockShard, StockShards, unit_back, unit_of
from tests.support.ledger import voucher

NEVER_DEALT = StockShards((None,) * SHARDS)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_shares_are_the_total_and_grow_with_it(total: int, more: int) -> None:
    shares = [share_of(total, shard) for shard in range(SHARDS)]

    assert sum(shares) == total
    assert all(mine <= share_of(total + more, shard) for shard, mine in enumerate(shares))


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_dealing_keeps_what_was_taken_and_leaves_room_exactly_for_the_rest(
    taken: int, stock: int
) -> None:
    first = StockShard(taken=taken, stock=taken, version=1)
    others = StockShard(taken=0, stock=taken, version=1)
    shards = StockShards((first, *[others] * (SHARDS - 1)))

    dealt = shards.dealt(stock, version=2)

    assert dealt.taken == taken
    assert dealt.is_dealt(stock)
    assert (dealt.with_room(0) is not None) == (taken < stock)


def test_a_stock_that_was_never_dealt_gives_nothing() -> None:
    assert NEVER_DEALT.taken == 0
    assert not NEVER_DEALT.is_dealt(0)
    assert NEVER_DEALT.with_room(3) is None


def test_the_stock_of_a_newer_version_counts_and_that_of_an_older_one_does_not() -> None:
    shards = NEVER_DEALT.dealt(8, version=3)

    assert shards.on_offer(20, version=2) == 8
    assert shards.on_offer(20, version=3) == shards.on_offer(20, version=4) == 20


def test_a_unit_comes_back_to_the_shard_of_its_voucher() -> None:
    stocked = voucher(stocked=True)
    back = unit_back(stocked)

    assert back is not None
    assert (back.shard, back.units) == (own_shard(stocked.code), -1)
    assert unit_back(voucher(stocked=False)) is None
    assert unit_of("latte", 17, shard=0).share == 2
