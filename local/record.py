"""`.local/cloud.json`: what a client needs to know about a cloud that is up.

The first cloud of a checkout writes `cloud.json`. One that starts on another port meanwhile writes
`cloud-<port>.json`, so that commands still find the first.
"""

import json
from pathlib import Path
from typing import TypedDict

import httpx

_ANSWER_SECONDS_MAX = 2.0


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


def write_record(path: Path, record: Record) -> Path:
    """Write the record to `path`, or beside it if another living cloud has that; say where.

    It is written whole or not at all: somebody may be waiting for the file to appear.
    """
    port = port_of(record)
    owner = read_record(path)
    if owner is not None and port_of(owner) != port and is_up(port_of(owner)):
        path = path.with_stem(f"{path.stem}-{port}")
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps(record, indent=2) + "\n")
    unfinished.chmod(0o600)
    unfinished.replace(path)
    return path


def read_record(path: Path) -> Record | None:
    """The record in this file; None if there is none."""
    try:
        record: Record = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    return record if record.get("api_url") else None


def remove_stale_records(path: Path) -> None:
    """Remove the records of clouds that have stopped; those of living clouds stay."""
    for file in (path, *path.parent.glob(f"{path.stem}-*{path.suffix}")):
        record = read_record(file)
        if record is None or not is_up(port_of(record)):
            file.unlink(missing_ok=True)


def find_record(path: Path, *, port: int | None) -> Record | None:
    """The record of the cloud on `port` (None: of the first one in this checkout)."""
    if port is None:
        return read_record(path)
    records = map(read_record, (path, path.with_stem(f"{path.stem}-{port}")))
    return next((each for each in records if each and port_of(each) == port), None)


def port_of(record: Record) -> int:
    """The port of 127.0.0.1 on which the record's cloud listens."""
    return httpx.URL(record["api_url"]).port or 80


def is_up(port: int) -> bool:
    """Whether a local cloud answers on this port."""
    url = f"http://127.0.0.1:{port}/_ministack/ready"
    try:
        return httpx.get(url, trust_env=False, timeout=_ANSWER_SECONDS_MAX).is_success
    except httpx.HTTPError:
        return False
