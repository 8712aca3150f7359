"""Currencies of ISO 4217 and how many decimals their minor units have."""

from functools import cache


@cache
def exponent(code: str) -> int | None:
    """Decimals of a currency: 2 for EUR, 0 for JPY, 3 for KWD; None if the code is not one."""
    # The library parses the published XML on import. Few requests need to spend these 56 ms.
    from iso4217 import Currency  # noqa: PLC0415

    try:
        decimals = Currency(code).exponent
    except ValueError:
        return None
    return None if decimals is None else int(decimals)


def written(amount_minor: int, currency: str) -> str:
    """An amount in minor units as people write it: `1,249.00 EUR`."""
    decimals = exponent(currency) or 0
    sign = "-" if amount_minor < 0 else ""
    whole, minor = divmod(abs(amount_minor), 10**decimals)
    fraction = f".{minor:0{decimals}d}" if decimals else ""
    return f"{sign}{whole:,}{fraction} {currency}"
