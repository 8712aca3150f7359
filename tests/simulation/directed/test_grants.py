"""Rewards that are given: an ordinary redemption that costs nothing."""

from tests.simulation import programs
from tests.simulation.requests.rewards import Cancel, GiveReward, Redeem, Use
from tests.simulation.scene import account, done, earned, entry_of, kinds, refused, scene


def test_a_given_reward_costs_nothing_and_its_voucher_is_used_once() -> None:
    world = scene()
    given = GiveReward("ann", "for-30", "p1")

    entry = entry_of(world.finish(given))
    done(world.finish(Use(given, "u1")))

    assert (entry.kind, entry.points, account(world).balance) == ("redemption", 0, 0)
    assert refused(world, Use(given, "u2")) == "voucher_used"


def test_it_is_given_once_however_often_it_is_asked_for() -> None:
    world = scene()
    first = entry_of(world.finish(GiveReward("ann", "for-30", "p1")))

    assert entry_of(world.finish(GiveReward("ann", "for-30", "p1"))) == first
    assert refused(world, GiveReward("ann", "for-10", "p1")) == "idempotency_conflict"
    assert kinds(world) == ["redemption"]


def test_it_does_not_count_toward_the_members_limit_but_takes_from_the_stock() -> None:
    world = scene()
    earned(world, 20)
    given = [GiveReward("ann", programs.STOCKED, f"p{number}") for number in range(3)]

    done(world.finish(GiveReward("ann", programs.LIMITED, "p")))
    done(world.finish(GiveReward("ann", programs.LIMITED, "q")))
    done(world.finish(Redeem("ann", programs.LIMITED, "k1")))
    codes = [world.finish(each).code for each in given]

    assert codes == ["done", "done", "out_of_stock"]
    done(world.finish(Cancel(given[0])))
    done(world.finish(Redeem("ann", programs.STOCKED, "k2")))


def test_a_cancelled_one_returns_nothing() -> None:
    world = scene()
    given = GiveReward("ann", "for-30", "p1")
    done(world.finish(given))

    done(world.finish(Cancel(given)))

    assert account(world).balance == 0


def test_what_members_pay_is_not_given() -> None:
    assert refused(scene(), GiveReward("ann", programs.PAYING, "p1")) == "reward_unavailable"


def test_presents_count_among_the_redemptions_of_a_day() -> None:
    world = scene()
    for number in range(50):
        done(world.finish(GiveReward("ann", "for-1", f"p{number}")))

    assert refused(world, GiveReward("ann", "for-1", "p50")) == "limit_reached"
