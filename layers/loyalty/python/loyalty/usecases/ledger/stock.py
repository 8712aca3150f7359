"""Take a unit of a reward's stock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loyalty.domain.kernel.errors import OutOfStock
from loyalty.domain.kernel.shards import own_shard
from loyalty.domain.ledger.stock import unit_of

if TYPE_CHECKING:
    from loyalty.domain.ledger.postings import StockTaken
    from loyalty.domain.program.rewards import Reward
    from loyalty.usecases.ports import Desk


class StockTaker:
    """Chooses the shard that gives a request its unit, anew in each of its attempts.

    The first attempt reads nothing. Once a shard refused, all are read.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._is_short = False

    def note_short(self) -> None:
        """Note that the chosen shard has nothing left, or was dealt for another stock."""
        self._is_short = True

    def take(self, reward: Reward, *, code: str, version: int) -> StockTaken | None:
        """A unit for a voucher with this code; None if the reward has no limited stock.

        Raises:
            OutOfStock: no unit is left.
            Overtaken: others deal the stock out at this moment.
        """
        if reward.stock is None:
            return None
        own = own_shard(code)
        if not self._is_short:
            return unit_of(reward.id, reward.stock, shard=own)
        shards = self._desk.books.stock(reward.id)
        stock = shards.on_offer(reward.stock, version=version)
        if shards.taken < stock and not shards.is_dealt(stock):
            dealt = shards.dealt(stock, version=version)
            self._desk.books.deal_stock(reward.id, shards, dealt)
            shards = dealt
        shard = shards.with_room(own) if shards.is_dealt(stock) else None
        if shard is None:
            raise OutOfStock(f"{reward.name} is out of stock")
        return unit_of(reward.id, stock, shard=shard)
