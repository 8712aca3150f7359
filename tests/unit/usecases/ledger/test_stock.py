"""The stock of a reward: whatever changes, it is sold to the last unit, and not beyond."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.kernel.errors import OutOfStock
from loyalty.domain.ledger.entries import Redemption
from loyalty.usecases.ledger.redemption import (
    RequestedReward,
    cancel,
    redeem_reward,
    rewards_for,
)
from tests.support.documents import published, reward
from tests.support.memory import BusyTable, Shop
from tests.support.units import MeteredEngine, metered

ANA: Final = "mem_ana"


class Counter:
    """Sells lattes to Ana, who has points enough for all of them."""

    def __init__(self, stock: int, *, engine: Any = None) -> None:
        self.shop = Shop(ANA, engine=engine, rewards=_rewards(stock))
        self.shop.adjust_balance(ANA, 10**6)
        self._sold = 0

    def offers(self, stock: int) -> None:
        """Publish another stock."""
        version = self.shop.program.version + 1
        self.shop.program = published(version=version, rewards=_rewards(stock))

    def sells(self) -> str:
        """Gives the redemption's id."""
        self._sold += 1
        # A member may redeem only so often on a day.
        self.shop.now += timedelta(hours=1)
        request = RequestedReward(reward_id="latte")
        recorded = redeem_reward(
            ANA, request=request, request_id=f"k{self._sold}", desk=self.shop.desk
        )
        assert isinstance(recorded.entry.detail, Redemption)
        return recorded.entry.detail.redemption_id

    def is_sold_out(self) -> bool:
        with pytest.raises(OutOfStock):
            self.sells()
        return True

    def gets_back(self, redemption_id: str) -> None:
        cancel(redemption_id, member_id=ANA, desk=self.shop.desk)

    def shows_sold_out(self) -> bool:
        (offer,) = rewards_for(ANA, desk=self.shop.desk)
        return isinstance(offer.refusal, OutOfStock)


def _rewards(stock: int) -> list[dict[str, Any]]:
    return [reward(stock=stock, cost_points=1)]


@pytest.mark.parametrize("stock", [1, 15, 16, 40])
def test_a_stock_is_sold_to_the_last_unit_wherever_that_is(stock: int) -> None:
    counter = Counter(stock)

    for _ in range(stock):
        assert not counter.shows_sold_out()
        counter.sells()

    assert counter.is_sold_out()
    assert counter.shows_sold_out()


def test_a_stock_of_none_is_sold_out_from_the_start() -> None:
    counter = Counter(0)

    assert counter.shows_sold_out()
    assert counter.is_sold_out()


def test_a_higher_stock_sells_what_was_added_and_a_lower_one_only_what_is_left() -> None:
    counter = Counter(3)
    sold = [counter.sells() for _ in range(3)]

    counter.offers(5)
    sold += [counter.sells() for _ in range(2)]
    assert counter.is_sold_out()

    counter.offers(4)
    assert counter.is_sold_out()
    # One unit comes back: four are sold, of four.
    counter.gets_back(sold.pop())
    assert counter.is_sold_out()
    assert counter.shows_sold_out()
    counter.gets_back(sold.pop())
    counter.sells()
    assert counter.is_sold_out()


def test_a_program_that_is_seconds_old_does_not_bring_back_its_stock() -> None:
    counter = Counter(8)
    before = counter.shop.program
    sold = [counter.sells() for _ in range(4)]
    counter.offers(5)
    sold.append(counter.sells())

    counter.shop.program = before

    assert counter.is_sold_out()


def test_a_redemption_takes_its_unit_without_a_read_once_the_stock_is_dealt() -> None:
    engine = MeteredEngine(BusyTable())
    counter = Counter(1000, engine=engine)
    with metered(engine) as first:
        counter.sells()

    with metered(engine) as later:
        counter.sells()

    # The first one finds no shards, reads them, and deals the stock out.
    assert (first.round_trips, later.round_trips) == (7, 2)


def test_two_who_deal_a_stock_out_at_once_sell_one_unit_once() -> None:
    table = BusyTable()
    counter = Counter(1, engine=table)
    # The first write is refused; before the second, which deals it out, another sells it.
    table.rivals += [lambda: None, counter.sells]

    assert counter.is_sold_out()
    assert counter.shop.desk.books.stock("latte").taken == 1


MOVES: Final = st.one_of(
    st.just("sell"),
    st.just("sell"),
    st.just("return"),
    st.integers(0, 40),
)


@given(st.integers(0, 40), st.lists(MOVES, max_size=40))
def test_no_unit_is_sold_beyond_the_stock_and_none_is_stranded(
    stock: int, moves: list[str | int]
) -> None:
    counter = Counter(stock)
    out: list[str] = []
    for move in moves:
        if isinstance(move, int):
            stock = move
            counter.offers(stock)
        elif move == "return":
            if out:
                counter.gets_back(out.pop(len(out) // 2))
        elif len(out) < stock:
            out.append(counter.sells())
        else:
            assert counter.is_sold_out()
        assert counter.shows_sold_out() == (len(out) >= stock)
    assert counter.shop.desk.books.stock("latte").taken == len(out)


def test_hundreds_of_stocks_are_shown_with_a_few_requests() -> None:
    rewards = [reward(id=f"mug-{number}", stock=number % 2, cost_points=1) for number in range(300)]
    engine: Any = MeteredEngine(BusyTable())
    shop = Shop(ANA, engine=engine, rewards=rewards)
    shop.adjust_balance(ANA, 10)

    with metered(engine) as cost:
        offers = rewards_for(ANA, desk=shop.desk)

    sold_out = [each.reward.id for each in offers if isinstance(each.refusal, OutOfStock)]
    assert sold_out == [f"mug-{number}" for number in range(0, 300, 2)]
    # The member, one shard of each stock, and all sixteen of each: none was dealt out yet.
    assert cost.round_trips == 1 + 300 / 100 + 300 * 16 / 100
