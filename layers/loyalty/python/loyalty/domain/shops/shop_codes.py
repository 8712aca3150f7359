"""Vouchers as discount codes of a shop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from loyalty.domain.ledger.vouchers import Voucher
    from loyalty.domain.program.rewards import Reward


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """What a code takes off an order: an amount, a percentage, or the shipping."""

    kind: Literal["amount_off", "percent_off", "free_shipping"]
    amount_minor: int = 0
    percent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopCode:
    """A code as it should be in a shop. `uses_max` also counts uses that were reinstated."""

    code: str
    title: str
    discount: Discount
    currency: str
    starts_at: datetime
    ends_at: datetime | None
    uses_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCode:
    """A code as it is in a shop; `name` is the shop's own id of it."""

    name: str
    kind: Literal["amount_off", "free_shipping"]
    is_active: bool
    uses_max: int | None
    uses: int = 0


def discount_of(reward: Reward, voucher: Voucher) -> Discount | None:
    """The discount of a voucher in a shop; None if no discount code can express it.

    There is none for a free product: the shop would discount every unit of it in the order.
    """
    amount_minor = voucher.amount_minor or reward.amount_minor
    match reward.kind:
        case "amount_off" if amount_minor:
            return Discount(kind="amount_off", amount_minor=amount_minor)
        case "percent_off" if reward.percent:
            return Discount(kind="percent_off", percent=reward.percent)
        case "free_shipping":
            return Discount(kind="free_shipping")
        case _:
            return None


def code_for(voucher: Voucher, *, reward: Reward, discount: Discount, currency: str) -> ShopCode:
    return ShopCode(
        code=voucher.code,
        title=f"{reward.name} {voucher.code[-4:]}",
        discount=discount,
        currency=currency,
        starts_at=voucher.issued_at,
        ends_at=voucher.expires_at,
        uses_max=1 + voucher.times_reinstated,
    )
