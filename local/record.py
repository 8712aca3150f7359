"""`.local/cloud.json`: what a client needs to know about the cloud that is up."""

import json
from pathlib import Path
from typing import TypedDict


class Storefront(TypedDict):
    id: str
    platform: str
    secret: str


class Record(TypedDict):
    api_url: str
    program_id: str
    tokens: dict[str, str]
    member_id: str
    storefront: Storefront


def write_record(path: Path, record: Record) -> None:
    """Write it whole or not at all: somebody may be waiting for the file to appear."""
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps(record, indent=2) + "\n")
    unfinished.chmod(0o600)
    unfinished.replace(path)


def read_record(path: Path) -> Record:
    record: Record = json.loads(path.read_text())
    return record
