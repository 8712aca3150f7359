"""What wakes somebody up, and the page they look at next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cw
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.functions import CapabilityFunction
from infra.queues import IntakeQueue, WorkQueue
from infra.settings import Settings
from infra.streams import StreamReader

NAMESPACE = "Loyalty"
FIVE_MINUTES = Duration.minutes(5)
MINUTE = Duration.minutes(1)
HOUR = Duration.hours(1)
DAY = Duration.days(1)

# Facts are promised in the reports, and events on the bus, within two minutes of the write.
ITERATOR_AGE_MAX = Duration.minutes(2)
INTAKE_AGE_MAX = Duration.minutes(10)
# 10 million members who are due at one midnight take 84 minutes.
WORK_AGE_MAX = Duration.hours(2)
LATENCY_P99_MAX = Duration.seconds(3)

# What a schedule's function counts when it was woken.
RUNS = ("Sweeps", "ReminderRuns", "Audits", "ErasureRuns", "Compactions", "StrandedRuns")

_SUM = "Sum"
_MAXIMUM = "Maximum"


class AlarmTopic(Construct):
    """Where every alarm is sent; `alarm_email` subscribes a mailbox."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self.topic = sns.Topic(self, "Topic", enforce_ssl=settings.tls_only)
        # A topic with a policy of its own no longer has the default one that lets alarms publish.
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsPublish",
                actions=["sns:Publish"],
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        if settings.alarm_email:
            self.topic.add_subscription(subscriptions.EmailSubscription(settings.alarm_email))


class Monitoring(Construct):
    """One alarm for each way to fail that nobody would see otherwise, and one dashboard."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        api_id: str,
        functions: Mapping[str, CapabilityFunction],
        intake: IntakeQueue,
        readers: Mapping[str, StreamReader],
        queues: Mapping[str, WorkQueue],
        messages: WorkQueue,
    ) -> None:
        super().__init__(scope, construct_id)
        self.topic = AlarmTopic(self, "Alarms", settings=settings).topic
        self._settings = settings
        dead_letters = {"intake": intake.dead_letters}
        dead_letters |= {name: reader.dead_letters for name, reader in readers.items()}
        dead_letters |= {name: queue.dead_letters for name, queue in queues.items()}
        # How long messages wait tells nothing: at night they do.
        dead_letters["notifications"] = messages.dead_letters
        self._watch_api(api_id)
        for name, function in functions.items():
            self._watch_function(name, function)
        for name, reader in readers.items():
            self._watch_reader(name, reader)
        for name, queue in dead_letters.items():
            self._watch_dead_letters(name, queue)
        self._watch_age(
            "intake",
            intake.queue,
            INTAKE_AGE_MAX,
            says="A storefront event has waited for more than ten minutes.",
        )
        for name, work in queues.items():
            self._watch_age(
                name,
                work.queue,
                WORK_AGE_MAX,
                says=f"What {name} found to do has waited for more than two hours.",
            )
        self._watch_deliveries()
        self._watch_schedules()
        self._watch_books()
        self._watch_erasures()
        self._dashboard = Dashboard(
            self,
            "Dashboard",
            settings=settings,
            api_id=api_id,
            functions=functions,
            intake=intake,
            readers=readers,
            queues=queues,
            dead_letters=dead_letters,
        )

    @property
    def dashboard_name(self) -> str:
        return self._dashboard.name

    def _watch_function(self, name: str, function: CapabilityFunction) -> None:
        self._alarm(
            f"{name}-errors",
            function.function.metric_errors(period=MINUTE),
            threshold=1,
            says=f"The {name} function raised an exception or ran out of time.",
        )
        self._alarm(
            f"{name}-throttles",
            function.function.metric_throttles(period=MINUTE),
            threshold=1,
            says=f"Lambda refused to run {name}: the account's concurrency is used up.",
        )

    def _watch_reader(self, name: str, reader: StreamReader) -> None:
        self._alarm(
            f"{name}-iterator-age",
            reader.function.function.metric("IteratorAge", statistic=_MAXIMUM, period=MINUTE),
            threshold=ITERATOR_AGE_MAX.to_milliseconds(),
            periods=5,
            says=f"{name} is more than two minutes behind the table's stream.",
        )

    def _watch_dead_letters(self, name: str, queue: sqs.Queue) -> None:
        self._alarm(
            f"{name}-dead-letters",
            queue.metric_approximate_number_of_messages_visible(statistic=_MAXIMUM, period=MINUTE),
            threshold=1,
            says=f"{name} gave something up; it lies in the dead letters.",
        )

    def _watch_age(self, name: str, queue: sqs.Queue, age_max: Duration, *, says: str) -> None:
        self._alarm(
            f"{name}-age",
            queue.metric_approximate_age_of_oldest_message(statistic=_MAXIMUM, period=MINUTE),
            threshold=age_max.to_seconds(),
            periods=3,
            says=says,
        )

    def _watch_deliveries(self) -> None:
        self._alarm(
            "deliveries-parked",
            business_metric("DeliveriesParked", {"service": "intake"}),
            threshold=1,
            says="A signed delivery made no sense and was parked with its reason.",
        )

        self._alarm(
            "data-requested",
            business_metric("DataRequested", {"service": "intake"}),
            threshold=1,
            says="A shop's customer wants to know what is held of them; within 30 days.",
        )
        self._alarm(
            "deliveries-contradicted",
            business_metric("DeliveriesContradicted", {"service": "intake"}),
            threshold=1,
            says="A platform told one thing and then another by the id of one event.",
        )

        self._alarm(
            "endpoint-deliveries-parked",
            business_metric("EndpointDeliveriesParked", {"service": "endpoints"}),
            threshold=1,
            says="An endpoint did not take an event for a whole day, or is gone.",
        )

    def _watch_schedules(self) -> None:
        """Silence is what a schedule that is gone sounds like."""
        self._alarm(
            "expiry-silent",
            business_metric("Sweeps", {"service": "expiry"}),
            threshold=1,
            periods=3,
            is_silence=True,
            says="No sweep has begun for a quarter of an hour.",
        )
        self._alarm(
            "reminders-silent",
            business_metric("ReminderRuns", {"service": "reminders"}),
            threshold=1,
            periods=3,
            is_silence=True,
            says="Nobody has been looked for to remind for a quarter of an hour.",
        )
        self._alarm(
            "audit-silent",
            business_metric("Audits", {"service": "audit"}, period=DAY),
            threshold=1,
            periods=2,
            is_silence=True,
            says="No audit has begun for two days.",
        )
        self._alarm(
            "privacy-silent",
            business_metric("ErasureRuns", {"service": "privacy"}, period=HOUR),
            threshold=1,
            periods=3,
            is_silence=True,
            says="No erasure has been looked for to finish for three hours.",
        )
        self._alarm(
            "compaction-silent",
            business_metric("Compactions", {"service": "compaction"}, period=HOUR),
            threshold=1,
            periods=3,
            is_silence=True,
            says="No facts have been folded for three hours; reports become slower.",
        )
        self._alarm(
            "intake-silent",
            business_metric("StrandedRuns", {"service": "intake"}, period=HOUR),
            threshold=1,
            # A run looks at two hours.
            periods=2,
            is_silence=True,
            says="No delivery that was kept and not queued has been looked for in two hours.",
        )

    def _watch_books(self) -> None:
        self._alarm(
            "books-differ",
            business_metric("BooksDiffer", {"service": "audit"}),
            threshold=1,
            says="An account is not the sum of its entries; the audit's log names the member.",
        )

    def _watch_erasures(self) -> None:
        self._alarm(
            "erasures-late",
            # Each run tells it, and that is every hour.
            business_metric("ErasuresLate", {"service": "privacy"}, period=HOUR),
            threshold=1,
            says="Somebody who was to be forgotten can still be found after two hours.",
        )

    def _watch_api(self, api_id: str) -> None:
        self._alarm(
            "api-server-errors",
            api_metric(api_id, "5xx", statistic=_SUM),
            threshold=1,
            says="The API answered 5xx; the access log names the route and the request.",
        )
        self._alarm(
            "api-latency",
            api_metric(api_id, "Latency", statistic="p99"),
            threshold=LATENCY_P99_MAX.to_milliseconds(),
            periods=3,
            says="One request in a hundred takes longer than three seconds.",
        )

    def _alarm(
        self,
        name: str,
        metric: cw.IMetric,
        *,
        threshold: float,
        says: str,
        periods: int = 1,
        is_silence: bool = False,
    ) -> None:
        """Alarm at the threshold or, where it is silence that alarms, below it."""
        alarm = cw.Alarm(
            self,
            "".join(part.capitalize() for part in name.split("-")),
            alarm_name=self._settings.stack_id(name),
            alarm_description=says,
            metric=metric,
            threshold=threshold,
            comparison_operator=(
                cw.ComparisonOperator.LESS_THAN_THRESHOLD
                if is_silence
                else cw.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
            ),
            evaluation_periods=periods,
            treat_missing_data=(
                cw.TreatMissingData.BREACHING if is_silence else cw.TreatMissingData.NOT_BREACHING
            ),
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))


class Dashboard(Construct):
    """One page: the business first, then the API, the functions, the queues."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        api_id: str,
        functions: Mapping[str, CapabilityFunction],
        intake: IntakeQueue,
        readers: Mapping[str, StreamReader],
        queues: Mapping[str, WorkQueue],
        dead_letters: Mapping[str, sqs.Queue],
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = f"{NAMESPACE}-{settings.stage}"
        dashboard = cw.Dashboard(self, "Dashboard", dashboard_name=self.name)
        dashboard.add_widgets(*_business())
        dashboard.add_widgets(*_api(api_id))
        dashboard.add_widgets(*_functions(functions.values()))
        dashboard.add_widgets(*_messages(intake, readers, dead_letters))
        dashboard.add_widgets(*_schedules(queues))
        dashboard.add_widgets(*_outbound())


def business_metric(
    name: str, dimensions: Mapping[str, str], *, period: Duration = FIVE_MINUTES
) -> cw.Metric:
    """A metric that a function writes into its log."""
    return cw.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map=dict(dimensions),
        statistic=_SUM,
        period=period,
    )


def api_metric(api_id: str, name: str, *, statistic: str) -> cw.Metric:
    return cw.Metric(
        namespace="AWS/ApiGateway",
        metric_name=name,
        dimensions_map={"ApiId": api_id},
        statistic=statistic,
        period=FIVE_MINUTES,
    )


def _search(name: str, *, by: str | None = None) -> cw.MathExpression:
    """A business metric over all functions that write it, in one line or one by dimension."""
    schema = ",".join([NAMESPACE, *([by] if by else []), "service"])
    found = f"SEARCH('{{{schema}}} MetricName=\"{name}\"', 'Sum', 300)"
    return cw.MathExpression(
        expression=found if by else f"SUM({found})",
        label=f"${{PROP('Dim.{by}')}}" if by else name,
        using_metrics={},
        period=FIVE_MINUTES,
    )


def _graph(title: str, left: Sequence[cw.IMetric], *, width: int = 8) -> cw.GraphWidget:
    return cw.GraphWidget(title=title, left=list(left), width=width)


def _business() -> list[cw.IWidget]:
    return [
        _graph("Points", [_search("PointsEarned"), _search("PointsRedeemed")], width=6),
        _graph("Orders", [_search("Orders")], width=6),
        _graph("Refusals by code", [_search("Refusals", by="code")], width=6),
        _graph(
            "Our own failures",
            [_search("Failures"), _search("ContractBroken"), _search("DeliveriesParked")],
            width=6,
        ),
    ]


def _api(api_id: str) -> list[cw.IWidget]:
    return [
        _graph("Requests", [api_metric(api_id, "Count", statistic=_SUM)]),
        _graph(
            "Refused and failed",
            [api_metric(api_id, status, statistic=_SUM) for status in ("4xx", "5xx")],
        ),
        _graph(
            "Latency",
            [api_metric(api_id, "Latency", statistic=at) for at in ("p50", "p99")],
        ),
    ]


def _outbound() -> list[cw.IWidget]:
    return [
        _graph(
            "Webhooks out",
            [
                _search(name)
                for name in (
                    "EndpointDeliveries",
                    "EndpointAttemptsFailed",
                    "EndpointDeliveriesParked",
                )
            ],
            width=24,
        )
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


def _messages(
    intake: IntakeQueue,
    readers: Mapping[str, StreamReader],
    dead_letters: Mapping[str, sqs.Queue],
) -> list[cw.IWidget]:
    return [
        _graph(
            "Behind the stream",
            [
                reader.function.function.metric("IteratorAge", statistic=_MAXIMUM, label=name)
                for name, reader in readers.items()
            ],
        ),
        _graph(
            "Oldest storefront event",
            [intake.queue.metric_approximate_age_of_oldest_message(statistic=_MAXIMUM)],
        ),
        _graph(
            "Dead letters",
            [
                queue.metric_approximate_number_of_messages_visible(statistic=_MAXIMUM, label=name)
                for name, queue in dead_letters.items()
            ],
        ),
    ]


def _schedules(queues: Mapping[str, WorkQueue]) -> list[cw.IWidget]:
    def oldest(name: str, work: WorkQueue) -> cw.IMetric:
        return work.queue.metric_approximate_age_of_oldest_message(statistic=_MAXIMUM, label=name)

    return [
        _graph(
            "Runs begun",
            [_search(each) for each in RUNS],
        ),
        _graph("Found due, books that differ", [_search("Due"), _search("BooksDiffer")]),
        _graph("Oldest work", [oldest(name, work) for name, work in queues.items()]),
    ]
