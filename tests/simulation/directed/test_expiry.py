"""Directed histories: what the calendar does to points, and when it is recorded."""

from datetime import date, datetime, timedelta

import pytest

from loyalty.domain.program.expiry_policies import (
    FixedDateExpiry,
)
from tests.simulation import programs
from tests.simulation.requests.orders import Earn
from tests.simulation.requests.points import Adjust
from tests.simulation.requests.rewards import Cancel, Redeem
from tests.simulation.requests.sweeps import Sweep
from tests.simulation.scene import (
    DAY,
    NOON,
    SECOND,
    TODAY,
    account,
    done,
    earned,
    kinds,
    living,
    order,
    refused,
    scene,
    shown,
    spent,
    stored_lots,
    swept,
    writing,
)

MIDNIGHT = NOON + timedelta(hours=12)


class TestDueTimes:
    def test_points_decided_before_midnight_and_written_after_the_sweep_expire_in_the_next_sweep(
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

    def test_points_that_are_due_first_make_the_due_time_earlier(self) -> None:
        world = scene()
        done(world.finish(Adjust("ann", 5, "j1", expiring_on=TODAY + 9 * DAY)))

        done(world.finish(Adjust("ann", 5, "j2", expiring_on=TODAY + 2 * DAY)))

        assert account(world).due == TODAY + 3 * DAY

    def test_two_orders_at_once_leave_the_earlier_due_time(self) -> None:
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

    def test_an_order_that_saw_a_due_time_before_a_sweep_moved_it_sets_it_again(self) -> None:
        world = scene(expiry=living(1))
        earned(world, 10)
        late = world.start(Earn(order("o2", 10, occurred_at=world.now), "ann"))
        late.run_to(writing)
        world.now += 2 * DAY
        swept(world)
        assert account(world).due is None

        done(late.finish())

        assert account(world).due == TODAY + 2 * DAY

    def test_a_member_who_is_swept_too_early_gets_a_later_due_time(self) -> None:
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

    def test_a_sweep_finds_what_was_due_on_days_without_a_sweep(self) -> None:
        world = scene(expiry=living(2))
        earned(world, 10)
        world.now += 40 * DAY

        swept(world)

        assert account(world).holding.lots == {}
        assert account(world).due is None


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
    def test_points_can_be_spent_until_the_last_second_of_their_day_in_the_programs_time_zone(
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
    def test_a_lot_ends_with_its_local_day_even_if_clocks_change(
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

    def test_expired_points_are_not_shown_even_if_no_sweep_ran(self) -> None:
        world = scene(expiry=living(1))
        earned(world, 10)
        world.now += 2 * DAY

        assert shown(world).balance == 0
        assert refused(world, Redeem("ann", "for-1", "k1")) == "insufficient_points"

    def test_a_redemption_records_expired_points_before_it_spends_others(self) -> None:
        world = scene(expiry=living(1))
        earned(world, 10)
        world.now += DAY
        earned(world, 10)
        world.now += DAY

        done(world.finish(Redeem("ann", "for-10", "k1")))

        assert kinds(world) == ["accrual", "accrual", "expiry", "redemption"]
        assert account(world).balance == 0

    def test_at_midnight_points_become_available_before_others_expire(self) -> None:
        world = scene(expiry=living(1), pending_days=1)
        earned(world, 10)
        world.now += DAY
        assert shown(world).balance == 10

        world.now += 2 * DAY
        swept(world)

        assert kinds(world) == ["accrual", "activation", "expiry"]
        assert account(world).balance == 0

    def test_points_that_become_available_pay_a_debt_first(self) -> None:
        world = scene(pending_days=1)
        done(world.finish(Adjust("ann", -4, "j1", below_zero=True)))
        earned(world, 10)
        world.now += DAY

        swept(world)

        assert (account(world).holding.debt, account(world).balance) == (0, 6)

    def test_points_that_became_available_pay_a_debt_before_a_later_order_does(self) -> None:
        world = scene(expiry=living(9), pending_days=1)
        earned(world, 10)
        done(world.finish(Adjust("ann", -4, "j1", below_zero=True)))
        world.now += DAY
        before = shown(world).holding.lots

        done(world.finish(Earn(order("o2", 20, occurred_at=NOON - 3 * DAY), "ann")))

        assert before == {TODAY + 10 * DAY: 6}
        assert shown(world).holding.lots == {TODAY + 7 * DAY: 20, **before}

    def test_points_that_became_available_pay_a_debt_before_returned_points_do(self) -> None:
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

    def test_an_empty_lot_is_removed_without_an_entry(self) -> None:
        world = scene(expiry=living(1))
        earned(world, 10)
        spent(world, 10)
        assert stored_lots(world) == {f"{TODAY + DAY}": 0}
        world.now += 2 * DAY

        swept(world)

        assert account(world).holding.lots == {}
        assert kinds(world) == ["accrual", "redemption"]

    def test_points_earned_while_a_sweep_decides_are_not_lost(self) -> None:
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

    def test_a_fixed_date_of_february_29_is_february_28_in_other_years(self) -> None:
        world = scene(expiry=FixedDateExpiry(model="fixed_date", month=2, day=29))

        earned(world, 10)

        assert list(account(world).holding.lots) == [date(2027, 2, 28)]


class TestInactivity:
    def test_activity_postpones_the_expiry_of_all_points(self) -> None:
        world = scene(inactivity=programs.QUIET, inactivity_since=TODAY)
        earned(world, 10)
        world.now += 28 * DAY
        earned(world, 5)
        world.now += 28 * DAY
        swept(world)

        assert account(world).balance == 15

    def test_an_order_recorded_after_points_expired_does_not_revive_them(self) -> None:
        world = scene(inactivity=programs.QUIET, inactivity_since=TODAY)
        earned(world, 10)
        world.now += 40 * DAY

        earned(world, 5)

        assert account(world).balance == 5
        assert kinds(world) == ["accrual", "expiry", "accrual"]

    def test_an_order_decided_on_the_last_day_and_written_a_day_later_keeps_the_points(
        self,
    ) -> None:
        world = scene(inactivity=programs.QUIET, inactivity_since=TODAY)
        earned(world, 10)
        world.now = MIDNIGHT + 31 * DAY - SECOND
        late = world.start(Earn(order("o2", 5, occurred_at=world.now), "ann"))
        late.run_to(writing)
        world.now += SECOND

        done(late.finish())
        swept(world)

        assert account(world).balance == 15

    def test_no_points_expire_within_a_full_period_after_it_is_introduced(self) -> None:
        world = scene(inactivity=programs.QUIET, inactivity_since=TODAY)
        world.auditor.accounts["ann"]["active_on"] = "2025-01-01"
        done(world.finish(Adjust("ann", 10, "j1")))

        world.now += 31 * DAY

        assert shown(world).balance == 10
