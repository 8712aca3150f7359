"""Members' progress, as the table stores it.

Functions that only publish changes do without it, so it is a module of its own.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, cast

from loyalty.domain.engagement.participation import Stay
from loyalty.domain.engagement.progress import CountedProgress, WindowSum
from loyalty.table import keys
from loyalty.table.records.parts import VERSION, instant_from

if TYPE_CHECKING:
    from loyalty.table.operations import Item


def progress_to_item(progress: CountedProgress) -> Item:
    item: Item = {
        "kind": "progress",
        "v": VERSION,
        "windows": {
            window: [summed.version, dict(summed.tally)]
            for window, summed in progress.windows.items()
        },
        "given": {window: dict(by_origin) for window, by_origin in progress.given.items()},
        "revision": progress.revision,
    }
    if progress.done:
        item["done"] = progress.done
    if progress.since:
        item["since"] = progress.since.isoformat()
    if progress.past:
        item["past"] = progress.past
    if progress.stays:
        item["stays"] = [
            [keys.instant(moment) for moment in stay if moment] for stay in progress.stays
        ]
    return item


def progress_from_item(item: Item) -> CountedProgress:
    wire = cast("dict[str, Any]", item)
    since = wire.get("since")
    return CountedProgress(
        member_id=wire["pk"].split("#")[3],
        counter=wire["sk"].partition("#")[2],
        windows={window: WindowSum(*summed) for window, summed in wire["windows"].items()},
        given=wire["given"],
        done=wire.get("done", 0),
        since=date.fromisoformat(since) if since else None,
        past=wire.get("past", 0),
        stays=tuple(Stay(*map(instant_from, stay)) for stay in wire.get("stays", ())),
        revision=wire["revision"],
    )
