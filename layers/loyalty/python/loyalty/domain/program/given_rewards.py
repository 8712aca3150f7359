"""What must hold of a reward that the document gives for no points."""

from collections.abc import Iterator

from loyalty.domain.kernel.errors import Fault
from loyalty.domain.program.document import Program


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
