"""What must hold of a reward that the document gives for no points."""

from collections.abc import Iterator

from loyalty.domain.kernel.errors import Fault
from loyalty.domain.program.document import Program
from loyalty.domain.program.gifts import PointsOrReward


def given_reward(reward_id: str, document: Program, place: str) -> Iterator[Fault]:
    """Refuse a reward that may be gone when it is due: the program keeps its promises."""
    reward = document.reward(reward_id)
    if reward is None:
        yield Fault(place, "unknown_reward", f"There is no reward “{reward_id}”")
    elif reward.stock is not None or reward.per_member_max is not None or reward.pay is not None:
        detail = (
            "A reward that is given has no stock, no limit per member, and no payment with points"
        )
        yield Fault(place, "grant_of_limited", detail)


def given_gift(given: PointsOrReward, document: Program, place: str) -> Iterator[Fault]:
    """Refuse a gift of nothing, and one of a reward that may be gone when it is due."""
    if given.points is None and given.reward_id is None:
        yield Fault(place, "gift_unclear", "Give points, a reward, or both")
    if given.reward_id is not None:
        yield from given_reward(given.reward_id, document, f"{place}/reward_id")
