"""How the means of payment of every platform are called in orders."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from loyalty.domain.orders.order import TENDERS_MAX, Tender, tenders_of

CARD: Final = "card"
CASH: Final = "cash"
GIFT_CARD: Final = "gift_card"
STORE_CREDIT: Final = "store_credit"
POINTS: Final = "points"
OTHER: Final = "other"

KIND_CHARACTERS_MAX: Final = 64

_NO_WORD: Final = re.compile(r"[^a-z0-9]+", re.ASCII)


def tender_kind(name: str | None, kinds: Mapping[str, str]) -> str:
    """What a means of payment is called in orders.

    `kinds` are the platform's own names that have a common name here, in small letters and with
    underscores. Others keep the platform's name in that form, so that rules can name them too.
    """
    own = _NO_WORD.sub("_", (name or "").casefold()).strip("_")
    return kinds.get(own) or own[:KIND_CHARACTERS_MAX].strip("_") or OTHER


def tenders(payments: Iterable[tuple[str, int]]) -> tuple[Tender, ...]:
    """Payments by kind and amount as an order's tenders; those beyond the most are left out."""
    found = tenders_of(Tender(kind, amount_minor) for kind, amount_minor in payments)
    largest = sorted(found, key=lambda tender: -tender.amount_minor)[:TENDERS_MAX]
    return tuple(sorted(largest))
