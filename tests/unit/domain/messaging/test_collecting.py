"""Members get messages about what they completed, earned, or have nearly completed."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

import pytest

from loyalty.domain.engagement.counters import challenge_counter
from loyalty.domain.engagement.member_challenges import MemberChallenge, member_challenge
from loyalty.domain.engagement.progress import CountedProgress, WindowSum
from loyalty.domain.messaging.collecting import Collected, occasions_of_challenges
from loyalty.domain.messaging.occasions import Occasion
from tests.support.challenges import challenge
from tests.support.documents import program
from tests.support.ledger import NOON, award

TODAY: Final = date(2026, 11, 21)
EVERY: Final[dict[str, Any]] = {
    "challenge_completed": {},
    "badge_earned": {},
    "challenge_ending": {"days_before": 2},
}
AWARD: Final = award(badges=("regular",))


def occasions_by(
    *challenges: MemberChallenge, awards: Any = (), reminders: Any = None, **parts: Any
) -> list[Occasion]:
    document = program(
        challenges=[challenge(window="week", **parts)],
        badges=[{"id": "regular", "name": "Regular"}],
        reminders=EVERY if reminders is None else reminders,
    )
    collected = Collected(challenges=challenges, awards=awards)
    return list(occasions_of_challenges(collected, document, today=TODAY))


def standing(amount: int, **parts: Any) -> MemberChallenge:
    (rule,) = program(challenges=[challenge(window="week", **parts)]).challenges
    windows = {"2026-W47": WindowSum(1, {"*": amount})} if amount else {}
    progress = CountedProgress(
        member_id="mem_1", counter=challenge_counter("three"), windows=windows
    )
    return member_challenge(rule, progress, lambda _version: rule, today=TODAY)


def test_a_completion_and_a_badge_are_told_for_a_week() -> None:
    completed, earned = occasions_by(awards=[AWARD])

    assert (completed.kind, completed.label, completed.points) == (
        "challenge_completed",
        "Three visits",
        50,
    )
    assert (earned.kind, earned.label) == ("badge_earned", "Regular")
    assert {each.on for each in (completed, earned)} == {NOON.date()}
    assert {each.until - each.on for each in (completed, earned)} == {timedelta(days=7)}


def test_what_was_undone_or_left_the_document_is_not_told() -> None:
    assert occasions_by(awards=[replace(AWARD, stands=False)]) == []
    assert occasions_by(awards=[award(rule_id="gone")]) == []
    assert (
        occasions_by(awards=[replace(AWARD, badges=("gone",))], reminders={"badge_earned": {}})
        == []
    )


def test_only_messages_of_the_document_are_written() -> None:
    assert occasions_by(standing(2), awards=[AWARD], reminders={}) == []


def test_who_has_begun_and_misses_little_is_told_before_the_window_ends() -> None:
    (ending,) = occasions_by(standing(2))

    # The week ends on a Sunday.
    assert (ending.on, ending.until) == (date(2026, 11, 20), date(2026, 11, 22))
    assert ending.name == "ending/three/2026-11-22"


@pytest.mark.parametrize(
    ("amount", "parts"), [(0, {}), (1, {}), (3, {}), (2, {"activation": "join"})]
)
def test_nobody_else_is_told(amount: int, parts: dict[str, Any]) -> None:
    assert occasions_by(standing(amount, **parts)) == []
