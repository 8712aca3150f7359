"""Settings are read when they are needed, and say what is missing."""

from collections.abc import Iterator

import pytest

from loyalty.edge.settings import (
    ClaimSettings,
    RelaySettings,
    SettingMissing,
    WebhooksSettings,
    settings,
)


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_a_setting_is_the_variable_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOYALTY_BUS", "points")

    assert settings(RelaySettings) == RelaySettings(bus="points")


def test_every_variable_that_is_missing_or_empty_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOYALTY_TABLE", "ledger")
    monkeypatch.setenv("LOYALTY_STOREFRONT_SECRETS", "")
    monkeypatch.delenv("LOYALTY_INBOX_BUCKET", raising=False)
    monkeypatch.setenv("LOYALTY_INTAKE_QUEUE_URL", "https://queue")

    with pytest.raises(SettingMissing) as missing:
        settings(WebhooksSettings)

    assert str(missing.value).split(" needs ")[1] == (
        "LOYALTY_STOREFRONT_SECRETS, LOYALTY_INBOX_BUCKET"
    )


def test_a_setting_with_a_default_need_not_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOYALTY_GROUPS_CLAIM", "roles")

    assert settings(ClaimSettings) == ClaimSettings(groups_claim="roles")
