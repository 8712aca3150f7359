"""Schedules that wake functions, and queues for the work that these find."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cw
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra.alarms import FIVE_MINUTES, SUM, Alarm
from infra.functions import CapabilityFunction
from infra.queues import WorkQueue
from infra.settings import Settings


class Runs(NamedTuple):
    """How long the runs of a schedule may be missing, and the work that was then not done.

    Silence is the only sign of a schedule that is gone.
    """

    says: str
    period: Duration = FIVE_MINUTES
    periods: int = 3


class ScheduledWork(Construct):
    """A function that finds work when it is woken, and a queue that hands it the work in pages.

    A schedule wakes it. Without `expression` and `runs`, people invoke it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        function: CapabilityFunction,
        queue_variable: str,
        concurrency_max: int,
        expression: str | None = None,
        runs: Runs | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.function = function
        self.queue = WorkQueue(
            self, "Pages", settings=settings, function=function, concurrency_max=concurrency_max
        )
        function.function.add_environment(queue_variable, self.queue.queue.queue_url)
        self.wake = (
            Wake(
                self, "Wake", settings=settings, function=function, expression=expression, runs=runs
            )
            if expression and runs
            else None
        )


class Wake(Construct):
    """Wakes a function on a schedule, in UTC, with an empty event or `payload`.

    A failed run is not retried for long, because the next run finds the same work.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        function: CapabilityFunction,
        expression: str,
        runs: Runs,
        payload: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.function = function
        self._runs = runs
        self._group = settings.stack_id(function.name)
        function.watch_failures()
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            ),
        )
        arn = function.live.function_arn
        role.add_to_policy(iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[arn]))
        schedule = scheduler.CfnSchedule(
            self,
            "Schedule",
            name=settings.stack_id(f"{function.name}-schedule"),
            group_name=self._add_group(),
            description=f"Wakes {function.name}",
            schedule_expression=expression,
            schedule_expression_timezone="UTC",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=arn,
                role_arn=role.role_arn,
                input=json.dumps(dict(payload or {})),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=300, maximum_retry_attempts=2
                ),
            ),
        )
        # The schedule must not fire before it may invoke the function.
        schedule.node.add_dependency(role)

    @property
    def alarms(self) -> Sequence[Alarm]:
        return (
            Alarm(
                name=f"{self.function.name}-silent",
                says=self._runs.says,
                metric=self.started(period=self._runs.period),
                periods=self._runs.periods,
                is_silence=True,
            ),
        )

    def started(self, *, period: Duration = FIVE_MINUTES) -> cw.MathExpression:
        """Return how often the schedule invoked the function; no data if it never tried."""
        name = self.function.name
        attempts, errors = (
            cw.Metric(
                namespace="AWS/Scheduler",
                metric_name=counted,
                dimensions_map={"ScheduleGroup": self._group},
                statistic=SUM,
                period=period,
            )
            for counted in ("InvocationAttemptCount", "TargetErrorCount")
        )
        return cw.MathExpression(
            expression=f"{name}_attempts - FILL({name}_errors, 0)",
            using_metrics={f"{name}_attempts": attempts, f"{name}_errors": errors},
            label=name,
            period=period,
        )

    def _add_group(self) -> str:
        """Put the schedule into a group of its own, because AWS measures schedules by group."""
        group = scheduler.CfnScheduleGroup(self, "Group", name=self._group)
        return group.ref
