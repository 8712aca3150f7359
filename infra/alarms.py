"""Alarms as data: what each construct asks to be watched, beside the queue or function it owns."""

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
    """Who hears of an alarm: a page wakes somebody, a ticket waits for the next working day."""

    PAGE = "page"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One metric, the threshold that it must not reach, and what it means when it does.

    `failing` of the last `periods` have to be at the threshold (all of them, unless stated). A
    `silence` alarms below the threshold instead, and also when there are no data at all.
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
    """A construct that has alarms."""

    @property
    def alarms(self) -> Sequence[Alarm]: ...


def business_metric(
    namespace: str, name: str, *, service: str, period: Duration = FIVE_MINUTES
) -> cw.Metric:
    """A count that a function writes into its log."""
    return cw.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map={"service": service},
        statistic=SUM,
        period=period,
    )
