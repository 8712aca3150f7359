"""Directed histories: refunds take back what their order earned, once."""

from datetime import date

from loyalty.usecases.orders.refunds import WAITING_MAX
from tests.simulation import programs
from tests.simulation.requests.members import Merge
from tests.simulation.requests.orders import Earn, Record
from tests.simulation.requests.points import Adjust
from tests.simulation.requests.rewards import Cancel
from tests.simulation.scene import (
    DAY,
    NOON,
    TODAY,
    account,
    done,
    earned,
    entry_of,
    kinds,
    living,
    order,
    refund,
    refused,
    scene,
    shop_order,
    spent,
    swept,
    writing,
)


class TestRefunds:
    def test_two_refunds_at_once_take_back_what_one_refund_of_both_amounts_would(self) -> None:
        world = scene()
        of = earned(world, 50)
        attempts = [world.start(refund(of, name, amount=20)) for name in ("r1", "r2")]
        for attempt in attempts:
            attempt.run_to(writing)

        for attempt in attempts:
            done(attempt.finish())

        assert account(world).balance == 10

    def test_two_further_refunds_at_once_also_count_the_first(self) -> None:
        world = scene()
        of = earned(world, 50)
        done(world.finish(refund(of, "r0", amount=5)))
        attempts = [world.start(refund(of, name, amount=20)) for name in ("r1", "r2")]
        for attempt in attempts:
            attempt.run_to(writing)

        for attempt in attempts:
            done(attempt.finish())

        assert entry_of(world.finish(refund(of, "r3"))).points == -5
        assert account(world).balance == 0

    def test_a_refund_of_more_than_is_left_takes_back_no_more_than_was_earned(self) -> None:
        world = scene()
        of = earned(world, 50)
        done(world.finish(refund(of, "r1", amount=40)))

        entry = entry_of(world.finish(refund(of, "r2", amount=40)))

        assert entry.points == -10
        assert entry_of(world.finish(refund(of, "r3"))).points == 0

    def test_a_refund_that_arrives_before_its_order_waits_and_then_counts(self) -> None:
        world = scene()
        of = order("o1", 50)
        done(world.finish(refund(of, amount=20)))

        done(world.finish(Earn(of, "ann")))

        assert account(world).balance == 30
        assert kinds(world) == ["accrual", "clawback"]

    def test_a_refund_that_arrives_while_its_order_is_decided_counts(self) -> None:
        world = scene()
        of = order("o1", 50)
        attempt = world.start(Earn(of, "ann"))
        attempt.run_to(writing)
        done(world.finish(refund(of, amount=20)))

        done(attempt.finish())

        assert account(world).balance == 30

    def test_an_order_that_arrives_while_its_refund_is_decided_is_refunded(self) -> None:
        world = scene()
        of = order("o1", 50)
        attempt = world.start(refund(of, amount=20))
        attempt.run_to(writing)
        done(world.finish(Earn(of, "ann")))

        assert entry_of(attempt.finish()).points == -20

    def test_two_refunds_that_begin_to_wait_at_once_are_both_kept(self) -> None:
        world = scene()
        of = order("o1", 50)
        attempts = [world.start(refund(of, name, amount=10)) for name in ("r1", "r2")]
        for attempt in attempts:
            attempt.run_to(writing)
        for attempt in attempts:
            done(attempt.finish())

        done(world.finish(Earn(of, "ann")))

        assert account(world).balance == 30

    def test_a_refund_that_waited_is_answered_like_any_other_once_it_counts(self) -> None:
        world = scene()
        of = order("o1", 50)
        done(world.finish(refund(of, amount=20)))
        done(world.finish(Earn(of, "ann")))

        assert entry_of(world.finish(refund(of, amount=20))).points == -20
        assert account(world).balance == 30

    def test_as_many_refunds_may_wait_as_one_write_of_their_order_can_hold(self) -> None:
        world = scene()
        of = order("o1", 200, quantity=200)
        for number in range(WAITING_MAX):
            done(world.finish(refund(of, f"r{number}", units={"l0": 1})))

        assert refused(world, refund(of, "one-more", units={"l0": 1})) == "limit_reached"
        done(world.finish(Earn(of, "ann")))

        assert account(world).balance == 200 - WAITING_MAX

    def test_a_guests_order_keeps_its_refunds_until_its_member_is_known(self) -> None:
        world = scene()
        of = order("o1", 50)
        done(world.finish(Earn(of, None)))
        done(world.finish(refund(of, amount=20)))
        assert kinds(world) == []

        done(world.finish(Earn(of, "ann")))

        assert account(world).balance == 30

    def test_a_refund_takes_pending_points_of_its_own_order_first(self) -> None:
        world = scene(pending_days=2)
        mine = earned(world, 50)
        earned(world, 40)
        done(world.finish(Adjust("ann", 60, "j1")))

        done(world.finish(refund(mine)))

        assert (account(world).holding.pending_points, account(world).balance) == (40, 60)

    def test_a_refund_takes_points_that_become_available_meanwhile_from_their_lot(self) -> None:
        world = scene(pending_days=1)
        of = earned(world, 50)
        attempt = world.start(refund(of))
        attempt.run_to(writing)
        world.now += DAY
        swept(world)

        answer = attempt.finish()

        assert (entry_of(answer).points, entry_of(answer).pending_points) == (-50, 0)

    def test_a_refund_takes_its_orders_own_lot_before_one_that_expires_earlier(self) -> None:
        world = scene(expiry=living(5))
        of = earned(world, 50)
        done(world.finish(Adjust("ann", 30, "j1", expiring_on=TODAY)))

        entry = entry_of(world.finish(refund(of)))

        assert entry.effect.lots == {TODAY + 5 * DAY: -50}

    def test_a_refund_takes_only_its_orders_own_points_of_a_shared_lot_first(self) -> None:
        # One part is available after a day, the other after two.
        world = scene(expiry=living(5), rules=programs.RULES[-1])
        earned(world, 120, name="other")
        of = earned(world, 30)
        world.now += 2 * DAY
        spent(world, 90)
        done(world.finish(Adjust("ann", 30, "j1", expiring_on=TODAY + 3 * DAY)))

        entry = entry_of(world.finish(refund(of)))

        assert entry.effect.lots == {TODAY + 3 * DAY: -10, TODAY + 7 * DAY: -30}

    def test_pending_points_of_another_order_with_the_same_dates_are_left_alone(self) -> None:
        world = scene(rules=programs.RULES[-1])
        earned(world, 120, name="other")
        of = earned(world, 30)
        world.now += DAY
        swept(world)
        done(world.finish(Adjust("ann", -50, "j1")))

        entry = entry_of(world.finish(refund(of)))

        assert (entry.pending_points, entry.effect.debt) == (-30, 10)

    def test_a_refund_of_spent_points_leaves_a_debt_that_relies_on_the_balance_seen(self) -> None:
        world = scene()
        of = earned(world, 50)
        spent(world, 30)
        attempt = world.start(refund(of))
        attempt.run_to(writing)
        earned(world, 10, name="meanwhile")

        entry = entry_of(attempt.finish())

        assert entry.effect.lots == {date.max: -30}
        assert account(world).holding.debt == 20

    def test_within_balance_missing_points_are_forgiven(self) -> None:
        world = scene(clawback="within_balance")
        of = earned(world, 50)
        spent(world, 30)

        about = entry_of(world.finish(refund(of))).detail

        assert (about.clawed, about.owed, about.forgiven) == (20, 0, 30)  # type: ignore[union-attr]  # a clawback's
        assert account(world).holding.debt == 0

    def test_points_earned_meanwhile_are_taken_before_any_are_forgiven(self) -> None:
        world = scene(clawback="within_balance")
        of = earned(world, 50)
        spent(world, 30)
        attempt = world.start(refund(of))
        attempt.run_to(writing)
        earned(world, 10, name="meanwhile")

        entry = entry_of(attempt.finish())

        assert entry.points == -30

    def test_forgiven_points_are_not_taken_by_a_later_refund(self) -> None:
        world = scene(clawback="within_balance")
        of = earned(world, 50)
        spent(world, 30)
        done(world.finish(refund(of, "r1", amount=40)))
        done(world.finish(Adjust("ann", 100, "j1")))

        entry = entry_of(world.finish(refund(of, "r2")))

        assert entry.points == -10

    def test_only_pending_takes_no_available_points(self) -> None:
        world = scene(clawback="only_pending")
        of = earned(world, 50)

        entry = entry_of(world.finish(refund(of)))

        assert entry.points == 0
        assert account(world).balance == 50

    def test_points_that_expired_unspent_are_not_taken_back(self) -> None:
        world = scene(expiry=living(1))
        of = earned(world, 50)
        spent(world, 10)
        world.now += 2 * DAY
        earned(world, 100, name="later")

        about = entry_of(world.finish(refund(of))).detail

        assert (about.excused, about.clawed) == (40, 10)  # type: ignore[union-attr]  # a clawback's
        assert account(world).balance == 90

    def test_points_that_expired_before_a_merge_are_not_taken_back_after_it(self) -> None:
        world = scene("ann", "bob", expiry=living(1))
        of = earned(world, 50)
        world.now += 2 * DAY
        swept(world)
        done(world.finish(Merge("ann", "bob", "m1")))
        earned(world, 100, by="bob", name="later")

        done(world.finish(refund(of)))

        assert account(world, "bob").balance == 100

    def test_points_that_expired_when_they_were_recorded_are_not_taken_back(self) -> None:
        world = scene(expiry=living(1))
        late = order("o1", 50, occurred_at=NOON - 3 * DAY)
        done(world.finish(Earn(late, "ann")))
        earned(world, 100, name="later")

        done(world.finish(refund(late)))

        assert account(world).balance == 100

    def test_points_that_were_returned_and_expired_at_once_are_not_taken_back(self) -> None:
        world = scene(expiry=living(1))
        of = earned(world, 50)
        redeemed = spent(world, 30)
        world.now += 2 * DAY
        done(world.finish(Cancel(redeemed)))
        earned(world, 100, name="later")

        done(world.finish(refund(of)))

        assert account(world).balance == 100

    def test_a_refund_of_a_merged_members_order_finds_the_survivor(self) -> None:
        world = scene("ann", "bob")
        of = earned(world, 50)
        attempt = world.start(refund(of))
        attempt.run_to(writing)
        done(world.finish(Merge("ann", "bob", "m1")))

        entry = entry_of(attempt.finish())

        assert (entry.member_id, entry.points) == ("bob", -50)

    def test_a_refund_is_computed_by_the_rules_under_which_its_order_earned(self) -> None:
        world = scene(rules=programs.RULES[2])
        of = earned(world, 100)
        second = programs.changed(world.programs[0].document, {"earning_rules": programs.RULES[0]})
        world.programs += (programs.published(second, published_at=world.now, version=2),)

        entry = entry_of(world.finish(refund(of, amount=50)))

        assert entry.points == -17
        assert entry_of(world.finish(refund(of, "r2"))).points == -16


class TestMoneyPaidBack:
    def test_money_of_a_line_takes_back_the_points_of_its_share_of_the_price(self) -> None:
        world = scene()
        of = shop_order("o1", 100, 50, tax_percent=20)
        done(world.finish(Record(of, "ann")))

        done(world.finish(refund(of, money={"l0": 30})))

        # 30 of the 120 that were paid are a quarter of the line.
        assert account(world).balance == 150 - 25

    def test_a_refund_of_the_whole_price_in_parts_takes_back_all_points(self) -> None:
        world = scene()
        of = shop_order("o1", 99, 51, tax_percent=20, quantity=3)
        done(world.finish(Record(of, "ann")))

        done(world.finish(refund(of, "r1", units={"l0": 1})))
        done(world.finish(refund(of, "r2", money={"l0": 40, "l1": 20})))
        done(world.finish(refund(of, "r3", amount=118 + 61 - 39 - 40 - 20)))

        assert account(world).balance == 0

    def test_money_beyond_a_lines_price_counts_for_the_other_lines(self) -> None:
        world = scene()
        of = shop_order("o1", 100, 100)
        done(world.finish(Record(of, "ann")))

        done(world.finish(refund(of, money={"l0": 150})))

        assert account(world).balance == 50

    def test_two_refunds_of_one_line_at_once_take_back_what_one_refund_of_both_would(self) -> None:
        world = scene()
        of = shop_order("o1", 100, 50, tax_percent=20)
        done(world.finish(Record(of, "ann")))
        attempts = [world.start(refund(of, name, money={"l0": 60})) for name in ("r1", "r2")]
        for attempt in attempts:
            attempt.run_to(writing)

        for attempt in attempts:
            done(attempt.finish())

        assert account(world).balance == 50

    def test_money_of_a_line_that_arrives_before_its_order_waits(self) -> None:
        world = scene()
        of = shop_order("o1", 100, tax_percent=20)
        done(world.finish(refund(of, money={"l0": 60})))

        done(world.finish(Record(of, "ann")))

        assert account(world).balance == 50
