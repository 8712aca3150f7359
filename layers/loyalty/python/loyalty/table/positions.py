"""The forms of the sort keys with which a page of a list can end and the next page can continue.

A caller sends such a key back in a cursor, and may have made it up. It cannot lead to anybody
else's items, because the partition follows from the caller. But we take the key apart to build an
item's key, and DynamoDB refuses a key that is too long or outside the range of a query.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from loyalty.table import keys

_DAY: Final = r"\d{4}-\d\d-\d\d"
_TIME: Final = r"\d\d:\d\d:\d\d\.\d{6}Z"
# Three of them and a time fit into the 1,024 bytes of a sort key.
_NAME: Final = r"[!-\"$-~]{1,256}"
_SUBJECT: Final = rf"{_NAME}(#{_NAME})?"


def _shaped(pattern: str) -> Callable[[str], bool]:
    shape = re.compile(pattern, re.ASCII)
    return lambda position: shape.fullmatch(position) is not None


# An entry, a voucher, a delivery to an endpoint, or an export of a report.
is_listed: Final = _shaped(rf"{_DAY}T{_TIME}#{_NAME}")
is_survey_response: Final = _shaped(rf"{_DAY}T{_TIME}#{_NAME}#{_SUBJECT}")
is_message_of_member: Final = _shaped(rf"{keys.MESSAGES}{_DAY}#{_NAME}")
is_response_of_member: Final = _shaped(rf"{keys.RESPONSES}{_NAME}#{_SUBJECT}")
# Guest orders are read from 2000 on, and DynamoDB refuses a range that ends before it begins.
is_guest_order: Final = _shaped(rf"(?!1|0){_DAY}T{_TIME}#{_NAME}#{_NAME}")
# The friend's id.
is_held_referral: Final = _shaped(r"mem_[A-Za-z0-9._:-]{1,60}")
