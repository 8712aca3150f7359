"""Challenges and badges, as members see theirs."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from loyalty.domain.engagement.member_challenges import ChallengeState, MemberChallenge
from loyalty.domain.program.challenges import Badge, CountedThing, StreakPeriod
from loyalty.domain.program.kinds import Activation
from loyalty.edge.http.schemas import AnswerPart

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program


class BadgeAnswer(AnswerPart):
    """A badge of the program."""

    id: Annotated[str, Field(description="The badge's id in the program document.")]
    name: Annotated[str, Field(description="Its name.")]
    description: Annotated[str | None, Field(description="What it is for.")]
    image_url: Annotated[str | None, Field(description="Its picture.")]


class BadgesOfMember(AnswerPart):
    """The badges of a member."""

    items: Annotated[
        list[BadgeAnswer], Field(description="Those that they have, in the document's order.")
    ]
    next_cursor: Annotated[None, Field(description="Always null: there is one page.")] = None


class ChallengeReward(AnswerPart):
    """A reward that completing a challenge gives, for no points."""

    id: Annotated[str, Field(description="The reward's id in the program document.")]
    name: Annotated[str, Field(description="Its name.")]


class ChallengeGift(AnswerPart):
    """What completing a challenge gives."""

    points: Annotated[int, Field(description="Points; 0: none.")]
    reward: Annotated[
        ChallengeReward | None,
        Field(description="A reward of the version in force, as a voucher; null: none."),
    ]
    badges: Annotated[list[BadgeAnswer], Field(description="Badges of the version in force.")]


class StampCard(AnswerPart):
    """A challenge with `"show": "stamps"`, as a card."""

    stamps: Annotated[
        int,
        Field(description="The stamps on it. If no other card follows, the last card stays full."),
    ]
    of: Annotated[int, Field(description="How many stamps fill it.")]
    cards: Annotated[int, Field(description="How many cards the member filled in this window.")]


class StreakAnswer(AnswerPart):
    """The streak that is under way."""

    every: Annotated[StreakPeriod, Field(description="The periods: days, weeks or months.")]
    freezes_left: Annotated[
        int,
        Field(
            description="How many more periods the member can miss before the first ones drop "
            "out. The current period is not missed until it is over."
        ),
    ]
    has_counted: Annotated[
        bool,
        Field(description="Whether something in the period that ends on `until` counts already."),
    ]


class ChallengeOfMember(AnswerPart):
    """A challenge, and how far a member is in it.

    A member who has begun goes by the terms that were in force then, until the window ends.
    """

    id: Annotated[str, Field(description="The challenge's id in the program document.")]
    name: Annotated[str, Field(description="The challenge's name in the program document.")]
    state: Annotated[
        ChallengeState,
        Field(
            description="`scheduled`: it has not begun. `done`: the member completed it as "
            "often as possible in this window. `ended`: its last day is over."
        ),
    ]
    show: Annotated[
        Literal["progress", "stamps"],
        Field(description="How to show it: as progress, or as a card with stamps."),
    ]
    counts: Annotated[
        CountedThing | Literal["periods"],
        Field(
            description="What `progress`, `target` and `missing` count: orders, units, minor "
            "units of money, categories, activities, or the periods of a streak."
        ),
    ]
    progress: Annotated[int, Field(description="What counts toward the next completion.")]
    target: Annotated[int, Field(description="What completes it.")]
    missing: Annotated[
        int,
        Field(
            description="What is left to the next completion; 0: there is none in this window. "
            "It is more than the target if a refund undid a completion that the member kept."
        ),
    ]
    until: Annotated[
        date | None,
        Field(
            description="The last day of the current window, or of a streak's current period, "
            "in the program's time zone; null: no end. Before the challenge begins it is that "
            "of the first window, after its end that of the last one."
        ),
    ]
    completed: Annotated[
        int, Field(description="How often they completed it in this window, or by streaks.")
    ]
    times_max: Annotated[
        int, Field(description="How often they can complete it in this window, or by streaks.")
    ]
    activation: Annotated[
        Activation,
        Field(description="`join`: members have to join it. `auto`: all members take part."),
    ]
    joined_at: Annotated[
        datetime | None,
        Field(description="When the member joined it, in UTC; null: they did not, or need not."),
    ]
    completed_ever: Annotated[
        int, Field(description="How often they completed it in all windows together.")
    ]
    gives: Annotated[ChallengeGift, Field(description="What the next completion gives.")]
    card: Annotated[
        StampCard | None,
        Field(description="The progress as a card; null: it is not shown as a card."),
    ]
    streak: Annotated[
        StreakAnswer | None, Field(description="The streak; null: a target completes it.")
    ]
    starts_on: Annotated[
        date | None, Field(description="The first day whose orders count; null: none.")
    ]
    ends_on: Annotated[
        date | None, Field(description="The last day whose orders count; null: none.")
    ]


class ChallengesOfMember(AnswerPart):
    """The challenges of the version in force, and how far a member is in each."""

    items: Annotated[list[ChallengeOfMember], Field(description="All, in the document's order.")]
    next_cursor: Annotated[None, Field(description="Always null: there is one page.")] = None


def challenge_of_member_answer(found: MemberChallenge, *, document: "Program") -> ChallengeOfMember:
    challenge, terms = found.challenge, found.terms
    reward = document.reward(terms.reward_id) if terms.reward_id else None
    return ChallengeOfMember(
        id=challenge.id,
        name=challenge.name,
        state=found.state,
        show=challenge.show,
        counts="periods" if terms.streak else terms.counts.what,
        progress=found.amount,
        target=found.target,
        missing=found.missing,
        until=found.until,
        completed=found.completed,
        times_max=terms.times_max,
        activation=challenge.activation,
        joined_at=found.joined_at,
        completed_ever=found.completed_ever,
        gives=ChallengeGift(
            points=terms.points,
            reward=ChallengeReward(id=reward.id, name=reward.name) if reward else None,
            badges=[badge_answer(each) for each in document.badges if each.id in terms.badges],
        ),
        card=StampCard(stamps=found.amount, of=found.target, cards=found.completed)
        if challenge.show == "stamps"
        else None,
        streak=StreakAnswer(
            every=terms.streak.every,
            freezes_left=found.streak.freezes_left,
            has_counted=found.streak.has_counted,
        )
        if found.streak and terms.streak
        else None,
        starts_on=found.starts_on,
        ends_on=found.ends_on,
    )


def badge_answer(badge: Badge) -> BadgeAnswer:
    return BadgeAnswer(
        id=badge.id, name=badge.name, description=badge.description, image_url=badge.image_url
    )
