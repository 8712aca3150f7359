"""What answers to one request may differ in, and which requests may be refused."""

from typing import Any, Final

from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.table import keys
from loyalty.usecases.campaigns.membership import CampaignMembership
from loyalty.usecases.ledger.once import Recorded
from loyalty.usecases.orders.accrual import Earned, GuestOrderKept
from loyalty.usecases.orders.edits import Edited, Outdated
from loyalty.usecases.orders.refunds import Refunded
from tests.simulation.requests.activities import ReportActivity, RetractActivity
from tests.simulation.requests.campaigns import JoinCampaign, LeaveCampaign
from tests.simulation.requests.members import Grant, Join, Link, Merge, Note, SignIn
from tests.simulation.requests.orders import Earn, Record
from tests.simulation.requests.rewards import Cancel, Complete
from tests.simulation.world import PROGRAM_ID, Request, World

# Requests that may be refused. Enrolling, orders and repeats must never be.
REFUSALS: Final = frozenset(
    {
        "identity_taken",
        "insufficient_points",
        "limit_reached",
        "out_of_stock",
        "points_too_new",
        "reward_unavailable",
        "voucher_issued",
        "voucher_used",
        "wrong_state",
        "not_found",
        "validation_failed",
    }
)


def is_same(first: object, now: object) -> bool:
    """Whether two answers to one request agree on what it did."""
    match first, now:
        case (Edited() | Outdated(), _) | (_, Edited() | Outdated()):
            # A storefront that sends an order again gets its present state.
            return True
        case (Earned() | Refunded() | Recorded(), Earned() | Refunded() | Recorded()):
            return first.entry == now.entry
        case GuestOrderKept(), GuestOrderKept():
            return first.placeholder.order == now.placeholder.order
        case (Account(), Account()) | (CampaignMembership(), CampaignMembership()):
            # Levels are granted and taken back, and what campaigns gave a member changes.
            return True
        case str(), str():
            # Who left a campaign may have become another member.
            return True
        case Voucher(), Voucher():
            # A voucher's state changes; everything else about it stays.
            return _identity_of(first) == _identity_of(now)
        case _:
            return first == now


def _identity_of(voucher: Voucher) -> tuple[object, ...]:
    return (voucher.code, voucher.redemption_id, voucher.slices, voucher.issued_at)


def may_be_refused_later(request: Request, world: World) -> bool:
    """Whether a request that was accepted may be refused when it is repeated later.

    The state may have changed since then. If a member was erased, their redemptions cannot be
    cancelled, their orders and activities cannot change, and members merged into them cannot be
    found. A completed redemption may have been used or cancelled. A level cannot be granted until a
    day that has passed. A person who enrolled may have been merged. The member of a guest's order
    may be erased just when the order is sent again.
    """
    if isinstance(request, Earn) and request.known_by:
        is_kept = world.table.items[request.cause]["kind"] == "placeholder"
        return is_kept and is_anybody_erased(world)
    if isinstance(request, JoinCampaign | LeaveCampaign):
        # The campaign may be over or gone by now.
        return True
    if isinstance(request, Note):
        # Another member with a better claim may have the identity now.
        return True
    if isinstance(request, Join | Link | SignIn):
        return any(each["status"] != "active" for each in world.auditor.accounts.values())
    if isinstance(request, Cancel) and _was_used_in_a_shop(request, world):
        return True
    return isinstance(request, Complete | Grant) or (
        isinstance(request, Cancel | Merge | Record | ReportActivity | RetractActivity)
        and is_anybody_erased(world)
    )


def _was_used_in_a_shop(cancel: Cancel, world: World) -> bool:
    """A shop may report that a code was used while it was being cancelled."""
    entry: Any = world.table.items[cancel.of.cause]
    voucher: Any = world.table.items[keys.voucher(PROGRAM_ID, entry["about"]["code"])]
    return voucher["state"] == "used" and "in_shops" in voucher["about"]


def is_anybody_erased(world: World) -> bool:
    return any(account["status"] == "closed" for account in world.auditor.accounts.values())
