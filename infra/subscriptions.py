"""Rules that put events of a bus into queues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Aws, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct, IConstruct

from infra.queues import WorkQueue


class Subscription(Construct):
    """A rule that puts events of some names into a function's queue.

    An event that the queue does not take is retried for a day, then it becomes a dead letter, and
    so does at once one that the queue may not take. The alarm on dead letters reports both.
    `says` is the message, if it is not the event itself: `<name>` stands for one of `paths`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        source: str,
        names: Sequence[str],
        queue: WorkQueue,
        bus_name: str | None = None,
        detail: Mapping[str, object] | None = None,
        says: str | None = None,
        paths: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.source = source
        self.names = names
        self.detail = detail
        pattern: dict[str, object] = {"source": [source], "detail-type": list(names)}
        if detail:
            pattern["detail"] = detail
        transformer = (
            events.CfnRule.InputTransformerProperty(
                input_template=says, input_paths_map=dict(paths or {})
            )
            if says
            else None
        )
        # Names that people recognize when they look at a bus.
        name = f"{Stack.of(self).stack_name}-{self.node.id}"
        rule = events.CfnRule(
            self,
            "Rule",
            name=name,
            event_bus_name=bus_name,
            event_pattern=pattern,
            targets=[
                events.CfnRule.TargetProperty(
                    id="Queue",
                    arn=queue.queue.queue_arn,
                    input_transformer=transformer,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(
                        arn=queue.dead_letters.queue_arn
                    ),
                )
            ],
        )
        for each in (queue.queue, queue.dead_letters):
            each.add_to_resource_policy(
                iam.PolicyStatement(
                    actions=["sqs:SendMessage"],
                    principals=[iam.ServicePrincipal("events.amazonaws.com")],
                    resources=[each.queue_arn],
                    conditions={
                        "ArnEquals": {"aws:SourceArn": rule.attr_arn},
                        "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                    },
                )
            )


class Subscriptions:
    """All rules of a stack."""

    def __init__(self, scope: IConstruct) -> None:
        self._all = [each for each in scope.node.find_all() if isinstance(each, Subscription)]

    def patterns(self, *, source: str) -> Mapping[str, Sequence[Mapping[str, object]]]:
        """Return what the rules ask for of a source's events, by name."""
        found: dict[str, list[Mapping[str, object]]] = {}
        for each in self._all:
            for name in each.names if each.source == source else ():
                found.setdefault(name, []).append(each.detail or {})
        return found
