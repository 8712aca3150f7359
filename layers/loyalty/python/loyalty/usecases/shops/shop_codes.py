"""Create a voucher's code in shops as a discount code, and deactivate it when the voucher ends.

Events about a voucher may come late, twice or in any order. So each run looks only at the voucher's
present state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from loyalty.domain.kernel.errors import NotFound, TryAgain
from loyalty.domain.ledger.entries import Entry, Redemption, RequestCause
from loyalty.domain.ledger.redemptions import request_of
from loyalty.domain.shops.shop_codes import KnownCode, ShopCode, code_for, discount_of
from loyalty.usecases.ledger.redemption import end_cancelling, give_code, voucher_of

if TYPE_CHECKING:
    from loyalty.domain.ledger.vouchers import Voucher
    from loyalty.domain.program.document import PublishedProgram
    from loyalty.usecases.ports import Desk

type Done = Literal["created", "renewed", "deactivated", "unchanged", "no_code"]


class DiscountCodes(Protocol):
    """A connected shop's own discount codes.

    All methods raise `TryAgain` if the shop does not answer, and `ShopRefused` if it refuses.
    """

    def find(self, code: str) -> KnownCode | None: ...

    def create(self, code: ShopCode) -> None:
        """Create the code; succeeds also if the shop has it already."""
        ...

    def renew(self, in_shop: KnownCode, *, uses_max: int) -> None:
        """Activate the code again, for up to `uses_max` uses in all."""
        ...

    def deactivate(self, in_shop: KnownCode) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeShop:
    """A connected shop and its discount codes; `creates`: it gets the codes of new vouchers."""

    storefront_id: str
    codes: DiscountCodes
    creates: bool = True


class ShopRefused(Exception):
    """A shop refused a request, and would refuse it again."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def sync_code(redemption_id: str, *, shops: Iterable[CodeShop], desk: Desk) -> list[Done]:
    """Make a voucher's code active in each shop while it is issued, and inactive otherwise.

    A cancellation ends once every shop that had the code has deactivated it; shops that are no
    longer connected are not waited for. All shops are asked, even if one fails: its error is
    raised at the end.

    Raises:
        NotFound: no such redemption.
        ShopRefused: a shop refused.
        TryAgain: a shop did not answer.
    """
    voucher, decided_by = _redeemed(redemption_id, desk=desk)
    shop_code = _shop_code(voucher, decided_by)
    if shop_code is None:
        return ["no_code"]
    concerned = [each for each in shops if each.creates or each.storefront_id in voucher.in_shops]
    if voucher.state == "cancelling":
        had_it = [each for each in concerned if each.storefront_id in voucher.in_shops]
        uses = _each(
            had_it, lambda shop: _deactivate(voucher, shop_code, codes=shop.codes, desk=desk)
        )
        was_used = any(each > voucher.times_reinstated for each in uses)
        end_cancelling(voucher.code, was_used=was_used, desk=desk)
        return ["deactivated" for _ in had_it]
    return _each(concerned, lambda shop: _sync_code_in(voucher, shop_code, shop=shop, desk=desk))


def _each[T](shops: Iterable[CodeShop], ask: Callable[[CodeShop], T]) -> list[T]:
    """Ask each shop, and return the answers. The first error is raised after all were asked."""
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


def _deactivate(voucher: Voucher, shop_code: ShopCode, *, codes: DiscountCodes, desk: Desk) -> int:
    """Deactivate a code in a shop. Returns how often it was used there.

    If the shop has no such code, another run may be about to create it. So the code is created
    first and then deactivated: the other run finds it, and does not activate it again.

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


def _sync_code_in(voucher: Voucher, shop_code: ShopCode, *, shop: CodeShop, desk: Desk) -> Done:
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
    # Recorded before the shop gets the code, so that any later cancellation waits for the shop.
    given = give_code(voucher.code, storefront_id=shop.storefront_id, desk=desk)
    if not _is_good(given, desk=desk):
        return "unchanged"
    if in_shop is None:
        codes.create(shop_code)
    else:
        codes.renew(in_shop, uses_max=uses_max)
    # The voucher may have been cancelled meanwhile, by a run that found no code in the shop yet.
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
    """The voucher of a redemption, and the program version that it was redeemed under."""
    found = desk.books.entry(RequestCause(request_of(redemption_id), "redemption"))
    if not isinstance(found, Entry) or not isinstance(found.detail, Redemption):
        raise NotFound("There is no such redemption")
    return voucher_of(found.detail.code, desk=desk), desk.version(found.program_version)
