"""Whether the books already contain the result of a request."""

from tests.simulation.requests.members import Erase, Merge
from tests.simulation.requests.orders import Earn, Record, Refund
from tests.simulation.requests.points import Adjust, Give
from tests.simulation.requests.rewards import Cancel, GiveReward, Redeem, Use, voucher_of
from tests.simulation.world import Request, World


def has_happened(request: Request, world: World) -> bool:
    """Whether the books already contain the result of this request."""
    match request:
        case Cancel(of, _):
            return bool(voucher_of(of, world).get("state") == "cancelled")
        case Use(of, request_id, _):
            return bool(voucher_of(of, world).get("about", {}).get("used_request") == request_id)
        case Erase(member_id):
            account = world.auditor.accounts.get(member_id, {})
            return bool(account.get("status") == "closed")
        case Earn() | Record() | Refund() | Redeem() | GiveReward() | Adjust() | Give() | Merge():
            entry = world.table.items.get(request.cause)
            return entry is not None and entry["kind"] != "placeholder"
        case _:
            return False
