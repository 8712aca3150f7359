"""Convert the domain's objects to items and back: entries, accounts, vouchers, order states.

Repeated parts of an item (lines, shares, parts of an award) are lists of lists, not of maps: field
names would take half of the item, and an accrual of five lines must stay under 1 KB.
"""

from __future__ import annotations

from loyalty.table.records.accounts import account_from_item, account_to_item
from loyalty.table.records.causes import cause_key, cause_of
from loyalty.table.records.entries import entry_from_item, entry_to_item, history_position
from loyalty.table.records.orders import (
    GUEST_ORDER_DAYS,
    guest_orders_of,
    order_state_from_item,
    order_state_to_item,
    order_vouchers_from_item,
    order_vouchers_to_item,
    placeholder_to_item,
)
from loyalty.table.records.parts import HISTORY_ATTRIBUTES, VERSION, pending_name, reached_to_list
from loyalty.table.records.vouchers import voucher_from_item, voucher_to_item

__all__ = [
    "GUEST_ORDER_DAYS",
    "HISTORY_ATTRIBUTES",
    "VERSION",
    "account_from_item",
    "account_to_item",
    "cause_key",
    "cause_of",
    "entry_from_item",
    "entry_to_item",
    "guest_orders_of",
    "history_position",
    "order_state_from_item",
    "order_state_to_item",
    "order_vouchers_from_item",
    "order_vouchers_to_item",
    "pending_name",
    "placeholder_to_item",
    "reached_to_list",
    "voucher_from_item",
    "voucher_to_item",
]
