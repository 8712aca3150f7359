"""The parts that all functions share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events

from infra.build import Build
from infra.data_stack import DataStack
from infra.functions import HTTP_TIMEOUT, CapabilityFunction, Layers
from infra.ledger_table import BATCH_GET, GET, PUT, UPDATE
from infra.mail import Mail
from infra.queues import IntakeQueue
from infra.settings import Settings
from loyalty.edge.report_pages import SignInSettings

STREAM_TIMEOUT = Duration.seconds(60)
# More memory also means more processor, and a cold start is nothing but processor time.
MEMORY_MIB = 1024


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

    def function(
        self,
        name: str,
        description: str,
        *,
        environment: Mapping[str, str],
        timeout: Duration = HTTP_TIMEOUT,
        memory_mib: int = MEMORY_MIB,
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
            memory_mib=memory_mib,
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
    def sign_in(self) -> dict[str, str]:
        """Where the report pages send people to sign in, if the sign-in may send them back."""
        identities, sign_in = self.data.identities, self.settings.sign_in
        if sign_in is None and identities is not None and self.settings.configuration.callback_urls:
            sign_in = SignInSettings(
                authorize_url=identities.authorize_url,
                token_url=identities.token_url,
                client_id=identities.people_client_id,
            )
        if sign_in is None:
            return {}
        return {f"LOYALTY_{name.upper()}": value for name, value in asdict(sign_in).items()}

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
