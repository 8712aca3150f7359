"""Currencies of ISO 4217 and how many decimals their minor units have."""

from functools import cache


@cache
def exponent(code: str) -> int | None:
    """Decimals of a currency: 2 for EUR, 0 for JPY, 3 for KWD; None for what is no currency."""
    # The library parses the published XML when imported, 56 ms that few requests need to spend.
    from iso4217 import Currency  # noqa: PLC0415

    try:
        decimals = Currency(code).exponent
    except ValueError:
        return None
    return None if decimals is None else int(decimals)
