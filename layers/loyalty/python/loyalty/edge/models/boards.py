"""Boards, and how members stand on them."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from loyalty.domain.engagement.standings import prize_of
from loyalty.domain.engagement.windows import EVER, first_day, last_day
from loyalty.domain.program.boards import Board, Prize
from loyalty.domain.program.challenges import Challenge
from loyalty.edge.http.params import Query
from loyalty.edge.http.schemas import AnswerPart
from loyalty.usecases.engagement.boards import BoardOfMember, ShownBoard

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program

type RankedBy = Literal["orders", "units", "spend_minor"]

BoardWindow = Annotated[
    str | None,
    Query(
        max_length=40,
        description="The window, as `2026-11`, `2026-W48`, `2026-Q4`, `2026`, `ever` or two days "
        "with a slash between them; the running one if it is left out.",
    ),
]
Window = Annotated[str | None, Field(description="The window; null: the first one has not begun.")]
Score = Annotated[int, Field(description="What counts, in the unit of `counts`.")]
_Counts = Annotated[
    RankedBy, Field(description="What a score counts: orders, units or minor units of money.")
]


class PrizeAnswer(AnswerPart):
    """What members in a place get once the window is settled."""

    to_place: Annotated[int, Field(description="The last place that gets it.")]
    points: Annotated[int, Field(description="The points that it gives; 0: none.")]
    reward_id: Annotated[
        str | None, Field(description="The reward that it gives for no points; null: none.")
    ]
    reward_name: Annotated[
        str | None, Field(description="The reward's name in the version in force; null: none.")
    ]


class BoardAnswer(AnswerPart):
    """A board of the program."""

    id: Annotated[str, Field(description="The board's id in the program document.")]
    name: Annotated[str, Field(description="Its name.")]
    challenge: Annotated[str, Field(description="The id of the challenge that ranks the members.")]
    counts: _Counts
    window: Window
    shows: Annotated[int, Field(description="The last place that it shows.")]
    settles_after_days: Annotated[
        int, Field(description="For how many days after a window refunds still change it.")
    ]
    prizes: Annotated[list[PrizeAnswer], Field(description="What the first places get.")]


class BoardList(AnswerPart):
    """The boards of the version in force."""

    items: Annotated[list[BoardAnswer], Field(description="All, in the document's order.")]
    next_cursor: Annotated[None, Field(description="Always null: there is one page.")] = None


class PlaceAnswer(AnswerPart):
    """A member on a board."""

    place: Annotated[int, Field(description="The place; members with the same score share it.")]
    score: Score
    nickname: Annotated[
        str | None,
        Field(description="The member's nickname on boards; null: they did not agree to be named."),
    ]
    member_id: Annotated[str | None, Field(description="The member's id; null for members.")]
    has_prize: Annotated[bool, Field(description="Whether the place gets a prize.")]


class StandingAnswer(AnswerPart):
    """How members stand on a board in a window."""

    id: Annotated[str, Field(description="The board's id in the program document.")]
    name: Annotated[str, Field(description="Its name.")]
    counts: _Counts
    window: Window
    starts_on: Annotated[date | None, Field(description="The window's first day; null: none.")]
    ends_on: Annotated[date | None, Field(description="The window's last day; null: none.")]
    state: Annotated[
        Literal["open", "final"],
        Field(description="`open`: orders and refunds still change it. `final`: nothing does."),
    ]
    as_of: Annotated[
        datetime | None, Field(description="When it was computed, in UTC; null: not yet.")
    ]
    members: Annotated[int, Field(description="How many members have a score.")]
    items: Annotated[
        list[PlaceAnswer],
        Field(description="The first places. A place that too many members share is left out."),
    ]
    next_cursor: Annotated[None, Field(description="Always null: there is one page.")] = None


class BoardOfMemberAnswer(AnswerPart):
    """Where a member is on a board."""

    id: Annotated[str, Field(description="The board's id in the program document.")]
    name: Annotated[str, Field(description="Its name.")]
    window: Window
    score: Score
    place: Annotated[
        int | None,
        Field(
            description="The place, if the board shows it or all places are known; otherwise null."
        ),
    ]
    top_percent: Annotated[
        int | None,
        Field(
            description="Otherwise the percentage from the top: 10 means among the first 10 %. "
            "null: no score yet."
        ),
    ]
    as_of: Annotated[
        datetime | None, Field(description="When the others' scores were computed, in UTC.")
    ]
    is_named: Annotated[
        bool,
        Field(
            description="Whether other members see the nickname: this needs the consent "
            "`community` and the attribute `nickname`."
        ),
    ]


def board_answer(
    board: Board, challenge: Challenge, window: str | None, *, document: "Program"
) -> BoardAnswer:
    return BoardAnswer(
        id=board.id,
        name=board.name,
        challenge=challenge.id,
        counts=_counts(challenge),
        window=window,
        shows=board.shows,
        settles_after_days=board.settles_after_days,
        prizes=[_prize(each, document) for each in board.prizes],
    )


def standing_answer(found: ShownBoard, *, has_ids: bool) -> StandingAnswer:
    """`has_ids`: the members' ids are shown."""
    board, standing, window = found.board, found.standing, found.window
    ends = window is not None and window != EVER
    return StandingAnswer(
        id=board.id,
        name=board.name,
        counts=_counts(found.challenge),
        window=window,
        starts_on=first_day(window) if ends and window else None,
        ends_on=last_day(window) if ends and window else None,
        state="final" if standing and standing.is_final else "open",
        as_of=standing.as_of if standing else None,
        members=standing.members if standing else 0,
        items=[
            PlaceAnswer(
                place=each.place,
                score=each.score,
                nickname=found.names.get(each.member_id),
                member_id=each.member_id if has_ids else None,
                has_prize=prize_of(each.place, board.prizes) is not None,
            )
            for each in found.head
        ],
    )


def board_of_member_answer(found: BoardOfMember) -> BoardOfMemberAnswer:
    return BoardOfMemberAnswer(
        id=found.board.id,
        name=found.board.name,
        window=found.window,
        score=found.score,
        place=found.place.place,
        top_percent=found.place.top_percent,
        as_of=found.as_of,
        is_named=found.is_named,
    )


def _counts(challenge: Challenge) -> RankedBy:
    """Publishing refuses boards of challenges that count categories or activities."""
    match challenge.counts.what:
        case ("categories" | "activities") as what:
            raise ValueError(f"a board ranks by {what}")
        case what:
            return what


def _prize(prize: Prize, document: "Program") -> PrizeAnswer:
    reward = document.reward(prize.reward_id) if prize.reward_id else None
    return PrizeAnswer(
        to_place=prize.to_place,
        points=prize.points or 0,
        reward_id=prize.reward_id,
        reward_name=reward.name if reward else None,
    )
