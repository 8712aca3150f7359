"""What a warm function remembers, for how long, and how much of it."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from loyalty.table.recent import REMEMBERED_FOR, REMEMBERED_MAX, Recent

NOW: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


class Numbered:
    """Reads the name, and how often it was read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, name: str) -> str:
        self.read.append(name)
        return f"{name} {self.read.count(name)}"


@pytest.fixture
def numbered() -> Numbered:
    return Numbered()


def test_one_read_answers_for_a_while(numbered: Numbered) -> None:
    recent = Recent(numbered)

    assert recent.get("a", now=NOW) == "a 1"
    assert recent.get("a", now=NOW + REMEMBERED_FOR - timedelta(seconds=1)) == "a 1"
    assert recent.get("a", now=NOW + REMEMBERED_FOR) == "a 2"


def test_a_clock_that_was_set_back_makes_it_look_again(numbered: Numbered) -> None:
    recent = Recent(numbered)
    recent.get("a", now=NOW)

    assert recent.get("a", now=NOW - timedelta(hours=1)) == "a 2"


def test_what_was_used_longest_ago_is_forgotten_first(numbered: Numbered) -> None:
    recent = Recent(numbered)
    for number in range(REMEMBERED_MAX):
        recent.get(f"{number}", now=NOW)
    recent.get("0", now=NOW)
    recent.get("new", now=NOW)

    assert recent.get("0", now=NOW) == "0 1"
    assert recent.get("1", now=NOW) == "1 2"
