"""The operations page, compared with the deployed alarms."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.names import kebab
from tests.infra.assembly import FUNCTIONS, Assembly

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


def alarms_of(assembly: Assembly) -> list[Mapping[str, Any]]:
    """Every alarm, on metrics and on other alarms."""
    kinds = ("CloudWatch::Alarm", "CloudWatch::CompositeAlarm")
    return [each for kind in kinds for each in assembly.monitoring.of_type(kind).values()]


def test_the_operations_page_describes_every_alarm(prod: Assembly) -> None:
    alarms = {each["AlarmName"].removeprefix("Loyalty-prod-") for each in alarms_of(prod)}

    headings = re.findall(r"^### (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    named = {name for heading in headings for name in re.findall(r"`([^`]+)`", heading)}
    described = {
        name.replace("<function>", kebab(function))
        for name in named
        for function in (FUNCTIONS if "<function>" in name else ("",))
    }

    assert alarms <= described
    assert named - described - alarms <= {"<function>-errors"}


def test_the_operations_page_lists_the_alarms_that_page(prod: Assembly) -> None:
    pages = {
        each["AlarmName"].removeprefix("Loyalty-prod-")
        for each in alarms_of(prod)
        if "Pages" in json.dumps(each["AlarmActions"])
    }

    _, _, section = PAGE.read_text(encoding="utf-8").partition("### Paged? Start here\n")
    rows = [line for line in section.split("\n### ")[0].splitlines() if line.startswith("| [")]
    listed = {name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])}

    assert listed == pages


def test_the_operations_page_says_what_fails_with_each_function() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert [name for name in FUNCTIONS if f"| `{name}` |" not in page] == []


def test_the_outputs_that_the_page_reads_exist(prod: Assembly) -> None:
    read = re.findall(r"output (\w+) (\w+)\)", PAGE.read_text(encoding="utf-8"))
    exists = {"Data": prod.data.outputs, "Service": prod.service.outputs}

    assert len(read) > 5
    assert [(stack, name) for stack, name in read if name not in exists[stack]] == []


def test_a_shell_can_read_what_the_page_says_to_paste() -> None:
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)

    assert len(blocks) > 10
    for block in blocks:
        # `<table>` stands for what the reader fills in.
        filled_in = re.sub(r"<[\w ']+>", "filled-in", block)
        read = subprocess.run(
            ["bash", "-n"], input=filled_in, text=True, capture_output=True, check=False
        )
        assert (read.returncode, read.stderr) == (0, ""), block
