"""Counts as CloudWatch reads them from the log."""

import json

import pytest

from loyalty.edge.metrics import count, count_together


@pytest.fixture(autouse=True)
def dashboard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOYALTY_DASHBOARD", "1")


def test_what_happened_at_once_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    count_together({"Orders": 1, "PointsEarned": 49})

    (line,) = capsys.readouterr().out.splitlines()
    written = json.loads(line)
    assert (written["Orders"], written["PointsEarned"]) == (1, 49)
    (declared,) = written["_aws"]["CloudWatchMetrics"]
    assert declared["Dimensions"] == [["service"]]
    assert declared["Metrics"] == [
        {"Name": "Orders", "Unit": "Count"},
        {"Name": "PointsEarned", "Unit": "Count"},
    ]


def test_every_dimension_has_a_value(capsys: pytest.CaptureFixture[str]) -> None:
    count("Refusals", code="not_found")

    written = json.loads(capsys.readouterr().out)
    (declared,) = written["_aws"]["CloudWatchMetrics"]
    (dimensions,) = declared["Dimensions"]
    assert dimensions == ["service", "code"]
    assert all(isinstance(written[each], str) for each in dimensions)
    assert written["Refusals"] == 1
    assert isinstance(written["_aws"]["Timestamp"], int)


def test_without_a_dashboard_only_what_alarms_read_is_counted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LOYALTY_DASHBOARD")

    count_together({"Orders": 1, "PointsEarned": 49})
    count("DeliveriesParked")

    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["DeliveriesParked"] == 1
