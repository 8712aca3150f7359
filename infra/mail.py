"""Mail: the sender, and SES's reports of bounces and complaints."""

from __future__ import annotations

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_ses as ses
from constructs import Construct

from infra.functions import CapabilityFunction
from infra.queues import WorkQueue
from infra.settings import Settings
from infra.subscriptions import Subscription

# The names of SES's events on the account's default bus.
COMES_BACK = ("Email Bounced", "Email Complaint Received")


class Mail(Construct):
    """The configuration set for all mail, which reports bounces and complaints.

    The sender's identity is not created here, because proving a domain takes entries in its DNS.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self.configuration_set = settings.stack_id("Mail")
        made = ses.CfnConfigurationSet(
            self,
            "ConfigurationSet",
            name=self.configuration_set,
            # SES never again sends to an address that complained or does not exist.
            suppression_options=ses.CfnConfigurationSet.SuppressionOptionsProperty(
                suppressed_reasons=["BOUNCE", "COMPLAINT"]
            ),
        )
        destination = ses.CfnConfigurationSetEventDestination(
            self,
            "ComesBack",
            configuration_set_name=self.configuration_set,
            event_destination=ses.CfnConfigurationSetEventDestination.EventDestinationProperty(
                name="bus",
                enabled=True,
                matching_event_types=["BOUNCE", "COMPLAINT"],
                event_bridge_destination=ses.CfnConfigurationSetEventDestination.EventBridgeDestinationProperty(
                    event_bus_arn=Stack.of(self).format_arn(
                        service="events", resource="event-bus", resource_name="default"
                    )
                ),
            ),
        )
        destination.add_resource_dependency(made)

    @property
    def environment(self) -> dict[str, str]:
        sender = self._settings.configuration.mail_from
        variables = {"LOYALTY_CONFIGURATION_SET": self.configuration_set}
        return variables | ({"LOYALTY_MAIL_FROM": sender} if sender else {})

    def allow_send(self, function: CapabilityFunction) -> None:
        """Allow sending as the sender, be the address verified, its domain, or another identity."""
        sender = self._settings.configuration.mail_from
        verified = self._settings.configuration.mail_identity
        if not self._settings.sends_by_identity:
            function.allow("ses:SendEmail", on=["*"])
            function.acknowledge_wildcard("*", why="The local cloud asks for the right on no one.")
        elif sender:
            names = dict.fromkeys((sender, sender.split("@")[1], *([verified] if verified else ())))
            identities = [self._arn("identity", name) for name in names]
            configuration_set = self._arn("configuration-set", self.configuration_set)
            function.allow("ses:SendEmail", on=[*identities, configuration_set])

    def allow_forget(self, function: CapabilityFunction) -> None:
        """Allow taking addresses off the account's own list of those that mail came back from."""
        function.allow("ses:DeleteSuppressedDestination", on=["*"])
        function.acknowledge_wildcard("*", why="SES has one list for the account, without a name.")

    def deliver_bounces(self, queue: WorkQueue) -> None:
        """Put bounces and complaints about our own mails into a queue."""
        Subscription(
            self,
            "Bounces",
            source="aws.ses",
            names=COMES_BACK,
            queue=queue,
            detail={"mail": {"tags": {"ses:configuration-set": [self.configuration_set]}}},
        )

    def _arn(self, resource: str, name: str) -> str:
        return Stack.of(self).format_arn(
            service="ses",
            resource=resource,
            resource_name=name,
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
