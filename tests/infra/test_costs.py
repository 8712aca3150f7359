"""What a stage costs a month while nothing happens, computed from its templates."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.infra.assembly import Assembly
from tests.support import prices

README = Path(__file__).resolve().parents[2] / "README.md"

IDLE_MAX = 12.00


def test_an_idle_stage_costs_what_the_readme_says(prod: Assembly) -> None:
    bill = _bill(prod)
    page = README.read_text(encoding="utf-8")
    stated = page.partition("| an idle stage | | a month, $ |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (\w.+) \| (\d+) \| ([\d.]+) \|$", stated, re.MULTILINE)

    assert rows == [
        (name, str(number), f"{number * price:.2f}") for name, (number, price) in bill.items()
    ]
    together = sum(float(dollars) for _, _, dollars in rows)
    assert stated.endswith(f"\n| **together** | | **{together:.2f}** |")
    assert together <= IDLE_MAX


def _bill(assembly: Assembly) -> dict[str, tuple[int, float]]:
    """How many there are of each thing that costs something by itself, and its monthly price."""
    monitoring = assembly.monitoring
    queues, ordered_queues = _polled(assembly)
    polls = prices.IDLE_POLLS_MONTH / prices.MILLION
    assert not monitoring.of_type("CloudWatch::Dashboard")
    return {
        "metrics that alarms read, $0.10 each": (
            sum(map(_metrics_of, monitoring.of_type("CloudWatch::Alarm").values())),
            prices.ALARM_METRIC_MONTH,
        ),
        "alarms on other alarms, $0.50 each": (
            len(monitoring.of_type("CloudWatch::CompositeAlarm")),
            prices.COMPOSITE_ALARM_MONTH,
        ),
        "queues, which Lambda polls 648,000 times each, $0.40 a million": (
            queues,
            polls * prices.SQS_REQUESTS_MILLION,
        ),
        "FIFO queues, polled as often, $0.50 a million": (
            ordered_queues,
            polls * prices.SQS_FIFO_REQUESTS_MILLION,
        ),
        "secrets, $0.40 each": (
            len(assembly.data.of_type("SecretsManager::Secret")),
            prices.SECRET_MONTH,
        ),
    }


def _metrics_of(alarm: Any) -> int:
    """How many metrics an alarm reads; CloudWatch charges for each."""
    return sum("MetricStat" in each for each in alarm.get("Metrics", ())) or 1


def _polled(assembly: Assembly) -> tuple[int, int]:
    """How many standard queues and FIFO queues Lambda polls."""
    sources = [
        assembly.render(mapping["EventSourceArn"])
        for mapping in assembly.service.of_type("Lambda::EventSourceMapping").values()
        if "StartingPosition" not in mapping
    ]
    ordered = sum("IntakeQueue" in each for each in sources)
    return len(sources) - ordered, ordered
