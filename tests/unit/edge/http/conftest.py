"""Callers of tests need no table.

The client of a service names the program that it acts for, and nobody lost a role.
"""

import pytest

from loyalty.edge.http import app
from loyalty.edge.http.auth import Principal
from tests.support.http import serves


@pytest.fixture(autouse=True)
def callers(monkeypatch: pytest.MonkeyPatch) -> None:
    def is_in_force(_principal: Principal) -> None:
        return

    # Everything is counted.
    monkeypatch.setenv("LOYALTY_DASHBOARD", "1")
    monkeypatch.setattr(app, "may_serve", serves)
    monkeypatch.setattr(app, "require_in_force", is_in_force)
