"""Program documents: the example's, whole or with parts replaced."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from loyalty.domain.program.document import Program, PublishedProgram

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "coffee.json"
# What does something by itself is for the tests of it to ask for.
QUIET: Final[Mapping[str, Any]] = {
    "campaigns": [],
    "tiers": None,
    "reminders": {},
    "messages": {},
}
PUBLISHED_AT: Final = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)


def document(**parts: Any) -> dict[str, Any]:
    """The example as JSON, without campaigns, levels and messages; what is given replaces parts."""
    example: dict[str, Any] = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    return {**example, **QUIET, **parts}


def program(**parts: Any) -> Program:
    return Program.model_validate(document(**parts))


def published(
    *,
    version: int = 1,
    program_id: str = "bean",
    inactivity_since: date | None = None,
    **parts: Any,
) -> PublishedProgram:
    in_force = program(**parts)
    return PublishedProgram(
        program_id=program_id,
        version=version,
        published_at=PUBLISHED_AT,
        document=in_force,
        inactivity_since=inactivity_since,
        counts_since=version if _counts(in_force) else None,
        refers_since=version if in_force.referrals else None,
    )


def reward(**parts: Any) -> dict[str, Any]:
    return {"id": "latte", "name": "Latte", "kind": "free_product", "cost_points": 40} | parts


def rule(**parts: Any) -> dict[str, Any]:
    return {"id": "base", "on": "order", "points": 1, "per_minor": 100} | parts


def _counts(document: Program) -> bool:
    """Whether orders count for something."""
    parts = (
        document.challenges,
        document.activities,
        document.plans_need_a_look,
        document.referrals,
    )
    return any(parts)
