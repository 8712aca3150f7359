"""The countries in which a program's members write phone numbers."""

import pytest

from loyalty.domain.kernel.regions import regions_of


@pytest.mark.parametrize(
    ("locale", "zone", "regions"),
    [
        ("en", "Europe/Paris", ("FR",)),
        ("fr-CA", "America/Toronto", ("CA",)),
        ("en-US", "Europe/Paris", ("US", "FR")),
        ("zh-Hant-tw", "Asia/Taipei", ("TW",)),
        ("de-1996", "UTC", ()),
        ("sl-rozaj", "Europe/Ljubljana", ("SI",)),
        ("en", "US/Eastern", ()),
    ],
)
def test_a_locale_and_a_time_zone_name_countries(
    locale: str, zone: str, regions: tuple[str, ...]
) -> None:
    assert regions_of(locale=locale, zone=zone) == regions
