"""One Lambda function for each capability, with a role of its own that starts without rights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from aws_cdk import Duration, RemovalPolicy, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.alarms import FIVE_MINUTES, MINUTE, Alarm, Severity, business_metric
from infra.build import Build
from infra.layers import DESCRIPTIONS, layers_of
from infra.names import kebab, pascal
from infra.settings import Settings

RUNTIME = lambda_.Runtime.PYTHON_3_13
# The gateway gives up after 30 s, a caller long before.
HTTP_TIMEOUT = Duration.seconds(10)
# The alias that everything calls.
LIVE = "live"


class Layers(Construct):
    """Every layer of the deployment, once; `infra.layers` says which function has which."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, build: Build
    ) -> None:
        super().__init__(scope, construct_id)
        self._architecture = settings.lambda_architecture
        self._build = build
        self._layers = {
            name: self._layer(name, description) for name, description in DESCRIPTIONS.items()
        }

    def of(self, function: str) -> Sequence[lambda_.LayerVersion]:
        """Return the layers of one function."""
        return [self._layers[name] for name in layers_of(function)]

    def _layer(self, name: str, description: str) -> lambda_.LayerVersion:
        return lambda_.LayerVersion(
            self,
            name.capitalize(),
            code=self._build.layer(name),
            description=description,
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[self._architecture],
        )


class CapabilityFunction(Construct):
    """A function, its role and its log. The construct that owns a resource grants rights on it."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        settings: Settings,
        build: Build,
        layers: Sequence[lambda_.LayerVersion],
        environment: Mapping[str, str],
        timeout: Duration,
        memory_mib: int,
        description: str,
        disk_mib: int | None = None,
    ) -> None:
        super().__init__(scope, pascal(name))
        self.name = name
        self.timeout = timeout
        self._metrics_namespace = settings.metrics_namespace
        self._counted: list[Alarm] = []
        self._has_waiting_caller = True
        self._sending = "sqs:SendMessage*" if settings.platform == "local" else "sqs:SendMessage"
        self.log_group = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/loyalty/{settings.stage}/{name}",
            retention=settings.log_retention,
            removal_policy=settings.log_removal_policy,
        )
        self._role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.allow("logs:CreateLogStream", "logs:PutLogEvents", on=[self.log_group.log_group_arn])
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=RUNTIME,
            architecture=settings.lambda_architecture,
            handler="handler.handler",
            code=build.function(name),
            layers=list(layers),
            current_version_options=lambda_.VersionOptions(removal_policy=RemovalPolicy.RETAIN),
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS
            if settings.starts_from_snapshot(name)
            else None,
            description=description,
            role=self._role,
            log_group=self.log_group,
            # Lambda's own lines for each invocation would be half of a request's log. At this level
            # it still writes those of invocations that failed or ran out of time.
            logging_format=lambda_.LoggingFormat.JSON,
            system_log_level_v2=lambda_.SystemLogLevel.WARN,
            application_log_level_v2=lambda_.ApplicationLogLevel.INFO,
            memory_size=memory_mib,
            timeout=timeout,
            ephemeral_storage_size=Size.mebibytes(disk_mib) if disk_mib else None,
            environment={
                "LOYALTY_STAGE": settings.stage,
                "LOYALTY_SERVICE": name,
                "LOYALTY_METRICS_NAMESPACE": settings.metrics_namespace,
                **({"LOYALTY_DASHBOARD": "1"} if settings.configuration.dashboard else {}),
                **environment,
            },
        )
        self._alias = self._put_live() if settings.has_versions else None
        acknowledge(
            self.function,
            "AwsSolutions-L1",
            reason="Layers, tests and the local cloud share one minor version of Python. It moves "
            "to the next one when every native dependency has wheels for it.",
        )

    def _put_live(self) -> lambda_.Alias:
        """Let the alias `live` point at a version made of this code, layers and settings.

        Updating a function switches its code and its layers one after the other. What calls the
        alias gets all of the old version or all of the new one. Older versions are kept, so that
        the alias can be pointed back at one.
        """
        return lambda_.Alias(self, "Live", alias_name=LIVE, version=self.function.current_version)

    @property
    def alias(self) -> lambda_.Alias | None:
        return self._alias

    @property
    def live(self) -> lambda_.IFunction:
        """What everything calls: the alias, or the function itself on the local cloud."""
        return self._alias or self.function

    @property
    def alarms(self) -> Sequence[Alarm]:
        return (*self._counted, *(() if self._has_waiting_caller else (self._failing(),)))

    def _failing(self) -> Alarm:
        return Alarm(
            name=f"{kebab(self.name)}-errors",
            says=f"The {self.name} function raised an exception or ran out of time.",
            metric=self.function.metric_errors(period=MINUTE),
        )

    def watch_failures(self) -> None:
        """Add an alarm on failures, because no caller waits for this function.

        If a function that only answers HTTP fails, the gateway answers 5xx, which has an alarm.
        """
        self._has_waiting_caller = False

    def alarm_on(
        self,
        counted: str,
        *,
        name: str,
        says: str,
        period: Duration = FIVE_MINUTES,
        severity: Severity = Severity.TICKET,
    ) -> None:
        """Add an alarm on the first of something that the function counts."""
        metric = business_metric(self._metrics_namespace, counted, service=self.name, period=period)
        self._counted.append(
            Alarm(
                name=name,
                says=says,
                metric=metric,
                severity=severity,
            )
        )

    def allow(
        self, *actions: str, on: Sequence[str], if_: Mapping[str, object] | None = None
    ) -> None:
        """Add exact actions on exact resources to the role, maybe under a condition of IAM."""
        self._role.add_to_policy(
            iam.PolicyStatement(
                actions=list(actions),
                resources=list(on),
                conditions=dict(if_) if if_ else None,
            )
        )

    def allow_send_many(self, queue_arn: str) -> None:
        """Allow sending messages to a queue by one or by ten.

        On AWS one action covers both. The local cloud has an action of its own for ten.
        """
        self.allow(self._sending, on=[queue_arn])
        if self._sending.endswith("*"):
            self.acknowledge_actions(self._sending, why="The local cloud has an action for each.")

    def allow_feeding_itself(self) -> None:
        """Allow the function to keep sending to a queue that wakes it.

        Otherwise Lambda stops a function at the 16th invocation of such a chain. Our chains end by
        themselves: pages of work count their hops, and a webhook delivery counts its attempts.
        """
        function = cast(lambda_.CfnFunction, self.function.node.default_child)
        function.recursive_loop = "Allow"

    def reserve_concurrency(self, executions: int) -> None:
        """Reserve concurrent executions for this function; it never gets more than these."""
        function = cast(lambda_.CfnFunction, self.function.node.default_child)
        function.reserved_concurrent_executions = executions

    def acknowledge_wildcard(self, resource: str, *, why: str) -> None:
        """State why the role may use every resource that matches cdk-nag's pattern."""
        acknowledge(self._role, f"AwsSolutions-IAM5[Resource::{resource}]", reason=why)

    def acknowledge_actions(self, pattern: str, *, why: str) -> None:
        """State why the role may perform every action that matches cdk-nag's pattern."""
        acknowledge(self._role, f"AwsSolutions-IAM5[Action::{pattern}]", reason=why)
