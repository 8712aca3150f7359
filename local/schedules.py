"""The deployed schedules of a local cloud, hurried: nobody waits five minutes for a story."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from local.aws import Aws

EVERY_FIVE_MINUTES: Final = "rate(5 minutes)"
# AWS would refuse it. This cloud looks at its schedules every ten seconds, and finds it due.
EVERY_LOOK: Final = "rate(0 minutes)"

# What changing a schedule takes of what reading it gives.
_KEPT: Final = (
    "Name",
    "Description",
    "FlexibleTimeWindow",
    "ScheduleExpressionTimezone",
    "State",
    "Target",
)


@contextmanager
def hurried(aws: Aws) -> Iterator[None]:
    """Let what is woken every five minutes be woken every ten seconds; all else is as deployed."""
    names = [
        name
        for schedule in aws.scheduler.list_schedules()["Schedules"]
        if aws.scheduler.get_schedule(Name=(name := schedule["Name"]))["ScheduleExpression"]
        == EVERY_FIVE_MINUTES
    ]
    for name in names:
        _change(aws, name, EVERY_LOOK)
    try:
        yield
    finally:
        for name in names:
            _change(aws, name, EVERY_FIVE_MINUTES)


def _change(aws: Aws, name: str, expression: str) -> None:
    deployed: dict[str, Any] = aws.scheduler.get_schedule(Name=name)
    kept = {part: deployed[part] for part in _KEPT if part in deployed}
    aws.scheduler.update_schedule(**kept, ScheduleExpression=expression)
