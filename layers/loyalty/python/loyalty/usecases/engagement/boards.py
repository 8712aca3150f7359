"""Boards: compute how members stand, settle windows, give prizes, and show all of that.

Nothing is written for an order. A schedule computes the windows that can still change, from the
lake. A window is settled once: its standing is final, and only that gives prizes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from loyalty.domain.engagement.award_terms import AwardTerms
from loyalty.domain.engagement.counters import challenge_counter, challenge_of
from loyalty.domain.engagement.standings import (
    BoardStanding,
    OwnPlace,
    Ranked,
    own_place,
    prize_of,
    running_window,
    windows_to_rank,
)
from loyalty.domain.kernel.errors import NotFound
from loyalty.usecases.engagement.awards import AwardShelf, give_award
from loyalty.usecases.ledger.accounts import lineage

if TYPE_CHECKING:
    from loyalty.domain.engagement.progress import CountedProgress
    from loyalty.domain.people.member import Member
    from loyalty.domain.program.boards import Board
    from loyalty.domain.program.challenges import Challenge
    from loyalty.domain.program.document import Program, PublishedProgram
    from loyalty.usecases.ports import Desk

# By then the facts of a day are in the lake.
FACTS_LATE_MAX: Final = timedelta(hours=1)
# Only members who said yes to this are named on boards, by this attribute.
CONSENT: Final = "community"
NICKNAME: Final = "nickname"
# The lane of the pages that name settled windows.
PRIZES: Final = "prizes"
# No id of a board contains it.
_SEPARATOR: Final = "#"


class Scores(NamedTuple):
    """How many members have a score in a window, the first places, and the cut points of all."""

    members: int
    head: tuple[Ranked, ...]
    cuts: tuple[int, ...]


class ScoresOfWindow(Protocol):
    def scores(self, challenge_id: str, *, window: str, shows: int) -> Scores:
        """What the orders of each member count for a challenge in a window."""
        ...


class BoardShelf(Protocol):
    """The standings of one program."""

    def standing(self, board_id: str, window: str, *, strong: bool) -> BoardStanding | None: ...

    def put(self, standing: BoardStanding, *, replacing: BoardStanding | None) -> None:
        """Store a standing, unless it was replaced by another meanwhile."""
        ...

    def members(self, member_ids: Sequence[str]) -> Mapping[str, Member]:
        """The profiles of those of these members who have one."""
        ...


class ProgressOfMember(Protocol):
    def progress(self, member_id: str, counter: str) -> CountedProgress | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownBoard:
    """A board in one of its windows; `names` are those that may be shown, by member.

    The standing is None if none was computed yet. Members who are no more are in no `head`.
    """

    board: Board
    challenge: Challenge
    window: str | None
    standing: BoardStanding | None
    head: tuple[Ranked, ...] = ()
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardOfMember:
    """Where a member is on a board; `score` counts orders of this moment."""

    board: Board
    window: str | None
    score: int
    place: OwnPlace
    as_of: datetime | None
    is_named: bool


def rank_boards(
    program: PublishedProgram, *, shelf: BoardShelf, scores: ScoresOfWindow, now: datetime
) -> list[str]:
    """Compute the windows that can still change; returns the settled ones that owe prizes.

    A window that was over before the board was first computed is not ranked: nobody knew of it.
    A repeated run is right, too.

    Raises:
        TryAgain: the table or the lake did not answer.
    """
    document = program.document
    today = document.today(now - FACTS_LATE_MAX)
    owing: list[str] = []
    for board, challenge in _ranked(document):
        for window in windows_to_rank(board, challenge, today=today):
            before = shelf.standing(board.id, window.name, strong=True)
            if before is None and window.is_over:
                continue
            if before is not None and before.is_final:
                owing += [] if before.has_given else [prizes_item(before)]
                continue
            found = scores.scores(challenge.id, window=window.name, shows=board.shows)
            standing = BoardStanding(
                board_id=board.id,
                window=window.name,
                as_of=now,
                version=program.version,
                members=found.members,
                head=found.head,
                cuts=found.cuts,
                is_final=window.is_settled,
                has_given=window.is_settled and not board.prizes,
            )
            shelf.put(standing, replacing=before)
            if standing.is_final and not standing.has_given:
                owing.append(prizes_item(standing))
    return owing


def prizes_item(standing: BoardStanding) -> str:
    """Names a settled window in a page of work."""
    return f"{standing.board_id}{_SEPARATOR}{standing.window}"


def give_prizes(item: str, *, boards: BoardShelf, awards: AwardShelf, desk: Desk) -> None:
    """Give the prizes of a settled window that a page names, each once.

    Members who were erased since get nothing, and what a merged member won is the survivor's.

    Raises:
        TryAgain: other writers were faster too often; a repeated call goes on.
    """
    board_id, _, window = item.partition(_SEPARATOR)
    standing = boards.standing(board_id, window, strong=True)
    if standing is None or not standing.is_final or standing.has_given:
        return
    board = board_of(desk.version(standing.version).document, board_id)
    for ranked in standing.head:
        prize = prize_of(ranked.place, board.prizes)
        if prize is not None:
            give_award(
                f"board.{board_id}.{ranked.member_id}.{window}",
                member_id=ranked.member_id,
                terms=AwardTerms(
                    given_for="board",
                    rule_id=board_id,
                    version=standing.version,
                    points=prize.points or 0,
                    reward_id=prize.reward_id,
                ),
                shelf=awards,
                desk=desk,
            )
    boards.put(replace(standing, has_given=True), replacing=standing)


def boards_shown(*, desk: Desk) -> Sequence[tuple[Board, Challenge, str | None]]:
    """The boards of the version in force, each with the window that it shows now."""
    document = desk.program.document
    return [
        (board, challenge, running_window(challenge, today=desk.today))
        for board, challenge in _ranked(document)
    ]


def board_shown(board_id: str, *, window: str | None, boards: BoardShelf, desk: Desk) -> ShownBoard:
    """A board in a window; None: the one that is running.

    Raises:
        NotFound: there is no such board, or nothing is known of that window.
    """
    board, challenge = _board(board_id, desk=desk)
    name = window or running_window(challenge, today=desk.today)
    standing = boards.standing(board_id, name, strong=False) if name else None
    if window is not None and standing is None:
        raise NotFound("The board has no such window")
    head = standing.head if standing else ()
    profiles = boards.members([each.member_id for each in head]) if head else {}
    return ShownBoard(
        board=board,
        challenge=challenge,
        window=name,
        standing=standing,
        head=tuple(each for each in head if each.member_id in profiles),
        names={
            member_id: member.profile.attributes[NICKNAME]
            for member_id, member in profiles.items()
            if _is_named(member)
        },
    )


def board_of_member(
    member_id: str,
    board_id: str,
    *,
    boards: BoardShelf,
    progress: ProgressOfMember,
    desk: Desk,
) -> BoardOfMember:
    """Where a member is on a board in the window that is running.

    Raises:
        NotFound: there is no such board or member, or the member was erased.
    """
    board, challenge = _board(board_id, desk=desk)
    owner = lineage(desk, member_id, strong=False)[-1].member_id
    window = running_window(challenge, today=desk.today)
    standing = boards.standing(board_id, window, strong=False) if window else None
    counted = progress.progress(owner, challenge_counter(challenge.id))
    summed = counted.windows.get(window) if counted and window else None
    score = max(0, sum(summed.tally.values())) if summed else 0
    profile = boards.members([owner]).get(owner)
    return BoardOfMember(
        board=board,
        window=window,
        score=score,
        place=own_place(standing, member_id=owner, score=score) if standing else OwnPlace(),
        as_of=standing.as_of if standing else None,
        is_named=profile is not None and _is_named(profile),
    )


def board_of(document: Program, board_id: str) -> Board:
    """A board of a document.

    Raises:
        NotFound: it has no such board.
    """
    found = next((each for each in document.boards if each.id == board_id), None)
    if found is None:
        raise NotFound("There is no such board")
    return found


def _board(board_id: str, *, desk: Desk) -> tuple[Board, Challenge]:
    document = desk.program.document
    board = board_of(document, board_id)
    challenge = challenge_of(document, board.challenge)
    if challenge is None:
        raise NotFound("There is no such board")
    return board, challenge


def _ranked(document: Program) -> Iterator[tuple[Board, Challenge]]:
    for board in document.boards:
        challenge = challenge_of(document, board.challenge)
        if challenge is not None:
            yield board, challenge


def _is_named(member: Member) -> bool:
    answer = member.consents.get(CONSENT)
    return answer is not None and answer.given and NICKNAME in member.profile.attributes
