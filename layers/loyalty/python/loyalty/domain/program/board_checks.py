"""What must hold of a program's boards before they are published."""

from collections.abc import Iterator, Sequence
from typing import Final

from loyalty.domain.kernel.errors import Fault
from loyalty.domain.program.boards import Board
from loyalty.domain.program.challenges import Challenge
from loyalty.domain.program.document import Program
from loyalty.domain.program.given_rewards import given_reward

# What a challenge may count and a board cannot rank by.
NOT_RANKED: Final = ("categories", "activities")


def checks(
    document: Program, boards: Sequence[Board], challenges: Sequence[Challenge]
) -> Iterator[Iterator[Fault]]:
    """The checks of boards. `boards` and `challenges` are those that could be read."""
    for index, board in enumerate(boards):
        place = f"/boards/{index}"
        yield _challenge(board, challenges, place)
        yield _prizes(board, place)
        yield _rewards(board, document, place)


def _rewards(board: Board, document: Program, place: str) -> Iterator[Fault]:
    for number, prize in enumerate(board.prizes):
        if prize.reward_id is not None:
            pointer = f"{place}/prizes/{number}/reward_id"
            yield from given_reward(prize.reward_id, document, pointer)


def _challenge(board: Board, challenges: Sequence[Challenge], place: str) -> Iterator[Fault]:
    challenge = next((each for each in challenges if each.id == board.challenge), None)
    place = f"{place}/challenge"
    if challenge is None:
        yield Fault(place, "unknown_challenge", f"There is no challenge {board.challenge}")
    elif challenge.streak is not None or challenge.counts.what in NOT_RANKED:
        detail = "A board ranks by orders, units or spending; this counts something else"
        yield Fault(place, "not_ranked", detail)
    elif challenge.window == "day":
        yield Fault(place, "not_ranked", "A board ranks by weeks or longer windows, not by days")
    elif challenge.window == "ever" and board.prizes:
        detail = "This challenge has no window that ends, so the board cannot give prizes"
        yield Fault(place, "no_end", detail)


def _prizes(board: Board, place: str) -> Iterator[Fault]:
    seen: set[int] = set()
    for number, prize in enumerate(board.prizes):
        pointer = f"{place}/prizes/{number}"
        if prize.points is None and prize.reward_id is None:
            yield Fault(pointer, "prize_unclear", "Give points or a reward, or both")
        if prize.to_place > board.shows:
            detail = f"The board shows only {board.shows} places"
            yield Fault(f"{pointer}/to_place", "out_of_reach", detail)
        if prize.to_place in seen:
            yield Fault(f"{pointer}/to_place", "duplicate_id", "Two prizes end with the same place")
        seen.add(prize.to_place)
