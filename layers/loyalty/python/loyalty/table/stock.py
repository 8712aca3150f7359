"""The stock of a reward in the table: each of its shards is an item."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, cast

from loyalty.domain.kernel.shards import SHARDS, own_shard, share_of
from loyalty.domain.ledger.stock import StockShard, StockShards
from loyalty.table import keys
from loyalty.table.operations import Absent, Increase, Put, Update, at_most, equal

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from loyalty.domain.ledger.postings import StockTaken
    from loyalty.table.engine import Engine
    from loyalty.table.operations import Condition, Item, Key


def read(engine: Engine, program_id: str, reward_id: str, *, strong: bool) -> StockShards:
    return _read_all(engine, program_id, [reward_id], strong=strong)[reward_id]


def take(program_id: str, taken: StockTaken) -> Update:
    """Take a unit from a shard, or give it back.

    A shard that was never dealt has no stock to compare, so nothing is taken from it.
    """
    room: tuple[Condition, ...] = (
        equal(("stock",), taken.stock),
        at_most(("taken",), taken.share - taken.units),
    )
    return Update(
        _key(program_id, taken.reward_id, taken.shard),
        actions=(Increase(("taken",), taken.units),),
        conditions=room if taken.units > 0 else (),
        creates=True,
    )


def deal(program_id: str, reward_id: str, seen: StockShards, becomes: StockShards) -> list[Put]:
    """Deal a stock out anew; relies on every shard as it was seen."""
    return [
        Put(_key(program_id, reward_id, shard), _to_item(after), _unchanged(before))
        for shard, (before, after) in enumerate(zip(seen.shards, becomes.shards, strict=True))
        if after is not None
    ]


def sold_out(
    engine: Engine, program_id: str, stocks: Mapping[str, int], *, near: str
) -> Collection[str]:
    """The rewards of which no unit is left.

    One shard is read of each. The others are read only of those whose shard has nothing left, or
    was dealt for another stock.
    """
    shard = own_shard(near)
    of_shard = {_key(program_id, reward_id, shard): reward_id for reward_id in stocks}
    read_shards = engine.get_many(of_shard, strong=False)
    found = {of_shard[key]: item for key, item in read_shards.items()}
    doubtful = [
        reward_id
        for reward_id, stock in stocks.items()
        if not _has_room(found.get(reward_id), stock, shard)
    ]
    shards = _read_all(engine, program_id, doubtful, strong=False)
    return {reward_id for reward_id in doubtful if shards[reward_id].taken >= stocks[reward_id]}


def _read_all(
    engine: Engine, program_id: str, reward_ids: Collection[str], *, strong: bool
) -> Mapping[str, StockShards]:
    of_rewards = {
        reward_id: [_key(program_id, reward_id, shard) for shard in range(SHARDS)]
        for reward_id in reward_ids
    }
    found = engine.get_many(list(chain.from_iterable(of_rewards.values())), strong=strong)
    return {
        reward_id: StockShards(tuple(_shard(found.get(key)) for key in of_shards))
        for reward_id, of_shards in of_rewards.items()
    }


def _has_room(item: Item | None, stock: int, shard: int) -> bool:
    dealt = _shard(item)
    return dealt is not None and dealt.stock == stock and dealt.taken < share_of(stock, shard)


def _unchanged(seen: StockShard | None) -> tuple[Condition, ...]:
    if seen is None:
        return (Absent(),)
    return (equal(("taken",), seen.taken), equal(("stock",), seen.stock))


def _key(program_id: str, reward_id: str, shard: int) -> Key:
    return keys.stock(program_id, reward_id, str(shard))


def _to_item(shard: StockShard) -> Item:
    return {
        "kind": "stock",
        "v": 1,
        "taken": shard.taken,
        "stock": shard.stock,
        "version": shard.version,
    }


def _shard(item: Item | None) -> StockShard | None:
    if item is None:
        return None
    return StockShard(
        taken=cast("int", item["taken"]),
        stock=cast("int", item["stock"]),
        version=cast("int", item["version"]),
    )
