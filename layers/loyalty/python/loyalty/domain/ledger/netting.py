"""Netting: what is left of an order's amounts once the vouchers that it was paid with are off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from loyalty.domain.earning.awarding import apportion
from loyalty.domain.program.kinds import CHARGES, RewardKind

if TYPE_CHECKING:
    from loyalty.domain.ledger.vouchers import Terms, Voucher
    from loyalty.domain.orders.order import Line, Order

# What is for certain goods goes off first, what pays for anything goes off last.
_TURNS: Final[Mapping[RewardKind, int]] = {
    "free_product": 0,
    "free_shipping": 1,
    "percent_off": 2,
    "amount_off": 3,
    "gift_card": 4,
}


def net_of(order: Order, vouchers: Iterable[Voucher]) -> Order:
    """The order with the value of each voucher taken off its lines.

    A free product takes off one unit of the dearest line that it is valid for, and free shipping
    the shipping. A percentage and an amount reduce the goods that they are valid for, an amount in
    proportion. A gift card, and points as money, pay for every line, charges included. Experiences
    and donations take nothing off.
    """
    left = {line.line_id: line.amount_minor for line in order.lines}
    in_turn = [(_turn(each), each.code, each) for each in vouchers if each.terms]
    for _, _, voucher in sorted(in_turn, key=lambda turn: turn[:2]):
        for line_id, off_minor in _off(voucher, order.lines, left).items():
            left[line_id] -= off_minor
    return order.keeping(left)


def _turn(voucher: Voucher) -> int:
    if voucher.pays:
        return len(_TURNS)
    return _TURNS.get(voucher.terms.kind, len(_TURNS)) if voucher.terms else len(_TURNS)


def _off(voucher: Voucher, lines: Iterable[Line], left: Mapping[str, int]) -> Mapping[str, int]:
    """What a voucher takes off each line, of what is left of it."""
    terms = voucher.terms
    if terms is None:
        return {}
    if voucher.pays or terms.kind == "gift_card":
        return _amount(terms, left)
    goods = [line for line in lines if _is_valid_for(terms, line)]
    match terms.kind:
        case "free_product":
            return _one_unit(goods, left)
        case "free_shipping":
            return {each.line_id: left[each.line_id] for each in lines if _is_shipping(each)}
        case "percent_off":
            percent = terms.percent or 0
            return {each.line_id: left[each.line_id] * percent // 100 for each in goods}
        case "amount_off":
            return _amount(terms, {each.line_id: left[each.line_id] for each in goods})
        case _:
            return {}


def _is_valid_for(terms: Terms, line: Line) -> bool:
    return line.category not in CHARGES and (not terms.skus or line.sku in terms.skus)


def _is_shipping(line: Line) -> bool:
    return line.category == "shipping"


def _amount(terms: Terms, left: Mapping[str, int]) -> Mapping[str, int]:
    return apportion(min(terms.amount_minor or 0, sum(left.values())), left)


def _one_unit(goods: Iterable[Line], left: Mapping[str, int]) -> Mapping[str, int]:
    units = {
        line.line_id: min(left[line.line_id], line.amount_minor // line.quantity)
        for line in goods
        if line.quantity
    }
    dearest = max(units, key=lambda line_id: units[line_id], default=None)
    return {dearest: units[dearest]} if dearest is not None else {}
