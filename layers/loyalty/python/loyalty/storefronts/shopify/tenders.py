"""How an order of Shopify was paid.

An order names its gateways. If there are several, only its transactions say what each has paid.
"""

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from loyalty.domain.orders.order import Tender
from loyalty.domain.shops.storefront import Command, FetchNeeded, Parked
from loyalty.storefronts.payloads import Amount, OptionalText, Part, Payload, fetch, minor
from loyalty.storefronts.shopify.graphql import GraphqlAnswer
from loyalty.storefronts.shopify.payload import GRAPHQL_PATH, ShopifyOrder
from loyalty.storefronts.tenders import CARD, CASH, GIFT_CARD, STORE_CREDIT, tender_kind, tenders

TENDERS_QUERY: Final = (
    "query ($id: ID!) { order(id: $id) "
    "{ transactions { gateway kind status amountSet { shopMoney { amount } } } } }"
)
# An authorization is followed by a capture, and change is given back.
PAYING: Final = ("SALE", "CAPTURE")
GIVING_BACK: Final = "CHANGE"

_KINDS: Final = {
    "bogus": CARD,
    "cash": CASH,
    "cash_on_delivery_cod": CASH,
    "exchange_credit": STORE_CREDIT,
    "gift_card": GIFT_CARD,
    "shopify_payments": CARD,
    "shopify_store_credit": STORE_CREDIT,
    "store_credit": STORE_CREDIT,
}


class _Money(Payload):
    amount: Amount


class _Bag(Payload):
    shopMoney: _Money  # noqa: N815  # their word


class _Transaction(Payload):
    gateway: OptionalText = None
    kind: OptionalText = None
    status: OptionalText = None
    amountSet: _Bag  # noqa: N815  # their word

    @property
    def paid(self) -> Decimal:
        if self.status != "SUCCESS" or self.kind not in (*PAYING, GIVING_BACK):
            return Decimal(0)
        amount = self.amountSet.shopMoney.amount
        return -amount if self.kind == GIVING_BACK else amount


class _Order(Payload):
    transactions: tuple[_Transaction, ...]


class _Data(Payload):
    order: _Order


class _Answer(GraphqlAnswer):
    data: Part[_Data] = None


def needs_transactions(order: ShopifyOrder) -> bool:
    """Whether an order does not say by itself how it was paid."""
    return len(_kinds_of(order)) > 1


def tenders_of_one_gateway(order: ShopifyOrder, paid_minor: int) -> tuple[Tender, ...]:
    """The tender of an order that was paid in one way; none if in several."""
    kinds = _kinds_of(order)
    return tenders((kind, paid_minor) for kind in kinds) if len(kinds) == 1 else ()


def fetch_tenders(
    order: ShopifyOrder, complete: Callable[[tuple[Tender, ...]], Command], *, decimals: int
) -> FetchNeeded:
    """Read what each gateway has paid, and complete the order with it."""

    def completed(responses: Sequence[bytes]) -> Command:
        answer = _Answer.model_validate_json(responses[0])
        refusal = answer.refusal()
        if answer.data is None:
            return Parked(refusal)
        return complete(
            tenders(
                (tender_kind(each.gateway, _KINDS), minor(each.paid, decimals))
                for each in answer.data.order.transactions
            )
        )

    variables = {"id": order.admin_graphql_api_id}
    body = json.dumps({"query": TENDERS_QUERY, "variables": variables}).encode()
    return fetch((GRAPHQL_PATH,), completed, body=body)


def _kinds_of(order: ShopifyOrder) -> set[str]:
    return {tender_kind(name, _KINDS) for name in order.payment_gateway_names or ()}
