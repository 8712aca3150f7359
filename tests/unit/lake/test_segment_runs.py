"""Runs that compute segments: what is written down is what the latest run found."""

from collections.abc import Callable, Iterable
from copy import copy, deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from local.memory import MemoryEngine
from loyalty.domain.changes import Record
from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.entries import Accrual, OrderCause
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.program.document import Program
from loyalty.lake.mirror import Mirror
from loyalty.lake.objects import Lake
from loyalty.lake.segment_snapshots import SegmentSnapshots
from loyalty.table import keys, records
from loyalty.table.operations import Delete, Put
from loyalty.table.segment_lists import TableSegmentLists
from loyalty.table.segment_runs import TableSegmentRuns
from loyalty.table.targeting import TableTargeting
from loyalty.usecases.segment_lists import change_list
from loyalty.usecases.segments import SegmentRun, change_of, item_of, keep, run
from loyalty.usecases.work_pages import WorkPage
from tests.support import bucket
from tests.support.documents import program
from tests.support.lake import Home
from tests.support.ledger import change, entry, order
from tests.support.segments import SegmentTruth
from tests.support.sweeping import Fuse, FusedEngine, Killed, ListedPages

NOON: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
EVERYBODY: Final = tuple(f"mem_{number}" for number in range(1, 7))
SEGMENTS: Final = (
    {
        "id": "spenders",
        "name": "Spenders",
        "who": {"fact": "spent", "days": 9, "at_least_minor": 3000},
    },
    {"id": "fresh", "name": "Fresh", "who": {"fact": "orders", "days": 2, "at_least": 1}},
    {"id": "best", "name": "Best", "who": {"fact": "monetary", "is_in": [4, 5]}},
)
OAT: Final = {"fact": "attribute", "name": "milk", "is_in": ["oat"]}


def document(segments: Iterable[dict[str, Any]] = SEGMENTS) -> Program:
    return program(segments=list(segments))


@dataclass
class Place:
    """A program's lake, table and queue; everything that was recorded is in both."""

    home: Home
    document: Program = field(default_factory=document)
    now: datetime = NOON
    table: MemoryEngine = field(default_factory=MemoryEngine)
    pages: ListedPages = field(default_factory=ListedPages)
    records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = FusedEngine(self.table)
        for member_id in EVERYBODY:
            self.record(Account(member_id=member_id, enrolled_at=NOON - timedelta(days=99)))

    def again(self, root: Path) -> "Place":
        """The same as it is now, on another disk."""
        place = copy(self)
        place.home = Home(root, bucket=deepcopy(self.home.bucket))
        place.table = deepcopy(self.table)
        place.engine, place.pages = FusedEngine(place.table), ListedPages()
        place.records = [*self.records]
        return place

    def record(self, item: Record) -> None:
        self.records.append(item)
        self.home.write([change(item)], name=f"{len(self.records)}")
        if isinstance(item, Account):
            key = keys.account("bean", item.member_id)
            self.table.write([Put(key, records.account_to_item(item, "bean"))])

    def sells(self, member_id: str, amount_minor: int) -> None:
        name = f"{len(self.records)}"
        paid = order(name, amount_minor=amount_minor, occurred_at=self.now)
        detail = Accrual(order=paid, shares=(), parts=())
        cause = OrderCause("pos", name, "accrual")
        when = {"happened_at": self.now, "recorded_at": self.now}
        self.record(entry(cause, Holding(), member_id=member_id, detail=detail, **when))

    def erases(self, member_id: str) -> None:
        """As an erasure does: the account is closed, then what the member is targeted by goes."""
        ended = {"status": "closed", "ended_at": self.now}
        self.record(
            Account(member_id=member_id, enrolled_at=NOON - timedelta(days=99), **ended)  # type: ignore[arg-type]  # as spelled out
        )
        self.table.write([Delete(keys.targeting("bean", member_id))])

    def runs(self) -> SegmentRun | None:
        lake = Lake(self.home.bucket.client, bucket="lake")
        mirror = Mirror(self.home.bucket.client, bucket="lake", root=self.home.root)
        return run(
            self.document,
            program_id="bean",
            snapshots=SegmentSnapshots(lake, program_id="bean", mirror=mirror),
            runs=TableSegmentRuns(self.engine, program_id="bean"),
            lists=self.lists,
            pages=self.pages,
            now=self.now,
        )

    @property
    def lists(self) -> TableSegmentLists:
        return TableSegmentLists(self.engine, program_id="bean")

    def works(self, order_of_pages: Callable[[list[WorkPage]], list[WorkPage]] = list) -> int:
        """Work off all pages; returns how many changes were written."""
        sent, self.pages.sent = self.pages.sent, []
        keeper = TableTargeting(self.engine, program_id="bean")
        return sum(
            keep(change_of(item), keeper=keeper)
            for page in order_of_pages(sent)
            for item in page.items
        )

    def written(self) -> dict[str, set[str]]:
        """Who is in which segment, as campaigns see it."""
        of_segments: dict[str, set[str]] = {each.id: set() for each in self.document.segments}
        for member_id in EVERYBODY:
            item: Any = self.table.get(keys.targeting("bean", member_id), strong=True) or {}
            for segment in self.document.segments:
                if item.get("segments", {}).get(segment.id) == segment.fingerprint:
                    of_segments[segment.id].add(member_id)
        return of_segments

    def truth(self) -> dict[str, set[str]]:
        found = SegmentTruth(self.records, self.document, now=self.now)
        return {each.id: found.members(each.who) for each in self.document.segments}


@pytest.fixture
def new_place(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Place]:
    return lambda: Place(Home(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="module")
def after_first_run(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(Home(tmp_path_factory.mktemp("home")))
    for number, member_id in enumerate(EVERYBODY[:4]):
        place.sells(member_id, 1000 * (number + 1))
    place.home.fold(now=NOON)
    place.runs()
    place.works()
    return place


@pytest.fixture
def place_again(
    after_first_run: Place, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Place]:
    """Makes a program after its first run, the same each time."""
    return lambda: after_first_run.again(tmp_path_factory.mktemp("home"))


@pytest.fixture
def place(place_again: Callable[[], Place]) -> Place:
    """A program after its first run."""
    return place_again()


class TestRuns:
    def test_a_run_finds_who_is_in_each_segment(self, place: Place) -> None:
        assert (
            place.written() == place.truth() != {each.id: set() for each in place.document.segments}
        )

    def test_only_what_changed_is_written(self, place: Place) -> None:
        place.now += timedelta(hours=1)
        place.sells("mem_5", 100)
        before = place.engine.written

        place.runs()
        # Her first segment is a transaction of two items. She moves one other member up a fifth.
        assert place.works() == 2
        assert place.engine.written - before == 1 + 2 + 1
        assert place.written() == place.truth()

    def test_who_was_in_a_segment_when_it_was_first_found_did_not_enter_it(
        self, place: Place
    ) -> None:
        def entered() -> dict[str, set[str]]:
            place.runs()
            changes = [change_of(item) for page in place.pages.sent for item in page.items]
            place.works()
            return {each.member_id: set(each.entered) for each in changes if each.entered}

        place.document = document([*SEGMENTS, SEGMENTS[1] | {"id": "new"}])
        assert entered() == {}
        place.now += timedelta(hours=1)
        place.sells("mem_6", 100)
        assert entered()["mem_6"] >= {"fresh", "new"}
        place.now += timedelta(days=3)
        assert entered() == {}
        place.sells("mem_1", 100)
        place.now += timedelta(hours=1)
        assert entered()["mem_1"] == {"fresh", "new"}

    def test_nobody_is_in_a_segment_and_then_somebody_enters_it(self, place: Place) -> None:
        rich = SEGMENTS[0] | {
            "id": "rich",
            "who": {"fact": "spent", "days": 9, "at_least_minor": 9000},
        }
        place.document = document([rich])
        place.runs()
        place.works()
        place.now += timedelta(hours=1)
        place.sells("mem_1", 9000)

        place.runs()

        (change_found,) = (change_of(item) for page in place.pages.sent for item in page.items)
        assert (change_found.member_id, change_found.entered) == ("mem_1", frozenset({"rich"}))

    def test_a_member_of_whom_something_is_kept_costs_one_write(self, place: Place) -> None:
        place.now += timedelta(hours=1)
        place.sells("mem_1", 100_000)
        place.runs()
        before = place.engine.written

        assert place.works() == 2
        assert place.engine.written - before == 2

    def test_a_run_is_due_after_a_while_at_midnight_and_for_new_definitions(
        self, place: Place
    ) -> None:
        assert place.runs() is None
        place.now += timedelta(minutes=29)
        assert place.runs() is None
        place.now += timedelta(minutes=1)
        assert place.runs() is not None
        place.document = document(SEGMENTS[:2])
        assert place.runs() is not None
        place.now = datetime(2026, 11, 21, 22, 59, tzinfo=UTC)
        assert place.runs() is not None
        place.now += timedelta(minutes=1)
        assert place.runs() is not None
        assert place.runs() is None

    def test_a_program_without_computed_segments_has_no_runs(
        self, new_place: Callable[[], Place]
    ) -> None:
        place = new_place()
        place.document = document([{"id": "oat", "name": "Oat", "who": OAT}])

        assert place.runs() is None
        assert not any(key.startswith("facts/segments/") for key in place.home.bucket.objects)

    def test_time_alone_moves_members(self, place: Place) -> None:
        place.now += timedelta(days=3)

        place.runs()
        place.works()

        assert place.written()["fresh"] == set()
        assert place.written() == place.truth()

    def test_who_is_in_a_segment_by_an_old_definition_is_not_in_it(self, place: Place) -> None:
        members = place.written()["fresh"]
        stricter = {**SEGMENTS[1], "who": {"fact": "orders", "days": 2, "at_least": 2}}

        place.document = document([SEGMENTS[0], stricter])
        assert place.written()["fresh"] == set()
        assert members

        place.runs()
        place.works()
        assert place.written() == place.truth()

    def test_a_renamed_segment_keeps_its_members_without_a_write(self, place: Place) -> None:
        place.document = document([each | {"name": "Renamed"} for each in SEGMENTS])
        place.now += timedelta(hours=1)

        place.runs()

        assert not place.pages.sent
        assert place.written() == place.truth()

    def test_segments_that_are_removed_are_forgotten(self, place: Place) -> None:
        place.document = document(())
        place.runs()
        place.works()

        item: Any = place.table.get(keys.targeting("bean", "mem_4"), strong=True)
        assert item["segments"] == {}
        assert place.runs() is None

    def test_what_a_merged_member_did_counts_for_the_survivor(self, place: Place) -> None:
        place.now += timedelta(hours=1)
        place.record(
            Account(
                member_id="mem_4",
                enrolled_at=NOON - timedelta(days=99),
                status="merged",
                into="mem_6",
                ended_at=place.now,
            )
        )
        TableTargeting(place.engine, program_id="bean").unite("mem_4", into="mem_6")
        place.runs()
        place.works()

        assert "mem_6" in place.written()["spenders"]
        assert place.written() == place.truth()

    def test_two_runs_at_once_do_not_both_store_what_they_found(self, place: Place) -> None:
        place.now += timedelta(hours=1)
        place.sells("mem_5", 5000)

        def other_run() -> None:
            place.runs()

        place.home.bucket.on_put = other_run

        with pytest.raises(TryAgain):
            place.runs()
        place.works()

        assert place.written() == place.truth()


class TestErasure:
    def test_an_erased_member_never_reappears(self, place: Place) -> None:
        place.now += timedelta(hours=1)
        place.sells("mem_4", 100_000)
        place.sells("mem_5", 100_000)
        place.runs()
        place.erases("mem_4")
        place.erases("mem_5")

        place.works()
        for member_id in ("mem_4", "mem_5"):
            assert place.table.get(keys.targeting("bean", member_id), strong=True) is None
        place.now += timedelta(hours=1)
        place.runs()
        place.works()

        for member_id in ("mem_4", "mem_5"):
            assert place.table.get(keys.targeting("bean", member_id), strong=True) is None
        assert place.written() == place.truth()


class TestLists:
    """A segment with a list has who is on it, wherever they went since."""

    @pytest.fixture
    def press(self, new_place: Callable[[], Place]) -> Place:
        who: dict[str, Any] = {"id": "press", "name": "Press", "who": {"fact": "listed"}}
        both = {"all": [{"fact": "listed"}, {"fact": "orders", "days": 9, "at_least": 1}]}
        buying = {"id": "buying", "name": "Press that buys", "who": both}
        place = new_place()
        place.document = document([who, buying])
        place.runs()
        place.works()
        return place

    def changes(self, place: Place, segment_id: str = "press", **members: list[str]) -> None:
        """Change a list a minute later, and run."""
        place.now += timedelta(minutes=1)
        change_list(
            segment_id,
            add=members.get("add", []),
            remove=members.get("remove", []),
            lists=place.lists,
        )
        assert place.runs()
        place.works()

    def test_a_changed_list_makes_a_run_due_at_once_and_only_one(self, press: Place) -> None:
        self.changes(press, add=["mem_1", "mem_2"])
        assert press.written()["press"] == {"mem_1", "mem_2"}
        press.now += timedelta(minutes=1)
        assert press.runs() is None

        self.changes(press, remove=["mem_2"])
        assert press.written()["press"] == {"mem_1"}

    def test_it_is_a_condition_like_any_other_and_each_segment_has_a_list(
        self, press: Place
    ) -> None:
        press.sells("mem_2", 1000)
        self.changes(press, "buying", add=["mem_1", "mem_2"])

        assert press.written() == {"press": set(), "buying": {"mem_2"}}

    def test_a_merged_member_is_in_it_as_who_they_became_until_taken_off(
        self, press: Place
    ) -> None:
        self.changes(press, add=["mem_1"])
        ended: dict[str, Any] = {"status": "merged", "into": "mem_2", "ended_at": press.now}
        enrolled_at = NOON - timedelta(days=99)
        press.record(Account(member_id="mem_1", enrolled_at=enrolled_at, **ended))
        press.record(Account(member_id="mem_2", enrolled_at=enrolled_at, absorbed=("mem_1",)))
        press.table.write([Delete(keys.targeting("bean", "mem_1"))])
        press.now += timedelta(hours=1)
        press.runs()
        press.works()
        assert press.written()["press"] == {"mem_2"}

        self.changes(press, remove=["mem_2"])
        assert press.written()["press"] == set()

    def test_an_erased_member_is_taken_off_it(self, press: Place) -> None:
        self.changes(press, add=["mem_1", "mem_2"])
        press.erases("mem_1")
        press.now += timedelta(hours=1)
        press.runs()
        press.works()

        assert press.written()["press"] == {"mem_2"}
        assert list(press.lists.members("press")) == ["mem_2"]


class TestKilling:
    """A run is killed; facts move on; the pages of both runs arrive in any order, some twice."""

    def happens(
        self, place: Place, arm: Callable[[], None], *, killed: type[BaseException], seed: int
    ) -> bool:
        """Whether the run, before which the killer is armed, was killed at all."""
        draw = Random(seed)
        place.now += timedelta(hours=1)
        place.sells("mem_1", 100_000)
        place.sells("mem_5", 4000)
        was_killed = False
        arm()
        try:
            place.runs()
        except killed:
            was_killed = True
        place.home.bucket.calls_left = None
        place.engine.fuse, place.pages.fuse = Fuse(), Fuse()
        # What the killed run saw is no more: quintiles move, and a member is erased.
        place.now += timedelta(days=3)
        place.sells("mem_2", 900_000)
        place.sells("mem_3", 900_000)
        place.erases("mem_5")
        place.runs()
        place.works(lambda pages: draw.sample([*pages, *pages], k=2 * len(pages)))
        assert place.written() == place.truth()
        return was_killed

    def test_anywhere_in_the_lake(self, place_again: Callable[[], Place]) -> None:
        number = 0
        while True:
            place = place_again()
            arm = partial(setattr, place.home.bucket, "calls_left", number)
            if not self.happens(place, arm, killed=bucket.Killed, seed=number):
                break
            number += 1
        assert number > 5

    @pytest.mark.parametrize("after", [False, True])
    def test_anywhere_at_the_table_or_the_queue(
        self, place_again: Callable[[], Place], after: bool
    ) -> None:
        for part in ("engine", "pages"):
            number = 1
            while True:
                place = place_again()
                fuse = Fuse(call_number=number, after=after)
                arm = partial(setattr, getattr(place, part), "fuse", fuse)
                if not self.happens(place, arm, killed=Killed, seed=number):
                    break
                number += 1
            assert number > 1


def test_a_change_is_carried_by_an_item_of_a_page() -> None:
    for item in (
        "mem_1 2026-11-21T12:00:00+00:00",
        "mem_1 2026-11-21T12:00:00.000001+00:00 a:b.c=1234abcd d=00000000",
    ):
        assert item_of(change_of(item)) == item
