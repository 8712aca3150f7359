"""Members redeem rewards; vouchers are used, cancelled, and given to shops."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from loyalty.domain.ledger.entries import RewardGrant
from loyalty.domain.orders.order import OrderRef
from loyalty.table import keys
from loyalty.table.operations import Key
from loyalty.usecases.ledger.grants import give_reward
from loyalty.usecases.ledger.once import Recorded
from loyalty.usecases.ledger.order_vouchers import (
    OrderVoucherCodes,
    apply_vouchers,
    cancel_vouchers,
)
from loyalty.usecases.ledger.redemption import (
    RequestedReward,
    cancel,
    complete,
    end_cancelling,
    give_code,
    redeem_reward,
    use_voucher,
)
from loyalty.usecases.ports import Desk
from tests.simulation.requests.common import Keyed
from tests.simulation.world import PROGRAM_ID, World


def code_of(of: "Redeem | GiveReward", world: World) -> str:
    """The code of a redemption's voucher; one that nobody has while there is none."""
    code: str = voucher_of(of, world).get("pk", "UNKNOWN").rsplit("#", 1)[-1]
    return code


def voucher_of(of: "Redeem | GiveReward", world: World) -> Any:
    entry: Any = world.table.items.get(of.cause)
    return world.table.items[keys.voucher(PROGRAM_ID, entry["about"]["code"])] if entry else {}


@dataclass(frozen=True, slots=True)
class Redeem(Keyed):
    ENTRY: ClassVar = "redemption"

    member_id: str
    reward_id: str
    request_id: str
    hold: bool = False
    points: int | None = None
    order_minor: int | None = None
    made_at: datetime | None = None

    @property
    def name(self) -> str:
        how = "hold" if self.hold else "redeem" if self.made_at is None else "redeem late"
        return f"{how} {self.request_id} ({self.reward_id}) by {self.member_id}"

    def run(self, desk: Desk, world: World) -> Recorded:
        requested_reward = RequestedReward(
            reward_id=self.reward_id,
            hold=self.hold,
            points=self.points,
            order_minor=self.order_minor,
            made_at=self.made_at,
        )
        return redeem_reward(
            self.member_id, request=requested_reward, request_id=self.request_id, desk=desk
        )


@dataclass(frozen=True, slots=True)
class GiveReward:
    """A manager gives a member a reward for no points."""

    member_id: str
    reward_id: str
    request_id: str

    @property
    def name(self) -> str:
        return f"give {self.reward_id} to {self.member_id} ({self.request_id})"

    @property
    def cause(self) -> Key:
        return keys.request_entry(PROGRAM_ID, self.request_id, "redemption")

    def run(self, desk: Desk, world: World) -> Recorded:
        return give_reward(
            self.member_id,
            reward_id=self.reward_id,
            why=RewardGrant(granted_for="manager", reason="goodwill"),
            request_id=self.request_id,
            desk=desk,
        )


@dataclass(frozen=True, slots=True)
class Complete:
    of: Redeem

    @property
    def name(self) -> str:
        return f"complete {self.of.request_id}"

    def run(self, desk: Desk, world: World) -> object:
        return complete(f"red_{self.of.request_id}", member_id=self.of.member_id, desk=desk)


@dataclass(frozen=True, slots=True)
class Cancel:
    of: Redeem | GiveReward
    by_member: bool = False

    @property
    def name(self) -> str:
        return f"cancel {self.of.request_id}"

    def run(self, desk: Desk, world: World) -> object:
        redemption_id = f"red_{self.of.request_id}"
        member_id = self.of.member_id
        return cancel(redemption_id, member_id=member_id, by_member=self.by_member, desk=desk)


@dataclass(frozen=True, slots=True)
class GiveCode:
    """A shop is about to get the code of a redemption's voucher."""

    of: Redeem

    @property
    def name(self) -> str:
        return f"give the code of {self.of.request_id} to a shop"

    def run(self, desk: Desk, world: World) -> object:
        give_code(code_of(self.of, world), storefront_id="online", desk=desk)
        return None


@dataclass(frozen=True, slots=True)
class LetGo:
    """A shop no longer accepts the code, and reports whether it ever did."""

    of: Redeem
    was_used: bool

    @property
    def name(self) -> str:
        return f"let go of {self.of.request_id}{' used' * self.was_used}"

    def run(self, desk: Desk, world: World) -> object:
        end_cancelling(code_of(self.of, world), was_used=self.was_used, desk=desk)
        return None


@dataclass(frozen=True, slots=True)
class Use:
    """The code of a redemption, from its answer."""

    of: Redeem | GiveReward
    request_id: str
    order: OrderRef | None = None

    @property
    def name(self) -> str:
        return f"use {self.of.request_id} ({self.request_id})"

    def run(self, desk: Desk, world: World) -> object:
        code = code_of(self.of, world)
        return use_voucher(code, request_id=self.request_id, order=self.order, desk=desk)


@dataclass(frozen=True, slots=True)
class TellVouchers:
    """An order lists its vouchers; codes that are no longer listed are given back."""

    order_id: str
    of: tuple[Redeem, ...] = ()

    @property
    def name(self) -> str:
        return f"vouchers of {self.order_id}: {[each.request_id for each in self.of]}"

    def run(self, desk: Desk, world: World) -> object:
        order_voucher_codes = OrderVoucherCodes(
            source="shop",
            order_id=self.order_id,
            codes=tuple(code_of(each, world) for each in self.of),
            ordered_at=desk.now,
            member_id=None,
            is_list=True,
        )
        return apply_vouchers(order_voucher_codes, desk=desk)


@dataclass(frozen=True, slots=True)
class CancelVouchers:
    """An order was cancelled."""

    order_id: str

    @property
    def name(self) -> str:
        return f"cancel vouchers of {self.order_id}"

    def run(self, desk: Desk, world: World) -> object:
        return cancel_vouchers("shop", self.order_id, desk=desk)
