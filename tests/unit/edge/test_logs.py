"""Lines of the log as Lambda takes them."""

import json
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from infra.routes import ROUTES
from loyalty.edge.logs import Logger, failure

ROOT: Final = Path(__file__).resolve().parents[3]


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_says_when_where_and_what_happened(capsys: pytest.CaptureFixture[str]) -> None:
    logger = Logger(service="accrual", level="INFO")
    logger.append_keys(request_id="r-1")

    logger.info("recorded", day=date(2026, 11, 30), code=None)

    (line,) = lines(capsys)
    assert datetime.fromisoformat(line.pop("timestamp")).utcoffset() is not None
    assert line == {
        "level": "INFO",
        "message": "recorded",
        "service": "accrual",
        "request_id": "r-1",
        "day": "2026-11-30",
    }


@pytest.mark.parametrize(
    ("level", "written"),
    [
        ("TRACE", ["DEBUG", "INFO", "WARN", "ERROR"]),
        ("INFO", ["INFO", "WARN", "ERROR"]),
        ("WARN", ["WARN", "ERROR"]),
        ("FATAL", []),
    ],
)
def test_lambda_s_setting_says_which_levels_are_written(
    level: str, written: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    logger = Logger(service="accrual", level=level)

    for write in (logger.debug, logger.info, logger.warning, logger.error):
        write("happened")

    assert [line["level"] for line in lines(capsys)] == written


def test_a_failure_has_its_place_and_its_cause_without_their_texts() -> None:
    with pytest.raises(ValueError, match="Invalid isoformat") as raised:
        date.fromisoformat("ana@example.com")
    raised.value.__cause__ = KeyError("ana@example.com")

    logged = json.dumps(failure(raised.value))

    assert '"kind": "ValueError"' in logged
    assert '"kind": "KeyError"' in logged
    assert "test_logs.py" in logged
    assert "ana@example.com" not in logged


def test_a_failure_that_is_its_own_cause_is_logged() -> None:
    error = KeyError("x")
    error.__cause__ = error

    assert json.dumps(failure(error)).count('"cause"') == 10


def test_no_function_without_a_route_loads_the_library_of_the_router() -> None:
    with_routes = {route.function for route in ROUTES}
    others = sorted(
        each.parent.name
        for each in (ROOT / "functions").glob("*/handler.py")
        if each.parent.name not in with_routes
    )
    # In a process of its own, because tests have loaded everything here.
    program = ";".join(
        [
            "import sys",
            *(f"import functions.{each}.handler" for each in others),
            "print([each for each in sys.modules if each.startswith('aws_lambda_powertools')])",
        ]
    )

    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert {"relay", "intake", "expiry"} <= set(others)
    assert loaded.stdout.strip() == "[]"
