"""Countries, as far as they decide how people write a phone number."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

_OF_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z]{4})?-([A-Za-z]{2})(?:-.*)?")


def regions_of(*, locale: str, zone: str) -> tuple[str, ...]:
    """The countries that a locale (`fr-CA`) and an IANA time zone name, by ISO 3166-1 alpha-2 code.

    A zone of no country, such as `UTC`, and an older name of a zone name none.
    """
    spoken = _OF_LOCALE.fullmatch(locale)
    found = (*((spoken[1].upper(),) if spoken else ()), *_regions_by_zone().get(zone, ()))
    return tuple(dict.fromkeys(found))


@cache
def _regions_by_zone() -> Mapping[str, tuple[str, ...]]:
    """From the time zone database: a country, its coordinates and a zone in each line."""
    regions: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    for line in table.splitlines():
        if not line.startswith("#"):
            region, _, zone, *_ = line.split("\t")
            regions[zone] += (region,)
    return regions
