"""What the tests of the lake share."""

import pytest

from loyalty.lake import mirror


@pytest.fixture
def by_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mirror fetches even the smallest objects by their columns, and not a byte more."""
    monkeypatch.setattr(mirror, "WHOLE_BYTES_MAX", 0)
    monkeypatch.setattr(mirror, "TAIL_BYTES", 16)
    monkeypatch.setattr(mirror, "GAP_BYTES_MAX", 0)
