"""Members who transfer points to each other keep none of an order that is refunded in time."""

from datetime import timedelta
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.domain.orders.order import Order
from tests.simulation.requests.orders import Earn, Record
from tests.simulation.requests.points import Give
from tests.simulation.scene import DAY, account, done, order, refund, scene, shop_order
from tests.simulation.world import World

FRIENDS: Final = ("ann", "bob", "cho")
# The refund comes on the last day of the waiting time at the latest.
WINDOW_DAYS: Final = 5
names = st.sampled_from(FRIENDS)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), names, st.integers(1, 50)),
        st.tuples(st.just("buy more"), names, st.integers(1, 50)),
        st.tuples(st.just("give"), st.permutations(FRIENDS), st.integers(1, 80)),
        st.tuples(st.just("return"), st.integers(0, 9), st.integers(1, 50)),
        st.tuples(st.just("wait"), st.integers(1, 3), st.none()),
    ),
    max_size=25,
)


@given(steps=steps, pending_days=st.sampled_from((0, 0, 2)))
@settings(deadline=None)
def test_a_refund_in_time_takes_back_all_points_whoever_they_were_given_to(
    steps: list[tuple[str, object, object]], pending_days: int
) -> None:
    world = scene(
        *FRIENDS, clawback="within_balance", min_age_days=WINDOW_DAYS, pending_days=pending_days
    )
    open_orders: list[tuple[Order, int, timedelta]] = []
    began = world.now
    paid = 0
    for number, step in enumerate(steps):
        match step:
            case ("buy", str(who), int(points)):
                bought = order(f"o{number}", points, occurred_at=world.now)
                done(world.finish(Earn(bought, who)))
                open_orders.append((bought, points, world.now - began))
                paid += points
            case ("buy more", str(who), int(points)):
                first = shop_order(f"o{number}", 1)
                done(world.finish(Record(first, who)))
                more = shop_order(f"o{number}", points, seconds=1)
                done(world.finish(Record(more, who)))
                paid += points
            case ("give", list(friends) | tuple(friends), int(points)):
                giver, taker, _ = friends
                world.finish(Give(giver, taker, points, f"t{number}"))
            case ("return", int(which), int()) if open_orders:
                bought, points, bought_after = open_orders.pop(which % len(open_orders))
                if world.now - began - bought_after < WINDOW_DAYS * DAY:
                    done(world.finish(refund(bought)))
                    paid -= points
            case ("wait", int(days), _):
                world.now += days * DAY

    assert _held(world) == paid


def _held(world: World) -> int:
    accounts = [account(world, name) for name in FRIENDS]
    return sum(each.balance + each.holding.pending_points for each in accounts)
