"""Shopify's discount codes: https://shopify.dev/docs/api/admin-graphql (discounts)."""

import json
from decimal import Decimal
from typing import Any, Final

from pydantic import StrictStr, ValidationError

from loyalty.domain.kernel.currencies import exponent
from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.shops.shop_codes import Discount, KnownCode, ShopCode
from loyalty.storefronts.payloads import Payload
from loyalty.storefronts.shopify.payload import GRAPHQL_PATH
from loyalty.usecases.shops.platforms import Send
from loyalty.usecases.shops.shop_codes import ShopRefused

# The code exists already: we created it, and the answer was lost.
TAKEN: Final = "TAKEN"

_FIND: Final = """query ($code: String!) {
  codeDiscountNodeByCode(code: $code) {
    id
    codeDiscount {
      __typename
      ... on DiscountCodeBasic { status usageLimit asyncUsageCount }
      ... on DiscountCodeFreeShipping { status usageLimit asyncUsageCount }
    }
  }
}"""
_CREATE_BASIC: Final = """mutation ($discount: DiscountCodeBasicInput!) {
  done: discountCodeBasicCreate(basicCodeDiscount: $discount) { userErrors { code field } }
}"""
_CREATE_FREE_SHIPPING: Final = """mutation ($discount: DiscountCodeFreeShippingInput!) {
  done: discountCodeFreeShippingCreate(freeShippingCodeDiscount: $discount) {
    userErrors { code field }
  }
}"""
_LIMIT_BASIC: Final = """mutation ($id: ID!, $discount: DiscountCodeBasicInput!) {
  done: discountCodeBasicUpdate(id: $id, basicCodeDiscount: $discount) {
    userErrors { code field }
  }
}"""
_LIMIT_FREE_SHIPPING: Final = """mutation ($id: ID!, $discount: DiscountCodeFreeShippingInput!) {
  done: discountCodeFreeShippingUpdate(id: $id, freeShippingCodeDiscount: $discount) {
    userErrors { code field }
  }
}"""
_ACTIVATE: Final = """mutation ($id: ID!) {
  done: discountCodeActivate(id: $id) { userErrors { code field } }
}"""
_DEACTIVATE: Final = """mutation ($id: ID!) {
  done: discountCodeDeactivate(id: $id) { userErrors { code field } }
}"""


class _Extensions(Payload):
    code: StrictStr | None = None


class _Error(Payload):
    extensions: _Extensions = _Extensions()


class _UserError(Payload):
    code: StrictStr | None = None


class _Done(Payload):
    userErrors: tuple[_UserError, ...] = ()  # noqa: N815  # their word


class _Node(Payload):
    id: StrictStr
    codeDiscount: dict[str, Any]  # noqa: N815  # their word


class _Data(Payload):
    done: _Done | None = None
    codeDiscountNodeByCode: _Node | None = None  # noqa: N815  # their word


class _Answer(Payload):
    data: _Data | None = None
    errors: tuple[_Error, ...] = ()


class ShopifyCodes:
    """The discount codes of one shop, through its GraphQL API."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def find(self, code: str) -> KnownCode | None:
        node = self._query(_FIND, code=code).codeDiscountNodeByCode
        if node is None:
            return None
        discount = node.codeDiscount
        limit, uses = discount.get("usageLimit"), discount.get("asyncUsageCount")
        return KnownCode(
            name=node.id,
            kind="free_shipping"
            if discount.get("__typename") == "DiscountCodeFreeShipping"
            else "amount_off",
            is_active=discount.get("status") in ("ACTIVE", "SCHEDULED"),
            uses_max=limit if isinstance(limit, int) else None,
            uses=uses if isinstance(uses, int) else 0,
        )

    def create(self, code: ShopCode) -> None:
        """Create the code; succeeds also if the shop has it already."""
        is_shipping = code.discount.kind == "free_shipping"
        query = _CREATE_FREE_SHIPPING if is_shipping else _CREATE_BASIC
        self._do(query, passing=(TAKEN,), discount=_input(code))

    def renew(self, code_in_shop: KnownCode, *, uses_max: int) -> None:
        """Activate the code again, for up to `uses_max` uses in all."""
        limit = _LIMIT_FREE_SHIPPING if code_in_shop.kind == "free_shipping" else _LIMIT_BASIC
        self._do(limit, id=code_in_shop.name, discount={"usageLimit": uses_max})
        if not code_in_shop.is_active:
            self._do(_ACTIVATE, id=code_in_shop.name)

    def deactivate(self, code_in_shop: KnownCode) -> None:
        self._do(_DEACTIVATE, id=code_in_shop.name)

    def _do(self, query: str, *, passing: tuple[str, ...] = (), **variables: Any) -> None:
        done = self._query(query, **variables).done
        if done is None:
            raise ShopRefused("malformed")
        refusals = [error.code or "unknown" for error in done.userErrors]
        if any(code not in passing for code in refusals):
            raise ShopRefused(next(code for code in refusals if code not in passing))

    def _query(self, query: str, **variables: Any) -> _Data:
        body = json.dumps({"query": query, "variables": variables}).encode()
        try:
            answer = _Answer.model_validate_json(self._send(GRAPHQL_PATH, body))
        except ValidationError as error:
            raise ShopRefused("malformed") from error
        codes = [error.extensions.code or "unknown" for error in answer.errors]
        if "THROTTLED" in codes:
            raise TryAgain("The shop limits our requests")
        if codes or answer.data is None:
            raise ShopRefused(next(iter(codes), "malformed"))
        return answer.data


def _input(code: ShopCode) -> dict[str, Any]:
    discount: dict[str, Any] = {
        "title": code.title,
        "code": code.code,
        "startsAt": code.starts_at.isoformat(),
        "endsAt": code.ends_at.isoformat() if code.ends_at else None,
        "usageLimit": code.uses_max,
        "context": {"all": "ALL"},
    }
    if code.discount.kind == "free_shipping":
        return discount | {"destination": {"all": True}}
    value = _value(code.discount, currency=code.currency)
    return discount | {"customerGets": {"value": value, "items": {"all": True}}}


def _value(discount: Discount, *, currency: str) -> dict[str, Any]:
    if discount.kind == "percent_off":
        return {"percentage": float(Decimal(discount.percent) / 100)}
    amount = Decimal(discount.amount_minor).scaleb(-(exponent(currency) or 0))
    # Taken off the whole order once, not off each unit.
    return {"discountAmount": {"amount": str(amount), "appliesOnEachItem": False}}
