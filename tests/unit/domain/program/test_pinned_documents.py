"""Documents as they were once stored. A version that was published is read for ever.

Add documents when there is more to say in one. Never change those that are here.
"""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from loyalty.domain.program.document import Program

FIXTURES: Final = Path(__file__).parents[3] / "fixtures"
PINNED: Final[dict[str, Any]] = json.loads(
    (FIXTURES / "pinned" / "documents.json").read_text(encoding="utf-8")
)


def missing(stored: Any, read: Any, place: str = "") -> list[str]:
    """The places at which what was read says something else than what was stored, or nothing.

    A field that the stored document does not have yet may have its default.
    """
    if isinstance(stored, dict) and isinstance(read, dict):
        return [
            each
            for name, part in stored.items()
            for each in missing(part, read.get(name, "nothing"), f"{place}/{name}")
        ]
    if isinstance(stored, list) and isinstance(read, list) and len(stored) == len(read):
        return [
            each
            for index, (part, found) in enumerate(zip(stored, read, strict=True))
            for each in missing(part, found, f"{place}/{index}")
        ]
    return [] if stored == read else [place]


@pytest.mark.parametrize("name", PINNED)
def test_a_document_that_was_once_published_is_still_read_as_it_was(name: str) -> None:
    stored = PINNED[name]

    read = json.loads(Program.model_validate_json(json.dumps(stored)).canonical())

    assert missing(stored, read) == []


def test_a_field_that_was_renamed_or_dropped_would_be_missing() -> None:
    assert missing({"a": [{"b": 1}]}, {"a": [{"c": 1, "d": None}]}) == ["/a/0/b"]
    assert missing({"a": [1]}, {"a": [1, 2]}) == ["/a"]
