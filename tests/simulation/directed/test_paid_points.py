"""Points that paid for an order come back with its refunds, whatever else happens at once."""

from dataclasses import replace
from typing import Any

from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.orders.order import Order
from loyalty.table import keys
from tests.simulation import programs
from tests.simulation.requests.members import Merge
from tests.simulation.requests.rewards import Redeem
from tests.simulation.requests.shops import TellOrder, TellRefund
from tests.simulation.scene import (
    NOON,
    SECOND,
    account,
    done,
    earned,
    order,
    scene,
    shop_order,
    writing_to,
)
from tests.simulation.stories import check_paid_points, check_stories
from tests.simulation.world import PROGRAM_ID, World


def refunded(name: str, minor: int = 0, *, seconds: int = 1) -> RequestedRefund:
    """A refund of an amount of the first line, or of everything, that its shop may withdraw."""
    return RequestedRefund(
        refund_id=name,
        occurred_at=NOON + seconds * SECOND,
        amounts_minor={"l0": minor} if minor else {},
        whole=not minor,
        is_revocable=True,
        fingerprint=name,
    )


def as_of(of: Order, seconds: int) -> Order:
    return replace(of, told_at=NOON + seconds * SECOND)


def paid(**fields: Any) -> tuple[World, Order, Redeem]:
    """Ann has earned 100 points, and pays 60 of them for an order of 100 that earns nothing."""
    world = scene("ann", "bob", reinstate_days=2, **fields)
    earned(world, 100)
    redeem = Redeem("ann", programs.PAYING, "k1", points=60, order_minor=1000)
    done(world.finish(redeem))
    bought = shop_order("o9", 100)
    tax_only = replace(bought, lines=tuple(replace(each, category="tax") for each in bought.lines))
    done(world.finish(TellOrder(tax_only, "ann", (), (redeem,))))
    return world, tax_only, redeem


def returned(world: World) -> int:
    voucher: Any = world.table.items[keys.voucher(PROGRAM_ID, "CODE1")]
    return int(voucher["about"].get("returned", 0))


def test_refunds_return_their_share_and_all_of_them_all_of_it() -> None:
    world, bought, redeem = paid()
    refunds: tuple[RequestedRefund, ...] = ()
    for number, minor in enumerate((30, 45, 25), 1):
        refunds = (*refunds, refunded(f"r{number}", minor, seconds=number))
        done(world.finish(TellOrder(as_of(bought, number), "ann", refunds, (redeem,))))
        check_paid_points(world)

    assert returned(world) == 60
    assert account(world).balance == 100


def test_a_refund_that_is_withdrawn_takes_the_points_again() -> None:
    world, bought, redeem = paid()
    done(world.finish(TellOrder(as_of(bought, 1), "ann", (refunded("r1", 50),), (redeem,))))
    assert (returned(world), account(world).balance) == (30, 70)

    done(world.finish(TellOrder(as_of(bought, 2), "ann", (), (redeem,))))

    assert (returned(world), account(world).balance) == (0, 40)
    check_paid_points(world)


def test_an_order_cancelled_after_a_refund_returns_the_rest_as_points() -> None:
    world, bought, redeem = paid()
    one, all_of_it = refunded("r1", 50), refunded("r2", seconds=2)
    done(world.finish(TellOrder(as_of(bought, 1), "ann", (one,), (redeem,))))
    done(world.finish(TellOrder(as_of(bought, 2), "ann", (one, all_of_it), (redeem,))))

    assert (returned(world), account(world).balance) == (60, 100)

    done(world.finish(TellOrder(as_of(bought, 3), "ann", (one,), (redeem,))))
    assert (returned(world), account(world).balance) == (30, 70)
    check_paid_points(world)


def test_two_refunds_at_once_return_what_both_return_together() -> None:
    world, bought, redeem = paid()
    one, other = refunded("r1", 50), refunded("r2", 50, seconds=2)
    slow = world.start(TellRefund(bought, "ann", one))
    slow.run_to(writing_to("ENTRY#return"))
    done(world.finish(TellOrder(as_of(bought, 2), "ann", (one, other), (redeem,))))

    done(slow.finish())

    assert (returned(world), account(world).balance) == (60, 100)
    check_paid_points(world)


def test_a_return_that_was_decided_before_its_refund_was_withdrawn_comes_to_nothing() -> None:
    world, bought, redeem = paid()
    one = refunded("r1", 50)
    slow = world.start(TellOrder(as_of(bought, 1), "ann", (one,), (redeem,)))
    slow.run_to(writing_to("ENTRY#return"))
    done(world.finish(TellOrder(as_of(bought, 2), "ann", (), (redeem,))))

    done(slow.finish())

    assert (returned(world), account(world).balance) == (0, 40)
    check_paid_points(world)


def test_a_return_is_not_lost_beside_a_voucher_that_is_given_back() -> None:
    world, bought, redeem = paid()
    one, all_of_it = refunded("r1", 50, seconds=3), refunded("r2", seconds=2)
    cancelling = world.start(TellOrder(as_of(bought, 2), "ann", (all_of_it,), (redeem,)))
    cancelling.run_to(writing_to("VOUCHER", "CODE1"))
    done(world.finish(TellRefund(bought, "ann", one)))

    done(cancelling.finish())

    check_paid_points(world)
    assert account(world).balance == 100


def test_a_version_that_is_taken_in_while_a_later_one_arrives_does_not_refund_again() -> None:
    world, bought, redeem = paid()
    one = refunded("r1", 50)
    done(world.finish(TellOrder(as_of(bought, 1), "ann", (one,), (redeem,))))
    last = TellOrder(as_of(bought, 3), "ann", (), (redeem,))
    changed = replace(bought, lines=(*bought.lines, *order("x", 7, 7).lines[1:]))
    slow = world.start(TellOrder(as_of(changed, 2), "ann", (one,), (redeem,)))
    slow.run_to(writing_to("ENTRY#edit"))
    slow.step()
    done(world.finish(last))

    done(slow.finish())

    check_stories(world, [last])
    check_paid_points(world)


def test_a_refund_that_the_version_in_force_does_without_does_not_count_late() -> None:
    world, bought, redeem = paid()
    last = TellOrder(as_of(bought, 3), "ann", (), (redeem,))
    done(world.finish(last))

    done(world.finish(TellRefund(bought, "ann", refunded("r1", 50))))

    check_stories(world, [last])
    assert account(world).balance == 40


def test_points_return_to_the_member_whom_their_spender_became() -> None:
    world, bought, _ = paid()
    done(world.finish(Merge("ann", "bob", "m0")))

    done(world.finish(TellRefund(bought, "ann", refunded("r1", 50))))

    assert account(world, "bob").balance == 70


def test_points_that_were_spent_since_are_owed_or_waived_once() -> None:
    for clawback, balance in (("unlimited", -30), ("within_balance", 0)):
        world, bought, redeem = paid(clawback=clawback)
        one = refunded("r1", 50)
        done(world.finish(TellOrder(as_of(bought, 1), "ann", (one,), (redeem,))))
        pay = Redeem("ann", programs.PAYING, "k2", points=70, order_minor=1000)
        done(world.finish(pay))
        for seconds in (2, 3):
            done(world.finish(TellOrder(as_of(bought, seconds), "ann", (), (redeem,))))

        assert account(world).balance == balance
        check_paid_points(world)
