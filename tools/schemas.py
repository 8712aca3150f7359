"""Generate the JSON Schemas of the events into `docs/events`, or check that they are current."""

import json
from collections.abc import Iterator
from typing import Any, Final

from pydantic import TypeAdapter

from loyalty.domain.events import ALL, SOURCE, Event
from tools.generated import ROOT, Generated, generated_text, main

EVENTS: Final = ROOT / "docs" / "events"


def generated() -> Iterator[Generated]:
    names = {f"{kind.name}.schema.json" for kind in ALL}
    for kind in ALL:
        schema = json.dumps(schema_of(kind), indent=2, ensure_ascii=False)
        yield generated_text(EVENTS / f"{kind.name}.schema.json", f"{schema}\n")
    for path in EVENTS.glob("*.schema.json"):
        if path.name not in names:
            yield Generated(path, is_current=False, make=None)


def schema_of(kind: type[Event]) -> dict[str, Any]:
    """The schema of an event's `detail`, as it is sent: every field is there."""
    told = TypeAdapter(kind).json_schema(mode="serialization")
    # A class hands its fields down without what it says of them.
    common = TypeAdapter(Event).json_schema(mode="serialization")["properties"]
    for name, part in told["properties"].items():
        if "description" in common.get(name, {}):
            told["properties"][name] = {"description": common[name]["description"]} | part
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": f"The detail of an event of source {SOURCE}, detail-type {kind.name}.",
    } | _with_every_field(told | {"title": kind.name})


def _with_every_field(schema: dict[str, Any]) -> dict[str, Any]:
    complete = schema | {"required": list(schema["properties"])}
    if "$defs" in schema:
        complete["$defs"] = {
            name: _with_every_field(part) for name, part in schema["$defs"].items()
        }
    return complete


if __name__ == "__main__":
    raise SystemExit(main(generated))
