"""The stock of a reward, dealt out to shards.

A redemption takes a unit from the shard of its voucher without a read. Only if that shard has none
left, all shards are read, and one that has some gives the unit.

A shard gives out no more than its share of the stock that it was dealt for. If another stock is on
offer by now, what was taken so far is dealt out evenly first. Then no shard has given out more than
its new share, or nothing is left at all. So all together never give out more than the stock, and
the last unit is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loyalty.domain.kernel.shards import SHARDS, own_shard, share_of
from loyalty.domain.ledger.postings import StockTaken

if TYPE_CHECKING:
    from loyalty.domain.ledger.vouchers import Voucher


@dataclass(frozen=True, slots=True, kw_only=True)
class StockShard:
    """A part of a stock: the units taken, and the stock that it was dealt for, by which version."""

    taken: int
    stock: int
    version: int


@dataclass(frozen=True, slots=True)
class StockShards:
    """All shards of a stock; None, if no unit of it was ever asked for."""

    shards: tuple[StockShard | None, ...]

    @property
    def taken(self) -> int:
        return sum(each.taken for each in self.shards if each)

    def on_offer(self, stock: int, *, version: int) -> int:
        """The stock that counts: that of a newer version, if one of its redemptions dealt it."""
        latest = max(filter(None, self.shards), key=lambda each: each.version, default=None)
        return latest.stock if latest and latest.version > version else stock

    def is_dealt(self, stock: int) -> bool:
        return all(each and each.stock == stock for each in self.shards)

    def dealt(self, stock: int, *, version: int) -> StockShards:
        """The same units taken, dealt out evenly for another stock."""
        return StockShards(
            tuple(
                StockShard(taken=share_of(self.taken, shard), stock=stock, version=version)
                for shard in range(SHARDS)
            )
        )

    def with_room(self, first: int) -> int | None:
        """The first shard, from a given one on, that may give out a unit."""
        for shard in ((first + step) % SHARDS for step in range(SHARDS)):
            each = self.shards[shard]
            if each and each.taken < share_of(each.stock, shard):
                return shard
        return None


def unit_of(reward_id: str, stock: int, *, shard: int) -> StockTaken:
    """A unit that a shard gives out, if it was dealt for this stock and has one left."""
    return StockTaken(reward_id, shard, units=1, stock=stock, share=share_of(stock, shard))


def unit_back(voucher: Voucher) -> StockTaken | None:
    """The unit that a cancelled voucher gives back, whatever the stock is by now."""
    if not voucher.stocked:
        return None
    shard = own_shard(voucher.code)
    return StockTaken(voucher.reward_id, shard, units=-1, stock=0, share=0)
