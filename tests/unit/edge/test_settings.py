"""Settings are read when they are first needed, and an error names every missing variable."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from loyalty.edge.settings import SettingMissing, settings


@dataclass(frozen=True, slots=True, kw_only=True)
class BakerySettings:
    oven: str
    flour: str
    opens: str = "07:00"


@pytest.fixture(autouse=True)
def nothing_read_yet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for field in ("OVEN", "FLOUR", "OPENS"):
        monkeypatch.delenv(f"LOYALTY_{field}", raising=False)
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_a_field_is_the_variable_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOYALTY_OVEN", "gas")
    monkeypatch.setenv("LOYALTY_FLOUR", "rye")
    monkeypatch.setenv("LOYALTY_OPENS", "06:00")

    assert settings(BakerySettings) == BakerySettings(oven="gas", flour="rye", opens="06:00")


def test_a_field_with_a_default_need_not_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOYALTY_OVEN", "gas")
    monkeypatch.setenv("LOYALTY_FLOUR", "rye")
    monkeypatch.setenv("LOYALTY_OPENS", "")

    assert settings(BakerySettings).opens == "07:00"


def test_every_variable_that_is_missing_or_empty_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOYALTY_FLOUR", "")

    with pytest.raises(SettingMissing) as missing:
        settings(BakerySettings)

    assert str(missing.value) == "BakerySettings needs LOYALTY_OVEN, LOYALTY_FLOUR"


def test_the_environment_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOYALTY_OVEN", "gas")
    monkeypatch.setenv("LOYALTY_FLOUR", "rye")
    first = settings(BakerySettings)
    monkeypatch.setenv("LOYALTY_OVEN", "wood")

    assert settings(BakerySettings) is first
