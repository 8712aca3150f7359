"""The deployed schedules of a local cloud, hurried or stopped: nobody waits five minutes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from local.aws import Aws

EVERY_FIVE_MINUTES: Final = "rate(5 minutes)"
# AWS would refuse it. This cloud looks at its schedules every ten seconds, and finds it due.
EVERY_LOOK: Final = "rate(0 minutes)"

# What changing a schedule takes of what reading it gives.
_UPDATABLE_FIELDS: Final = (
    "Name",
    "Description",
    "FlexibleTimeWindow",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "State",
    "Target",
)


@contextmanager
def hurried(aws: Aws, *, expression: str = EVERY_FIVE_MINUTES) -> Iterator[None]:
    """Let what is woken by an expression be woken every ten seconds; all else is as deployed."""
    waking = [each for each in _deployed(aws) if each["ScheduleExpression"] == expression]
    with _changed(aws, waking, ScheduleExpression=EVERY_LOOK):
        yield


@contextmanager
def stopped(aws: Aws) -> Iterator[None]:
    """Wake nothing by the clock."""
    with _changed(aws, _deployed(aws), State="DISABLED"):
        yield


@contextmanager
def _changed(aws: Aws, schedules: list[dict[str, Any]], **part: str) -> Iterator[None]:
    for schedule in schedules:
        aws.scheduler.update_schedule(**schedule | part)
    try:
        yield
    finally:
        for schedule in schedules:
            aws.scheduler.update_schedule(**schedule)


def _deployed(aws: Aws) -> list[dict[str, Any]]:
    names = [each["Name"] for each in aws.scheduler.list_schedules()["Schedules"]]
    schedules = [aws.scheduler.get_schedule(Name=name) for name in names]
    return [{part: each[part] for part in _UPDATABLE_FIELDS if part in each} for each in schedules]
