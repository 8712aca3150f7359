"""Shops are given the codes of vouchers, and shall not take them any longer than they are good.

Whatever is told of a voucher, late, twice or in any order, what counts is what it is now.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, Protocol

from loyalty.domain.events import (
    Event,
    RedemptionCancelled,
    RewardRedeemed,
    VoucherExpired,
    VoucherReinstated,
    VoucherUsed,
)
from loyalty.domain.kernel.errors import NotFound, TryAgain
from loyalty.domain.ledger.entries import Entry, Redemption, RequestCause
from loyalty.domain.ledger.redemptions import request_of
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.domain.program.document import PublishedProgram
from loyalty.domain.shops.shop_codes import KnownCode, ShopCode, code_for, discount_of
from loyalty.usecases.ledger.redemption import voucher_of
from loyalty.usecases.ports import Desk

# What becomes of a voucher that a shop has to know.
STEPS_OF_VOUCHERS: Final[tuple[type[Event], ...]] = (
    RewardRedeemed,
    VoucherUsed,
    VoucherReinstated,
    VoucherExpired,
    RedemptionCancelled,
)
# With these pauses, some three hours: longer than shops are down.
ATTEMPTS_MAX: Final = 10
PAUSE_SECONDS: Final = 30
PAUSE_SECONDS_MAX: Final = 3600

type Done = Literal["created", "renewed", "deactivated", "unchanged", "no_code"]


class DiscountCodes(Protocol):
    """A connected shop's own discount codes.

    All raise `TryAgain` where it does not answer, and `ShopRefused` where it does not want to.
    """

    def find(self, code: str) -> KnownCode | None: ...

    def create(self, code: ShopCode) -> None:
        """Also when there is one by this code already."""
        ...

    def renew(self, in_shop: KnownCode, *, uses_max: int) -> None:
        """Let it be used so often, and be good again."""
        ...

    def deactivate(self, in_shop: KnownCode) -> None: ...


class ShopRefused(Exception):
    """A shop does not do what it was asked; asking again would change nothing by itself."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def pause_seconds(attempt: int) -> int:
    """How long to leave a shop alone that did not answer an attempt; the first is 1."""
    return min(PAUSE_SECONDS << (attempt - 1), PAUSE_SECONDS_MAX)


def put_right(redemption_id: str, *, shops: Iterable[DiscountCodes], desk: Desk) -> list[Done]:
    """Let each shop have a voucher's code for as long as the voucher is issued.

    One shop's trouble holds up no other: it is raised when all were told.

    Raises:
        NotFound: no such redemption.
        ShopRefused: a shop does not want to.
        TryAgain: a shop does not answer.
    """
    voucher, decided_by = _redeemed(redemption_id, desk=desk)
    shop_code = _shop_code(voucher, decided_by)
    if shop_code is None:
        return ["no_code"]
    done: list[Done] = []
    troubles: list[ShopRefused | TryAgain] = []
    for shop in shops:
        try:
            done.append(_put_right(voucher, shop_code, shop=shop, desk=desk))
        except (ShopRefused, TryAgain) as trouble:
            troubles.append(trouble)
    if troubles:
        raise troubles[0]
    return done


def _put_right(voucher: Voucher, shop_code: ShopCode, *, shop: DiscountCodes, desk: Desk) -> Done:
    in_shop = shop.find(voucher.code)
    if not _is_good(voucher, desk=desk):
        if in_shop is None or not in_shop.is_active:
            return "unchanged"
        shop.deactivate(in_shop)
        return "deactivated"
    done: Done = "unchanged"
    if in_shop is None:
        shop.create(shop_code)
        done = "created"
    elif not in_shop.is_active or (in_shop.uses_max or 0) < shop_code.uses_max:
        shop.renew(in_shop, uses_max=shop_code.uses_max)
        done = "renewed"
    # It may have been cancelled meanwhile, and whoever was told of that have found no code yet.
    if done != "unchanged" and not _is_good(voucher_of(voucher.code, desk=desk), desk=desk):
        made = shop.find(voucher.code)
        if made:
            shop.deactivate(made)
        return "deactivated"
    return done


def _is_good(voucher: Voucher, *, desk: Desk) -> bool:
    return voucher.state_at(desk.now) == "issued"


def _shop_code(voucher: Voucher, decided_by: PublishedProgram) -> ShopCode | None:
    reward = decided_by.document.reward(voucher.reward_id)
    discount = discount_of(reward, voucher) if reward else None
    if reward is None or discount is None:
        return None
    currency = decided_by.document.currency
    return code_for(voucher, reward=reward, discount=discount, currency=currency)


def _redeemed(redemption_id: str, *, desk: Desk) -> tuple[Voucher, PublishedProgram]:
    """The voucher, and the program by which it was redeemed."""
    found = desk.books.entry(RequestCause(request_of(redemption_id), "redemption"))
    if not isinstance(found, Entry) or not isinstance(found.detail, Redemption):
        raise NotFound("There is no such redemption")
    return voucher_of(found.detail.code, desk=desk), desk.version(found.program_version)
