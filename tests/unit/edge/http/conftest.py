"""Services of tests need no table: their client names the program that they act for."""

import pytest

from loyalty.edge.http import app
from tests.support.http import serves


@pytest.fixture(autouse=True)
def services(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "may_serve", serves)
