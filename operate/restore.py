"""`make restore STAGE= TIME=`: restore the table to a moment, ready to be adopted.

Point-in-time recovery makes a new table and leaves out its stream, time to live, recovery and
protection. This restores all of them, and prints the lines for the stage's file with which the next
deployment uses the restored table. The old table stays as it is.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from operate.stage import OperationError, Stage, run

_LOOK_EVERY_S = 15.0


def restore(
    stage: Stage,
    moment: datetime,
    *,
    is_protected: bool,
    pause: Callable[[float], None] = time.sleep,
    say: Callable[[str], None] = print,
) -> str:
    """Restore the table; returns the lines for the stage's file. It can be repeated.

    Raises:
        OperationError: the moment cannot be restored.
    """
    dynamodb, source = stage.client("dynamodb"), stage.output("TableName")
    _require_restorable(dynamodb, source, moment)
    target = f"loyalty-{stage.name}-{moment.astimezone(UTC):%Y%m%d-%H%M%S}"
    if not _exists(dynamodb, target):
        say(f"Restoring {source} of {moment.isoformat()} to {target}.")
        dynamodb.restore_table_to_point_in_time(
            SourceTableName=source, TargetTableName=target, RestoreDateTime=moment
        )
    while (table := _described(dynamodb, target))["TableStatus"] != "ACTIVE":
        say("Not ready yet. A table takes twenty minutes or more.")
        pause(_LOOK_EVERY_S)
    if not table.get("StreamSpecification", {}).get("StreamEnabled"):
        say("Turning on the stream.")
        dynamodb.update_table(
            TableName=target,
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        _wait_until_active(dynamodb, target, pause)
    if is_protected:
        say("Turning on deletion protection.")
        dynamodb.update_table(TableName=target, DeletionProtectionEnabled=True)
        _wait_until_active(dynamodb, target, pause)
    say("Turning on time to live and point-in-time recovery.")
    if not _expires_items(dynamodb, target):
        dynamodb.update_time_to_live(
            TableName=target,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"},
        )
    dynamodb.update_continuous_backups(
        TableName=target,
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )
    stream_arn = _described(dynamodb, target)["LatestStreamArn"]
    return f'[restored_table]\nname = "{target}"\nstream_arn = "{stream_arn}"\n'


def _require_restorable(dynamodb: Any, table: str, moment: datetime) -> None:
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]
    earliest, latest = (
        recovery.get("EarliestRestorableDateTime"),
        recovery.get("LatestRestorableDateTime"),
    )
    if earliest and latest and not earliest <= moment <= latest:
        raise OperationError(f"The table can be restored from {earliest} to {latest}.")


def _exists(dynamodb: Any, table: str) -> bool:
    try:
        _described(dynamodb, table)
    except dynamodb.exceptions.ResourceNotFoundException:
        return False
    return True


def _described(dynamodb: Any, table: str) -> dict[str, Any]:
    described: dict[str, Any] = dynamodb.describe_table(TableName=table)["Table"]
    return described


def _wait_until_active(dynamodb: Any, table: str, pause: Callable[[float], None]) -> None:
    while _described(dynamodb, table)["TableStatus"] != "ACTIVE":
        pause(_LOOK_EVERY_S)


def _expires_items(dynamodb: Any, table: str) -> bool:
    described = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    return described["TimeToLiveStatus"] in ("ENABLED", "ENABLING")


def read_moment(text: str) -> datetime:
    """Read a moment with its time zone, such as 2026-11-21T20:00:00Z."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} has no time zone; write {text}Z for UTC")
    return moment


def main() -> int:
    parser = argparse.ArgumentParser(description="Restore the table to a moment.")
    parser.add_argument("--stage", required=True)
    parser.add_argument("--time", required=True, type=read_moment)
    parser.add_argument("--unprotected", action="store_true", help="for a stage that is for trying")
    options = parser.parse_args()
    stage = Stage(options.stage)
    before = stage.output("TableName")
    lines = restore(stage, options.time, is_protected=not options.unprotected)
    print(f"\nDone. Add this to stages/{options.stage}.toml and deploy:\n\n{lines}")
    print(
        "Then take along what shops delivered since, and apply it:\n\n"
        f"make carry STAGE={options.stage} FROM={before} TIME={options.time.isoformat()}"
    )
    return 0


if __name__ == "__main__":
    run(main)
