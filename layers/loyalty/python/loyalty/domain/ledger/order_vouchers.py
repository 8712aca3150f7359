"""The vouchers of an order: the order uses each once, and a cancelled order gives them back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from loyalty.domain.ledger.vouchers import State, Voucher
    from loyalty.domain.orders.order import OrderRef

# More codes on one order mean a mistake, or somebody who is guessing codes.
VOUCHERS_MAX: Final = 20

VoucherStepStatus = Literal[
    "used", "given_back", "kept", "refused", "points_returned", "points_taken"
]

_CODE: Final = re.compile(r"[A-Z2-7]{16}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderVouchers:
    """The codes of the vouchers that an order has used; its storefront lists the `listed` ones.

    A cancelled order keeps the codes that were not given back, and never uses another voucher.
    `told_at` is the time of the storefront's latest list of discounts. `counter` guards the item.
    """

    source: str
    order_id: str
    codes: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    is_cancelled: bool = False
    told_at: datetime | None = None
    counter: int = 0

    def using(
        self, code: str, *, is_listed: bool = False, told_at: datetime | None = None
    ) -> OrderVouchers:
        codes = (*_without(self.codes, code), code)
        listed = (*_without(self.listed, code), code) if is_listed else self.listed
        return self._next(codes, listed, told_at)

    def without(self, code: str, *, told_at: datetime | None = None) -> OrderVouchers:
        return self._next(_without(self.codes, code), _without(self.listed, code), told_at)

    def has(self, code: str, *, is_listed: bool) -> bool:
        return code in (self.listed if is_listed else self.codes)

    def cancelled(self) -> OrderVouchers:
        return replace(self, is_cancelled=True, counter=self.counter + 1)

    def reopened(self) -> OrderVouchers:
        return replace(self, is_cancelled=False, counter=self.counter + 1)

    def _next(
        self, codes: tuple[str, ...], listed: tuple[str, ...], told_at: datetime | None
    ) -> OrderVouchers:
        return replace(
            self,
            codes=codes,
            listed=listed,
            told_at=told_at or self.told_at,
            counter=self.counter + 1,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherStep:
    """What an order did to a voucher; `reason` says why it was refused or stays used.

    `points` are those that a refund returned, or that were taken again after it was withdrawn.
    """

    redemption_id: str
    status: VoucherStepStatus
    reason: str | None = None
    replayed: bool = False
    points: int = 0


def code_of(text: str) -> str | None:
    """A discount's code in the form of our vouchers' codes; None if it cannot be one of ours.

    Shops ignore the difference between capital and small letters in a code.
    """
    code = text.strip().upper()
    return code if _CODE.fullmatch(code) else None


def codes_among(texts: Iterable[str]) -> tuple[str, ...]:
    """The codes that may be our vouchers, each once."""
    codes = dict.fromkeys(code for code in map(code_of, texts) if code)
    return tuple(codes)[:VOUCHERS_MAX]


def state_for(voucher: Voucher, *, ordered_at: datetime, now: datetime) -> State:
    """The state that counts for an order, which may be reported long after it was paid.

    A shop may still take the code of a voucher that is being cancelled.
    """
    if voucher.state == "cancelling":
        voucher = replace(voucher, state="issued")
    return voucher.state_at(min(ordered_at, now) if voucher.state == "issued" else now)


def used_by_order(
    voucher: Voucher,
    order: OrderRef,
    *,
    ordered_at: datetime,
    member_id: str | None,
    now: datetime,
) -> Voucher:
    """An issued voucher after an order has used it, at the order's time.

    `member_id` is the member whose order it is, None if unknown.
    """
    return replace(
        voucher,
        state="used",
        used_at=min(max(ordered_at, voucher.issued_at), now),
        used_request=None,
        used_order=order,
        used_by=member_id,
    )


def why_kept(voucher: Voucher, *, reinstates: bool, now: datetime) -> str | None:
    """Why a voucher stays used although its order was cancelled, as a stable code; None if not."""
    if not reinstates:
        return "not_reinstated"
    if voucher.returned:
        return "points_returned"
    if voucher.expires_at is not None and voucher.expires_at <= now:
        return "voucher_expired"
    return None


def reinstated(voucher: Voucher) -> Voucher:
    """A used voucher, issued again.

    It keeps the request that used it: the same request must not use it a second time.
    """
    return replace(
        voucher,
        state="issued",
        used_at=None,
        used_order=None,
        used_by=None,
        use_recorded_by=None,
        times_reinstated=voucher.times_reinstated + 1,
    )


def _without(codes: tuple[str, ...], code: str) -> tuple[str, ...]:
    return tuple(each for each in codes if each != code)
