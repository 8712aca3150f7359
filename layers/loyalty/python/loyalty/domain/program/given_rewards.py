"""What must hold of a reward that something of the document promises to give for no points."""

from collections.abc import Iterator

from loyalty.domain.kernel.errors import Fault
from loyalty.domain.program.document import Program


def given_reward(reward_id: str, document: Program, place: str) -> Iterator[Fault]:
    """Refuse a reward that might not be there when it is due: a promise is kept."""
    reward = document.reward(reward_id)
    if reward is None:
        yield Fault(place, "unknown_reward", f"There is no reward “{reward_id}”")
    elif reward.stock is not None or reward.per_member_max is not None or reward.pay is not None:
        detail = (
            "A reward that is given has no stock and no limit for each member, "
            "and does not pay with points"
        )
        yield Fault(place, "grant_of_limited", detail)
