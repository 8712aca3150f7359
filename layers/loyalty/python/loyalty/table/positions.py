"""What the sort keys look like that a page of a list can end with, and the next one go on from.

A caller brings such a key back in a cursor, and may have made it up. It leads to nothing of anybody
else's, for the partition follows from who asks; but it is taken apart to build the key of an item,
and DynamoDB refuses one that is too long, or outside of what is asked for.
"""

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
# They are read from 2000 on, and a range that ends before it begins is refused.
is_guest_order: Final = _shaped(rf"(?!1|0){_DAY}T{_TIME}#{_NAME}#{_NAME}")
