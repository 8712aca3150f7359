"""One package per platform: `payload` is what it sends, `translate` what that means."""

from typing import assert_never

from loyalty.domain.shops.storefront import PlatformName
from loyalty.usecases.shops.platforms import Platform


def platform_named(name: PlatformName) -> Platform:
    """A platform, imported when it is first needed: a cold start pays only for its own shops."""
    match name:
        case "shopify":
            from loyalty.storefronts.shopify import SHOPIFY  # noqa: PLC0415  # as said

            return SHOPIFY
        case "woocommerce":
            from loyalty.storefronts.woocommerce import WOOCOMMERCE  # noqa: PLC0415  # as said

            return WOOCOMMERCE
        case "square":
            from loyalty.storefronts.square import SQUARE  # noqa: PLC0415  # as said

            return SQUARE
        case "stripe":
            from loyalty.storefronts.stripe import STRIPE  # noqa: PLC0415  # as said

            return STRIPE
        case "bigcommerce":
            from loyalty.storefronts.bigcommerce import BIGCOMMERCE  # noqa: PLC0415  # as said

            return BIGCOMMERCE
        case "judgeme":
            from loyalty.storefronts.judgeme import JUDGEME  # noqa: PLC0415  # as said

            return JUDGEME
        case "standard":
            from loyalty.storefronts.standard import STANDARD  # noqa: PLC0415  # as said

            return STANDARD
        case "flow":
            from loyalty.storefronts.flow import FLOW  # noqa: PLC0415  # as said

            return FLOW
        case _:
            assert_never(name)
