"""The functions' logs. They are gone when the cloud stops, so they are saved to a file."""

from contextlib import suppress
from operator import itemgetter
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from local.aws import Aws

_GROUPS_PREFIX = "/loyalty/"
_ERRORS_MAX = 3


def functions_log(home: Path) -> Path:
    return home / "functions.log"


def save_function_logs(aws: Aws, *, to: Path) -> None:
    """Write every line that a function logged, oldest first. A cloud that died has none."""
    lines: list[tuple[int, str]] = []
    with suppress(BotoCoreError, ClientError):
        groups = aws.logs.describe_log_groups(logGroupNamePrefix=_GROUPS_PREFIX)["logGroups"]
        for group in groups:
            name = group["logGroupName"]
            pages = aws.logs.get_paginator("filter_log_events").paginate(logGroupName=name)
            lines += [
                (event["timestamp"], f"{name} {event['message'].rstrip()}")
                for page in pages
                for event in page["events"]
            ]
    to.write_text(
        "".join(f"{line}\n" for _, line in sorted(lines, key=itemgetter(0))), encoding="utf-8"
    )


def errors_in(log: Path) -> list[str]:
    """Return the last lines of the log with the level ERROR."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return [line for line in lines if '"level":"ERROR"' in line][-_ERRORS_MAX:]
