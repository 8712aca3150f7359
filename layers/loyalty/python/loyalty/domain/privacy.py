"""What the law lets a shop's customer ask for, as the shop passes it on."""

from dataclasses import dataclass
from typing import Literal

from loyalty.domain.identity import Identity

type Asks = Literal["export", "erasure", "shop_erasure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyRequest:
    """A customer who wants to know what is held of them or to be forgotten, or a shop that goes.

    Customer and orders are as the shop knows them.
    """

    asks: Asks
    identities: tuple[Identity, ...] = ()
    order_ids: tuple[str, ...] = ()
