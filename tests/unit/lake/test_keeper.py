"""The lake's keeper: objects become fewer, and readers never notice."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from loyalty.domain.changes import Record, TableChange
from loyalty.domain.facts import OrderFact
from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.ledger.account import Account, TierFloor
from loyalty.domain.ledger.entries import Placeholder
from loyalty.lake import sql_views
from loyalty.lake.objects import Changes, Lake
from tests.support.bucket import Killed
from tests.support.histories import histories
from tests.support.lake import NOVEMBER, Home
from tests.support.ledger import LOT, NOON, accrual, change, order, voucher

FIVE_PAST_TWO: Final = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)
NEXT_MORNING: Final = datetime(2026, 11, 22, 1, 5, tzinfo=UTC)
NEXT_MONTH: Final = datetime(2026, 12, 3, 0, 5, tzinfo=UTC)

quick: Final = settings(
    max_examples=3,
    deadline=None,
    phases=set(Phase) - {Phase.shrink, Phase.explain},
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def new_home(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A home for each example, with a history in three batches."""

    def new_home(items: Sequence[Record]) -> Home:
        home = Home(tmp_path_factory.mktemp("home"))
        for number in range(3):
            home.write([change(item) for item in items[number::3]], name=f"{number}-{number}")
        return home

    return new_home


def sold(order_id: str, *, moment: datetime = NOON) -> TableChange:
    return change(accrual(order(order_id, occurred_at=moment), recorded_at=moment))


def entries(home: Home) -> list[str]:
    """The objects that hold entries, by the end of their names."""
    keys = sorted(key for key in home.bucket.objects if key.startswith("facts/entries/"))
    return [key.removeprefix("facts/entries/program=bean/") for key in keys]


class TestFolding:
    def test_what_came_within_an_hour_becomes_one_object(self, home: Home) -> None:
        home.write([sold("1")], name="1-1")
        home.write([sold("2")], name="2-2")

        home.fold(now=FIVE_PAST_TWO)

        assert entries(home) == ["month=2026-11/2026-11-21-14.parquet"]
        assert home.answer()["orders"] == 2

    def test_hours_of_a_day_that_is_over_become_one_object(self, home: Home) -> None:
        for number in range(3):
            home.write([sold(f"{number}")], name=f"{number}")
            home.fold(now=FIVE_PAST_TWO + number * timedelta(hours=1))
        assert len(entries(home)) == 3

        home.fold(now=NEXT_MORNING)

        assert entries(home) == ["month=2026-11/2026-11-21.parquet"]
        assert home.answer()["orders"] == 3

    def test_days_of_a_month_that_is_over_become_one_object(self, home: Home) -> None:
        for number in range(3):
            home.write(
                [sold(f"{number}", moment=NOON + number * timedelta(days=1))], name=f"{number}"
            )
        home.fold(now=NOON + timedelta(days=4))
        assert len(entries(home)) == 3

        home.fold(now=NEXT_MONTH)

        assert entries(home) == ["month=2026-11/2026-11.parquet"]
        assert home.answer()["orders"] == 3

    @pytest.mark.parametrize(
        ("now", "folded"),
        [(NEXT_MORNING, "2026-11-21.parquet"), (NEXT_MONTH, "2026-11.parquet")],
    )
    def test_a_late_fact_finds_its_day(self, home: Home, now: datetime, folded: str) -> None:
        home.write([sold("1")], name="1-1")
        home.fold(now=now)
        home.write([sold("2")], name="2-2")
        assert home.answer()["orders"] == 2

        home.fold(now=now)

        assert entries(home) == [f"month=2026-11/{folded}"]
        assert home.answer()["orders"] == 2

    def test_many_facts_of_a_closed_month_may_come_at_once(self, home: Home) -> None:
        lake = Lake(home.bucket.client, bucket="lake")
        from_table = [sold(f"{day}", moment=NOON + day * timedelta(days=1)) for day in range(5)]
        home.write(from_table[:2], name="1-2")
        facts = [fact for each in from_table for fact in home.facts_of(each)]

        lake.write(facts, name="rebuilt-1", closed_before=NEXT_MONTH.date())
        assert home.answer()["orders"] == 5
        home.fold(now=NEXT_MONTH)

        assert entries(home) == ["month=2026-11/2026-11.parquet"]
        assert home.answer()["orders"] == 5

    def test_a_rebuild_adds_columns_that_the_facts_had_not(self, home: Home) -> None:
        lake = Lake(home.bucket.client, bucket="lake")
        (bought,) = (each for each in home.facts_of(sold("1")) if isinstance(each, OrderFact))
        lake.write([replace(bought, v=1, tenders=None, codes=None, sold=None)], name="1-1")
        home.fold(now=NEXT_MORNING)

        lake.write([bought], name="0-rebuilt")
        before = home.facts_by_kind()["orders"]
        home.fold(now=NEXT_MORNING)
        after = home.facts_by_kind()["orders"]

        assert before == after
        (found,) = after
        sold_lines = found[list(sql_views.columns(OrderFact)).index("sold")]
        assert sold_lines[0]["amount_minor"] == bought.amount_minor

    def test_only_what_will_be_folded_is_tagged_so(self, home: Home) -> None:
        home.write([sold("1")], name="1-1")
        fresh = {key for key in home.bucket.objects if key.endswith("1-1.jsonl.gz")}
        home.fold(now=FIVE_PAST_TWO)

        tagged = {key for key, tag in home.bucket.tags.items() if tag == "fresh=yes"}

        assert tagged == fresh
        assert not tagged & home.bucket.objects.keys()

    def test_where_there_is_nothing_to_fold_nothing_is_written(self, home: Home) -> None:
        home.write([sold("1")], name="1-1")
        home.fold(now=NEXT_MONTH)
        before = dict(home.bucket.objects)
        home.bucket.fetched.clear()

        home.fold(now=NEXT_MONTH)

        assert home.bucket.objects == before
        assert home.bucket.fetched == []

    def test_the_same_facts_make_the_same_object(self, tmp_path: Path) -> None:
        homes = [Home(tmp_path / "one"), Home(tmp_path / "other")]
        for home, order_ids in zip(homes, ("123", "321"), strict=True):
            for order_id in order_ids:
                home.write([sold(order_id)], name=order_id)
            home.fold(now=NEXT_MORNING)

        one, other = (
            {key: body for key, body in home.bucket.objects.items() if "touched" not in key}
            for home in homes
        )

        assert one == other


class TestRevisions:
    def test_a_claimed_order_is_a_member_s_across_days(self, home: Home) -> None:
        guest = Placeholder(source="pos", order_id="1", recorded_at=NOON, count=1, order=order("1"))
        home.write([change(guest)], name="1-1")
        home.fold(now=NEXT_MORNING)
        claimed_at = NOON + timedelta(days=2)
        home.write([change(accrual(order("1"), recorded_at=claimed_at), guest)], name="2-2")

        home.fold(now=NEXT_MORNING + timedelta(days=3))

        assert (home.answer()["orders"], home.answer()["guest_orders"]) == (1, 0)

    def test_a_voucher_has_its_last_state_across_months(self, home: Home) -> None:
        home.write([change(voucher("issued"))], name="1-1")
        home.fold(now=NEXT_MONTH)
        used = voucher("used", used_at=NEXT_MONTH)
        home.write([change(used, made_at=NEXT_MONTH)], name="2-2")

        (row,) = home.rows("rewards")

        assert (row["redeemed"], row["used"]) == (1, 1)

    def test_a_voucher_that_is_good_again_is_so_however_its_uses_were_folded(
        self, home: Home
    ) -> None:
        used_at = NOON + timedelta(days=1)
        states = [
            voucher("issued"),
            voucher("used", used_at=used_at),
            voucher("issued", times_reinstated=1),
        ]
        for number, state in enumerate(states):
            home.write([change(state)], name=f"{number}")
            home.fold(now=NEXT_MORNING + timedelta(days=number))

        (row,) = home.rows("rewards")
        assert (row["redeemed"], row["used"]) == (1, 0)

        home.write([change(voucher("used", used_at=NEXT_MONTH, times_reinstated=1))], name="3")
        (row,) = home.rows("rewards")
        assert (row["redeemed"], row["used"]) == (1, 1)

    def test_the_last_news_of_a_member_counts_across_days(self, home: Home) -> None:
        member = Account(member_id="mem_1", enrolled_at=NOON)
        floors = [TierFloor("silver", LOT), TierFloor("gold", LOT), None]
        home.write([change(member)], name="0")
        for number, floor in enumerate(floors, 1):
            after = replace(member, tier_floor=floor)
            by = change(after, member, made_at=NOON + number * timedelta(days=1))
            home.write([by], name=f"{number}")
            home.fold(now=NOON + timedelta(days=number, hours=14))
            member = after

        (fact,) = home.facts_by_kind()["members"]

        assert "gold" not in fact


@pytest.mark.slow
class TestTruth:
    @quick
    @given(items=histories(), hours=st.lists(st.integers(0, 40 * 24), max_size=4))
    def test_readers_find_the_same_facts_whenever_the_keeper_was_there(
        self, new_home: Any, items: list[Record], hours: list[int]
    ) -> None:
        home = new_home(items)
        once = home.facts_by_kind()

        for hour in sorted(hours):
            home.fold(now=datetime(2026, 10, 27, 0, 30, tzinfo=UTC) + timedelta(hours=hour))

            assert home.facts_by_kind() == once

    @quick
    @given(items=histories(), redelivered=st.data())
    def test_facts_written_again_after_folding_change_nothing(
        self, new_home: Any, items: list[Record], redelivered: st.DataObject
    ) -> None:
        home = new_home(items)
        once = home.facts_by_kind()
        for number, now in enumerate((NEXT_MORNING, NEXT_MONTH)):
            home.fold(now=now)
            again = redelivered.draw(
                st.lists(st.sampled_from(items), max_size=5) if items else st.just([])
            )
            home.write([change(item) for item in again], name=f"again-{number}")

            assert home.facts_by_kind() == once

        home.fold(now=NEXT_MONTH)
        assert home.facts_by_kind() == once

    def test_a_keeper_that_is_killed_anywhere_has_lost_nothing(self, home: Home) -> None:
        for number in range(3):
            home.write(
                [sold(f"{number}", moment=NOON + number * timedelta(days=1))], name=f"{number}"
            )
        once = home.facts_by_kind()
        deaths = 0

        for calls in count():
            home.bucket.calls_left = calls
            try:
                home.fold(now=NEXT_MORNING + timedelta(days=deaths % 3))
                break
            except Killed:
                deaths += 1
            finally:
                home.bucket.calls_left = None
            assert home.facts_by_kind() == once

        assert deaths > 5
        assert home.facts_by_kind() == once

    def test_objects_rewritten_during_folding_are_kept(self, home: Home) -> None:
        home.write([sold("1")], name="1-1")
        bucket = home.bucket
        bucket.on_put = lambda: home.write([sold("1"), sold("2")], name="1-1")

        home.fold(now=FIVE_PAST_TWO)

        assert home.answer()["orders"] == 2
        home.fold(now=FIVE_PAST_TWO)
        assert home.answer()["orders"] == 2
        assert entries(home) == ["month=2026-11/2026-11-21-14.parquet"]

    def test_of_two_keepers_at_once_none_undoes_the_other_s_work(self, home: Home) -> None:
        home.write([sold("1")], name="1-1")

        def other() -> None:
            home.write([sold("2")], name="2-2")
            home.fold(now=FIVE_PAST_TWO)

        home.bucket.on_put = other
        home.fold(now=FIVE_PAST_TWO)

        assert home.answer()["orders"] == 2
        assert entries(home) == ["month=2026-11/2026-11-21-14.parquet"]

    def test_a_keeper_that_is_always_overtaken_gives_up(self, home: Home) -> None:
        home.write([sold("1")], name="1-1")
        home.bucket.is_restless = True

        with pytest.raises(TryAgain):
            home.fold(now=FIVE_PAST_TWO)


def test_members_with_new_entries_are_still_found_after_folding(home: Home) -> None:
    home.write([sold("1")], name="1-1")
    home.bucket.now = FIVE_PAST_TWO

    home.fold(now=FIVE_PAST_TWO)

    changes = Changes(home.bucket.client, bucket="lake")
    assert changes.since("bean", FIVE_PAST_TWO).members == {"mem_1"}
    home.fold(now=NEXT_MONTH)
    assert changes.since("bean", FIVE_PAST_TWO + timedelta(hours=1)).members == set()


def test_a_report_of_years_opens_tens_of_objects(home: Home) -> None:
    for number in range(0, 360, 3):
        moment = NOON - timedelta(days=number)
        home.write([sold(f"{number}", moment=moment)], name=f"{number}")

    home.fold(now=NOON + timedelta(hours=1))

    assert len(entries(home)) <= 12 + 8
    assert home.answer(replace(NOVEMBER, first=NOVEMBER.first.replace(year=2025)))["orders"] == 120
