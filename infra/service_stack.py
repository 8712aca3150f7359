"""The stack that can be deleted and deployed again: functions, API, queues, bus."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_events as events
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.account import AccountAlarms
from infra.alarms import Watched
from infra.api import HttpApi
from infra.build import Build
from infra.canary import Canary
from infra.capabilities import calendar, members, reports, storefronts
from infra.capabilities.engagement import engagement
from infra.capabilities.events import relay
from infra.capabilities.messages import notifications
from infra.capabilities.webhooks_out import webhooks_out
from infra.catalog import Catalog
from infra.data_stack import DataStack
from infra.functions import Layers
from infra.kit import Kit
from infra.mail import Mail
from infra.names import pascal
from infra.queues import FedQueue, IntakeQueue
from infra.routes import ROUTES
from infra.schedules import ScheduledWork, Wake
from infra.settings import Settings
from infra.subscriptions import Subscriptions
from loyalty.domain.events import SOURCE
from loyalty.edge.console import PATH as CONSOLE_PATH


class ServiceStack(Stack):
    """One function for each capability, and what wakes it."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, data: DataStack
    ) -> None:
        super().__init__(scope, construct_id, description="Loyalty: functions, API, queues, bus")
        self._settings = settings
        self._data = data
        build = Build(settings)
        self.api = HttpApi(self, "Http", settings=settings)
        kit = Kit(
            stack=self,
            settings=settings,
            data=data,
            staff_client=self._staff_client(),
            build=build,
            layers=Layers(self, "Layers", settings=settings, build=build),
            intake=IntakeQueue(
                self,
                "IntakeQueue",
                settings=settings,
                consumer_timeout=storefronts.INTAKE_TIMEOUT,
            ),
            bus=_bus(self, settings),
            mail=Mail(self, "Mail", settings=settings),
        )
        catalog = Catalog(self, "Catalog", settings=settings, buckets=data.buckets)
        mailing, messages = notifications(kit)
        sending, webhooks_out_queues = webhooks_out(kit)
        codes, shop_codes = storefronts.codes(kit)
        exports, report_exports = reports.exports(kit)
        counting, looks = engagement(kit)
        intake, stranded = storefronts.intake(kit)
        self.readers = {
            "relay": relay(kit, endpoint_events=webhooks_out_queues.events, looks=looks.queue),
            "archive": reports.archive(kit),
        }
        works = {
            "expiry": calendar.expiry(kit),
            "audit": calendar.audit(kit, looks=looks),
            "privacy": calendar.privacy(kit),
            "compaction": reports.compaction(kit, looks=looks),
            "rebuild": reports.rebuild(kit),
            "reminders": calendar.reminders(kit),
        }
        self._authorizer = members.authorizer(kit)
        functions = (
            self._authorizer,
            members.registry(kit),
            members.overview(kit),
            members.program(kit, runs=works["compaction"].queue),
            members.enrollment(kit),
            members.accrual(kit),
            members.adjustments(kit),
            members.campaigns(kit, runs=works["compaction"].queue),
            members.redemption(kit),
            reports.reporting(kit),
            members.console(kit),
            storefronts.connections(kit),
            storefronts.webhooks(kit),
            intake,
            mailing,
            sending,
            codes,
            exports,
            counting,
            *(reader.function for reader in self.readers.values()),
            *(work.function for work in works.values()),
        )
        queues: Sequence[FedQueue] = (
            kit.intake,
            *(work.queue for work in works.values()),
            *webhooks_out_queues.queues,
            shop_codes,
            report_exports,
            messages,
            looks,
        )
        self.functions = {function.name: function for function in functions}
        self.queues = {queue.name: queue for queue in queues}
        self.wakes: Sequence[Wake] = (*(w.wake for w in works.values() if w.wake), stranded)
        self._tell_relay_the_rules()
        self._put_api_in_front()
        answering = ("authorizer", *sorted({route.function for route in ROUTES}))
        if reserved := settings.configuration.reserved_concurrency:
            for name in answering:
                self.functions[name].reserve_concurrency(reserved)
        if minutes := settings.configuration.canary_minutes:
            Canary(
                self,
                "Canary",
                settings=settings,
                api=self.api,
                functions=[self.functions[each] for each in answering],
                minutes=minutes,
            )
        CfnOutput(self, "IntakeQueueUrl", value=kit.intake.queue.queue_url)
        self._name_dead_letters()
        self._name_what_can_be_invoked(works)
        CfnOutput(self, "BusName", value=kit.bus.event_bus_name)
        CfnOutput(self, "CatalogName", value=catalog.name)

    @property
    def watched(self) -> Sequence[Watched]:
        """Everything with alarms."""
        return (
            self.api,
            *self.functions.values(),
            *self.readers.values(),
            *self.queues.values(),
            *self.wakes,
            self._data.table,
            self._data.failed_batches,
            *([self._data.identities.members] if self._data.identities else []),
            AccountAlarms(self._settings),
        )

    @property
    def dead_letters(self) -> Mapping[str, sqs.Queue]:
        """The dead-letter queue of each queue, by name."""
        return {name: queue.dead_letters for name, queue in self.queues.items()}

    def _tell_relay_the_rules(self) -> None:
        """Tell which events our own rules ask for, and those that the stage wants on the bus."""
        rules = dict(Subscriptions(self).patterns(source=SOURCE))
        rules |= {name: [{}] for name in self._settings.configuration.bus_events}
        self.functions["relay"].function.add_environment(
            "LOYALTY_BUS_RULES", json.dumps(rules, separators=(",", ":"), sort_keys=True)
        )

    def _staff_client(self) -> cognito.UserPoolClient | None:
        """Create the client that staff sign in with, if they are in a pool of our own."""
        identities = self._data.identities
        if identities is None or identities.staff is None:
            return None
        client = identities.staff.client_of(self, console_url=f"{self.api.url}{CONSOLE_PATH}")
        CfnOutput(self, "StaffClientId", value=client.user_pool_client_id)
        return client

    def _put_api_in_front(self) -> None:
        self.api.route(ROUTES, functions=self.functions, authorizer=self._authorizer)
        # Mails link to the API.
        self.functions["notifications"].function.add_environment("LOYALTY_API_URL", self.api.url)
        CfnOutput(self, "ApiId", value=self.api.id)
        CfnOutput(self, "ApiUrl", value=self.api.url)
        CfnOutput(self, "ConsoleUrl", value=f"{self.api.url}{CONSOLE_PATH}")

    def _name_dead_letters(self) -> None:
        for name, queue in self.dead_letters.items():
            CfnOutput(self, f"{pascal(name)}DeadLettersUrl", value=queue.queue_url)

    def _name_what_can_be_invoked(self, works: Mapping[str, ScheduledWork]) -> None:
        for name, work in works.items():
            function_name = work.function.function.function_name
            CfnOutput(self, f"{pascal(name)}FunctionName", value=function_name)


def _bus(scope: Construct, settings: Settings) -> events.EventBus:
    """Make the bus, with an archive to replay from if the stage wants one."""
    bus = events.EventBus(scope, "Bus", event_bus_name=settings.stack_id("Events"))
    if days := settings.configuration.event_archive_days:
        bus.archive(
            "Archive",
            archive_name=settings.stack_id("Events"),
            event_pattern=events.EventPattern(source=[SOURCE]),
            retention=Duration.days(days),
        )
    return bus
