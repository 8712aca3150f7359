"""Random histories; `make simulate SEEDS=200000` runs many more."""

from typing import Final

import pytest

from tests.simulation.__main__ import replay, run

HISTORIES: Final = 12_000
CHUNK: Final = 500


@pytest.mark.parametrize("start", range(0, HISTORIES, CHUNK))
def test_no_history_breaks_a_promise(start: int) -> None:
    ran = run(range(start, start + CHUNK))

    assert ran.broken is None, f"{ran.why}\n{replay(ran.broken)}"
