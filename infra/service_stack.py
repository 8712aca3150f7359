"""What can be thrown away and deployed again: functions, API, queues, bus, alarms."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_events as events
from constructs import Construct

from infra.api import HttpApi
from infra.build import Build
from infra.capabilities import calendar, members, outward, reports, storefronts
from infra.catalog import Catalog
from infra.data_stack import DataStack
from infra.functions import CapabilityFunction, Layers
from infra.kit import Kit
from infra.mail import Mail
from infra.monitoring import Monitoring
from infra.queues import IntakeQueue, WorkQueue
from infra.routes import ROUTES
from infra.schedules import ScheduledWork
from infra.settings import Settings
from infra.streams import StreamReader


class ServiceStack(Stack):
    """One function per capability, and what wakes it."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, data: DataStack
    ) -> None:
        super().__init__(
            scope, construct_id, description="Loyalty: functions, API, queues, bus, alarms"
        )
        self._settings = settings
        self._data = data
        build = Build(settings)
        kit = Kit(
            stack=self,
            settings=settings,
            data=data,
            build=build,
            layers=Layers(self, "Layers", settings=settings, build=build),
            intake=IntakeQueue(
                self,
                "IntakeQueue",
                settings=settings,
                consumer_timeout=storefronts.INTAKE_TIMEOUT,
            ),
            bus=events.EventBus(self, "Bus", event_bus_name=settings.stack_id("Events")),
            mail=Mail(self, "Mail", settings=settings),
        )
        catalog = Catalog(self, "Catalog", settings=settings, buckets=data.buckets)
        notifications, messages = outward.notifications(kit)
        endpoints, outbound = outward.endpoints(kit)
        codes, shop_codes = storefronts.codes(kit)
        exports, report_exports = reports.exports(kit)
        readers = {"relay": outward.relay(kit), "archive": reports.archive(kit)}
        works = {
            "expiry": calendar.expiry(kit),
            "audit": calendar.audit(kit),
            "privacy": calendar.privacy(kit),
            "compaction": reports.compaction(kit),
            "rebuild": reports.rebuild(kit),
            "reminders": calendar.reminders(kit),
        }
        functions = (
            members.program(kit),
            members.enrollment(kit),
            members.accrual(kit),
            members.redemption(kit),
            reports.reporting(kit),
            storefronts.webhooks(kit),
            storefronts.intake(kit),
            notifications,
            endpoints,
            codes,
            exports,
            *(reader.function for reader in readers.values()),
            *(work.function for work in works.values()),
        )
        queues = {name: work.queue for name, work in works.items()}
        queues |= {**outbound.queues, "codes": shop_codes, "exports": report_exports}
        self._publish(
            kit,
            functions={function.name: function for function in functions},
            readers=readers,
            queues=queues,
            messages=messages,
        )
        self._name_dead_letters(kit, readers, {**queues, "notifications": messages})
        self._name_what_can_be_invoked(works)
        CfnOutput(self, "BusName", value=kit.bus.event_bus_name)
        CfnOutput(self, "CatalogName", value=catalog.name)

    def _publish(
        self,
        kit: Kit,
        *,
        functions: Mapping[str, CapabilityFunction],
        readers: Mapping[str, StreamReader],
        queues: Mapping[str, WorkQueue],
        messages: WorkQueue,
    ) -> None:
        """Put the API in front and the alarms around."""
        issuer, audience = self._trusted()
        api = HttpApi(
            self,
            "Http",
            settings=self._settings,
            routes=ROUTES,
            functions=functions,
            issuer=issuer,
            audience=audience,
        )
        # Mails lead to the API, which is made after the function that writes them.
        functions["notifications"].function.add_environment(
            "LOYALTY_API_URL", self._settings.api_url or api.url
        )
        monitoring = Monitoring(
            self,
            "Monitoring",
            settings=self._settings,
            api_id=api.id,
            functions=functions,
            intake=kit.intake,
            readers=readers,
            queues=queues,
            messages=messages,
        )
        CfnOutput(self, "ApiId", value=api.id)
        CfnOutput(self, "ApiUrl", value=api.url)
        CfnOutput(self, "AlarmTopicArn", value=monitoring.topic.topic_arn)
        CfnOutput(self, "DashboardName", value=monitoring.dashboard_name)

    def _name_dead_letters(
        self, kit: Kit, readers: Mapping[str, StreamReader], queues: Mapping[str, WorkQueue]
    ) -> None:
        CfnOutput(self, "IntakeQueueUrl", value=kit.intake.queue.queue_url)
        parked = {"intake": kit.intake.dead_letters}
        parked |= {name: reader.dead_letters for name, reader in readers.items()}
        parked |= {name: queue.dead_letters for name, queue in queues.items()}
        for name, queue in parked.items():
            CfnOutput(self, f"{name.capitalize()}DeadLettersUrl", value=queue.queue_url)

    def _name_what_can_be_invoked(self, works: Mapping[str, ScheduledWork]) -> None:
        for name, work in works.items():
            function_name = work.function.function.function_name
            CfnOutput(self, f"{name.capitalize()}FunctionName", value=function_name)

    def _trusted(self) -> tuple[str, tuple[str, ...]]:
        """Whose tokens the API takes, and made for which clients."""
        if self._settings.issuer:
            return self._settings.issuer, self._settings.audience
        if self._data.identities is None:
            raise TypeError("A deployment has an issuer or identities of its own.")
        return self._data.identities.issuer, self._data.identities.audience
