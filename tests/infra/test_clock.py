"""The clock of a deployed function cannot be moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loyalty.edge.clock import ClockSettings

if TYPE_CHECKING:
    from tests.infra.assembly import Assembly


@pytest.mark.parametrize("stage", ["dev", "prod", "local"])
def test_no_template_gives_a_function_a_clock_that_can_be_moved(
    stage: str, request: pytest.FixtureRequest
) -> None:
    assembly: Assembly = request.getfixturevalue(stage)
    moving = {f"LOYALTY_{name.upper()}" for name in ClockSettings.__dataclass_fields__}

    functions = list(assembly.service.functions())

    assert moving == {"LOYALTY_CLOCK_FILE"}
    assert functions
    for name, function in functions:
        assert not moving & set(function["Environment"]["Variables"]), name
