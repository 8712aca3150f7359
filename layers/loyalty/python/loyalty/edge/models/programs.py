"""The program and its catalogue, as the API answers them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from loyalty.domain.program.document import PointsName, Program
from loyalty.domain.program.earning_rules import EarningRule
from loyalty.domain.program.expiry_policies import Expiry, Inactivity
from loyalty.domain.program.kinds import PointSource, RewardKind
from loyalty.domain.program.rewards import Reward, RewardWords
from loyalty.edge.http.schemas import AnswerPart, Moment, NextCursor, RewardId, RewardName

Version = Annotated[int, Field(description="The version's number; the first one is 1.")]
PublishedAt = Annotated[datetime, Field(description="When the version was published, in UTC.")]


class PublishedVersion(AnswerPart):
    """A version of the program document that is in force now."""

    version: Version
    published_at: PublishedAt


class CatalogueReward(AnswerPart):
    """A reward, as members see it."""

    id: RewardId
    name: RewardName
    kind: Annotated[RewardKind, Field(description="What kind of reward it is.")]
    cost_points: Annotated[int, Field(description="Points that it costs.")]
    description: Annotated[str | None, Field(description="What the reward is, in words.")]
    amount_minor: Annotated[
        int | None,
        Field(description="What it is worth, in the currency's minor units, if it has an amount."),
    ]
    percent: Annotated[int | None, Field(description="The discount in percent, if it has one.")]
    skus: Annotated[tuple[str, ...], Field(description="SKUs of the articles that it is about.")]
    available_from: Annotated[
        Moment | None,
        Field(
            description="The day, in the program's time zone, or the moment from which it can "
            "be redeemed. It may open earlier for some members."
        ),
    ]
    available_until: Annotated[
        Moment | None,
        Field(
            description="The day, in the program's time zone, or the moment until which it can "
            "be redeemed."
        ),
    ]
    per_member_max: Annotated[
        int | None, Field(description="How often one member may redeem it; null: no limit.")
    ]
    voucher_days: Annotated[
        int | None, Field(description="For how many days its voucher is valid; null: for ever.")
    ]
    available: Annotated[bool, Field(description="Whether it can be redeemed today.")]
    translations: Annotated[
        dict[str, RewardWords],
        Field(description="Names and descriptions in other languages, by BCP 47 tag."),
    ]


class Catalogue(AnswerPart):
    """The program's rewards."""

    items: Annotated[tuple[CatalogueReward, ...], Field(description="All rewards.")]
    next_cursor: NextCursor = None


class PublicProgram(AnswerPart):
    """The part of a program that members may see."""

    name: Annotated[str, Field(description="The program's name.")]
    time_zone: Annotated[
        str, Field(description="The time zone of the program's days, such as Europe/Paris.")
    ]
    currency: Annotated[str, Field(description="The program's currency (ISO 4217).")]
    points: Annotated[PointsName, Field(description="What the program calls its points.")]
    earning_rules: Annotated[tuple[EarningRule, ...], Field(description="How orders earn.")]
    expiry: Annotated[Expiry, Field(description="When points expire.")]
    expiry_by_source: Annotated[
        dict[PointSource, Expiry],
        Field(description="When points that do not come from orders expire, if not like others."),
    ]
    inactivity: Annotated[
        Inactivity | None,
        Field(description="When all points lapse without activity; null: they do not."),
    ]
    pending_days: Annotated[
        int, Field(description="Days after an order until its points can be spent.")
    ]
    rewards: Annotated[tuple[CatalogueReward, ...], Field(description="What points buy.")]


class ProgramInForce(AnswerPart):
    """A version of the program, for staff and services."""

    view: Annotated[Literal["whole"], Field(description="The document is whole.")] = "whole"
    version: Version
    published_at: PublishedAt
    document: Annotated[Program, Field(description="The whole document.")]


class PublicProgramInForce(AnswerPart):
    """The version of the program in force, for members."""

    view: Annotated[Literal["public"], Field(description="Only the public part.")] = "public"
    version: Version
    published_at: PublishedAt
    document: Annotated[PublicProgram, Field(description="The public part of the document.")]


def public_program(document: Program, *, now: datetime) -> PublicProgram:
    return PublicProgram(
        name=document.name,
        time_zone=document.time_zone,
        currency=document.currency,
        points=document.points,
        earning_rules=document.earning_rules,
        expiry=document.expiry,
        expiry_by_source=document.expiry_by_source,
        inactivity=document.inactivity,
        pending_days=document.pending_days,
        rewards=_rewards(document, now=now),
    )


def catalogue(document: Program, *, now: datetime) -> Catalogue:
    return Catalogue(items=_rewards(document, now=now))


def _rewards(document: Program, *, now: datetime) -> tuple[CatalogueReward, ...]:
    return tuple(_reward(reward, document, now=now) for reward in document.rewards)


def _reward(reward: Reward, document: Program, *, now: datetime) -> CatalogueReward:
    return CatalogueReward(
        id=reward.id,
        name=reward.name,
        kind=reward.kind,
        cost_points=reward.cost_points,
        description=reward.description,
        amount_minor=reward.amount_minor,
        percent=reward.percent,
        skus=reward.skus,
        available_from=reward.window(document.zone)[0] if reward.opens else reward.available_from,
        available_until=reward.available_until,
        per_member_max=reward.per_member_max,
        voucher_days=reward.voucher_days,
        available=reward.is_open(now=now, zone=document.zone),
        translations=reward.translations,
    )
