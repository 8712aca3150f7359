"""Directed histories: each clause of the ledger's design, in the one order of events it is for."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from local.memory import Reported
from loyalty.domain.kernel.calendar import add_months
from loyalty.domain.kernel.fields import POINTS_MAX
from loyalty.domain.ledger.account import TierFloor, redemptions_counter
from loyalty.domain.ledger.redemptions import REDEMPTIONS_A_DAY_MAX
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.domain.program.expiry_policies import (
    FixedDateExpiry,
)
from loyalty.table.operations import Query
from loyalty.usecases.orders.refunds import WAITING_MAX
from tests.simulation import programs
from tests.simulation.requests import (
    EMAIL,
    PHONE,
    Adjust,
    Cancel,
    Complete,
    Earn,
    Erase,
    Give,
    GiveCode,
    Grant,
    Join,
    LetGo,
    Link,
    Merge,
    Note,
    Record,
    Redeem,
    SignIn,
    Sweep,
    Use,
)
from tests.simulation.scene import (
    DAY,
    FOR_EVER,
    NOON,
    SECOND,
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
    shown,
    spent,
    stored_lots,
    swept,
    writing,
    writing_to,
)
from tests.simulation.world import Answer, Fault, Read, Request, Write

MIDNIGHT = NOON + timedelta(hours=12)


class TestACauseCountsOnce:
    def test_an_order_that_arrives_twice_at_once_earns_once(self) -> None:
        world = scene()
        earn = Earn(order("o1", 50), "ann")
        first, second = world.start(earn), world.start(earn)
        first.run_to(writing)
        second.run_to(writing)

        answers = (first.finish(), second.finish())

        assert entry_of(answers[0]) == entry_of(answers[1])
        assert account(world).balance == 50

    def test_an_earn_whose_answer_was_lost_is_found_by_the_very_next_try(self) -> None:
        world = scene()
        attempt = world.start(Earn(order("o1", 50), "ann"))
        attempt.run_to(writing)
        attempt.step(Fault.ANSWER_LOST)

        answer = attempt.finish()

        assert done(answer).replayed
        assert account(world).balance == 50

    def test_an_earn_that_arrives_after_it_was_given_up_and_repeated_counts_once(self) -> None:
        world = scene()
        late = world.start(Earn(order("o1", 50), "ann"))
        late.run_to(writing)
        late.step(Fault.LATE)
        done(late.finish())

        world.deliver()

        assert account(world).balance == 50

    def test_a_conflict_is_tried_again_under_the_same_cause(self) -> None:
        world = scene()
        attempt = world.start(Earn(order("o1", 50), "ann"))
        attempt.run_to(writing)
        for _ in range(4):
            attempt.step(Fault.CONFLICT)

        answer = attempt.finish()

        assert not done(answer).replayed
        assert account(world).balance == 50

    def test_after_too_many_conflicts_the_caller_is_asked_to_try_again(self) -> None:
        world = scene()
        attempt = world.start(Earn(order("o1", 50), "ann"))
        attempt.run_to(writing)
        for _ in range(5):
            attempt.step(Fault.CONFLICT)

        assert attempt.answer == Answer("try_again")

    def test_a_replay_is_answered_as_the_first_time_whatever_would_be_decided_now(self) -> None:
        world = scene(expiry=living(2))
        earned(world, 10)
        world.now += DAY
        earned(world, 10)
        first = spent(world, 10)
        before = entry_of(world.finish(first))
        earned(world, 30)
        world.now += 5 * DAY

        again = entry_of(world.finish(first))

        assert again == before
        assert again.effect.lots == {TODAY + 2 * DAY: -10}

    def test_an_order_with_different_content_is_refused(self) -> None:
        world = scene()
        earned(world, 50, name="o1")

        assert refused(world, Earn(order("o1", 51), "ann")) == "order_conflict"
        assert account(world).balance == 50

    def test_a_request_with_different_content_is_refused(self) -> None:
        world = scene()
        earned(world, 100)
        spent(world, 10)

        assert refused(world, Redeem("ann", "for-30", "k1")) == "idempotency_conflict"
        assert account(world).balance == 90

    def test_a_refund_with_different_content_is_refused(self) -> None:
        world = scene()
        of = earned(world, 50)
        done(world.finish(refund(of, amount=10)))

        assert refused(world, refund(of, amount=20)) == "idempotency_conflict"
        assert account(world).balance == 40


class TestNoRefusalBeforeTheCauseWasLookedFor:
    def test_a_redemption_that_took_the_last_points_and_lost_its_answer_is_not_refused(
        self,
    ) -> None:
        world = scene()
        earned(world, 10)
        attempt = world.start(Redeem("ann", "for-10", "k1"))
        attempt.run_to(writing)
        attempt.step(Fault.CRASH_AFTER)

        assert entry_of(world.finish(Redeem("ann", "for-10", "k1"))).points == -10

    def test_nor_is_a_redemption_that_took_the_last_piece(self) -> None:
        world = scene()
        earned(world, 100)
        spent_twice = [Redeem("ann", programs.STOCKED, name) for name in ("k1", "k2")]
        for each in spent_twice:
            done(world.finish(each))

        assert entry_of(world.finish(spent_twice[1])).points == -5
        assert refused(world, Redeem("ann", programs.STOCKED, "k3")) == "out_of_stock"

    def test_nor_is_an_adjustment_that_used_up_the_clerks_day(self) -> None:
        world = scene()
        adjusted = Adjust("ann", 10, "k1", points_max=10)
        attempt = world.start(adjusted)
        attempt.run_to(writing)
        attempt.step(Fault.CRASH_AFTER)

        assert entry_of(world.finish(adjusted)).points == 10
        assert refused(world, Adjust("ann", 1, "k2", points_max=10)) == "limit_reached"


class TestTheLimitOfAClerksDay:
    def test_holds_for_two_requests_at_once(self) -> None:
        world = scene()
        attempts = [world.start(Adjust("ann", 6, name, points_max=10)) for name in ("k1", "k2")]
        for attempt in attempts:
            attempt.run_to(writing)

        answers = [attempt.finish() for attempt in attempts]

        assert account(world).balance == 6
        assert [getattr(answer, "code", "done") for answer in answers] == ["done", "limit_reached"]

    def test_leaves_the_rest_of_it_after_a_lost_answer(self) -> None:
        world = scene()
        attempt = world.start(Adjust("ann", 6, "k1", points_max=10))
        attempt.run_to(writing)
        attempt.step(Fault.CRASH_AFTER)
        done(world.finish(Adjust("ann", 6, "k1", points_max=10)))

        done(world.finish(Adjust("ann", -4, "k2", points_max=10)))

        assert account(world).balance == 2

    def test_a_request_that_reached_the_limit_is_not_refused(self) -> None:
        world = scene()
        earned(world, 100)
        done(world.finish(Redeem("ann", programs.LIMITED, "k1")))

        assert entry_of(world.finish(Redeem("ann", programs.LIMITED, "k1"))).points == -5
        assert refused(world, Redeem("ann", programs.LIMITED, "k2")) == "limit_reached"

    def test_a_correction_that_took_the_points_it_now_misses_is_not_refused(self) -> None:
        world = scene("ann", "bob")
        earned(world, 30)
        requests = (
            Adjust("ann", -10, "j1"),
            Give("ann", "bob", 20, "t1"),
            Merge("ann", "bob", "m1"),
        )
        first = [entry_of(world.finish(each)) for each in requests]

        assert [entry_of(world.finish(each)) for each in requests] == first

    def test_an_order_that_has_become_too_old_since_is_not_refused(self) -> None:
        world = scene()
        earn = Earn(earned(world, 50), "ann")
        world.now += 91 * DAY

        assert done(world.finish(earn)).replayed
        assert refused(world, Earn(order("o2", 50), "ann")) == "validation_failed"

    @pytest.mark.parametrize("reported", ["all", "first", "last"])
    @pytest.mark.parametrize(
        "request_of",
        [
            lambda: Adjust("ann", 10, "x", expiring_on=TODAY - DAY),
            lambda: Give("ann", "bob", 5, "x"),
            lambda: Merge("ann", "bob", "x"),
        ],
    )
    def test_a_replay_is_found_whichever_of_its_writes_the_table_tells_of(
        self, request_of: Callable[[], Request], reported: Reported
    ) -> None:
        world = scene("ann", "bob")
        world.table._reports = reported
        earned(world, 30)
        attempt = world.start(request_of())
        attempt.run_to(writing)
        attempt.step(Fault.ANSWER_LOST)

        assert done(attempt.finish()).replayed
        assert done(world.finish(request_of())).replayed


class TestEarnsOnlyAdd:
    def test_a_stale_read_is_enough(self) -> None:
        world = scene(expiry=living(3))
        earned(world, 10)
        attempt = world.start(Earn(order("o2", 20), "ann"))

        attempt.step(Fault.STALE)
        answer = attempt.finish()

        assert not done(answer).replayed
        assert account(world).balance == 30

    def test_somebody_who_has_just_enrolled_is_found_although_the_read_is_stale(self) -> None:
        world = scene()
        world.images[Earn(order("o1", 1), "ann").cause] = []
        key = next(key for key in world.table.items if key.sk == "ACCOUNT")
        world.images[key] = [None]
        attempt = world.start(Earn(order("o1", 50), "ann"))

        attempt.step(Fault.STALE)

        done(attempt.finish())
        assert account(world).balance == 50

    def test_a_debt_that_came_meanwhile_is_paid_first(self) -> None:
        world = scene()
        of = earned(world, 30)
        spent(world, 30)
        attempt = world.start(Earn(order("o2", 50), "ann"))
        attempt.run_to(writing)
        done(world.finish(refund(of)))
        assert account(world).holding.debt == 30

        answer = attempt.finish()

        assert entry_of(answer).effect.debt == -30
        assert (account(world).holding.debt, account(world).balance) == (0, 20)

    def test_points_of_a_member_merged_meanwhile_go_to_the_survivor(self) -> None:
        world = scene("ann", "bob")
        attempt = world.start(Earn(order("o1", 50), "ann"))
        attempt.run_to(writing)
        done(world.finish(Merge("ann", "bob", "m1")))

        answer = attempt.finish()

        assert entry_of(answer).member_id == "bob"
        assert account(world, "bob").balance == 50

    def test_points_that_come_after_their_last_day_never_lie_in_a_lot(self) -> None:
        world = scene(expiry=living(1))

        done(world.finish(Earn(order("o1", 50, occurred_at=NOON - 2 * DAY), "ann")))

        assert account(world).holding.lots == {}
        assert kinds(world) == ["accrual", "expiry"]

    def test_points_that_come_after_their_last_day_still_pay_a_debt(self) -> None:
        world = scene(expiry=living(1))
        done(world.finish(Adjust("ann", -20, "j1", below_zero=True)))

        done(world.finish(Earn(order("o1", 50, occurred_at=NOON - 2 * DAY), "ann")))

        assert (account(world).holding.debt, account(world).balance) == (0, 0)

    def test_beyond_60_lots_points_of_an_odd_date_join_the_next_later_one(self) -> None:
        world = scene()
        for months in range(61):
            day = add_months(TODAY, months)
            done(world.finish(Adjust("ann", 1, f"j{months}", expiring_on=day)))

        done(world.finish(Adjust("ann", 7, "odd", expiring_on=TODAY + DAY)))

        assert len(account(world).holding.lots) == 61
        assert account(world).holding.lots[add_months(TODAY, 1)] == 8


class TestDueTimesAreNeverLate:
    def test_an_earn_decided_before_midnight_that_lands_after_the_sweep_expires_in_the_next(
        self,
    ) -> None:
        world = scene(expiry=living(1), now=MIDNIGHT - SECOND)
        late = world.start(Earn(order("o1", 50, occurred_at=NOON - DAY), "ann"))
        late.run_to(writing)
        done(world.finish(Earn(order("o2", 10, occurred_at=NOON - DAY), "ann")))
        world.now = MIDNIGHT
        swept(world)

        done(late.finish())
        swept(world)

        assert account(world).holding.lots == {}
        assert kinds(world).count("expiry") == 2

    def test_points_that_are_due_sooner_than_anything_move_the_due_time(self) -> None:
        world = scene()
        done(world.finish(Adjust("ann", 5, "j1", expiring_on=TODAY + 9 * DAY)))

        done(world.finish(Adjust("ann", 5, "j2", expiring_on=TODAY + 2 * DAY)))

        assert account(world).due == TODAY + 3 * DAY

    def test_two_earns_at_once_leave_the_sooner_due_time(self) -> None:
        world = scene()
        requests = [
            Adjust("ann", 5, f"j{days}", expiring_on=TODAY + days * DAY) for days in (9, 2, 5)
        ]
        attempts = [world.start(each) for each in requests]
        for attempt in attempts:
            attempt.run_to(writing)

        for attempt in attempts:
            done(attempt.finish())

        assert account(world).due == TODAY + 3 * DAY

    def test_an_earn_that_saw_a_due_time_which_a_sweep_has_raised_since_sets_it_again(self) -> None:
        world = scene(expiry=living(1))
        earned(world, 10)
        late = world.start(Earn(order("o2", 10, occurred_at=world.now), "ann"))
        late.run_to(writing)
        world.now += 2 * DAY
        swept(world)
        assert account(world).due is None

        done(late.finish())

        assert account(world).due == TODAY + 2 * DAY

    def test_a_member_woken_too_soon_is_looked_at_and_put_back(self) -> None:
        world = scene()
        of = earned(world, 10)
        done(world.finish(Adjust("ann", 5, "j1", expiring_on=TODAY)))
        done(world.finish(Adjust("ann", 5, "j2", expiring_on=TODAY + 9 * DAY)))
        spent(world, 1, name="k1")
        for name in ("k2", "k3", "k4", "k5"):
            spent(world, 1, name=name)
        world.now = MIDNIGHT

        swept(world)

        assert account(world).due == TODAY + 10 * DAY
        assert "expiry" not in kinds(world)
        assert of.order_id

    def test_a_sweep_finds_what_was_due_on_days_when_none_ran(self) -> None:
        world = scene(expiry=living(2))
        earned(world, 10)
        world.now += 40 * DAY

        swept(world)

        assert account(world).holding.lots == {}
        assert account(world).due is None


class TestSpendingReliesOnTheLotsItTakes:
    def test_redemptions_of_one_large_lot_do_not_disturb_each_other(self) -> None:
        world = scene()
        earned(world, 100)
        attempts = [world.start(Redeem("ann", "for-30", f"k{n}")) for n in range(3)]
        for attempt in attempts:
            attempt.run_to(writing)

        for attempt in attempts:
            attempt.step()

        assert [attempt.answer is not None for attempt in attempts] == [True] * 3
        assert account(world).balance == 10

    def test_one_of_two_redemptions_of_the_last_points_is_refused(self) -> None:
        world = scene()
        earned(world, 45)
        attempts = [world.start(Redeem("ann", "for-30", f"k{n}")) for n in range(2)]
        for attempt in attempts:
            attempt.run_to(writing)

        answers = [attempt.finish() for attempt in attempts]

        assert [answer.code for answer in answers] == ["done", "insufficient_points"]
        assert account(world).balance == 15

    def test_of_two_at_once_only_one_may_have_what_a_member_can_have_once(self) -> None:
        world = scene()
        earned(world, 100)
        attempts = [world.start(Redeem("ann", programs.LIMITED, f"k{n}")) for n in range(2)]
        for attempt in attempts:
            attempt.run_to(writing)

        answers = [attempt.finish() for attempt in attempts]

        assert [answer.code for answer in answers] == ["done", "limit_reached"]

    def test_points_that_join_a_lot_which_is_being_emptied_are_not_lost(self) -> None:
        world = scene(expiry=living(1))
        earned(world, 10)
        world.now += DAY
        earned(world, 30)
        attempt = world.start(Redeem("ann", "for-30", "k1"))
        attempt.run_to(writing)
        done(world.finish(Adjust("ann", 5, "j1", expiring_on=TODAY + DAY)))

        answer = attempt.finish()

        assert entry_of(answer).effect.lots == {TODAY + DAY: -15, TODAY + 2 * DAY: -15}
        assert account(world).balance == 15

    def test_a_redemption_takes_what_expires_soonest(self) -> None:
        world = scene(expiry=living(1))
        earned(world, 20)
        world.now += DAY
        earned(world, 20)

        answer = world.finish(Redeem("ann", "for-30", "k1"))

        assert entry_of(answer).effect.lots == {TODAY + DAY: -20, TODAY + 2 * DAY: -10}

    @pytest.mark.parametrize("points", [80, 90])
    def test_more_lots_than_one_write_may_name_are_spent_all_the_same(self, points: int) -> None:
        world = scene("ann", "bob")
        for days in range(45):
            given = Adjust("ann", 2, f"j{days}", expiring_on=TODAY + days * DAY)
            done(world.finish(given))
        spend = Redeem("ann", "for-90", "k1") if points == 90 else Give("ann", "bob", 80, "t1")

        done(world.finish(spend))

        assert account(world).balance == 90 - points
        assert account(world, "bob").balance == (0 if points == 90 else 80)

    def test_one_of_many_lots_that_changed_meanwhile_has_it_decided_again(self) -> None:
        world = scene()
        for days in range(45):
            given = Adjust("ann", 2, f"j{days}", expiring_on=TODAY + days * DAY)
            done(world.finish(given))
        attempt = world.start(Redeem("ann", "for-90", "k1"))
        attempt.run_to(writing)
        spent(world, 1, name="k2")

        assert attempt.finish().code == "insufficient_points"
        assert account(world).balance == 89

    def test_a_cancelled_redemption_of_many_lots_returns_every_slice(self) -> None:
        world = scene()
        for days in range(45):
            given = Adjust("ann", 2, f"j{days}", expiring_on=TODAY + days * DAY)
            done(world.finish(given))
        before = account(world).holding.lots
        redeemed = spent(world, 90)

        done(world.finish(Cancel(redeemed)))

        assert account(world).holding.lots == before


class TestExpiry:
    @pytest.mark.parametrize(
        ("zone", "midnight"),
        [
            ("Pacific/Kiritimati", "2026-03-10T10:00:00+00:00"),
            ("UTC", "2026-03-11T00:00:00+00:00"),
            ("Etc/GMT+12", "2026-03-11T12:00:00+00:00"),
            ("Asia/Kathmandu", "2026-03-10T18:15:00+00:00"),
        ],
    )
    @pytest.mark.parametrize(("seconds", "code"), [(-1, "done"), (0, "insufficient_points")])
    def test_points_pay_until_the_last_second_of_their_day_in_the_programs_zone(
        self, zone: str, midnight: str, seconds: int, code: str
    ) -> None:
        ends = datetime.fromisoformat(midnight)
        world = scene(now=ends - DAY, zone=zone)
        done(world.finish(Adjust("ann", 10, "j1", expiring_on=date(2026, 3, 10))))
        world.now = ends + seconds * SECOND

        assert world.finish(Redeem("ann", "for-10", "k1")).code == code

    @pytest.mark.parametrize(
        ("zone", "day", "midnight"),
        [
            # Midnight itself is skipped, or comes twice: the first of the two counts.
            ("America/Havana", date(2026, 3, 7), "2026-03-08T05:00:00+00:00"),
            ("America/Havana", date(2026, 10, 31), "2026-11-01T04:00:00+00:00"),
            ("Africa/Cairo", date(2026, 4, 23), "2026-04-23T22:00:00+00:00"),
            ("Africa/Cairo", date(2026, 10, 29), "2026-10-29T22:00:00+00:00"),
            ("Europe/Berlin", date(2026, 3, 29), "2026-03-29T22:00:00+00:00"),
            ("Europe/Berlin", date(2026, 10, 25), "2026-10-25T23:00:00+00:00"),
        ],
    )
    def test_where_clocks_change_a_lot_ends_with_its_local_day(
        self, zone: str, day: date, midnight: str
    ) -> None:
        ends = datetime.fromisoformat(midnight)
        world = scene(now=ends - DAY, zone=zone)
        done(world.finish(Adjust("ann", 10, "j1", expiring_on=day)))

        world.now = ends - SECOND
        before = shown(world).balance
        world.now = ends
        swept(world)

        assert (before, shown(world).balance) == (10, 0)
        assert account(world).balance == 0

    def test_points_expire_at_every_read_though_no_sweep_ever_ran(self) -> None:
        world = scene(expiry=living(1))
        earned(world, 10)
        world.now += 2 * DAY

        assert shown(world).balance == 0
        assert refused(world, Redeem("ann", "for-1", "k1")) == "insufficient_points"

    def test_a_redemption_records_what_had_expired_before_it_spends(self) -> None:
        world = scene(expiry=living(1))
        earned(world, 10)
        world.now += DAY
        earned(world, 10)
        world.now += DAY

        done(world.finish(Redeem("ann", "for-10", "k1")))

        assert kinds(world) == ["accrual", "accrual", "expiry", "redemption"]
        assert account(world).balance == 0

    def test_at_one_midnight_points_become_available_before_others_expire(self) -> None:
        world = scene(expiry=living(1), pending_days=1)
        earned(world, 10)
        world.now += DAY
        assert shown(world).balance == 10

        world.now += 2 * DAY
        swept(world)

        assert kinds(world) == ["accrual", "activation", "expiry"]
        assert account(world).balance == 0

    def test_what_becomes_available_pays_a_debt_first(self) -> None:
        world = scene(pending_days=1)
        done(world.finish(Adjust("ann", -4, "j1", below_zero=True)))
        earned(world, 10)
        world.now += DAY

        swept(world)

        assert (account(world).holding.debt, account(world).balance) == (0, 6)

    def test_what_has_become_available_pays_a_debt_before_a_later_order_does(self) -> None:
        world = scene(expiry=living(9), pending_days=1)
        earned(world, 10)
        done(world.finish(Adjust("ann", -4, "j1", below_zero=True)))
        world.now += DAY
        before = shown(world).holding.lots

        done(world.finish(Earn(order("o2", 20, occurred_at=NOON - 3 * DAY), "ann")))

        assert before == {TODAY + 10 * DAY: 6}
        assert shown(world).holding.lots == {TODAY + 7 * DAY: 20, **before}

    def test_what_has_become_available_pays_a_debt_before_what_comes_back_does(self) -> None:
        world = scene(expiry=living(9))
        earned(world, 10)
        redeemed = spent(world, 10)
        pending = programs.changed(world.programs[0].document, {"pending_days": 1})
        world.programs += (programs.published(pending, published_at=world.now, version=2),)
        earned(world, 10)
        done(world.finish(Adjust("ann", -4, "j1", below_zero=True)))
        world.now += DAY

        done(world.finish(Cancel(redeemed)))

        assert shown(world).holding.lots == {TODAY + 9 * DAY: 10, TODAY + 10 * DAY: 6}

    def test_an_emptied_lot_is_cleared_away_without_an_entry(self) -> None:
        world = scene(expiry=living(1))
        earned(world, 10)
        spent(world, 10)
        assert stored_lots(world) == {f"{TODAY + DAY}": 0}
        world.now += 2 * DAY

        swept(world)

        assert account(world).holding.lots == {}
        assert kinds(world) == ["accrual", "redemption"]

    def test_points_that_come_while_a_sweep_is_deciding_are_not_lost(self) -> None:
        world = scene(expiry=living(1))
        earned(world, 10)
        world.now += 2 * DAY
        sweep = world.start(Sweep())
        sweep.run_to(writing)
        earned(world, 20)

        done(sweep.finish())

        assert account(world).balance == 20

    def test_two_sweeps_at_once_expire_a_lot_once(self) -> None:
        world = scene(expiry=living(1))
        earned(world, 10)
        world.now += 2 * DAY
        sweeps = [world.start(Sweep()), world.start(Sweep())]
        for sweep in sweeps:
            sweep.run_to(writing)

        for sweep in sweeps:
            done(sweep.finish())

        assert kinds(world) == ["accrual", "expiry"]

    def test_a_fixed_date_of_29_february_is_the_28th_in_other_years(self) -> None:
        world = scene(expiry=FixedDateExpiry(model="fixed_date", month=2, day=29))

        earned(world, 10)

        assert list(account(world).holding.lots) == [date(2027, 2, 28)]


class TestInactivity:
    def test_activity_keeps_all_points_alive(self) -> None:
        world = scene(expiry=programs.QUIET, inactivity_since=TODAY)
        earned(world, 10)
        world.now += 28 * DAY
        earned(world, 5)
        world.now += 28 * DAY
        swept(world)

        assert account(world).balance == 15

    def test_an_order_told_after_they_expired_does_not_bring_them_back(self) -> None:
        world = scene(expiry=programs.QUIET, inactivity_since=TODAY)
        earned(world, 10)
        world.now += 40 * DAY

        earned(world, 5)

        assert account(world).balance == 5
        assert kinds(world) == ["accrual", "expiry", "accrual"]

    def test_an_order_decided_on_their_last_day_keeps_them_though_it_lands_a_day_later(
        self,
    ) -> None:
        world = scene(expiry=programs.QUIET, inactivity_since=TODAY)
        earned(world, 10)
        world.now = MIDNIGHT + 31 * DAY - SECOND
        late = world.start(Earn(order("o2", 5, occurred_at=world.now), "ann"))
        late.run_to(writing)
        world.now += SECOND

        done(late.finish())
        swept(world)

        assert account(world).balance == 15

    def test_nobody_loses_anything_within_a_full_period_of_switching_it_on(self) -> None:
        world = scene(expiry=programs.QUIET, inactivity_since=TODAY)
        world.auditor.accounts["ann"]["active_on"] = "2025-01-01"
        done(world.finish(Adjust("ann", 10, "j1")))

        world.now += 31 * DAY

        assert shown(world).balance == 10


class TestRefunds:
    def test_two_refunds_at_once_take_back_what_one_of_both_would(self) -> None:
        world = scene()
        of = earned(world, 50)
        attempts = [world.start(refund(of, name, amount=20)) for name in ("r1", "r2")]
        for attempt in attempts:
            attempt.run_to(writing)

        for attempt in attempts:
            done(attempt.finish())

        assert account(world).balance == 10

    def test_two_more_refunds_at_once_do_not_forget_the_first(self) -> None:
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

    def test_more_than_is_left_takes_back_no_more_than_was_earned(self) -> None:
        world = scene()
        of = earned(world, 50)
        done(world.finish(refund(of, "r1", amount=40)))

        entry = entry_of(world.finish(refund(of, "r2", amount=40)))

        assert entry.points == -10
        assert entry_of(world.finish(refund(of, "r3"))).points == 0

    def test_a_refund_before_its_order_waits_and_is_taken_whole(self) -> None:
        world = scene()
        of = order("o1", 50)
        done(world.finish(refund(of, amount=20)))

        done(world.finish(Earn(of, "ann")))

        assert account(world).balance == 30
        assert kinds(world) == ["accrual", "clawback"]

    def test_a_refund_that_comes_while_its_order_is_being_decided_is_not_missed(self) -> None:
        world = scene()
        of = order("o1", 50)
        attempt = world.start(Earn(of, "ann"))
        attempt.run_to(writing)
        done(world.finish(refund(of, amount=20)))

        done(attempt.finish())

        assert account(world).balance == 30

    def test_an_order_that_comes_while_its_refund_is_being_decided_is_refunded(self) -> None:
        world = scene()
        of = order("o1", 50)
        attempt = world.start(refund(of, amount=20))
        attempt.run_to(writing)
        done(world.finish(Earn(of, "ann")))

        assert entry_of(attempt.finish()).points == -20

    def test_two_refunds_that_wait_at_once_are_both_kept(self) -> None:
        world = scene()
        of = order("o1", 50)
        attempts = [world.start(refund(of, name, amount=10)) for name in ("r1", "r2")]
        for attempt in attempts:
            attempt.run_to(writing)
        for attempt in attempts:
            done(attempt.finish())

        done(world.finish(Earn(of, "ann")))

        assert account(world).balance == 30

    def test_a_waiting_refund_is_answered_like_any_other_once_it_was_taken(self) -> None:
        world = scene()
        of = order("o1", 50)
        done(world.finish(refund(of, amount=20)))
        done(world.finish(Earn(of, "ann")))

        assert entry_of(world.finish(refund(of, amount=20))).points == -20
        assert account(world).balance == 30

    def test_as_many_refunds_may_wait_as_their_order_can_take(self) -> None:
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

    def test_pending_points_of_the_order_are_taken_first_and_of_no_other(self) -> None:
        world = scene(pending_days=2)
        mine = earned(world, 50)
        earned(world, 40)
        done(world.finish(Adjust("ann", 60, "j1")))

        done(world.finish(refund(mine)))

        assert (account(world).holding.pending_points, account(world).balance) == (40, 60)

    def test_pending_points_that_become_available_meanwhile_are_taken_from_their_lot(self) -> None:
        world = scene(pending_days=1)
        of = earned(world, 50)
        attempt = world.start(refund(of))
        attempt.run_to(writing)
        world.now += DAY
        swept(world)

        answer = attempt.finish()

        assert (entry_of(answer).points, entry_of(answer).pending_points) == (-50, 0)

    def test_the_orders_own_lot_is_taken_before_one_that_expires_sooner(self) -> None:
        world = scene(expiry=living(5))
        of = earned(world, 50)
        done(world.finish(Adjust("ann", 30, "j1", expiring_on=TODAY)))

        entry = entry_of(world.finish(refund(of)))

        assert entry.effect.lots == {TODAY + 5 * DAY: -50}

    def test_of_a_lot_shared_with_another_order_only_its_own_points_come_first(self) -> None:
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

    def test_what_was_spent_becomes_a_debt_that_relies_on_the_balance_seen(self) -> None:
        world = scene()
        of = earned(world, 50)
        spent(world, 30)
        attempt = world.start(refund(of))
        attempt.run_to(writing)
        earned(world, 10, name="meanwhile")

        entry = entry_of(attempt.finish())

        assert entry.effect.lots == {date.max: -30}
        assert account(world).holding.debt == 20

    def test_within_balance_what_is_missing_is_forgiven(self) -> None:
        world = scene(clawback="within_balance")
        of = earned(world, 50)
        spent(world, 30)

        about = entry_of(world.finish(refund(of))).detail

        assert (about.clawed, about.owed, about.forgiven) == (20, 0, 30)  # type: ignore[union-attr]  # a clawback's
        assert account(world).holding.debt == 0

    def test_what_came_meanwhile_is_taken_before_anything_is_forgiven(self) -> None:
        world = scene(clawback="within_balance")
        of = earned(world, 50)
        spent(world, 30)
        attempt = world.start(refund(of))
        attempt.run_to(writing)
        earned(world, 10, name="meanwhile")

        entry = entry_of(attempt.finish())

        assert entry.points == -30

    def test_what_was_forgiven_is_not_asked_for_again(self) -> None:
        world = scene(clawback="within_balance")
        of = earned(world, 50)
        spent(world, 30)
        done(world.finish(refund(of, "r1", amount=40)))
        done(world.finish(Adjust("ann", 100, "j1")))

        entry = entry_of(world.finish(refund(of, "r2")))

        assert entry.points == -10

    def test_only_pending_leaves_available_points_alone(self) -> None:
        world = scene(clawback="only_pending")
        of = earned(world, 50)

        entry = entry_of(world.finish(refund(of)))

        assert entry.points == 0
        assert account(world).balance == 50

    def test_what_expired_unspent_is_excused(self) -> None:
        world = scene(expiry=living(1))
        of = earned(world, 50)
        spent(world, 10)
        world.now += 2 * DAY
        earned(world, 100, name="later")

        about = entry_of(world.finish(refund(of))).detail

        assert (about.excused, about.clawed) == (40, 10)  # type: ignore[union-attr]  # a clawback's
        assert account(world).balance == 90

    def test_what_expired_before_a_merge_is_excused_after_it(self) -> None:
        world = scene("ann", "bob", expiry=living(1))
        of = earned(world, 50)
        world.now += 2 * DAY
        swept(world)
        done(world.finish(Merge("ann", "bob", "m1")))
        earned(world, 100, by="bob", name="later")

        done(world.finish(refund(of)))

        assert account(world, "bob").balance == 100

    def test_what_expired_as_it_came_is_excused(self) -> None:
        world = scene(expiry=living(1))
        late = order("o1", 50, occurred_at=NOON - 3 * DAY)
        done(world.finish(Earn(late, "ann")))
        earned(world, 100, name="later")

        done(world.finish(refund(late)))

        assert account(world).balance == 100

    def test_what_came_back_only_to_expire_is_excused(self) -> None:
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

    def test_a_refund_is_computed_by_the_rules_that_the_order_was_earned_under(self) -> None:
        world = scene(rules=programs.RULES[2])
        of = earned(world, 100)
        second = programs.changed(world.programs[0].document, {"earning_rules": programs.RULES[0]})
        world.programs += (programs.published(second, published_at=world.now, version=2),)

        entry = entry_of(world.finish(refund(of, amount=50)))

        assert entry.points == -17
        assert entry_of(world.finish(refund(of, "r2"))).points == -16


class TestMoneyGivenBack:
    def test_money_of_a_line_takes_back_its_share_of_what_was_paid(self) -> None:
        world = scene()
        of = shop_order("o1", 100, 50, tax_percent=20)
        done(world.finish(Record(of, "ann")))

        done(world.finish(refund(of, money={"l0": 30})))

        # 30 of the 120 that were paid are a quarter of the line.
        assert account(world).balance == 150 - 25

    def test_all_that_was_paid_takes_back_all_in_whatever_parts(self) -> None:
        world = scene()
        of = shop_order("o1", 99, 51, tax_percent=20, quantity=3)
        done(world.finish(Record(of, "ann")))

        done(world.finish(refund(of, "r1", units={"l0": 1})))
        done(world.finish(refund(of, "r2", money={"l0": 40, "l1": 20})))
        done(world.finish(refund(of, "r3", amount=118 + 61 - 39 - 40 - 20)))

        assert account(world).balance == 0

    def test_what_is_given_back_beyond_a_lines_price_is_taken_from_the_others(self) -> None:
        world = scene()
        of = shop_order("o1", 100, 100)
        done(world.finish(Record(of, "ann")))

        done(world.finish(refund(of, money={"l0": 150})))

        assert account(world).balance == 50

    def test_two_at_once_of_one_line_take_back_what_one_of_both_would(self) -> None:
        world = scene()
        of = shop_order("o1", 100, 50, tax_percent=20)
        done(world.finish(Record(of, "ann")))
        attempts = [world.start(refund(of, name, money={"l0": 60})) for name in ("r1", "r2")]
        for attempt in attempts:
            attempt.run_to(writing)

        for attempt in attempts:
            done(attempt.finish())

        assert account(world).balance == 50

    def test_money_of_a_line_that_comes_before_its_order_waits(self) -> None:
        world = scene()
        of = shop_order("o1", 100, tax_percent=20)
        done(world.finish(refund(of, money={"l0": 60})))

        done(world.finish(Record(of, "ann")))

        assert account(world).balance == 50


class TestVersionsOfAnOrder:
    def test_a_changed_order_is_settled_by_its_difference_up_and_down(self) -> None:
        world = scene()

        balances = []
        for seconds, amount in enumerate((50, 80, 30)):
            done(world.finish(Record(shop_order("o1", amount, seconds=seconds), "ann")))
            balances.append(account(world).balance)

        assert balances == [50, 80, 30]

    def test_an_older_version_changes_nothing_after_a_later_one(self) -> None:
        world = scene()
        done(world.finish(Record(shop_order("o1", 50, seconds=2), "ann")))

        done(world.finish(Record(shop_order("o1", 80, seconds=1), "ann")))

        assert account(world).balance == 50

    def test_an_unchanged_later_version_outdates_those_before_it(self) -> None:
        world = scene()
        done(world.finish(Record(shop_order("o1", 50), "ann")))
        done(world.finish(Record(shop_order("o1", 50, seconds=2), "ann")))

        done(world.finish(Record(shop_order("o1", 80, seconds=1), "ann")))

        assert account(world).balance == 50
        assert kinds(world) == ["accrual"]

    def test_a_change_that_is_decided_while_it_is_taken_back_does_not_count(self) -> None:
        world = scene()
        done(world.finish(Record(shop_order("o1", 50), "ann")))
        attempt = world.start(Record(shop_order("o1", 80, seconds=1), "ann"))
        attempt.run_to(writing_to("ORDER"))
        done(world.finish(Record(shop_order("o1", 50, seconds=2), "ann")))

        done(attempt.finish())

        assert account(world).balance == 50

    def test_a_refund_that_comes_while_its_order_is_told_again_is_not_forgotten(self) -> None:
        world = scene()
        of = shop_order("o1", 50)
        done(world.finish(Record(of, "ann")))
        attempt = world.start(Record(shop_order("o1", 50, seconds=1), "ann"))
        attempt.run_to(writing_to("ORDER"))
        done(world.finish(refund(of, amount=20)))

        done(attempt.finish())
        done(world.finish(refund(of, "r2", amount=20)))

        assert account(world).balance == 10

    def test_an_order_that_only_tax_was_added_to_earns_the_same_and_gives_back_by_it(self) -> None:
        world = scene()
        done(world.finish(Record(shop_order("o1", 100), "ann")))

        done(world.finish(Record(shop_order("o1", 100, seconds=1, tax_percent=20), "ann")))
        done(world.finish(refund(order("o1", 100), money={"l0": 60})))

        assert account(world).balance == 50


class TestStrangers:
    def test_who_signs_in_between_the_two_halves_of_a_merge_gets_their_guest_orders(self) -> None:
        world = scene("ann", "bob")
        done(world.finish(Note("ann", EMAIL)))
        done(world.finish(Earn(order("o1", 50), None, (PHONE,))))
        done(world.finish(Link("ann", EMAIL)))
        claiming = world.start(Link("ann", PHONE))
        claiming.run_to(lambda call: isinstance(call, Read) and isinstance(call.target, Query))
        merging = world.start(Merge("ann", "bob", "m0"))
        merging.run_to(writing_to("PROFILE"))

        done(world.finish(SignIn("pia", (EMAIL, PHONE))))

        assert account(world, "bob").balance == 50

    def test_a_survivor_gets_an_identity_that_a_half_done_merge_has_not_passed_on(self) -> None:
        world = scene("ann", "bob")
        done(world.finish(Link("ann", EMAIL)))
        merging = world.start(Merge("ann", "bob", "m0"))
        merging.run_to(writing_to("PROFILE"))

        done(world.finish(Link("bob", EMAIL)))

        done(merging.finish())
        done(world.finish(Earn(order("o1", 50), None, (EMAIL,))))
        assert account(world, "bob").balance == 50

    def test_a_member_who_proves_an_address_takes_it_from_one_who_only_noted_it(self) -> None:
        world = scene("ann")
        done(world.finish(SignIn("mallory", (PHONE,))))
        (mallory,) = set(world.auditor.accounts) - {"ann"}
        done(world.finish(Note(mallory, EMAIL)))
        done(world.finish(Earn(order("o1", 50), None, (EMAIL,))))

        done(world.finish(SignIn("pia", (EMAIL,))))
        (pia,) = set(world.auditor.accounts) - {"ann", mallory}

        assert [account(world, each).balance for each in (mallory, pia)] == [0, 50]

    def test_who_a_till_enrolled_signs_in_as_who_they_are(self) -> None:
        world = scene("ann")
        done(world.finish(Note("ann", EMAIL)))
        done(world.finish(Earn(order("o1", 50), None, (EMAIL,))))

        done(world.finish(SignIn("pia", (EMAIL,))))

        assert set(world.auditor.accounts) == {"ann"}
        assert account(world).balance == 50

    def test_what_is_noted_of_who_loses_an_address_meanwhile_is_kept(self) -> None:
        world = scene("ann", "bob")
        done(world.finish(Note("bob", EMAIL)))
        proving = world.start(Link("ann", EMAIL))
        proving.run_to(writing_to("PROFILE"))
        proving.step()
        proving.run_to(writing_to("PROFILE"))

        done(world.finish(Note("bob", PHONE)))
        done(proving.finish())
        buying = world.finish(Earn(order("o1", 50), None, (PHONE,)))

        done(buying)
        assert account(world, "bob").balance == 50

    def test_an_order_that_races_the_proof_goes_to_one_of_the_two(self) -> None:
        world = scene("ann", "bob")
        done(world.finish(Note("bob", EMAIL)))
        done(world.finish(Link("ann", PHONE)))
        buying = world.start(Earn(order("o1", 50), None, (EMAIL,)))
        buying.run_to(writing_to("ENTRY"))

        done(world.finish(Link("ann", EMAIL)))
        done(buying.finish())

        assert sorted(account(world, each).balance for each in ("ann", "bob")) == [0, 50]


class TestGuests:
    def test_a_new_member_gets_the_points_of_earlier_orders_less_their_refunds(self) -> None:
        world = scene()
        of = order("o1", 50)
        done(world.finish(Earn(of, None, (EMAIL,))))
        done(world.finish(refund(of, amount=20)))

        done(world.finish(Join("dan")))

        assert account(world, "dan").balance == 30
        assert kinds(world, "dan") == ["accrual", "clawback"]

    def test_who_proves_another_address_gets_what_was_bought_under_it(self) -> None:
        world = scene()
        for number, identity in enumerate((EMAIL, PHONE)):
            done(world.finish(Earn(order(f"o{number}", 50), None, (identity,))))

        done(world.finish(Link("ann", PHONE)))

        assert account(world).balance == 50

    def test_an_address_without_proof_claims_no_earlier_orders(self) -> None:
        world = scene()
        done(world.finish(Earn(order("o1", 50), None, (EMAIL,))))

        done(world.finish(Join("dan", verified=False)))
        before = account(world, "dan").balance
        done(world.finish(Link("dan")))

        assert (before, account(world, "dan").balance) == (0, 50)

    def test_an_order_is_claimed_once_by_whichever_of_its_names(self) -> None:
        world = scene("ann", "bob")
        done(world.finish(Earn(order("o1", 50), None, (EMAIL, PHONE))))

        done(world.finish(Link("ann", PHONE)))
        done(world.finish(Link("bob", EMAIL)))

        assert [account(world, each).balance for each in ("ann", "bob")] == [50, 0]

    def test_of_two_who_claim_an_order_at_once_one_gets_it(self) -> None:
        world = scene("ann", "bob")
        done(world.finish(Earn(order("o1", 50), None, (EMAIL, PHONE))))
        attempts = [world.start(Link("ann", PHONE)), world.start(Link("bob", EMAIL))]
        for attempt in attempts:
            attempt.run_to(writing_to("ENTRY"))

        for attempt in attempts:
            done(attempt.finish())

        assert [account(world, each).balance for each in ("ann", "bob")] == [50, 0]

    def test_an_order_that_is_kept_while_its_guest_enrolls_is_theirs(self) -> None:
        world = scene()
        attempt = world.start(Earn(order("o1", 50), None, (EMAIL,)))
        attempt.run_to(writing)
        done(world.finish(Join("dan")))

        done(attempt.finish())

        assert account(world, "dan").balance == 50

    def test_an_order_that_is_kept_just_before_its_guest_claims_is_theirs(self) -> None:
        world = scene()
        attempt = world.start(Join("dan"))
        attempt.run_to(writing)
        earning = world.start(Earn(order("o1", 50), None, (EMAIL,)))
        earning.run_to(writing)
        attempt.step()
        earning.step()

        done(attempt.finish())

        assert account(world, "dan").balance == 50

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (Join("dan"), Earn(order("o1", 50), None, (EMAIL,))),
            (Earn(order("o1", 50), None, (EMAIL,)), Join("dan")),
        ],
    )
    def test_whichever_of_both_comes_second_finds_the_first_though_every_list_is_behind(
        self, before: Request, after: Request
    ) -> None:
        world = scene()
        done(world.finish(before))
        attempt = world.start(after)

        while attempt.call is not None:
            attempt.step(Fault.STALE)

        assert account(world, "dan").balance == 50

    def test_an_order_that_somebody_else_recorded_meanwhile_keeps_no_other_back(self) -> None:
        world = scene()
        for name in ("o1", "o2"):
            done(world.finish(Record(shop_order(name, 50), None, (EMAIL,))))
        attempt = world.start(Join("dan"))
        attempt.run_to(writing_to("ENTRY"))
        # The newest is claimed first.
        done(world.finish(Record(shop_order("o2", 80, seconds=1), None, (EMAIL,))))

        done(attempt.finish())

        assert account(world, "dan").balance == 80 + 50

    def test_the_newest_order_is_claimed_first(self) -> None:
        world = scene()
        for days in (3, 1, 5, 2, 4):
            of = order(f"o{days}", 50, occurred_at=NOON - days * DAY)
            done(world.finish(Earn(of, None, (EMAIL,))))
        entries: list[str] = []
        attempt = world.start(Join("dan"))

        while (call := attempt.call) is not None:
            if isinstance(call, Write) and call.operations[0].key.sk == "ENTRY#accrual":
                entries.append(call.operations[0].key.pk[-2:])
            attempt.step()

        assert entries == ["o1", "o2", "o3", "o4", "o5"]

    def test_the_latest_version_of_a_guests_order_is_claimed(self) -> None:
        world = scene()
        for seconds, amount in ((0, 50), (2, 80), (1, 70)):
            done(world.finish(Record(shop_order("o1", amount, seconds=seconds), None, (EMAIL,))))

        done(world.finish(Join("dan")))

        assert account(world, "dan").balance == 80

    def test_an_order_that_changes_while_it_is_being_claimed_is_claimed_as_it_is(self) -> None:
        world = scene()
        done(world.finish(Record(shop_order("o1", 50), None, (EMAIL,))))
        attempt = world.start(Join("dan"))
        attempt.run_to(writing_to("ENTRY"))
        changed = world.start(Record(shop_order("o1", 80, seconds=1), None, (PHONE,)))
        changed.run_to(writing_to("ENTRY"))
        changed.step()
        while changed.call is not None:
            changed.step()

        done(attempt.finish())

        assert account(world, "dan").balance == 80

    def test_a_refund_that_comes_while_its_order_is_being_claimed_is_not_missed(self) -> None:
        world = scene()
        of = order("o1", 50)
        done(world.finish(Earn(of, None, (EMAIL,))))
        attempt = world.start(Join("dan"))
        attempt.run_to(writing_to("ENTRY"))
        done(world.finish(refund(of, amount=20)))

        done(attempt.finish())

        assert account(world, "dan").balance == 30

    def test_a_refund_outlives_every_change_of_a_guests_order(self) -> None:
        world = scene()
        done(world.finish(refund(order("o1", 50), "r1", amount=10)))
        done(world.finish(Record(shop_order("o1", 50), None, (EMAIL,))))
        done(world.finish(refund(order("o1", 50), "r2", amount=20)))
        done(world.finish(Record(shop_order("o1", 80, seconds=1), None, (EMAIL,))))

        done(world.finish(Join("dan")))

        assert account(world, "dan").balance == 50

    def test_the_same_version_of_a_guests_order_again_writes_nothing(self) -> None:
        world = scene()
        request = Record(shop_order("o1", 50), None, (EMAIL,))
        done(world.finish(request))
        done(world.finish(Record(shop_order("o1", 80, seconds=1), None, (EMAIL,))))
        attempt = world.start(Record(shop_order("o1", 80, seconds=1), None, (EMAIL,)))

        attempt.run_to(writing_to("ORDER"))

        assert attempt.answer is not None
        assert world.table.items[request.cause]["count"] == 2

    def test_what_was_bought_too_long_ago_is_not_claimed(self) -> None:
        world = scene(claim_days=2)
        for days in (1, 3):
            of = order(f"o{days}", 50, occurred_at=NOON - days * DAY)
            done(world.finish(Earn(of, None, (EMAIL,))))

        done(world.finish(Join("dan")))

        assert kinds(world, "dan") == ["accrual"]

    def test_where_nothing_is_claimed_nothing_is_given(self) -> None:
        world = scene(claim_days=0)
        done(world.finish(Earn(order("o1", 50), None, (EMAIL,))))

        done(world.finish(Join("dan")))

        assert account(world, "dan").balance == 0

    def test_points_of_claimed_orders_expire_like_those_of_a_member(self) -> None:
        world = scene(expiry=living(1))
        done(world.finish(Earn(order("o1", 50, occurred_at=NOON - 2 * DAY), None, (EMAIL,))))

        done(world.finish(Join("dan")))

        assert kinds(world, "dan") == ["accrual", "expiry"]

    def test_points_of_claimed_orders_pay_a_debt_first(self) -> None:
        world = scene()
        done(world.finish(Adjust("ann", -20, "j0", below_zero=True)))
        done(world.finish(Earn(order("o1", 50), None, (EMAIL,))))

        done(world.finish(Link("ann")))

        assert (account(world).holding.debt, account(world).balance) == (0, 30)

    def test_who_is_merged_while_claiming_leaves_the_points_to_whom_they_became(self) -> None:
        world = scene("ann", "bob")
        done(world.finish(Earn(order("o1", 50), None, (EMAIL,))))
        attempt = world.start(Link("ann"))
        attempt.run_to(writing_to("ENTRY"))
        done(world.finish(Merge("ann", "bob", "m1")))

        done(attempt.finish())

        assert account(world, "bob").balance == 50

    def test_after_a_merge_the_survivor_is_known_by_what_the_other_was(self) -> None:
        world = scene("ann", "bob")
        done(world.finish(Link("ann")))
        done(world.finish(Merge("ann", "bob", "m1")))

        done(world.finish(Earn(order("o1", 50), None, (EMAIL,))))

        assert account(world, "bob").balance == 50


class TestVouchers:
    def test_a_cancelled_redemption_returns_each_slice_to_its_lot(self) -> None:
        world = scene(expiry=living(1))
        earned(world, 20)
        world.now += DAY
        earned(world, 20)
        redeemed = spent(world, 30)

        done(world.finish(Cancel(redeemed)))

        assert account(world).holding.lots == {TODAY + DAY: 20, TODAY + 2 * DAY: 20}

    def test_what_comes_back_after_its_last_day_expires_again_at_once(self) -> None:
        world = scene(expiry=living(1))
        earned(world, 10)
        redeemed = spent(world, 10)
        world.now += 2 * DAY

        done(world.finish(Cancel(redeemed)))

        assert account(world).balance == 0
        assert kinds(world)[-2:] == ["return", "expiry"]

    def test_what_comes_back_after_its_last_day_lives_on_where_the_program_says_so(self) -> None:
        world = scene(expiry=living(1), reinstate_days=3)
        earned(world, 10)
        redeemed = spent(world, 10)
        world.now += 2 * DAY

        done(world.finish(Cancel(redeemed)))

        assert shown(world).holding.lots == {TODAY + 4 * DAY: 10}

    def test_a_life_is_lengthened_from_the_day_of_its_end_and_not_from_that_of_the_cancel(
        self,
    ) -> None:
        world = scene(expiry=living(1), reinstate_days=3)
        earned(world, 10)
        redeemed = spent(world, 10)
        world.now += 5 * DAY

        done(world.finish(Cancel(redeemed)))

        assert account(world).balance == 0
        assert kinds(world)[-2:] == ["return", "expiry"]

    def test_points_live_on_once_however_often_they_are_spent_and_come_back(self) -> None:
        world = scene(expiry=living(1), reinstate_days=3)
        earned(world, 10)
        first = spent(world, 10)
        world.now += 2 * DAY
        done(world.finish(Cancel(first)))
        second = spent(world, 10, name="k2")
        world.now += 3 * DAY

        done(world.finish(Cancel(second)))

        assert account(world).balance == 0

    def test_points_that_were_given_away_live_on_no_second_time(self) -> None:
        world = scene("ann", "bob", expiry=living(1), reinstate_days=3)
        earned(world, 10)
        first = spent(world, 10)
        world.now += 2 * DAY
        done(world.finish(Cancel(first)))
        done(world.finish(Give("ann", "bob", 10, "t1")))
        second = spent(world, 10, by="bob", name="k2")
        world.now += 3 * DAY

        done(world.finish(Cancel(second)))

        assert account(world, "bob").balance == 0

    def test_points_of_a_merged_member_live_on_no_second_time(self) -> None:
        world = scene("ann", "bob", expiry=living(1), reinstate_days=3)
        earned(world, 10)
        first = spent(world, 10)
        world.now += 2 * DAY
        done(world.finish(Cancel(first)))
        done(world.finish(Merge("ann", "bob", "m1")))
        second = spent(world, 10, by="bob", name="k2")
        world.now += 3 * DAY

        done(world.finish(Cancel(second)))

        assert account(world, "bob").balance == 0

    def test_a_member_redeems_so_often_a_day_and_not_once_more(self) -> None:
        world = scene()
        earned(world, 100)
        first = spent(world, 1, name="k0")
        for number in range(1, REDEMPTIONS_A_DAY_MAX):
            done(world.finish(Cancel(spent(world, 1, name=f"k{number}"))))

        assert refused(world, Redeem("ann", "for-1", "one-more")) == "limit_reached"
        assert done(world.finish(first)).replayed
        world.now += DAY
        spent(world, 1, name="tomorrow")
        assert account(world).redeemed == {redemptions_counter(TODAY + DAY): 1}

    def test_two_at_once_do_not_both_get_the_last_redemption_of_a_day(self) -> None:
        world = scene()
        earned(world, 100)
        for number in range(REDEMPTIONS_A_DAY_MAX - 1):
            spent(world, 1, name=f"k{number}")
        attempts = [world.start(Redeem("ann", "for-1", f"last-{number}")) for number in range(2)]
        for attempt in attempts:
            attempt.run_to(writing)

        assert [attempt.finish().code for attempt in attempts] == ["done", "limit_reached"]

    def test_a_members_own_cancel_lengthens_no_life(self) -> None:
        world = scene(expiry=living(1), reinstate_days=3, hold_minutes=3 * 24 * 60)
        earned(world, 10)
        held = spent(world, 10, hold=True)
        world.now += 2 * DAY

        done(world.finish(Cancel(held, by_member=True)))

        assert account(world).balance == 0

    def test_a_member_who_cancels_a_hold_that_ran_out_gets_what_its_end_would_give(self) -> None:
        world = scene(expiry=living(1), reinstate_days=3)
        earned(world, 10)
        held = spent(world, 10, hold=True)
        world.now += 2 * DAY

        done(world.finish(Cancel(held, by_member=True)))

        assert shown(world).holding.lots == {TODAY + 4 * DAY: 10}

    def test_points_wait_until_the_shop_has_let_go_of_the_code(self) -> None:
        world = scene()
        earned(world, 30)
        redeemed = spent(world, 30)
        done(world.finish(GiveCode(redeemed)))

        done(world.finish(Cancel(redeemed)))
        assert account(world).balance == 0
        for _ in range(2):
            done(world.finish(LetGo(redeemed, was_used=False)))

        assert account(world).balance == 30

    def test_a_code_that_was_used_while_it_was_cancelled_returns_nothing(self) -> None:
        world = scene()
        earned(world, 30)
        redeemed = spent(world, 30)
        done(world.finish(GiveCode(redeemed)))
        done(world.finish(Cancel(redeemed)))

        done(world.finish(LetGo(redeemed, was_used=True)))

        assert account(world).balance == 0
        assert world.finish(Cancel(redeemed)).code == "wrong_state"

    def test_a_cancel_sees_a_shop_that_got_the_code_meanwhile(self) -> None:
        world = scene()
        earned(world, 30)
        redeemed = spent(world, 30)
        cancel = world.start(Cancel(redeemed))
        cancel.run_to(writing)
        done(world.finish(GiveCode(redeemed)))

        done(cancel.finish())

        assert account(world).balance == 0

    def test_two_shops_that_let_go_at_once_return_the_points_once(self) -> None:
        world = scene()
        earned(world, 30)
        redeemed = spent(world, 30)
        done(world.finish(GiveCode(redeemed)))
        done(world.finish(Cancel(redeemed)))
        attempts = [world.start(LetGo(redeemed, was_used=used)) for used in (False, True)]
        for attempt in attempts:
            attempt.run_to(writing)

        for attempt in attempts:
            done(attempt.finish())

        assert account(world).balance == 30

    def test_what_comes_back_pays_a_debt_first(self) -> None:
        world = scene()
        of = earned(world, 30)
        redeemed = spent(world, 30)
        done(world.finish(refund(of)))

        done(world.finish(Cancel(redeemed)))

        assert (account(world).holding.debt, account(world).balance) == (0, 0)

    def test_a_cancel_and_the_end_of_the_hold_at_once_return_the_points_once(self) -> None:
        world = scene()
        earned(world, 10)
        held = spent(world, 10, hold=True)
        world.now += timedelta(minutes=15)
        attempts = [world.start(Cancel(held)), world.start(Sweep())]
        for attempt in attempts:
            attempt.run_to(writing)

        for attempt in attempts:
            done(attempt.finish())

        assert account(world).balance == 10

    @pytest.mark.parametrize(("seconds", "code"), [(-1, "done"), (0, "wrong_state")])
    def test_a_hold_is_completed_before_its_time_or_not_at_all(
        self, seconds: int, code: str
    ) -> None:
        world = scene()
        earned(world, 10)
        held = spent(world, 10, hold=True)
        world.now += timedelta(minutes=15, seconds=seconds)

        assert world.finish(Complete(held)).code == code

    @pytest.mark.parametrize(("seconds", "balance"), [(-1, 0), (0, 10)])
    def test_a_hold_is_released_at_its_time_and_not_before(
        self, seconds: int, balance: int
    ) -> None:
        world = scene()
        earned(world, 10)
        spent(world, 10, hold=True)
        world.now += timedelta(minutes=15, seconds=seconds)

        swept(world)

        assert account(world).balance == balance

    def test_a_completed_hold_is_not_released(self) -> None:
        world = scene()
        earned(world, 10)
        held = spent(world, 10, hold=True)
        done(world.finish(Complete(held)))
        world.now += timedelta(minutes=15)

        swept(world)

        assert account(world).balance == 0

    def test_of_completing_and_releasing_at_once_one_wins_and_the_other_knows(self) -> None:
        world = scene()
        earned(world, 10)
        held = spent(world, 10, hold=True)
        world.now += timedelta(minutes=14)
        late = world.start(Complete(held))
        late.run_to(writing)
        world.now += timedelta(minutes=1)
        swept(world)

        assert late.finish().code == "wrong_state"
        assert account(world).balance == 10

    def test_of_using_and_cancelling_at_once_one_wins_and_the_other_knows(self) -> None:
        world = scene()
        earned(world, 10)
        redeemed = spent(world, 10)
        cancelling = world.start(Cancel(redeemed))
        cancelling.run_to(writing)
        done(world.finish(Use(redeemed, "u1")))

        assert cancelling.finish().code == "wrong_state"
        assert account(world).balance == 0

    def test_a_voucher_is_used_once_and_its_user_hears_so_as_often_as_they_ask(self) -> None:
        world = scene()
        earned(world, 10)
        redeemed = spent(world, 10)
        first: Voucher = done(world.finish(Use(redeemed, "u1")))
        world.now += DAY

        assert done(world.finish(Use(redeemed, "u1"))).used_at == first.used_at
        assert refused(world, Use(redeemed, "u2")) == "voucher_used"

    def test_a_dated_voucher_expires_and_its_points_do_not_return(self) -> None:
        world = scene()
        earned(world, 10)
        dated = Redeem("ann", "dated", "k1")
        done(world.finish(dated))
        # It is good until the end of its last day, which has begun.
        world.now += 2 * DAY

        assert refused(world, Use(dated, "u1")) == "wrong_state"
        swept(world)

        assert account(world).balance == 3
        assert refused(world, Cancel(dated)) == "wrong_state"

    def test_a_cancelled_piece_is_there_for_the_next(self) -> None:
        world = scene()
        earned(world, 100)
        first, second, third = (Redeem("ann", programs.STOCKED, name) for name in ("a", "b", "c"))
        done(world.finish(first))
        done(world.finish(second))
        assert refused(world, third) == "out_of_stock"

        done(world.finish(Cancel(first)))

        done(world.finish(third))

    def test_a_cancelled_redemption_does_not_count_against_the_limit(self) -> None:
        world = scene()
        earned(world, 100)
        first = Redeem("ann", programs.LIMITED, "k1")
        done(world.finish(first))

        done(world.finish(Cancel(first)))

        done(world.finish(Redeem("ann", programs.LIMITED, "k2")))


class TestMerging:
    def test_everything_goes_over_and_debts_are_netted(self) -> None:
        world = scene("ann", "bob", pending_days=0)
        done(world.finish(Adjust("ann", -20, "j1", below_zero=True)))
        done(world.finish(Adjust("bob", 50, "j2")))

        done(world.finish(Merge("ann", "bob", "m1")))

        assert (account(world, "bob").balance, account(world, "bob").holding.debt) == (30, 0)
        assert account(world, "ann").balance == 0

    @pytest.mark.parametrize("member_id", ["ann", "bob"])
    def test_points_that_come_to_either_meanwhile_are_not_lost(self, member_id: str) -> None:
        world = scene("ann", "bob")
        earned(world, 30)
        attempt = world.start(Merge("ann", "bob", "m1"))
        attempt.run_to(writing)
        earned(world, 10, by=member_id)

        done(attempt.finish())

        assert account(world, "bob").balance == 40

    def test_nobody_is_merged_into_themself(self) -> None:
        world = scene("ann", "bob")
        done(world.finish(Merge("ann", "bob", "m1")))

        assert refused(world, Merge("bob", "bob", "m2")) == "validation_failed"
        assert refused(world, Merge("bob", "ann", "m3")) == "validation_failed"

    def test_two_merges_in_opposite_directions_leave_one_member(self) -> None:
        world = scene("ann", "bob")
        earned(world, 30)
        attempts = [world.start(Merge("ann", "bob", "m1")), world.start(Merge("bob", "ann", "m2"))]
        for attempt in attempts:
            attempt.run_to(writing)

        answers = [attempt.finish().code for attempt in attempts]

        assert answers == ["done", "validation_failed"]
        assert account(world, "bob").balance == 30

    def test_a_retried_redemption_finds_its_first_try_after_the_merge(self) -> None:
        world = scene("ann", "bob")
        earned(world, 10)
        redeemed = spent(world, 10)
        done(world.finish(Merge("ann", "bob", "m1")))

        assert entry_of(world.finish(redeemed)).member_id == "ann"

    def test_a_hold_of_the_merged_member_gives_its_points_to_the_survivor(self) -> None:
        world = scene("ann", "bob")
        earned(world, 10)
        held = spent(world, 10, hold=True)
        done(world.finish(Merge("ann", "bob", "m1")))

        done(world.finish(Cancel(held)))

        assert account(world, "bob").balance == 10

    def test_a_redemption_is_found_under_the_merged_members_id_though_the_read_is_stale(
        self,
    ) -> None:
        world = scene("ann", "bob")
        done(world.finish(Merge("ann", "bob", "m1")))
        earned(world, 10, by="bob")
        redeemed = spent(world, 10, by="ann")
        attempt = world.start(Cancel(redeemed))

        while attempt.call is not None:
            attempt.step(Fault.STALE)

        done(attempt.answer)
        assert account(world, "bob").balance == 10

    def test_what_the_merged_member_could_redeem_once_the_survivor_cannot_again(self) -> None:
        world = scene("ann", "bob")
        earned(world, 100)
        done(world.finish(Redeem("ann", programs.LIMITED, "k1")))
        done(world.finish(Merge("ann", "bob", "m1")))

        assert refused(world, Redeem("bob", programs.LIMITED, "k2")) == "limit_reached"


class TestGiving:
    def test_lots_keep_their_dates_and_pay_the_takers_debt_first(self) -> None:
        world = scene("ann", "bob", expiry=living(3))
        earned(world, 30)
        done(world.finish(Adjust("bob", -10, "j1", below_zero=True)))

        done(world.finish(Give("ann", "bob", 25, "t1")))

        assert account(world, "bob").holding.lots == {TODAY + 3 * DAY: 15}
        assert account(world, "ann").balance == 5

    def test_nobody_gives_to_themself_also_after_a_merge(self) -> None:
        world = scene("ann", "bob")
        earned(world, 30)
        done(world.finish(Merge("ann", "bob", "m1")))

        assert refused(world, Give("ann", "bob", 5, "t1")) == "validation_failed"

    def test_one_of_the_two_being_merged_meanwhile_is_noticed(self) -> None:
        world = scene("ann", "bob", "cho")
        earned(world, 30)
        attempt = world.start(Give("ann", "bob", 5, "t1"))
        attempt.run_to(writing)
        done(world.finish(Merge("bob", "cho", "m1")))

        done(attempt.finish())

        assert account(world, "cho").balance == 5

    def test_points_of_an_order_are_given_away_once_they_are_old_enough(self) -> None:
        world = scene("ann", "bob", min_age_days=3)
        earned(world, 30)

        assert refused(world, Give("ann", "bob", 1, "t1")) == "points_too_new"
        world.now += 2 * DAY
        assert refused(world, Give("ann", "bob", 1, "t1")) == "points_too_new"
        world.now += DAY
        done(world.finish(Give("ann", "bob", 30, "t1")))

        assert account(world, "bob").balance == 30

    def test_pending_points_grow_old_from_the_day_on_which_they_are_available(self) -> None:
        world = scene("ann", "bob", min_age_days=3, pending_days=2)
        earned(world, 30)
        world.now += 4 * DAY

        assert refused(world, Give("ann", "bob", 1, "t1")) == "points_too_new"
        world.now += DAY
        done(world.finish(Give("ann", "bob", 30, "t1")))

    def test_older_points_are_given_away_beside_new_ones_and_new_ones_are_spent(self) -> None:
        world = scene("ann", "bob", min_age_days=3)
        earned(world, 30)
        world.now += 3 * DAY
        earned(world, 20)

        assert refused(world, Give("ann", "bob", 31, "t1")) == "points_too_new"
        done(world.finish(Give("ann", "bob", 30, "t2")))
        spent(world, 10)

        assert (account(world).balance, account(world, "bob").balance) == (10, 30)

    def test_two_at_once_do_not_give_away_what_only_one_may(self) -> None:
        world = scene("ann", "bob", min_age_days=3)
        earned(world, 30)
        world.now += 3 * DAY
        earned(world, 30)
        attempts = [world.start(Give("ann", "bob", 30, f"t{number}")) for number in range(2)]
        for attempt in attempts:
            attempt.run_to(writing)

        assert [attempt.finish().code for attempt in attempts] == ["done", "points_too_new"]

    def test_days_that_are_over_are_forgotten_by_the_next_orders(self) -> None:
        world = scene(min_age_days=3)
        for _ in range(40):
            earned(world, 1)
            world.now += DAY

        assert len(account(world).giveable_from) <= 4

    def test_a_long_wait_is_kept_in_a_few_blocks_of_days(self) -> None:
        world = scene(min_age_days=90)
        for _ in range(200):
            earned(world, 1)
            world.now += DAY

        assert len(account(world).giveable_from) <= 12


class TestAdjusting:
    def test_a_take_stops_at_zero_unless_asked(self) -> None:
        world = scene()
        earned(world, 10)

        assert refused(world, Adjust("ann", -11, "j1")) == "insufficient_points"
        done(world.finish(Adjust("ann", -11, "j2", below_zero=True)))

        assert account(world).holding.debt == 1

    def test_people_add_no_more_than_a_balance_may_hold(self) -> None:
        world = scene("ann", "bob")
        done(world.finish(Adjust("ann", POINTS_MAX - 10, "j1")))
        done(world.finish(Adjust("bob", 100, "j2")))

        assert refused(world, Adjust("ann", 11, "j3")) == "limit_reached"
        assert refused(world, Give("bob", "ann", 11, "t1")) == "limit_reached"

        done(world.finish(Give("bob", "ann", 10, "t2")))
        assert account(world).balance == POINTS_MAX

    @pytest.mark.parametrize(
        "second", [Adjust("ann", 6, "j2"), Give("bob", "ann", 6, "t2")], ids=["adjust", "give"]
    )
    def test_two_at_once_do_not_add_more_together_than_a_balance_may_hold(
        self, second: Request
    ) -> None:
        world = scene("ann", "bob")
        done(world.finish(Adjust("ann", POINTS_MAX - 10, "j0")))
        done(world.finish(Adjust("bob", 100, "b0")))
        attempts = [world.start(Adjust("ann", 6, "j1")), world.start(second)]
        for attempt in attempts:
            attempt.run_to(writing)

        assert [attempt.finish().code for attempt in attempts] == ["done", "limit_reached"]

    def test_an_order_earns_beyond_what_people_may_add(self) -> None:
        world = scene()
        done(world.finish(Adjust("ann", POINTS_MAX, "j1")))
        of = earned(world, 30)

        assert account(world).balance == POINTS_MAX + 30
        done(world.finish(refund(of)))
        assert account(world).balance == POINTS_MAX

    def test_a_take_below_zero_relies_on_the_balance_seen(self) -> None:
        world = scene()
        earned(world, 10)
        attempt = world.start(Adjust("ann", -30, "j1", below_zero=True))
        attempt.run_to(writing)
        earned(world, 15, name="meanwhile")

        done(attempt.finish())

        assert (account(world).holding.debt, account(world).holding.lots) == (5, {})

    def test_points_for_a_day_that_is_over_expire_at_once(self) -> None:
        world = scene(expiry=FOR_EVER)

        done(world.finish(Adjust("ann", 10, "j1", expiring_on=TODAY - DAY)))

        assert kinds(world) == ["adjustment", "expiry"]
        assert account(world).balance == 0


class TestErasing:
    def test_an_erased_member_owes_nothing_and_is_owed_nothing(self) -> None:
        world = scene(pending_days=1)
        earned(world, 50)
        done(world.finish(Adjust("ann", -20, "j1", below_zero=True)))

        done(world.finish(Erase("ann")))

        assert (account(world).balance, account(world).holding.pending_points) == (0, 0)
        assert kinds(world) == ["accrual", "adjustment", "adjustment"]

    def test_erasing_a_merged_member_again_is_no_error(self) -> None:
        world = scene("ann", "bob")
        done(world.finish(Merge("ann", "bob", "m1")))
        done(world.finish(Erase("ann")))

        done(world.finish(Erase("ann")))
        done(world.finish(Erase("bob")))

    def test_an_order_recorded_before_is_answered_as_the_first_time(self) -> None:
        world = scene()
        earn = Earn(earned(world, 50), "ann")
        done(world.finish(Erase("ann")))

        assert done(world.finish(earn)).replayed
        assert refused(world, Earn(order("o2", 50), "ann")) == "not_found"

    def test_points_that_come_meanwhile_are_not_left_behind(self) -> None:
        world = scene()
        attempt = world.start(Erase("ann"))
        attempt.run_to(writing)
        earned(world, 50)

        done(attempt.finish())

        assert account(world).balance == 0

    def test_somebody_who_is_merged_meanwhile_is_erased_with_whom_they_became(self) -> None:
        world = scene("ann", "bob", expiry=living(1))
        earned(world, 10)
        world.now += 2 * DAY
        attempt = world.start(Erase("ann"))
        attempt.run_to(writing)
        done(world.finish(Merge("ann", "bob", "m1")))

        done(attempt.finish())

        assert account(world, "bob").status == "closed"
        assert [key for key in world.table.items if key.sk == "PROFILE"] == []

    def test_whom_somebody_became_is_not_erased_in_their_place_before_both_are_known_as_one(
        self,
    ) -> None:
        world = scene("ann", "bob", expiry=living(1))
        earned(world, 10)
        world.now += 2 * DAY
        attempt = world.start(Erase("ann"))
        attempt.run_to(writing)
        merging = world.start(Merge("ann", "bob", "m1"))
        merging.run_to(writing_to("PROFILE"))

        done(attempt.finish())

        assert account(world, "bob").status == "closed"
        assert [key for key in world.table.items if key.sk == "PROFILE"] == []

    def test_somebody_who_is_merged_into_them_meanwhile_is_erased_too(self) -> None:
        world = scene("ann", "bob", expiry=living(1))
        earned(world, 10)
        world.now += 2 * DAY
        attempt = world.start(Erase("ann"))
        attempt.run_to(writing)
        done(world.finish(Merge("bob", "ann", "m1")))

        done(attempt.finish())

        assert account(world).status == "closed"
        assert [key for key in world.table.items if key.sk == "PROFILE"] == []

    def test_somebody_who_is_erased_meanwhile_needs_not_be_erased_again(self) -> None:
        world = scene(expiry=living(1))
        earned(world, 10)
        world.now += 2 * DAY
        attempt = world.start(Erase("ann"))
        attempt.run_to(writing)
        done(world.finish(Erase("ann")))

        done(attempt.finish())

        assert account(world).status == "closed"

    def test_a_hold_that_runs_out_is_ended_without_returning_anything(self) -> None:
        world = scene()
        earned(world, 10)
        spent(world, 10, hold=True)
        done(world.finish(Erase("ann")))
        world.now += timedelta(minutes=15)

        swept(world)

        assert "return" not in kinds(world)


class TestLevels:
    def test_a_refund_that_ends_a_level_sooner_wakes_the_member_sooner(self) -> None:
        silver = programs.ROLLING.model_copy(update={"levels": programs.ROLLING.levels[:1]})
        world = scene(tiers=silver, rules=programs.TIERED)
        march = earned(world, 40)
        done(world.finish(Earn(order("january", 40, occurred_at=NOON - 40 * DAY), "ann")))
        before = account(world).due

        done(world.finish(refund(march)))

        # Twelve months count together, and what they reach holds for twelve more.
        assert (before, account(world).due) == (date(2028, 3, 1), date(2028, 1, 1))

    @pytest.mark.parametrize("before", [0, 5])
    def test_two_orders_at_once_reach_a_level_that_neither_would_alone(self, before: int) -> None:
        world = scene(tiers=programs.ROLLING, rules=programs.TIERED)
        earned(world, before, name="before")
        attempts = [world.start(Earn(order(f"o{n}", 20), "ann")) for n in range(2)]
        for attempt in attempts:
            attempt.run_to(writing)

        for attempt in attempts:
            done(attempt.finish())

        assert account(world).tier_announced == "silver"

    def test_orders_of_two_months_at_once_reach_a_level_that_neither_would_alone(self) -> None:
        world = scene(tiers=programs.ROLLING, rules=programs.TIERED)
        times = (NOON, NOON - 40 * DAY)
        attempts = [
            world.start(Earn(order(f"o{moment}", 20, occurred_at=moment), "ann"))
            for moment in times
        ]
        for attempt in attempts:
            attempt.run_to(writing)

        for attempt in attempts:
            done(attempt.finish())

        assert account(world).tier_announced == "silver"

    def test_an_order_decided_before_a_refund_took_a_level_makes_known_that_it_is_back(
        self,
    ) -> None:
        world = scene(tiers=programs.ROLLING, rules=programs.TIERED)
        first = earned(world, 70)
        attempt = world.start(Earn(order("o2", 60), "ann"))
        attempt.run_to(writing)
        done(world.finish(refund(first)))
        lost = account(world).tier_announced

        done(attempt.finish())

        assert (lost, account(world).tier_announced) == (None, "gold")

    def test_a_level_granted_for_a_day_that_ends_while_it_is_granted_ends_with_the_next_sweep(
        self,
    ) -> None:
        world = scene(tiers=programs.ROLLING, rules=programs.TIERED)
        attempt = world.start(Grant("ann", TierFloor("gold", TODAY)))
        attempt.run_to(writing)
        world.now += DAY
        earned(world, 10)
        done(attempt.finish())
        due = account(world).due

        swept(world)

        assert due == TODAY + DAY
        assert account(world).tier_announced is None

    def test_what_was_decided_before_a_granted_level_ended_wakes_nobody_for_it_after(self) -> None:
        world = scene(tiers=programs.ROLLING, rules=programs.TIERED)
        gold = earned(world, 60)
        done(world.finish(Grant("ann", TierFloor("gold", TODAY))))
        late = world.start(Earn(order("o2", 0), "ann"))
        late.run_to(writing)
        world.now += DAY
        done(world.finish(refund(gold)))

        done(late.finish())

        assert (account(world).tier_announced, account(world).due) == (None, date(2028, 3, 1))
