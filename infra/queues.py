"""The queues: incoming storefront events, the work of schedules, and dead letters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.alarms import MAXIMUM, MINUTE, Alarm, Severity
from infra.functions import CapabilityFunction
from infra.names import kebab
from infra.settings import Settings

# A message keeps its age when it becomes a dead letter, so there are four days left to look at one
# that waited as long as it could. 14 days is the most that SQS allows.
RETENTION = Duration.days(10)
DEAD_LETTER_RETENTION = Duration.days(14)

# AWS asks for six times the consumer's timeout, so that a throttled batch is not delivered twice.
VISIBILITY_TIMEOUTS = 6

# A hundred members are seconds of work, and seconds of repeated work if a worker dies.
PAGES_AT_ONCE = 4

# An outage of an hour, of a service or of Lambda itself, must not end in the dead letters. With the
# waits of `loyalty.edge.aws.queues.backoff`, these attempts take three hours of an outage, and half
# an hour of a failure that no waiting helps. An attempt that Lambda throttled takes the queue's
# visibility timeout.
RECEIVES_MAX = 30
INTAKE_CONCURRENCY_MAX = 50

# Customers expect a shop's order in their balance at once.
INTAKE_AGE_MAX = Duration.minutes(10)
# 10 million members who are due at one midnight take 84 minutes.
WORK_AGE_MAX = Duration.hours(2)

# How many messages at a time a function sends to the queue that it consumes.
Sends = Literal["nothing", "one", "many"]


class FedQueue(Construct):
    """A queue that feeds a function, and the dead letters that the function gave up.

    `age_max` is how long a message may wait before an alarm goes off; None where waiting is normal.
    """

    name: str
    queue: sqs.Queue
    dead_letters: sqs.Queue
    age_max: Duration | None

    @property
    def alarms(self) -> Sequence[Alarm]:
        alarms = [dead_letters_alarm(self.name, self.dead_letters)]
        if self.age_max is not None:
            waited = self.age_max.to_human_string()
            alarms.append(
                Alarm(
                    name=f"{kebab(self.name)}-age",
                    says=f"A message of {self.name} has waited for more than {waited}.",
                    metric=self.queue.metric_approximate_age_of_oldest_message(
                        statistic=MAXIMUM, period=MINUTE
                    ),
                    threshold=self.age_max.to_seconds(),
                    periods=3,
                )
            )
        return alarms


def dead_letters_alarm(
    name: str, queue: sqs.Queue, *, severity: Severity = Severity.TICKET
) -> Alarm:
    return Alarm(
        name=f"{kebab(name)}-dead-letters",
        says=f"{name} gave up on a message; it is in the dead letters.",
        metric=queue.metric_approximate_number_of_messages_visible(
            statistic=MAXIMUM, period=MINUTE
        ),
        severity=severity,
    )


class IntakeQueue(FedQueue):
    """Storefront events, in sequence for each order: the message group is the order.

    A message holds only where the delivery is stored. So duplicates are recognized by the
    platform's delivery id, not by content.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        consumer_timeout: Duration,
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = "intake"
        self._workers_max = settings.scaled_workers(INTAKE_CONCURRENCY_MAX)
        self.age_max = INTAKE_AGE_MAX
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            fifo=True,
            content_based_deduplication=False,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=settings.tls_only,
            retention_period=DEAD_LETTER_RETENTION,
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            fifo=True,
            content_based_deduplication=False,
            # Throughput and deduplication are per group, so orders do not wait for one another.
            deduplication_scope=sqs.DeduplicationScope.MESSAGE_GROUP,
            fifo_throughput_limit=sqs.FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=settings.tls_only,
            retention_period=RETENTION,
            visibility_timeout=Duration.seconds(
                VISIBILITY_TIMEOUTS * consumer_timeout.to_seconds()
            ),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters, max_receive_count=RECEIVES_MAX
            ),
        )

    def allow_send(self, function: CapabilityFunction) -> None:
        function.allow("sqs:SendMessage", on=[self.queue.queue_arn])

    def allow_send_many(self, function: CapabilityFunction) -> None:
        allow_send_many(function, self.queue)

    def feed(self, function: CapabilityFunction) -> None:
        """Let the function consume the queue, and send to it the work that it finds itself.

        Only the messages that it reports as failed come back.
        """
        allow_send_many(function, self.queue)
        function.allow_feeding_itself()
        _make_consumer(function, self.queue)
        lambda_.CfnEventSourceMapping(
            self,
            "Mapping",
            function_name=function.live.function_arn,
            event_source_arn=self.queue.queue_arn,
            batch_size=10,
            function_response_types=["ReportBatchItemFailures"],
            # Caps a burst of orders, so that functions that answer HTTP are not throttled.
            scaling_config=lambda_.CfnEventSourceMapping.ScalingConfigProperty(
                maximum_concurrency=self._workers_max
            ),
        )


class WorkQueue(FedQueue):
    """Pages of work that a scheduled function found and then works off.

    A standard queue, because the work may be done in any order and more than once. Each message
    carries its program as a group, so SQS serves a quiet program before one that filled the queue.
    `sends` states whether the function adds work itself, one message or many at a time.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        function: CapabilityFunction,
        concurrency_max: int,
        scales: bool = True,
        batch_size: int = PAGES_AT_ONCE,
        receives_max: int = RECEIVES_MAX,
        visibility_timeouts: int = VISIBILITY_TIMEOUTS,
        sends: Sends = "many",
        name: str | None = None,
        age_max: Duration | None = WORK_AGE_MAX,
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = name or function.name
        self.age_max = age_max
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=settings.tls_only,
            retention_period=DEAD_LETTER_RETENTION,
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=settings.tls_only,
            retention_period=RETENTION,
            visibility_timeout=Duration.seconds(
                visibility_timeouts * function.timeout.to_seconds()
            ),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters, max_receive_count=receives_max
            ),
        )
        _make_consumer(function, self.queue)
        if age_max is None:
            # Otherwise what fails is in the dead letters, or too old, soon enough for a ticket.
            function.watch_failures()
        match sends:
            case "many":
                allow_send_many(function, self.queue)
            case "one":
                function.allow("sqs:SendMessage", on=[self.queue.queue_arn])
        if sends != "nothing":
            function.allow_feeding_itself()
        lambda_.CfnEventSourceMapping(
            self,
            "Mapping",
            function_name=function.live.function_arn,
            event_source_arn=self.queue.queue_arn,
            batch_size=batch_size,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config=lambda_.CfnEventSourceMapping.ScalingConfigProperty(
                maximum_concurrency=settings.scaled_workers(concurrency_max)
                if scales
                else concurrency_max
            ),
        )


def _make_consumer(function: CapabilityFunction, queue: sqs.Queue) -> None:
    function.allow(
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        # A message that failed is hidden for a while.
        "sqs:ChangeMessageVisibility",
        on=[queue.queue_arn],
    )


def allow_send_many(function: CapabilityFunction, queue: sqs.Queue) -> None:
    function.allow_send_many(queue.queue_arn)
