"""Random activities, and members who do them: reported twice, late, edited and removed."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from loyalty.domain.program.activities import RewardedActivity
from loyalty.domain.program.challenges import Challenge
from tests.simulation import programs
from tests.simulation.drawing.requests import Logical, sent
from tests.simulation.requests.activities import ReportActivity, RetractActivity
from tests.simulation.requests.orders import Arrival
from tests.simulation.requests.rewards import Redeem
from tests.simulation.world import Request, World

_SECOND: Final = timedelta(seconds=1)
_MORE: Final[tuple[dict[str, int], ...]] = ({}, {"photo": 10}, {"photo": 10, "video": 30})
_GIFTS: Final[tuple[list[dict[str, Any]], ...]] = (
    [{"points": 15}],
    [{"points": 9}, {"reward_id": "dated"}],
)


def with_activities(draw: random.Random, world: World) -> None:
    """Add activities to the world's program, and often a challenge that counts some of them.

    Each version of the program has other terms.
    """
    names = ("review", "post")[: draw.choice((1, 1, 2))]
    drawn = [_activity(draw, name) for name in names]
    challenges = [_challenge(draw, name) for name in names if draw.random() < 0.5]
    for number, version in enumerate(world.programs):
        document = version.document
        what = {
            "activities": tuple(map(RewardedActivity.model_validate, drawn)),
            "challenges": (*document.challenges, *challenges),
        }
        world.programs[number] = replace(version, document=programs.changed(document, what))
        drawn = [_revised(draw, each) for each in drawn]


def of_activities(draw: random.Random, world: World, logical: Sequence[Logical]) -> list[Logical]:
    """What one or two members do, what their source makes of it, and a redemption.

    `logical` has the orders whose members do most of it: some activities need an order.
    """
    buyers = [
        each.request.member_id
        for each in logical
        if isinstance(each.request, Arrival) and each.request.member_id in world.auditor.accounts
    ]
    members = draw.choices(buyers or tuple(world.auditor.accounts), k=draw.choice((1, 1, 2)))
    names = [each.id for each in world.programs[-1].document.activities]
    requests: list[Request] = []
    for number in range(draw.choice((1, 2, 3, 5))):
        requests += _news(draw, world, f"a{number}", draw.choice(names), draw.choice(members))
    for number in range(draw.choice((0, 0, 1, 2))):
        reward = draw.choice(("for-10", "for-30"))
        requests.append(Redeem(draw.choice(members), reward, f"a{number}-spent"))
    return sent(draw, requests)


def _news(
    draw: random.Random, world: World, activity_id: str, activity: str, member_id: str
) -> list[Request]:
    """What a source reports about one activity over time; a removal may be as old as it."""
    occurred_at = world.now - timedelta(hours=draw.choice((0, 0, 1, 25, 49)))
    report = ReportActivity(
        activity_id=activity_id,
        activity=activity,
        member_id=member_id,
        occurred_at=occurred_at,
        changed_at=occurred_at,
        subject=draw.choice(("A", "B")),
    )
    news: list[Request] = []
    for number in range(draw.choice((1, 1, 2, 3))):
        changed_at = occurred_at + number * _SECOND
        some = frozenset(each for each in ("photo", "video") if draw.random() < 0.4)
        if draw.random() < 0.3:
            news.append(RetractActivity(activity_id=activity_id, changed_at=changed_at))
        if not news or draw.random() < 0.7:
            news.append(replace(report, changed_at=changed_at, attributes=some))
    return news


def _activity(draw: random.Random, name: str) -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "points": draw.choice((0, 5, 20, 40)),
        "more": draw.choice(_MORE),
        "per_subject": draw.random() < 0.3,
        "per_day_max": draw.choice((None, None, 1, 2)),
        "ever_max": draw.choice((None, None, None, 2, 3)),
        "needs_order_days": draw.choice((None, None, 1, 3)),
        "wait_days": draw.choice((0, 0, 1, 2)),
        "if_undone": draw.choice(("take_back", "take_back", "keep")),
    }


def _revised(draw: random.Random, activity: Mapping[str, Any]) -> dict[str, Any]:
    """An activity in a later version. Whether it needs an order stays.

    Nobody looks again at what waits for an order because the program has changed.
    """
    terms = _activity(draw, activity["id"])
    return terms | {"needs_order_days": activity["needs_order_days"]}


def _challenge(draw: random.Random, activity: str) -> Challenge:
    fields = {
        "id": f"of-{activity}",
        "name": activity,
        "counts": {"what": "activities", "activity": activity},
        "target": draw.choice((1, 2)),
        "window": draw.choice(("ever", "day", "week")),
        "times_max": draw.choice((1, 2, 1000)),
        "gives": draw.choice(_GIFTS),
        "wait_days": draw.choice((0, 0, 1)),
        "if_undone": draw.choice(("take_back", "take_back", "keep")),
    }
    return Challenge.model_validate(fields)
