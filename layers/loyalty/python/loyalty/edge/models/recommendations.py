"""Recommendations, as members and staff read them."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from loyalty.domain.recommendations.scoring import (
    Basis,
    Because,
    CloseTo,
    ExpiringPoints,
    GoodsRecommendation,
    PopularHere,
    RewardRecommendation,
    YouBought,
)
from loyalty.domain.recommendations.things import ThingKind
from loyalty.edge.http.schemas import AnswerPart, RewardId, RewardName
from loyalty.usecases.recommendations import Recommendations

ThingOf = Annotated[ThingKind, Field(description="What kind of thing it is.")]


class ThingAnswer(AnswerPart):
    """A thing that members buy."""

    kind: ThingOf
    id: Annotated[str, Field(description="The SKU, the category, or the reward's id.")]


class BecauseYouBought(AnswerPart):
    """It goes with something that the member bought, or is that."""

    kind: Literal["you_bought"] = "you_bought"
    thing: Annotated[ThingAnswer, Field(description="What the member bought.")]


class BecauseCloseTo(AnswerPart):
    """The member has the points for it, or nearly so."""

    kind: Literal["close_to"] = "close_to"
    missing: Annotated[int, Field(description="How many points they lack; 0: none.")]
    days: Annotated[
        int | None,
        Field(description="In how many days they earn these at their pace; null: not known."),
    ]


class BecausePopularHere(AnswerPart):
    """Many members had it in the last year."""

    kind: Literal["popular_here"] = "popular_here"
    level: Annotated[
        str | None,
        Field(description="The id of the member's level, at which it is popular; null: any level."),
    ]


class BecauseExpiringPoints(AnswerPart):
    """Points of the member end soon, and pay at least half of it."""

    kind: Literal["expiring_points"] = "expiring_points"
    points: Annotated[int, Field(description="How many points end.")]
    last_on: Annotated[date, Field(description="The last day of these points.")]


type BecauseAnswer = BecauseYouBought | BecauseCloseTo | BecausePopularHere | BecauseExpiringPoints

Reason = Annotated[
    BecauseAnswer,
    Field(discriminator="kind", description="Why; the kinds are all that there are."),
]


class RecommendedReward(AnswerPart):
    """A reward that the member may want next."""

    reward_id: RewardId
    name: RewardName
    cost_points: Annotated[int, Field(description="Points that it costs.")]
    missing: Annotated[
        int, Field(description="How many points the member lacks; 0: they can redeem it now.")
    ]
    days: Annotated[
        int | None,
        Field(
            description="In how many days they earn the missing points at their pace; null: none "
            "are missing, or it is not known."
        ),
    ]
    because: Reason


class RecommendedGoods(AnswerPart):
    """Goods that the member may like and has not bought lately."""

    kind: Annotated[
        Literal["sku", "category"], Field(description="Whether it is an article or a category.")
    ]
    id: Annotated[str, Field(description="The SKU or the category.")]
    because: Reason


class RecommendationsAnswer(AnswerPart):
    """What to recommend to a member."""

    items: Annotated[
        list[RecommendedReward], Field(description="Rewards, the best one first; at most 10.")
    ]
    goods: Annotated[
        list[RecommendedGoods], Field(description="Goods, the best ones first; at most 10.")
    ]
    rests_on: Annotated[
        Basis,
        Field(
            description="What the answer rests on: which articles (`skus`) or categories go with "
            "what the member bought; else what is popular; else, in a new program, the member's "
            "points alone. `popularity` for members who said no to `personalization`."
        ),
    ]
    as_of: Annotated[
        datetime | None,
        Field(description="When it was computed what goes together; null: never yet."),
    ]
    next_cursor: Annotated[None, Field(description="Always null: there is one page.")] = None


def recommendations_answer(
    found: Recommendations, *, as_of: datetime | None
) -> RecommendationsAnswer:
    return RecommendationsAnswer(
        items=[_reward(each, locale=found.locale) for each in found.rewards],
        goods=[_goods(each) for each in found.goods],
        rests_on=found.basis,
        as_of=as_of,
    )


def _reward(found: RewardRecommendation, *, locale: str | None) -> RecommendedReward:
    candidate = found.candidate
    return RecommendedReward(
        reward_id=candidate.reward.id,
        name=candidate.reward.name_in(locale),
        cost_points=candidate.cost_points,
        missing=candidate.missing_points,
        days=found.days,
        because=_reason(found.because),
    )


def _goods(found: GoodsRecommendation) -> RecommendedGoods:
    return RecommendedGoods(
        kind="sku" if found.thing.kind == "sku" else "category",
        id=found.thing.id,
        because=_reason(found.because),
    )


def _reason(because: Because) -> BecauseAnswer:
    match because:
        case YouBought(thing):
            return BecauseYouBought(thing=ThingAnswer(kind=thing.kind, id=thing.id))
        case CloseTo(missing, days):
            return BecauseCloseTo(missing=missing, days=days)
        case PopularHere(level):
            return BecausePopularHere(level=level)
        case ExpiringPoints(points, last_on):
            return BecauseExpiringPoints(points=points, last_on=last_on)
