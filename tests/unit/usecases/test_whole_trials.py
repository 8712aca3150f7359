"""Trials on everybody: wherever a worker is killed, they end as if none had been."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Final

import pytest

from local.memory import MemoryEngine
from loyalty.domain.kernel.errors import LimitReached, NotFound, TooLarge
from loyalty.domain.program.document import PublishedProgram
from loyalty.domain.trials.happenings import LinesMissing, PersonFacts
from loyalty.domain.trials.sums import TrialSums, added_up
from loyalty.domain.trials.trial import Trial, try_on
from loyalty.domain.trials.whole import GIVEN_UP_AFTER, Prepared, WholeTrial, parts_for
from loyalty.lake.trial_sums import sums_from_json, sums_to_json
from loyalty.table.whole_trials import TableWholeTrials
from loyalty.usecases.trials import Tried
from loyalty.usecases.whole_trials import (
    PREPARE,
    PartOfTrial,
    TrialGivenUp,
    TrialRun,
    prepare,
    request_trial,
    requested_trial,
    try_part,
)
from loyalty.usecases.work_pages import WorkPage
from tests.support.campaigns import campaign
from tests.support.documents import program, rule
from tests.support.example_year import ExampleYear, goods
from tests.support.sweeping import Fuse, FusedEngine, Killed, ListedPages
from tests.support.trials import facts_in, people_of, versions_of

NOON: Final = datetime(2027, 1, 1, 12, tzinfo=UTC)
FIRST: Final = date(2026, 1, 5)
PARTS: Final = 2
PLAIN: Final[dict[str, Any]] = {"earning_rules": [rule()], "pending_days": 0}
# Two orders of the three use it up.
WELCOME: Final = campaign(
    id="welcome",
    effect={"kind": "fixed", "points": 50},
    limits={"budget": {"points": 100, "per": "campaign"}},
)


@cache
def people() -> tuple[PublishedProgram, tuple[PersonFacts, ...]]:
    """Three people, each with an order of a day of their own."""
    years = [ExampleYear("coffee", enrolled_on=FIRST) for _ in range(3)]
    found = []
    for number, year in enumerate(years):
        year.becomes(program(**PLAIN))
        year.buy(FIRST + timedelta(days=number), goods(10_000))
        found += people_of(facts_in(year.items(), now=NOON))
    return years[0].program, tuple(found)


def trial(ends: dict[str, int] | None = None) -> Trial:
    in_force, _ = people()
    return Trial(
        proposed=replace(in_force, version=2, document=program(**PLAIN, campaigns=[WELCOME])),
        versions=versions_of(replace(in_force, published_at=datetime(2025, 1, 1, tzinfo=UTC))),
        first=FIRST,
        last=date(2026, 12, 31),
        ends=ends or {},
    )


@dataclass
class Files:
    """Implements `TrialFiles`: sums as JSON, and what came out."""

    fuse: Fuse = field(default_factory=Fuse)
    stored: dict[tuple[int, int], str] = field(default_factory=dict)
    answers: list[Tried] = field(default_factory=list)
    refusal: Exception | None = None

    def prepare(self, _trial: WholeTrial) -> Prepared:
        self.fuse.before_call()
        if self.refusal:
            raise self.refusal
        self.fuse.after_call()
        return Prepared(NOON, 3, PARTS)

    def people(self, _trial: WholeTrial, part: int) -> Iterator[PersonFacts]:
        self.fuse.before_call()
        yield from people()[1][part::PARTS]
        self.fuse.after_call()

    def put_sums(self, trial: WholeTrial, part: int, sums: TrialSums) -> None:
        self.fuse.before_call()
        self.stored[trial.round, part] = json.dumps(sums_to_json(sums))
        self.fuse.after_call()

    def sums(self, trial: WholeTrial, part: int) -> TrialSums:
        self.fuse.before_call()
        stored = self.stored[trial.round, part]
        self.fuse.after_call()
        return sums_from_json(json.loads(stored))

    def put_answer(self, _trial: WholeTrial, tried: Tried) -> None:
        self.fuse.before_call()
        self.answers.append(tried)
        self.fuse.after_call()


@dataclass
class Place:
    """The table, the queue and the files of a program. A page stays until it was worked off."""

    fuse: Fuse = field(default_factory=Fuse)
    table: MemoryEngine = field(default_factory=MemoryEngine)
    now: datetime = NOON

    def __post_init__(self) -> None:
        self.pages, self.files = ListedPages(self.fuse), Files(self.fuse)
        engine = FusedEngine(self.table, self.fuse)
        self.trials = TableWholeTrials(engine, program_id="bean")

    def request(self, trial_id: str = "one") -> WholeTrial:
        return request_trial(
            WholeTrial(
                trial_id=trial_id,
                first=FIRST,
                last=date(2026, 12, 31),
                version=1,
                requested_at=self.now,
            ),
            program_id="bean",
            trials=self.trials,
            pages=self.pages,
        )

    def run(self) -> TrialRun:
        return TrialRun(
            program_id="bean",
            trials=self.trials,
            files=self.files,
            trial=lambda whole: trial(dict(whole.ends)),
            pages=self.pages,
            clock=lambda: self.now,
        )

    def work(self) -> None:
        while self.pages.sent:
            self.do(self.pages.sent[0])
            self.pages.sent.pop(0)

    def do(self, page: WorkPage) -> None:
        (item,) = page.items
        if page.lane == PREPARE:
            prepare(item, self.run())
        else:
            try_part(PartOfTrial.read(item), self.run())

    def found(self, trial_id: str = "one") -> WholeTrial:
        return requested_trial(trial_id, trials=self.trials, now=self.now)


def uninterrupted() -> Place:
    place = Place()
    place.request()
    place.work()
    return place


def test_it_ends_with_the_sums_of_all_people_and_the_ends_of_budgets() -> None:
    place = uninterrupted()

    (tried,) = place.files.answers
    assert place.found().state == "done"
    assert place.found().round == 2
    assert tried.people == 3
    assert list(tried.trial.ends) == ["budget:welcome#all"]
    assert tried.sums == added_up(try_on(each, tried.trial) for each in people()[1])
    # The third order finds nothing left.
    assert sum(tried.sums.taken.values()) == 100


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_call_it_ends_as_if_it_had_not_been(after: bool) -> None:
    (expected,) = uninterrupted().files.answers
    for call_number in range(1, 200):
        place = Place(Fuse(call_number, after=after))
        is_killed = False
        for _ in range(2):
            try:
                place.request()
                place.work()
            except Killed:
                is_killed = True
        place.fuse.call_number = 0
        assert place.found().state == "done"
        assert {each.sums.cells == expected.sums.cells for each in place.files.answers} == {True}
        assert place.files.answers[0].trial.ends == expected.trial.ends
        if not is_killed:
            assert call_number > 30
            return
    pytest.fail("it never ends")


def test_any_message_may_come_twice() -> None:
    place = Place()
    place.request()
    while place.pages.sent:
        page = place.pages.sent[0]
        for _ in range(2):
            place.do(page)
        place.pages.sent.remove(page)

    assert place.found().state == "done"
    assert len({str(each.sums) for each in place.files.answers}) == 1


def test_the_same_trial_again_is_the_one_that_there_is() -> None:
    place = uninterrupted()
    place.now += timedelta(minutes=1)

    again = place.request()

    assert (again.state, again.requested_at) == ("done", NOON)
    assert place.pages.sent == []


def test_one_trial_of_a_program_is_under_way_at_a_time() -> None:
    place = Place()
    place.request()

    with pytest.raises(LimitReached):
        place.request("other")

    place.work()
    assert place.request("other").state == "queued"


def test_what_is_too_large_fails_with_the_reason_and_can_be_asked_for_again() -> None:
    place = Place()
    place.files.refusal = TooLarge("Too much.")
    place.request()
    place.work()
    failed = place.found()

    place.files.refusal = None
    place.now += timedelta(minutes=1)
    place.request()
    place.work()

    assert (failed.state, failed.trouble, failed.detail) == ("failed", "too_large", "Too much.")
    assert place.found().state == "done"


def test_orders_without_their_lines_are_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: Any) -> TrialSums:
        raise LinesMissing

    monkeypatch.setattr("loyalty.usecases.trials.try_on", missing)
    place = uninterrupted()

    assert place.found().trouble == "lines_missing"


def test_one_that_takes_too_long_is_given_up_and_can_be_asked_for_again() -> None:
    place = Place()
    place.request()
    place.now += GIVEN_UP_AFTER

    assert place.found().trouble == "gave_up"
    for _ in range(2):
        with pytest.raises(TrialGivenUp):
            place.work()
    place.pages.sent.clear()
    place.request()
    place.work()

    assert place.found().state == "done"


def test_a_trial_that_there_is_not_is_not_found() -> None:
    with pytest.raises(NotFound):
        Place().found()
    # Its messages find nothing to do.
    prepare("gone", Place().run())
    try_part(PartOfTrial("gone", 1, 0), Place().run())


def test_they_are_listed_newest_first() -> None:
    place = Place()
    for number in range(3):
        place.request(f"trial-{number}")
        place.work()
        place.now += timedelta(minutes=1)

    page = place.trials.listed(limit=2, start=None)
    rest = place.trials.listed(limit=2, start=page.next)

    assert [each.trial_id for each in page.items] == ["trial-2", "trial-1"]
    assert [each.trial_id for each in rest.items] == ["trial-0"]
    assert {each.state for each in page.items} == {"done"}


def test_parts_are_about_a_minute_of_work_and_at_most_as_many_as_the_engine_writes() -> None:
    assert [parts_for(orders) for orders in (0, 1, 50_000, 50_001, 10**7)] == [1, 1, 1, 2, 96]
