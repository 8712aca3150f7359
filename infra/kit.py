"""The parts that all functions share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from aws_cdk import Duration, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_events as events

from infra.build import Build
from infra.data_stack import DataStack
from infra.functions import HTTP_TIMEOUT, CapabilityFunction, Layers
from infra.ledger_table import BATCH_GET, GET, PUT, UPDATE
from infra.mail import Mail
from infra.memory import memory_of
from infra.queues import IntakeQueue
from infra.settings import Settings
from loyalty.edge.console import ConsoleSettings

STREAM_TIMEOUT = Duration.seconds(60)


@dataclass(frozen=True, kw_only=True)
class Kit:
    """Everything that this stack's functions are built from, and their environment variables."""

    stack: Stack
    settings: Settings
    data: DataStack
    build: Build
    layers: Layers
    intake: IntakeQueue
    bus: events.EventBus
    mail: Mail
    staff_client: cognito.UserPoolClient | None

    def function(
        self,
        name: str,
        description: str,
        *,
        environment: Mapping[str, str],
        timeout: Duration = HTTP_TIMEOUT,
        disk_mib: int | None = None,
    ) -> CapabilityFunction:
        return CapabilityFunction(
            self.stack,
            name,
            settings=self.settings,
            build=self.build,
            layers=self.layers.of(name),
            environment=environment,
            timeout=timeout,
            memory_mib=memory_of(name),
            description=description,
            disk_mib=disk_mib,
        )

    def allow_ledger(self, function: CapabilityFunction) -> None:
        """Allow finding a member by identity and moving points."""
        self.data.table.allow(function, GET, BATCH_GET, PUT, UPDATE)
        self.data.secrets.allow_read_identity(function)

    @property
    def table_name(self) -> dict[str, str]:
        return {"LOYALTY_TABLE": self.data.table.name}

    @property
    def claims(self) -> dict[str, str]:
        return {f"LOYALTY_{name.upper()}": claim for name, claim in self.settings.claims}

    @property
    def trust(self) -> dict[str, str]:
        """The issuers whose tokens are accepted, by the kind of callers they are trusted for."""
        configuration, identities = self.settings.configuration, self.data.identities
        trusted: dict[str, tuple[str, Sequence[str]]]
        if configuration.issuer:
            everyone = (configuration.issuer, configuration.audience)
            trusted = dict.fromkeys(("members", "staff", "services"), everyone)
        elif identities:
            trusted = {
                "members": (identities.members.issuer, identities.members.audience),
                # The table says which clients are services.
                "services": (identities.services.issuer, ()),
            }
            if identities.staff and self.staff_client:
                audience = (self.staff_client.user_pool_client_id,)
                trusted["staff"] = (identities.staff.issuer, audience)
        else:
            raise TypeError("A deployment needs an issuer or user pools of its own.")
        if configuration.staff:
            trusted["staff"] = (configuration.staff.issuer, configuration.staff.audience)
        return {
            f"LOYALTY_{kind.upper()}_{name}": value
            for kind, (issuer, audience) in trusted.items()
            for name, value in (("ISSUER", issuer), ("AUDIENCE", " ".join(audience)))
        }

    @property
    def sign_in(self) -> dict[str, str]:
        """Where the console sends staff to sign in."""
        identities, sign_in = self.data.identities, self.settings.sign_in
        staff = identities.staff if identities else None
        if staff and self.staff_client:
            sign_in = ConsoleSettings(
                authorize_url=staff.authorize_url,
                token_url=staff.token_url,
                sign_out_url=staff.sign_out_url,
                client_id=self.staff_client.user_pool_client_id,
            )
        if sign_in is None:
            return {}
        return {
            f"LOYALTY_{name.upper()}": value for name, value in asdict(sign_in).items() if value
        }

    @property
    def identity_secret(self) -> dict[str, str]:
        return {"LOYALTY_IDENTITY_SECRET": self.data.secrets.identity_arn}

    @property
    def storefront_secrets(self) -> dict[str, str]:
        return {"LOYALTY_STOREFRONT_SECRETS": self.data.secrets.storefront_prefix}

    @property
    def lake_bucket(self) -> dict[str, str]:
        return {"LOYALTY_LAKE_BUCKET": self.data.buckets.lake.bucket_name}

    @property
    def inbox_bucket(self) -> dict[str, str]:
        return {"LOYALTY_INBOX_BUCKET": self.data.buckets.inbox.bucket_name}
