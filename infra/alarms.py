"""Alarms as data: each construct states its own, beside the queue or function that it owns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cw

MINUTE = Duration.minutes(1)
FIVE_MINUTES = Duration.minutes(5)
HOUR = Duration.hours(1)
DAY = Duration.days(1)

SUM = "Sum"
MAXIMUM = "Maximum"


class Severity(Enum):
    """Who is notified: a page wakes somebody, a ticket waits for the next working day."""

    PAGE = "page"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class JointPage:
    """A page for any of several alarms, which themselves are only tickets.

    If the alarm `unless` is on, or was in the last minutes, nobody is paged a second time for the
    same outage. What still lasts after that is a page.
    """

    name: str
    says: str
    alarms: tuple[str, ...]
    unless: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One metric, the threshold that it must not reach, and what it means if it does.

    The alarm goes off when `failing` of the last `periods` reach the threshold (default: all of
    them). A silence goes off below the threshold instead, and also when its data ends.

    CloudWatch charges for each metric that an alarm reads.
    """

    name: str
    says: str
    metric: cw.IMetric
    threshold: float = 1
    periods: int = 1
    failing: int | None = None
    is_silence: bool = False
    severity: Severity = Severity.TICKET


class Watched(Protocol):
    """A construct with alarms."""

    @property
    def alarms(self) -> Sequence[Alarm]: ...


def business_metric(
    namespace: str, name: str, *, service: str, period: Duration = FIVE_MINUTES
) -> cw.Metric:
    """Return the metric of a count that a function writes into its log."""
    return cw.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map={"service": service},
        statistic=SUM,
        period=period,
    )
