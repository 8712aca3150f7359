"""A sweep finds what the calendar has made due and records it once, whatever fails meanwhile."""

from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest

from local.memory import MemoryEngine
from loyalty.domain.ledger.audit import audit
from loyalty.domain.ledger.settling import settle
from loyalty.table import keys
from loyalty.table.operations import Assign, Update, equal
from loyalty.usecases.ledger.corrections import merge_members
from loyalty.usecases.ledger.redemption import complete
from loyalty.usecases.ledger.sweeps import WAITING_MAX, DueItem, put_off, wake
from loyalty.usecases.work_pages import ITEMS_MAX
from tests.support.documents import published, reward
from tests.support.orders import NOON
from tests.support.sweeping import ANA, Fuse, Killed, Town

# The program's midnights are those of Paris, an hour before UTC's in winter.
LAST_DAY = date(2026, 11, 30)
MIDNIGHT = datetime(2026, 11, 30, 23, tzinfo=UTC)
SECOND = timedelta(seconds=1)
# A sweep of the story takes more calls than this: a loop over them has met them all.
CALLS_MIN = 60


@pytest.fixture
def town() -> Town:
    """Ana, with 100 points that can be spent to the end of November 2026."""
    town = Town()
    town.enroll()
    town.give(100, expiring_on=LAST_DAY)
    return town


class TestPoints:
    def test_points_expire_at_the_midnight_that_ends_their_last_day(self, town: Town) -> None:
        town.now = MIDNIGHT

        town.sweep()

        assert town.kinds() == ["adjustment", "expiry"]
        (_, expiry) = town.desk.books.entries(ANA)
        assert (expiry.points, expiry.happened_at) == (-100, MIDNIGHT)
        assert town.account().balance == 0

    def test_a_second_before_midnight_nothing_happens_and_nothing_is_lost(self, town: Town) -> None:
        town.now = MIDNIGHT - SECOND

        town.sweep()
        assert town.kinds() == ["adjustment"]
        town.now = MIDNIGHT
        town.sweep()

        assert town.kinds() == ["adjustment", "expiry"]

    def test_points_that_became_available_and_expired_since_get_both_entries(self) -> None:
        town = Town(program=published(pending_days=9))
        town.enroll()
        town.buy(60)
        town.now = datetime(2027, 11, 30, 23, tzinfo=UTC)

        town.sweep()

        assert town.kinds() == ["accrual", "activation", "expiry"]
        assert [entry.happened_at.date() for entry in town.desk.books.entries(ANA)] == [
            date(2026, 11, 21),
            date(2026, 11, 29),
            date(2027, 11, 30),
        ]

    def test_a_member_is_listed_again_under_the_next_due_day(self, town: Town) -> None:
        town.give(50, expiring_on=date(2026, 12, 31))
        town.now = MIDNIGHT

        town.sweep()

        assert town.account().balance == 50
        assert town.listed() == "2026-12-31T23:00:00.000000Z"

    def test_a_member_with_nothing_due_is_not_listed(self, town: Town) -> None:
        town.now = MIDNIGHT

        town.sweep()

        assert town.listed() is None
        assert town.sweep() == 0

    def test_a_member_who_spent_points_before_their_last_day_is_taken_off_the_list(
        self, town: Town
    ) -> None:
        town.redeem("five-off")
        town.now = MIDNIGHT

        town.sweep()

        assert town.kinds() == ["adjustment", "redemption"]
        assert town.listed() is None

    def test_sweeping_again_changes_nothing(self, town: Town) -> None:
        town.now = MIDNIGHT
        town.sweep()
        before = dict(town.table.items)

        town.sweep()

        assert town.table.items == before

    def test_a_page_that_arrives_twice_counts_once(self, town: Town) -> None:
        town.now = MIDNIGHT
        town.find()
        town.find()

        town.work()

        assert town.kinds() == ["adjustment", "expiry"]

    def test_more_steps_than_one_write_holds_are_all_taken(self) -> None:
        town = overdue()

        town.sweep()

        account = town.account()
        assert (account.balance, account.holding.lots, account.holding.pending) == (0, {}, {})
        assert town.kinds().count("activation") == 90
        assert town.listed() is None

    def test_a_member_with_steps_left_stays_listed_under_the_unfinished_day(self) -> None:
        town = overdue()
        listed = town.listed()

        posting = settle(town.account(), program=town.program, now=town.now)
        assert posting is not None
        town.desk.books.post(posting)

        assert town.kinds().count("activation") == 90
        assert town.kinds().count("expiry") == 0
        assert town.listed() == listed


class TestTimeZones:
    @pytest.mark.parametrize(
        ("zone", "last_day", "midnight"),
        [
            ("Asia/Kolkata", date(2026, 11, 30), "2026-11-30T18:30:00"),
            ("Asia/Kathmandu", date(2026, 11, 30), "2026-11-30T18:15:00"),
            ("Australia/Lord_Howe", date(2027, 4, 3), "2027-04-03T13:00:00"),
            ("Australia/Lord_Howe", date(2027, 4, 4), "2027-04-04T13:30:00"),
            ("America/St_Johns", date(2026, 11, 30), "2026-12-01T03:30:00"),
            ("Pacific/Kiritimati", date(2026, 11, 30), "2026-11-30T10:00:00"),
            ("Etc/GMT+12", date(2026, 11, 30), "2026-12-01T12:00:00"),
            # The day that begins is one of 23 hours, and of 25.
            ("Europe/Paris", date(2027, 3, 27), "2027-03-27T23:00:00"),
            ("Europe/Paris", date(2027, 3, 28), "2027-03-28T22:00:00"),
            ("Europe/Paris", date(2027, 10, 30), "2027-10-30T22:00:00"),
            ("Europe/Paris", date(2027, 10, 31), "2027-10-31T23:00:00"),
            # Midnight itself is skipped: the day begins at one o'clock.
            ("Africa/Cairo", date(2027, 4, 29), "2027-04-29T22:00:00"),
            # Midnight itself comes twice: the first counts.
            ("America/Havana", date(2027, 10, 30), "2027-10-31T04:00:00"),
        ],
    )
    def test_points_expire_at_the_programs_own_midnight(
        self, zone: str, last_day: date, midnight: str
    ) -> None:
        town = Town(program=published(time_zone=zone))
        town.enroll()
        town.give(100, expiring_on=last_day)
        town.now = datetime.fromisoformat(midnight).replace(tzinfo=UTC) - SECOND

        town.sweep()
        assert town.account().balance == 100
        town.pass_by(seconds=1)
        town.sweep()

        assert town.account().balance == 0

    def test_a_member_listed_under_another_time_zones_midnight_is_moved(self, town: Town) -> None:
        town.program = published(version=2, time_zone="America/Los_Angeles")
        town.now = MIDNIGHT

        town.sweep()

        assert town.kinds() == ["adjustment"]
        assert town.listed() == "2026-12-01T08:00:00.000000Z"
        town.now = datetime(2026, 12, 1, 8, tzinfo=UTC)
        town.sweep()
        assert town.account().balance == 0


class TestVouchers:
    @pytest.fixture
    def town(self) -> Town:
        offers = [reward(voucher_days=10, stock=1, per_member_max=1)]
        town = Town(program=published(rewards=offers, hold_minutes=15))
        town.enroll()
        town.give(100, expiring_on=date(2027, 6, 30))
        return town

    def test_a_hold_that_ran_out_returns_everything(self, town: Town) -> None:
        held = town.redeem(hold=True)
        town.pass_by(minutes=15)

        town.sweep()

        assert town.voucher(held.code).state == "cancelled"
        assert town.kinds() == ["adjustment", "redemption", "return"]
        assert (town.account().balance, town.account().redeemed["latte"]) == (100, 0)
        assert town.redeem().state == "issued"

    def test_a_hold_ends_within_a_minute_of_its_time_although_sweeps_run_every_five_minutes(
        self, town: Town
    ) -> None:
        held = town.redeem(hold=True)
        assert held.held_until is not None
        town.now = held.held_until - timedelta(minutes=4, seconds=30)

        town.find()

        (page,) = (page for page in town.pages.sent if page.lane == "vouchers")
        ended_at = town.now + page.delay
        assert held.held_until <= ended_at <= held.held_until + timedelta(minutes=1)
        town.now = ended_at
        town.work()
        assert town.voucher(held.code).state == "cancelled"

    def test_every_hold_is_handed_out_before_its_time_whenever_the_sweep_runs(
        self, town: Town
    ) -> None:
        town.now = town.now.replace(second=17)
        held = town.redeem(hold=True)
        began = town.now
        for minutes in (4, 9, 15.5):
            town.now = began + timedelta(minutes=minutes)
            town.find()

        arrivals = [page.delay for page in town.pages.sent if held.code in page.items[0]]

        assert arrivals[0] > timedelta()

    def test_a_completed_hold_is_left_alone(self, town: Town) -> None:
        held = town.redeem(hold=True)
        town.pass_by(minutes=14)
        town.find()
        complete(held.redemption_id, member_id=ANA, desk=town.desk)
        town.pass_by(minutes=2)

        town.work()

        assert town.voucher(held.code).state == "issued"

    def test_a_voucher_whose_date_has_passed_expires_and_its_points_do_not_return(
        self, town: Town
    ) -> None:
        issued = town.redeem()
        town.pass_by(days=11)

        town.sweep()

        assert town.voucher(issued.code).state == "expired"
        assert town.account().balance == 60
        assert town.listed(f"VOUCHER#{issued.code}") is None

    def test_the_hold_of_a_merged_member_is_returned_to_the_survivor(self, town: Town) -> None:
        held = town.redeem(hold=True)
        town.enroll("mem_bob")
        merge_members(ANA, into="mem_bob", request_id="merge", desk=town.desk)
        town.pass_by(minutes=15)

        town.sweep()

        assert town.voucher(held.code).state == "cancelled"
        assert town.account("mem_bob").balance == 100

    def test_the_hold_of_an_erased_member_ends_and_returns_its_unit_of_stock(
        self, town: Town
    ) -> None:
        held = town.redeem(hold=True)
        close(town)
        town.pass_by(minutes=15)

        town.sweep()

        assert town.voucher(held.code).state == "cancelled"
        assert town.desk.books.stock("latte").taken == 0
        assert town.kinds() == ["adjustment", "redemption"]
        assert town.sweep() == 0


class TestErasedMembers:
    def test_a_sweep_settles_the_survivor_and_not_the_merged_member(self, town: Town) -> None:
        town.enroll("mem_bob")
        merge_members(ANA, into="mem_bob", request_id="merge", desk=town.desk)
        town.now = MIDNIGHT

        town.sweep()

        assert town.kinds(ANA) == ["adjustment", "merge"]
        assert town.kinds("mem_bob") == ["merge", "expiry"]

    def test_an_erased_member_is_taken_off_the_list(self, town: Town) -> None:
        close(town)
        town.now = MIDNIGHT

        assert town.sweep() == 1
        assert town.listed() is None
        assert town.sweep() == 0
        assert town.kinds() == ["adjustment"]

    def test_a_list_that_lags_does_no_harm(self, town: Town) -> None:
        town.now = MIDNIGHT
        town.find()
        town.work()
        town.give(70, expiring_on=date(2026, 12, 31))
        listed = town.listed()

        stale = DueItem(f"{keys.instant(MIDNIGHT)}#{ANA}")
        wake(stale, dues=town.dues, desk=town.desk)
        wake(DueItem(f"{keys.instant(MIDNIGHT)}#mem_nobody"), dues=town.dues, desk=town.desk)

        assert town.listed() == listed == "2026-12-31T23:00:00.000000Z"

    def test_an_item_that_was_put_off_is_found_again_a_day_later(self, town: Town) -> None:
        town.now = MIDNIGHT
        due = DueItem(f"{keys.instant(MIDNIGHT)}#{ANA}")

        put_off(due, dues=town.dues, now=town.now)

        assert town.sweep() == 0
        town.pass_by(days=1)
        assert town.sweep() == 1
        assert town.kinds() == ["adjustment", "expiry"]

    def test_an_item_that_was_listed_again_is_not_put_off(self, town: Town) -> None:
        due = DueItem(f"{keys.instant(MIDNIGHT)}#{ANA}")
        town.give(70, expiring_on=date(2026, 11, 25))

        put_off(due, dues=town.dues, now=MIDNIGHT)

        assert town.listed() == "2026-11-25T23:00:00.000000Z"


class TestCatchingUp:
    def test_a_sweep_after_missed_days_finds_everything(self) -> None:
        town = Town()
        for day in range(40):
            town.enroll(f"mem_{day}")
            town.give(10, f"mem_{day}", expiring_on=NOON.date() + timedelta(days=day))
        town.now += timedelta(days=60)

        assert town.sweep() == 40

        assert all(town.account(f"mem_{day}").balance == 0 for day in range(40))

    def test_finished_days_are_not_read_again(self, town: Town) -> None:
        town.now = MIDNIGHT + timedelta(days=60)
        town.sweep()
        town.sweep()
        town.fuse.calls = 0

        town.sweep()

        # The mark, and sixteen shards each of yesterday and today.
        assert town.fuse.calls == 1 + 2 * 16
        assert town.reached() == (town.now - timedelta(days=1)).date().isoformat()

    def test_a_day_is_unfinished_while_anybody_is_listed_under_it(self, town: Town) -> None:
        town.now = MIDNIGHT + timedelta(days=10)
        town.find()
        town.pages.sent.clear()

        town.find()

        assert town.reached() == "2026-11-30"
        town.work()
        assert town.account().balance == 0

    def test_a_finished_day_is_read_again_on_demand(self, town: Town) -> None:
        town.progress.advance("2026-12-20")
        town.now = datetime(2026, 12, 21, tzinfo=UTC)
        assert town.sweep() == 0

        assert town.sweep(since=date(2026, 11, 28)) == 1

        assert town.account().balance == 0
        assert town.reached() == "2026-12-20"

    def test_the_mark_never_moves_back(self, town: Town) -> None:
        town.progress.advance("2026-12-20")

        town.progress.advance("2026-12-19")

        assert town.reached() == "2026-12-20"

    def test_a_full_queue_gets_only_what_became_due_since_the_last_run(self, town: Town) -> None:
        town.enroll("mem_bob")
        town.give(10, "mem_bob", expiring_on=date(2026, 12, 1))
        town.now = MIDNIGHT + timedelta(days=1)
        town.pages.others_waiting = WAITING_MAX + 1

        assert town.sweep() == 1

        assert (town.account().balance, town.account("mem_bob").balance) == (100, 0)
        town.pages.others_waiting = 0
        assert town.sweep() == 1
        assert town.account().balance == 0

    def test_sweeps_of_a_full_queue_leave_no_gap_between_them(self) -> None:
        town = Town(program=published(rewards=[reward(cost_points=1)]))
        town.enroll()
        town.give(1000, expiring_on=date(2027, 6, 30))
        held = []
        for _ in range(40):
            held.append(town.redeem(hold=True))
            town.pass_by(seconds=37)
        town.pages.others_waiting = WAITING_MAX + 1
        gaps = [5, 6, 5, 4, 5, 6, 5, 5, 5, 5]
        town.now = held[0].issued_at
        found = set[str]()
        for minutes in gaps:
            town.find()
            found |= {item for page in town.pages.sent for item in page.items}
            town.pass_by(minutes=minutes)

        assert len(found) == len(held)


class TestManyAtOnce:
    def test_many_members_are_handed_out_in_pages_with_their_lane(self) -> None:
        town = crowd(2000)
        town.redeem(hold=True, member_id="mem_0")
        town.now = MIDNIGHT

        assert town.find() == 2001

        pages = town.pages.sent
        assert max(len(page.items) for page in pages) == ITEMS_MAX
        assert {page.lane for page in pages} == {"members", "vouchers"}
        assert len({item for page in pages for item in page.items}) == 2001

    def test_the_rest_of_a_shard_becomes_work_of_its_own(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("loyalty.table.due.PAGE_MAX", 10)
        town = crowd(500)
        town.now = MIDNIGHT

        found = town.find()
        assert found < 500
        assert any(page.lane == "shards" for page in town.pages.sent)
        town.work()

        assert all(town.account(f"mem_{number}").balance == 0 for number in range(500))

    def test_a_sweep_costs_as_much_as_is_due_however_many_members_there_are(self) -> None:
        def cost(members: int) -> tuple[int, int, int]:
            town = crowd(100)
            for number in range(members):
                town.enroll(f"idle_{number}")
                town.give(10, f"idle_{number}", expiring_on=date(2027, 12, 31))
            town.now = MIDNIGHT
            town.fuse.calls = town.engine.read = town.engine.written = 0
            town.sweep()
            return town.fuse.calls, town.engine.read, town.engine.written

        assert cost(3000) == cost(100)


class TestKilled:
    """Killed at any call, before or after its effect, and run again: the books are the same."""

    @pytest.fixture(autouse=True)
    def _few_shards(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(keys, "SHARDS", 2)

    @pytest.fixture
    def faultless(self) -> MemoryEngine:
        town = story()
        town.sweep()
        town.sweep()
        return town.table

    @pytest.mark.parametrize("after", [False, True])
    def test_a_sweep_that_is_killed_at_any_call_and_repeated(
        self, *, after: bool, faultless: MemoryEngine
    ) -> None:
        for call in count(1):
            town = story(Fuse(call_number=call, after=after))
            try:
                town.sweep()
            except Killed:
                town.fuse.call_number = 0
                # The queue delivers unfinished work again; the next sweep starts over.
                town.work()
                town.sweep()
                town.sweep()
            else:
                break

            assert town.table.items == faultless.items, f"killed at call {call}"
        assert call > CALLS_MIN

    def test_two_sweeps_at_once_whichever_call_the_first_stands_at_when_the_second_runs(
        self, faultless: MemoryEngine
    ) -> None:
        for call in count(1):
            town = story(Fuse(call_number=call))
            other = Town(program=town.program, now=town.now, table=town.table)
            town.fuse.burn = other.sweep
            town.sweep()
            if town.fuse.calls < call:
                break
            town.fuse.call_number = 0
            town.sweep()

            assert town.table.items == faultless.items, f"overtaken at call {call}"
        assert call > CALLS_MIN

    def test_the_story_is_one_of_every_step_and_its_books_are_exact(
        self, faultless: MemoryEngine
    ) -> None:
        town = story()
        town.table = faultless
        town.engine.engine = faultless

        kinds = set(town.kinds(ANA)) | set(town.kinds("mem_bob"))

        assert {"activation", "expiry", "return"} <= kinds
        for member_id in (ANA, "mem_bob"):
            entries = town.desk.books.entries(member_id)
            assert audit(town.account(member_id), entries, program=town.program) == []


def story(fuse: Fuse | None = None) -> Town:
    """Pending points, a debt, lots of three days, a hold, a dated voucher: all of it overdue."""
    program = published(
        pending_days=3, clawback="unlimited", rewards=[reward(cost_points=5, voucher_days=4)]
    )
    town = Town(program=program)
    town.enroll(ANA, "mem_bob", "mem_eve")
    for day in (22, 24, 30):
        town.give(20, expiring_on=date(2026, 11, day))
    town.buy(30)
    town.redeem(hold=True)
    town.redeem()
    town.buy(8, "mem_bob")
    town.give(9, "mem_bob", expiring_on=LAST_DAY)
    town.give(7, "mem_eve", expiring_on=LAST_DAY)
    close(town, "mem_eve")
    town.now = MIDNIGHT + timedelta(days=5)
    town.fuse = town.engine.fuse = town.pages.fuse = fuse or town.fuse
    return town


def overdue() -> Town:
    """Ninety points that became available one day after the other, and expired, unrecorded."""
    town = Town(program=published(pending_days=90))
    town.enroll()
    for _ in range(90):
        town.buy(1)
        town.pass_by(days=1)
    town.now += timedelta(days=900)
    return town


def crowd(members: int) -> Town:
    """This many members, all due at one midnight."""
    town = Town()
    for number in range(members):
        town.enroll(f"mem_{number}")
        town.give(100, f"mem_{number}", expiring_on=LAST_DAY)
    return town


def close(town: Town, member_id: str = ANA) -> None:
    """As erasing a member does, as far as the account is concerned."""
    closed = Update(
        keys.account("bean", member_id),
        actions=(Assign(("status",), "closed"),),
        conditions=(equal(("status",), "active"),),
    )
    town.table.apply([closed])
