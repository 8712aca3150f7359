"""The fixed costs that the README states, compared with what is deployed."""

from __future__ import annotations

import re
from pathlib import Path

from tests.infra.assembly import Assembly

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_fixed_costs_of_the_readme_are_those_of_the_templates(prod: Assembly) -> None:
    stated = re.search(
        r"fixed: (\d+) alarms . \$0\.10, (\d+) metrics . \$0\.30, a dashboard \$3, "
        r"(\d+) queues . \$0\.26, a secret \$0\.40 \| ([\d.]+) \|",
        README.read_text(encoding="utf-8"),
    )
    assert stated
    alarms, metrics, queues = map(int, stated.groups()[:3])

    deployed = len(prod.monitoring.of_type("CloudWatch::Alarm"))
    polled = [
        mapping
        for mapping in prod.service.of_type("Lambda::EventSourceMapping").values()
        if "StartingPosition" not in mapping
    ]

    # Ten alarms cost a dollar, which is as exact as "about" has to be.
    assert abs(deployed - alarms) < 10
    assert len(polled) == queues
    total_cents = 10 * alarms + 30 * metrics + 300 + 26 * queues + 40
    assert stated[4] == f"{total_cents / 100:.2f}"
