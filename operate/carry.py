"""`make carry STAGE= FROM= TIME=`: take deliveries along into a restored table.

A restored table lacks what shops delivered after its moment. The table of before still has it, so
this copies those deliveries. They are not applied by that: the API does it (`replay`). It can be
killed and repeated.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from loyalty.domain.shops.deliveries import log_time
from loyalty.edge.aws import clients
from loyalty.table import keys
from loyalty.table.engine import DynamoEngine, every, key_of
from loyalty.table.operations import Absent, Put, Query, Refused
from loyalty.table.programs import TablePrograms
from operate.restore import read_moment
from operate.stage import OperationError, Stage, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from loyalty.table.operations import Item


def carry(stage: Stage, *, source: str, since: datetime) -> int:
    """Copy the deliveries that `source` received since a moment; returns how many were missing.

    Raises:
        OperationError: the stage still uses `source`.
    """
    target = stage.output("TableName")
    if target == source:
        raise OperationError(f"The stage still uses {source}. Deploy it with the restored table.")
    before, now = (DynamoEngine(clients.dynamodb(), table=name) for name in (source, target))
    carried = 0
    for item in _received(before, since=log_time(since)):
        # One that is there may have been erased meanwhile.
        try:
            now.write([Put(key_of(item), item, (Absent(),))])
        except Refused:
            continue
        carried += 1
    return carried


def _received(engine: DynamoEngine, *, since: str) -> Iterator[Item]:
    for program_id in TablePrograms(engine).registered():
        for shard in range(keys.INBOX_SHARDS):
            partition = keys.inbox_partition(program_id, str(shard))
            for item in every(engine, Query(pk=partition, begins_with=keys.RECEIVED)):
                _, _, name = str(item["sk"]).split("#")
                if name >= since:
                    yield item


def main() -> int:
    parser = argparse.ArgumentParser(description="Take deliveries along into a restored table.")
    parser.add_argument("--stage", required=True)
    parser.add_argument("--from", required=True, dest="source", help="the table of before")
    parser.add_argument("--time", required=True, type=read_moment)
    options = parser.parse_args()
    carried = carry(Stage(options.stage), source=options.source, since=options.time)
    print(f"{carried} deliveries were missing and are in the restored table now.")
    return 0


if __name__ == "__main__":
    run(main)
