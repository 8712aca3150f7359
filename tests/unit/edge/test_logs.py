"""Lines of the log as Lambda takes them."""

import json
from datetime import date, datetime
from typing import Any

import pytest

from loyalty.edge.logs import Logger, failure


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
