"""Boards are computed while they can change, settled once, and give each prize once."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from loyalty.domain.engagement.standings import BoardStanding, OwnPlace, Ranked
from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.people.member import Consent, Member, Profile
from loyalty.table import keys
from loyalty.table.boards import TableBoards
from loyalty.table.operations import Put
from loyalty.table.records.members import member_to_item
from loyalty.usecases.engagement.boards import (
    Scores,
    board_of_member,
    board_shown,
    boards_shown,
    give_prizes,
    rank_boards,
)
from loyalty.usecases.ledger.corrections import merge_members
from tests.support.challenges import challenge
from tests.support.club import ANA, BOB
from tests.support.engagement import Collecting, Killed
from tests.support.memory import NOW

MONTHLY: Final = challenge(window="month", counts={"what": "units"}, target=1000)
CUPS: Final = {
    "id": "cups",
    "name": "Most cups",
    "challenge": "three",
    "shows": 2,
    "prizes": [{"to_place": 1, "points": 100}, {"to_place": 2, "points": 10}],
}
NOVEMBER: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
SETTLED: Final = datetime(2026, 12, 15, 12, tzinfo=UTC)


@dataclass
class Lake:
    """Scores that a test sets; `windows` are the windows that were computed."""

    head: tuple[Ranked, ...] = (Ranked(ANA, 9, 1), Ranked(BOB, 7, 2))
    windows: list[str] = field(default_factory=list)

    def scores(self, challenge_id: str, *, window: str, shows: int) -> Scores:
        self.windows.append(window)
        return Scores(len(self.head), self.head, tuple(each.score for each in self.head))


class Ranking(Collecting):
    def __init__(self, **parts: Any) -> None:
        boards = [CUPS | parts]
        super().__init__(MONTHLY, members=(ANA, BOB), boards=boards)
        self.now = NOVEMBER
        self.lake = Lake()

    @property
    def boards(self) -> TableBoards:
        return TableBoards(self.engine, program_id="bean")

    def ranks(self) -> list[str]:
        return rank_boards(self.program, shelf=self.boards, scores=self.lake, now=self.now)

    def gives(self, item: str = "cups#2026-11") -> None:
        give_prizes(item, boards=self.boards, awards=self.shelf, desk=self.desk)

    def standing(self, window: str = "2026-11") -> BoardStanding:
        found = self.boards.standing("cups", window, strong=True)
        assert found is not None
        return found

    def knows(self, member_id: str, *, agrees: bool | None, **attributes: str) -> None:
        """Write a member's profile."""
        consents = {} if agrees is None else {"community": Consent(agrees, NOVEMBER)}
        member = Member(
            member_id=member_id,
            enrolled_at=NOVEMBER,
            enrolled_by="",
            identities={},
            profile=Profile(attributes=attributes),
            consents=consents,
        )
        self.engine.write([Put(keys.profile("bean", member_id), member_to_item(member))])


def test_only_windows_that_can_still_change_are_computed() -> None:
    club = Ranking()
    assert club.ranks() == []
    club.now = datetime(2026, 12, 10, tzinfo=UTC)
    club.lake.head = (Ranked(BOB, 7, 1),)

    assert club.ranks() == []

    assert club.lake.windows == ["2026-11", "2026-12", "2026-11"]
    assert club.standing().head == (Ranked(BOB, 7, 1),)
    assert not club.standing().is_final


def test_a_window_that_was_over_before_the_board_was_there_is_not_ranked() -> None:
    club = Ranking()
    club.now = datetime(2026, 12, 10, tzinfo=UTC)

    club.ranks()

    assert club.lake.windows == ["2026-12"]


def test_a_settled_window_gives_its_prizes_once_and_never_changes_again() -> None:
    club = Ranking()
    club.ranks()
    club.now = SETTLED
    assert club.ranks() == ["cups#2026-11"]
    club.lake.head = ()
    # The page was lost: the next run names the window again.
    assert club.ranks() == ["cups#2026-11"]

    club.gives()
    club.gives()

    assert (club.bonuses(ANA), club.bonuses(BOB)) == (100, 10)
    assert club.ranks() == []
    assert club.standing().head == (Ranked(ANA, 9, 1), Ranked(BOB, 7, 2))
    for member in (ANA, BOB):
        club.must_add_up(member)


def test_members_who_share_a_place_get_the_same() -> None:
    club = Ranking()
    club.lake.head = (Ranked(ANA, 9, 1), Ranked(BOB, 9, 1))
    club.ranks()
    club.now = SETTLED
    club.ranks()

    club.gives()

    assert (club.bonuses(ANA), club.bonuses(BOB)) == (100, 100)


@pytest.mark.parametrize("takes_effect", [False, True])
@pytest.mark.parametrize("dies_at", range(3))
def test_prizes_are_given_once_wherever_the_worker_is_killed(
    dies_at: int, takes_effect: bool
) -> None:
    club = Ranking()
    club.ranks()
    club.now = SETTLED
    club.ranks()
    club.table.dies_at, club.table.takes_effect = dies_at, takes_effect
    with pytest.raises(Killed):
        club.gives()

    club.gives()

    assert (club.bonuses(ANA), club.bonuses(BOB)) == (100, 10)


def test_a_merged_member_wins_for_the_survivor() -> None:
    club = Ranking()
    club.ranks()
    club.now = SETTLED
    club.ranks()
    merge_members(BOB, into=ANA, request_id="m", desk=club.desk)

    club.gives()

    assert club.bonuses(ANA) == 110


def test_a_board_without_prizes_is_settled_at_once() -> None:
    club = Ranking(prizes=[])
    club.ranks()
    club.now = SETTLED

    assert club.ranks() == []
    assert club.standing().is_final


def test_a_run_that_was_overtaken_stores_nothing() -> None:
    club = Ranking()
    club.ranks()
    first = club.standing()
    newer = replace(first, as_of=NOVEMBER + timedelta(hours=1), members=5)
    club.boards.put(newer, replacing=first)

    club.boards.put(replace(first, members=1), replacing=first)

    assert club.standing() == newer


def test_only_members_who_agreed_are_named_and_those_who_left_are_gone() -> None:
    club = Ranking()
    club.lake.head = (Ranked(ANA, 9, 1), Ranked(BOB, 7, 2), Ranked("gone", 7, 2))
    club.ranks()
    club.knows(ANA, agrees=True, nickname="Ana from next door")
    club.knows(BOB, agrees=False, nickname="Bob")

    shown = board_shown("cups", window=None, boards=club.boards, desk=club.desk)

    assert shown.names == {ANA: "Ana from next door"}
    assert [each.member_id for each in shown.head] == [ANA, BOB]


def test_a_member_sees_their_score_of_now_and_their_place() -> None:
    club = Ranking()
    club.now = NOW
    club.ranks()
    club.sells("1", quantity=8)
    club.looks_at("1")
    club.knows(ANA, agrees=True)

    own = board_of_member(ANA, "cups", boards=club.boards, progress=club.shelf, desk=club.desk)

    assert (own.score, own.place, own.is_named) == (8, OwnPlace(place=1), False)


def test_boards_are_listed_with_their_running_windows() -> None:
    club = Ranking()

    ((board, _, window),) = boards_shown(desk=club.desk)

    assert (board.id, window) == ("cups", "2026-11")


@pytest.mark.parametrize(("board_id", "window"), [("none", None), ("cups", "2020-01")])
def test_what_is_not_known_is_not_found(board_id: str, window: str | None) -> None:
    club = Ranking()

    with pytest.raises(NotFound):
        board_shown(board_id, window=window, boards=club.boards, desk=club.desk)
