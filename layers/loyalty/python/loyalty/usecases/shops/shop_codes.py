"""Shops are given the codes of vouchers, and shall not take them any longer than they are good.

Whatever is told of a voucher, late, twice or in any order, what counts is what it is now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from loyalty.domain.events import (
    Event,
    RedemptionCancelled,
    RedemptionCancelling,
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
from loyalty.usecases.ledger.redemption import end_cancelling, give_code, voucher_of
from loyalty.usecases.ports import Desk

# What becomes of a voucher that a shop has to know.
STEPS_OF_VOUCHERS: Final[tuple[type[Event], ...]] = (
    RewardRedeemed,
    VoucherUsed,
    VoucherReinstated,
    VoucherExpired,
    RedemptionCancelling,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeShop:
    """A connected shop and its discount codes; `creates` says whether it gets new ones."""

    storefront_id: str
    codes: DiscountCodes
    creates: bool = True


class ShopRefused(Exception):
    """A shop does not do what it was asked; asking again would change nothing by itself."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def pause_seconds(attempt: int) -> int:
    """How long to leave a shop alone that did not answer an attempt; the first is 1."""
    return min(PAUSE_SECONDS << (attempt - 1), PAUSE_SECONDS_MAX)


def put_right(redemption_id: str, *, shops: Iterable[CodeShop], desk: Desk) -> list[Done]:
    """Let each shop have a voucher's code for as long as the voucher is issued.

    A voucher that is being cancelled ends so once every shop that had its code has let go of it. A
    shop that is no longer connected is not waited for. One shop's trouble holds up no other: it is
    raised after all were asked.

    Raises:
        NotFound: no such redemption.
        ShopRefused: a shop does not want to.
        TryAgain: a shop does not answer.
    """
    voucher, decided_by = _redeemed(redemption_id, desk=desk)
    shop_code = _shop_code(voucher, decided_by)
    if shop_code is None:
        return ["no_code"]
    concerned = [each for each in shops if each.creates or each.storefront_id in voucher.in_shops]
    if voucher.state == "cancelling":
        had_it = [each for each in concerned if each.storefront_id in voucher.in_shops]
        uses = _each(had_it, lambda shop: _let_go(voucher, shop_code, codes=shop.codes, desk=desk))
        was_used = any(each > voucher.times_reinstated for each in uses)
        end_cancelling(voucher.code, was_used=was_used, desk=desk)
        return ["deactivated" for _ in had_it]
    return _each(concerned, lambda shop: _put_right(voucher, shop_code, shop=shop, desk=desk))


def _each[T](shops: Iterable[CodeShop], ask: Callable[[CodeShop], T]) -> list[T]:
    """What each shop answers; the first trouble is raised after all were asked."""
    answers: list[T] = []
    troubles: list[ShopRefused | TryAgain] = []
    for shop in shops:
        try:
            answers.append(ask(shop))
        except (ShopRefused, TryAgain) as trouble:
            troubles.append(trouble)
    if troubles:
        raise troubles[0]
    return answers


def _let_go(voucher: Voucher, shop_code: ShopCode, *, codes: DiscountCodes, desk: Desk) -> int:
    """Have a shop accept a code no more; gives how often it did.

    A code that is not there yet may be on its way. So it is created first: then whoever brings it
    finds it, and does not make it good again.

    Raises:
        TryAgain: the shop has not confirmed it.
    """
    in_shop = codes.find(voucher.code)
    if in_shop is None:
        if voucher.expires_at is not None and voucher.expires_at <= desk.now:
            return 0
        codes.create(shop_code)
        in_shop = codes.find(voucher.code)
    if in_shop is not None and in_shop.is_active:
        codes.deactivate(in_shop)
        in_shop = codes.find(voucher.code)
    if in_shop is None or in_shop.is_active:
        raise TryAgain("The shop has not let go of the code yet")
    return in_shop.uses


def _put_right(voucher: Voucher, shop_code: ShopCode, *, shop: CodeShop, desk: Desk) -> Done:
    codes = shop.codes
    in_shop = codes.find(voucher.code)
    if not _is_good(voucher, desk=desk):
        if in_shop is None or not in_shop.is_active:
            return "unchanged"
        codes.deactivate(in_shop)
        return "deactivated"
    uses_max = shop_code.uses_max
    if not shop.creates or (in_shop and in_shop.is_active and (in_shop.uses_max or 0) >= uses_max):
        return "unchanged"
    # Before the shop gets it, so that a cancellation from now on waits for the shop.
    given = give_code(voucher.code, storefront_id=shop.storefront_id, desk=desk)
    if not _is_good(given, desk=desk):
        return "unchanged"
    if in_shop is None:
        codes.create(shop_code)
    else:
        codes.renew(in_shop, uses_max=uses_max)
    # It may have been cancelled meanwhile, and whoever heard of that have found no code yet.
    if not _is_good(voucher_of(voucher.code, desk=desk), desk=desk):
        made = codes.find(voucher.code)
        if made:
            codes.deactivate(made)
        return "deactivated"
    return "created" if in_shop is None else "renewed"


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
