"""The stack that watches the others: every alarm, the two topics for them, a dashboard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from aws_cdk import Aws, CfnOutput, Duration, Stack
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cw
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.alarms import FIVE_MINUTES, MAXIMUM, SUM, Alarm, JointPage, Severity
from infra.api import HttpApi
from infra.functions import CapabilityFunction
from infra.names import pascal
from infra.service_stack import ServiceStack
from infra.settings import COST_TAG, Settings

# What an outage of a service that we call delays, each at its own time.
FALLING_BEHIND = JointPage(
    name="falling-behind",
    says="Orders of shops, events or facts are late, or Lambda is about to throttle everything.",
    alarms=("intake-age", "relay-iterator-age", "archive-iterator-age", "account-concurrency"),
    unless="api-failing",
)
# How much later than the other an outage may set off one of two alarms, and end the other.
SUPPRESSION_WAIT = Duration.minutes(2)
SUPPRESSION_EXTENSION = Duration.minutes(10)


class MonitoringStack(Stack):
    """Alarms and the dashboard, in a stack apart from what they watch.

    It reads the names of functions and queues from the service stack's outputs while it deploys, so
    a function can be removed there without being removed here first.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, service: ServiceStack
    ) -> None:
        super().__init__(scope, construct_id, description="Loyalty: alarms and the dashboard")
        emails = {
            Severity.PAGE: settings.configuration.alarm_email,
            Severity.TICKET: settings.configuration.ticket_email
            or settings.configuration.alarm_email,
        }
        topics = {
            severity: AlarmTopic(
                self, f"{severity.value.capitalize()}s", settings=settings, email=email
            ).topic
            for severity, email in emails.items()
        }
        added = {
            alarm.name: _add_alarm(self, alarm, name=settings.stack_id(alarm.name), topics=topics)
            for watched in service.watched
            for alarm in watched.alarms
        }
        _add_page(
            self,
            FALLING_BEHIND,
            name=settings.stack_id(FALLING_BEHIND.name),
            alarms=added,
            topic=topics[Severity.PAGE],
        )
        dollars, email = settings.configuration.monthly_budget, emails[Severity.TICKET]
        if dollars and email:
            _add_budget(self, settings, dollars=dollars, email=email)
        CfnOutput(self, "PagesTopicArn", value=topics[Severity.PAGE].topic_arn)
        CfnOutput(self, "TicketsTopicArn", value=topics[Severity.TICKET].topic_arn)
        if settings.configuration.dashboard:
            dashboard = Dashboard(self, "Dashboard", settings=settings, service=service)
            CfnOutput(self, "DashboardName", value=dashboard.name)


class AlarmTopic(Construct):
    """The topic for alarms of one severity; `email` subscribes a mailbox."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, email: str | None
    ) -> None:
        super().__init__(scope, construct_id)
        self.topic = sns.Topic(self, "Topic", enforce_ssl=settings.tls_only)
        # A topic with its own policy loses the default one, which lets alarms publish.
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsPublish",
                actions=["sns:Publish"],
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        if email:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))


def _add_alarm(
    scope: Construct, alarm: Alarm, *, name: str, topics: Mapping[Severity, sns.Topic]
) -> cw.Alarm:
    """Create an alarm that notifies its topic when it goes off and when it is over."""
    added = cw.Alarm(
        scope,
        pascal(alarm.name),
        alarm_name=name,
        alarm_description=alarm.says,
        metric=alarm.metric,
        threshold=alarm.threshold,
        comparison_operator=(
            cw.ComparisonOperator.LESS_THAN_THRESHOLD
            if alarm.is_silence
            else cw.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
        ),
        evaluation_periods=alarm.periods,
        datapoints_to_alarm=alarm.failing,
        treat_missing_data=(
            cw.TreatMissingData.MISSING if alarm.is_silence else cw.TreatMissingData.NOT_BREACHING
        ),
    )
    action = actions.SnsAction(topics[alarm.severity])
    added.add_alarm_action(action)
    added.add_ok_action(action)
    if alarm.is_silence:
        # Without data, the state becomes "insufficient data". A new alarm is in it from the start,
        # so the first deployment notifies nobody.
        added.add_insufficient_data_action(action)
    return added


def _add_page(
    scope: Construct,
    page: JointPage,
    *,
    name: str,
    alarms: Mapping[str, cw.Alarm],
    topic: sns.Topic,
) -> None:
    added = cw.CompositeAlarm(
        scope,
        pascal(page.name),
        composite_alarm_name=name,
        alarm_description=page.says,
        alarm_rule=cw.AlarmRule.any_of(*(alarms[each] for each in page.alarms)),
        actions_suppressor=alarms[page.unless],
        actions_suppressor_wait_period=SUPPRESSION_WAIT,
        actions_suppressor_extension_period=SUPPRESSION_EXTENSION,
    )
    action = actions.SnsAction(topic)
    added.add_alarm_action(action)
    added.add_ok_action(action)


def _add_budget(scope: Construct, settings: Settings, *, dollars: int, email: str) -> None:
    """Write a mail when the stage costs more in a month, or is going to."""
    budgets.CfnBudget(
        scope,
        "Budget",
        budget=budgets.CfnBudget.BudgetDataProperty(
            budget_name=settings.stack_id("Budget"),
            budget_type="COST",
            time_unit="MONTHLY",
            budget_limit=budgets.CfnBudget.SpendProperty(amount=dollars, unit="USD"),
            cost_filters={"TagKeyValue": [f"user:{COST_TAG}${settings.stage}"]},
        ),
        notifications_with_subscribers=[
            budgets.CfnBudget.NotificationWithSubscribersProperty(
                notification=budgets.CfnBudget.NotificationProperty(
                    notification_type=which,
                    comparison_operator="GREATER_THAN",
                    threshold=100,
                    threshold_type="PERCENTAGE",
                ),
                subscribers=[
                    budgets.CfnBudget.SubscriberProperty(subscription_type="EMAIL", address=email)
                ],
            )
            for which in ("ACTUAL", "FORECASTED")
        ],
    )


class Dashboard(Construct):
    """One page: the business first, then the API, the functions and the queues."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, service: ServiceStack
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = f"Loyalty-{settings.stage}"
        self._namespace = settings.metrics_namespace
        dashboard = cw.Dashboard(self, "Dashboard", dashboard_name=self.name)
        dashboard.add_widgets(*self._business())
        dashboard.add_widgets(*_api(service.api))
        dashboard.add_widgets(*_functions(service.functions.values()))
        dashboard.add_widgets(*_messages(service))
        dashboard.add_widgets(*self._schedules(service))
        dashboard.add_widgets(*self._webhooks_out())

    def _count(self, name: str, *, by: str | None = None) -> cw.MathExpression:
        """Return a business metric over all functions: one line, or one for each value of `by`."""
        schema = ",".join([self._namespace, *([by] if by else []), "service"])
        found = f"SEARCH('{{{schema}}} MetricName=\"{name}\"', 'Sum', 300)"
        return cw.MathExpression(
            expression=found if by else f"SUM({found})",
            label=f"${{PROP('Dim.{by}')}}" if by else name,
            using_metrics={},
            period=FIVE_MINUTES,
        )

    def _business(self) -> list[cw.IWidget]:
        failures = ("Failures", "ContractBroken", "DeliveriesParked")
        return [
            _graph("Points", [self._count("PointsEarned"), self._count("PointsRedeemed")], width=6),
            _graph("Orders", [self._count("Orders")], width=6),
            _graph("Refusals by code", [self._count("Refusals", by="code")], width=6),
            _graph("Our own failures", [self._count(name) for name in failures], width=6),
        ]

    def _schedules(self, service: ServiceStack) -> list[cw.IWidget]:
        watched = {name: queue for name, queue in service.queues.items() if queue.age_max}
        return [
            _graph("Runs begun", [wake.started() for wake in service.wakes]),
            _graph(
                "Found due, books that differ", [self._count("Due"), self._count("BooksDiffer")]
            ),
            _graph(
                "Oldest work",
                [
                    work.queue.metric_approximate_age_of_oldest_message(
                        statistic=MAXIMUM, label=name
                    )
                    for name, work in watched.items()
                ],
            ),
        ]

    def _webhooks_out(self) -> list[cw.IWidget]:
        shown = ("WebhooksOutDelivered", "WebhooksOutFailed", "WebhooksOutParked")
        return [_graph("Webhooks out", [self._count(name) for name in shown], width=24)]


def _graph(title: str, left: Sequence[cw.IMetric], *, width: int = 8) -> cw.GraphWidget:
    return cw.GraphWidget(title=title, left=list(left), width=width)


def _api(api: HttpApi) -> list[cw.IWidget]:
    return [
        _graph("Requests", [api.metric("Count", statistic=SUM)]),
        _graph(
            "Refused and failed",
            [api.metric(status, statistic=SUM) for status in ("4xx", "5xx")],
        ),
        _graph(
            "Latency",
            [api.metric("Latency", statistic=percentile) for percentile in ("p50", "p99")],
        ),
    ]


def _functions(functions: Iterable[CapabilityFunction]) -> list[cw.IWidget]:
    every = list(functions)
    return [
        _graph(
            "Invocations",
            [each.function.metric_invocations(label=each.name) for each in every],
        ),
        _graph(
            "Errors and throttles",
            [
                metric
                for each in every
                for metric in (
                    each.function.metric_errors(label=f"{each.name} errors"),
                    each.function.metric_throttles(label=f"{each.name} throttles"),
                )
            ],
        ),
        _graph(
            "Duration p99",
            [each.function.metric_duration(label=each.name, statistic="p99") for each in every],
        ),
    ]


def _messages(service: ServiceStack) -> list[cw.IWidget]:
    intake = service.queues["intake"].queue
    return [
        _graph(
            "Behind the stream",
            [reader.iterator_age(label=name) for name, reader in service.readers.items()],
        ),
        _graph(
            "Oldest storefront event",
            [intake.metric_approximate_age_of_oldest_message(statistic=MAXIMUM)],
        ),
        _graph(
            "Dead letters",
            [
                queue.metric_approximate_number_of_messages_visible(statistic=MAXIMUM, label=name)
                for name, queue in service.dead_letters.items()
            ],
        ),
    ]
