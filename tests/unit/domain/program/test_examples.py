"""Every example can be published, and together they show what the document can say."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from loyalty.domain.program.document import Program
from loyalty.domain.program.publication import faults

EXAMPLES: Final = sorted((Path(__file__).resolve().parents[4] / "examples").glob("*.json"))

# What somebody would look for in an example.
SHOWN: Final = {
    "activities",
    "after_first_order",
    "amount_minor_max",
    "anniversary",
    "applies_at_once",
    "campaign_groups",
    "campaigns",
    "completed_profile",
    "expiry_by_source",
    "inactivity",
    "keeps_at",
    "late_redemption_minutes",
    "lists",
    "per_member",
    "level_multiplies",
    "min_member_days",
    "offered",
    "one_step_down",
    "order_minor_min",
    "sign_up",
    "steps",
    "tenders",
    "tiers",
    "transfers",
    "whole_steps",
}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_can_be_published(path: Path) -> None:
    document = Program.model_validate_json(path.read_text(encoding="utf-8"))

    assert tuple(faults(document)) == ()


def test_the_examples_show_the_rules_of_real_programs() -> None:
    named = {
        name for path in EXAMPLES for name in _names(json.loads(path.read_text(encoding="utf-8")))
    }

    assert named >= SHOWN


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from _names(each)
    elif isinstance(value, list):
        for each in value:
            yield from _names(each)
