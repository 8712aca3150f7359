"""Random challenges, and members who buy enough to complete some of them."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from loyalty.domain.program.challenges import Badge, Challenge
from loyalty.domain.program.document import PublishedProgram
from tests.simulation import programs
from tests.simulation.drawing.orders import drawn_order, drawn_refund, versions_of
from tests.simulation.drawing.requests import Logical, sent
from tests.simulation.requests.engagement import UseAwarded
from tests.simulation.requests.orders import Earn, Record, Refund
from tests.simulation.requests.rewards import Redeem
from tests.simulation.world import Request, World

_DAY: Final = timedelta(days=1)
_COUNTS: Final[tuple[dict[str, Any], ...]] = (
    {"what": "orders"},
    {"what": "orders", "amount_minor_min": 20},
    {"what": "orders", "of": {"not_categories": ["tea"]}},
    {"what": "units"},
    {"what": "units", "of": {"categories": ["coffee"]}, "per_order_max": 2},
    {"what": "spend_minor"},
    {"what": "spend_minor", "per_order_max": 40},
    {"what": "categories", "of": {"categories": ["coffee", "tea"]}},
)
_TARGETS: Final = {
    "orders": (1, 2),
    "units": (1, 2, 3),
    "spend_minor": (15, 40),
    "categories": (2,),
}
_STREAKS: Final[tuple[dict[str, Any], ...]] = (
    {"every": "day", "in_a_row": 2},
    {"every": "day", "in_a_row": 2, "freezes": 1},
    {"every": "day", "in_a_row": 3, "freezes": 1},
    {"every": "week", "in_a_row": 2},
)
_GIFTS: Final[tuple[list[dict[str, Any]], ...]] = (
    [{"points": 7}],
    [{"points": 25}],
    [{"points": 60}, {"badge": "star"}],
    [{"badge": "star"}],
    [{"reward_id": "for-10"}],
    [{"points": 12}, {"reward_id": "dated"}],
)
BADGES: Final = (Badge(id="star", name="Star"),)


def with_challenges(draw: random.Random, world: World) -> None:
    """Add challenges to the world's program; often one more version changes them."""
    day = world.now.astimezone(world.zone).date()
    drawn = [_challenge(draw, f"k{number}", day) for number in range(draw.choice((1, 2, 3)))]
    if len(world.programs) == 1 and draw.random() < 0.5:
        later = world.now + timedelta(hours=draw.choice((0, 1, 12)))
        world.programs.append(replace(world.programs[0], version=2, published_at=later))
    for number, version in enumerate(world.programs):
        if number or draw.random() < 0.9:
            world.programs[number] = _published(version, drawn)
            drawn = _revised(draw, drawn, day)


def of_challenges(draw: random.Random, world: World) -> list[Logical]:
    """Orders of a few days by one or two members, what becomes of them, and a redemption."""
    members = draw.choices(tuple(world.auditor.accounts), k=draw.choice((1, 1, 2)))
    requests: list[Request] = []
    for number in range(draw.choice((2, 3, 4, 5))):
        order, member_id = drawn_order(draw, world, f"n{number}"), draw.choice(members)
        ago = timedelta(hours=draw.choice((0, 0, 24, 48, 72, 168)))
        order = replace(order, occurred_at=world.now - ago)
        if draw.random() < 0.3:
            versions = versions_of(draw, order)
            requests += [Record(version, member_id) for version in versions]
            order = versions[-1]
        else:
            requests.append(Earn(order, member_id))
        for refunded in range(draw.choice((0, 1, 1, 2))):
            requests.append(Refund(order, drawn_refund(draw, world, order, f"r{refunded}")))
    for number in range(draw.choice((0, 1, 2))):
        reward = draw.choice(("for-10", "for-30", "for-90"))
        requests.append(Redeem(draw.choice(members), reward, f"n{number}-spent"))
    requests += [UseAwarded()] * (draw.random() < 0.4)
    return sent(draw, requests)


def _challenge(draw: random.Random, name: str, day: date) -> dict[str, Any]:
    challenge: dict[str, Any] = {
        "id": name,
        "name": name,
        "counts": draw.choice(_COUNTS),
        "times_max": draw.choice((1, 1, 2, 1000)),
        "gives": draw.choice(_GIFTS),
        "wait_days": draw.choice((0, 0, 0, 1, 2)),
        "if_undone": draw.choice(("take_back", "take_back", "take_back", "keep")),
    }
    if draw.random() < 0.3:
        challenge["streak"] = draw.choice(_STREAKS)
    else:
        fixed = {"starts_on": day - _DAY, "ends_on": day + _DAY * draw.randint(0, 2)}
        periods = ("ever", "ever", "day", "week", "month", "quarter", "year", fixed)
        challenge["window"] = draw.choice(periods)
        challenge["target"] = draw.choice(_TARGETS[challenge["counts"]["what"]])
    if draw.random() < 0.2:
        challenge["starts_on"] = day - _DAY * draw.randint(0, 2)
    if draw.random() < 0.2:
        challenge["ends_on"] = day + _DAY * draw.randint(0, 1)
    return challenge


def _revised(
    draw: random.Random, drawn: Sequence[dict[str, Any]], day: date
) -> list[dict[str, Any]]:
    """What a later version makes of challenges: other terms, fewer, or one more."""
    revised: list[dict[str, Any]] = []
    for each in drawn:
        match draw.choice(("gives", "target", "same", "gone")):
            case "target" if "target" in each:
                target = draw.choice(_TARGETS[each["counts"]["what"]])
                revised.append(each | {"target": target, "times_max": draw.choice((1, 2))})
            case "gone":
                continue
            case "same":
                revised.append(each)
            case _:
                revised.append(each | {"gives": draw.choice(_GIFTS)})
    if not revised or draw.random() < 0.3:
        revised.append(_challenge(draw, "k3", day))
    return revised


def _published(version: PublishedProgram, drawn: Sequence[dict[str, Any]]) -> PublishedProgram:
    challenges = tuple(map(Challenge.model_validate, drawn))
    what = {"challenges": challenges, "badges": BADGES}
    return replace(version, document=programs.changed(version.document, what))
