"""Publishing: the second of two managers is refused, and a lost answer does no harm."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from loyalty.domain.kernel.errors import StaleVersion, TooLarge, ValidationFailed
from loyalty.domain.program.document import Program, PublishedProgram
from loyalty.usecases.program.publishing import Publication, publish
from loyalty.usecases.program.versions import Superseded
from tests.support.challenges import challenge
from tests.support.documents import program, reward

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


class MemoryPrograms:
    """The versions of programs, in memory; `rival` is published just before the next write."""

    def __init__(self) -> None:
        self.versions: dict[str, list[PublishedProgram]] = {}
        self.rival: PublishedProgram | None = None

    def in_force(self, program_id: str) -> PublishedProgram | None:
        versions = self.versions.get(program_id)
        return versions[-1] if versions else None

    def publish(self, program: PublishedProgram) -> None:
        if self.rival:
            rival, self.rival = self.rival, None
            self.publish(rival)
        versions = self.versions.setdefault(program.program_id, [])
        if program.version != len(versions) + 1:
            raise Superseded
        versions.append(program)


@pytest.fixture
def programs() -> MemoryPrograms:
    return MemoryPrograms()


@pytest.mark.parametrize(
    ("mistakes", "detail"),
    [
        (
            {"currency": "XQX"},
            "There is no currency “XQX” in ISO 4217. See “currency” in docs/program.md",
        ),
        (
            {"time_zone": "Mars/Base", "currency": "XQX"},
            "The program has 2 mistakes. See “time_zone”, “currency” in docs/program.md",
        ),
    ],
)
def test_a_refused_document_says_where_its_parts_are_described(
    programs: MemoryPrograms, mistakes: dict[str, str], detail: str
) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        publish(programs, "bean", program(**mistakes), replacing=None, now=NOW)
    assert refusal.value.detail == detail


def put(
    programs: MemoryPrograms, document: Program, *, replacing: int | None, now: datetime = NOW
) -> Publication:
    return publish(programs, "bean", document, replacing=replacing, now=now)


def test_the_first_version_is_number_one(programs: MemoryPrograms) -> None:
    done = put(programs, program(), replacing=0)

    assert done.is_first
    assert done.program.version == 1
    assert done.program.published_at == NOW


def test_a_version_replaces_the_one_the_manager_saw(programs: MemoryPrograms) -> None:
    put(programs, program(), replacing=0)

    done = put(programs, program(name="Bean"), replacing=1)

    assert (done.program.version, done.is_first) == (2, False)
    assert [each.document.name for each in programs.versions["bean"]] == ["Bean & Leaf", "Bean"]


@pytest.mark.parametrize("replacing", [None, 0, 1, 3])
def test_only_the_version_in_force_can_be_replaced(
    programs: MemoryPrograms, replacing: int | None
) -> None:
    put(programs, program(), replacing=0)
    put(programs, program(name="Bean"), replacing=1)

    with pytest.raises(StaleVersion):
        put(programs, program(name="Leaf"), replacing=replacing)

    assert len(programs.versions["bean"]) == 2


def test_a_program_that_does_not_exist_cannot_be_replaced(programs: MemoryPrograms) -> None:
    with pytest.raises(StaleVersion):
        put(programs, program(), replacing=1)


def test_a_repeated_request_after_a_lost_answer_gets_the_same_answer(
    programs: MemoryPrograms,
) -> None:
    first = put(programs, program(), replacing=0)
    second = put(programs, program(name="Bean"), replacing=1)

    assert put(programs, program(name="Bean"), replacing=1, now=datetime.now(UTC)) == second
    assert len(programs.versions["bean"]) == 2
    assert first.is_first


def test_the_loser_of_a_race_is_refused(programs: MemoryPrograms) -> None:
    programs.rival = PublishedProgram(
        program_id="bean", version=1, published_at=NOW, document=program(name="Rival")
    )

    with pytest.raises(StaleVersion):
        put(programs, program(), replacing=0)


def test_a_write_whose_answer_was_lost_is_recognized_in_the_same_request(
    programs: MemoryPrograms,
) -> None:
    programs.rival = PublishedProgram(
        program_id="bean", version=1, published_at=NOW, document=program()
    )

    done = put(programs, program(), replacing=0)

    assert (done.program.version, done.is_first) == (1, True)


def test_an_unsound_document_is_refused_with_every_fault(programs: MemoryPrograms) -> None:
    with pytest.raises(ValidationFailed) as refused:
        put(programs, program(time_zone="Mars", currency="QQQ"), replacing=0)

    assert [fault.pointer for fault in refused.value.faults] == ["/time_zone", "/currency"]
    assert programs.versions == {}


def test_a_document_too_large_to_keep_is_refused(programs: MemoryPrograms) -> None:
    rewards = [reward(id=f"r{n}", description="x" * 600) for n in range(400)]

    with pytest.raises(TooLarge):
        put(programs, program(rewards=rewards), replacing=0)


def test_an_inactivity_policy_counts_from_the_day_it_was_switched_on_or_changed(
    programs: MemoryPrograms,
) -> None:
    def since(version: int, months: int | None, now: datetime) -> date | None:
        activities = ["order", "redemption"][: version % 2 + 1]
        policy = {"months": months, "activities": activities} if months else None
        document = program(inactivity=policy, name=f"Version {version}")
        return put(programs, document, replacing=version - 1, now=now).program.inactivity_since

    january = datetime(2027, 1, 31, 23, 30, tzinfo=UTC)

    assert since(1, None, NOW) is None
    assert since(2, 6, NOW) == date(2026, 11, 21)
    assert since(3, 6, january) == date(2026, 11, 21)
    assert since(4, 9, january) == date(2027, 2, 1)


def test_a_program_counts_from_its_first_challenge_on_and_ever_after(
    programs: MemoryPrograms,
) -> None:
    challenges: tuple[list[dict[str, Any]], ...] = (
        [],
        [challenge()],
        [challenge(target=5)],
        [],
    )

    since = [
        put(programs, program(challenges=each), replacing=version).program.counts_since
        for version, each in enumerate(challenges)
    ]

    assert since == [None, 2, 2, 2]
