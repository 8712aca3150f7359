"""Generate the JSON Schemas of the events into `docs/events`, or check that they are current."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from loyalty.domain.events import ALL, SOURCE, Event

ROOT: Final = Path(__file__).resolve().parent.parent
EVENTS: Final = ROOT / "docs" / "events"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail on a difference")
    is_check = parser.parse_args(arguments).check
    wanted = dict(generated())
    present = {path: path.read_text(encoding="utf-8") for path in EVENTS.glob("*.schema.json")}
    stale = [path for path in wanted | present if wanted.get(path) != present.get(path)]
    if is_check and stale:
        names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
        print(f"Not current: {names}. Run `make openapi`.", file=sys.stderr)
        return 1
    for path in stale:
        if path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
        else:
            path.unlink()
        print(path.relative_to(ROOT))
    return 0


def generated() -> Iterator[tuple[Path, str]]:
    for kind in ALL:
        schema = json.dumps(schema_of(kind), indent=2, ensure_ascii=False)
        yield EVENTS / f"{kind.__name__}.schema.json", f"{schema}\n"


def schema_of(kind: type[Event]) -> dict[str, Any]:
    """The schema of an event's `detail`, as it is sent: every field is there."""
    told = TypeAdapter(kind).json_schema(mode="serialization")
    # A class hands its fields down without what it says of them.
    common = TypeAdapter(Event).json_schema(mode="serialization")["properties"]
    for name, part in told["properties"].items():
        told["properties"][name] = common.get(name, {}) | part
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": f"The detail of an event of source {SOURCE}, detail-type {kind.__name__}.",
    } | _with_every_field(told)


def _with_every_field(schema: dict[str, Any]) -> dict[str, Any]:
    complete = schema | {"required": list(schema["properties"])}
    if "$defs" in schema:
        complete["$defs"] = {
            name: _with_every_field(part) for name, part in schema["$defs"].items()
        }
    return complete


if __name__ == "__main__":
    raise SystemExit(main())
