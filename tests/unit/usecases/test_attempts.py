"""A use case decides again while other writers are faster, but not forever."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from loyalty.domain.kernel.errors import NotFound, TryAgain
from loyalty.usecases.attempts import Attempts, until_saved
from loyalty.usecases.ports import DECISIONS_MAX, Desk, Overtaken, Raced


@dataclass
class Pausing:
    """A desk that only pauses."""

    pauses: list[int] = field(default_factory=list)

    def pause(self, attempt: int) -> None:
        self.pauses.append(attempt)


@pytest.fixture
def pausing() -> Pausing:
    return Pausing()


@pytest.fixture
def desk(pausing: Pausing) -> Desk:
    return cast("Desk", pausing)


OVERTAKEN = Overtaken(entry=None, accounts={})


@until_saved
def save(troubles: list[Exception], *, desk: Any) -> str:
    if troubles:
        raise troubles.pop(0)
    return f"saved after {len(desk.pauses)} pauses"


def test_a_write_that_succeeds_at_once_never_pauses(desk: Desk) -> None:
    assert save([], desk=desk) == "saved after 0 pauses"


def test_an_overtaken_use_case_decides_again_after_longer_and_longer_pauses(
    desk: Desk, pausing: Pausing
) -> None:
    assert save([OVERTAKEN, Raced(), OVERTAKEN], desk=desk) == "saved after 3 pauses"
    assert pausing.pauses == [1, 2, 3]


def test_a_refusal_is_final(desk: Desk, pausing: Pausing) -> None:
    with pytest.raises(NotFound):
        save([NotFound()], desk=desk)
    assert pausing.pauses == []


def test_a_use_case_overtaken_too_often_answers_try_again(desk: Desk, pausing: Pausing) -> None:
    troubles: list[Exception] = [OVERTAKEN] * DECISIONS_MAX

    with pytest.raises(TryAgain):
        save(troubles, desk=desk)

    assert troubles == []
    assert len(pausing.pauses) == DECISIONS_MAX - 1


def test_every_attempt_after_the_first_is_a_repetition(desk: Desk) -> None:
    attempts = Attempts(desk)

    assert [attempts.begin() for _ in range(3)] == [False, True, True]
