"""The choices of a deployment: a committed file for each stage, and the machine's side."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args

import pydantic
from aws_cdk import RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Node

from loyalty.domain.events import ALL
from loyalty.edge.aws.bus import EVERY_EVENT
from loyalty.edge.console import ConsoleSettings

Architecture = Literal["arm64", "x86_64"]
Platform = Literal["arm64", "x86_64", "local"]

# Activated once in Billing, this tag tells the stages of an account apart in its costs.
COST_TAG = "loyalty:stage"

# The functions that tills, members and shops wait for, after the one that lets them in.
HURRIED = ("accrual", "enrollment", "redemption", "webhooks")

# It is part of names with length limits: of a domain, a database, functions.
STAGE_PATTERN = re.compile(r"[a-z][a-z0-9-]{0,15}")

Text = Annotated[pydantic.StrictStr, pydantic.StringConstraints(min_length=1)]
Url = Annotated[Text, pydantic.StringConstraints(pattern=r"^https?://\S+$")]
Address = Annotated[Text, pydantic.StringConstraints(pattern=r"^[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+$")]


def _known_event(name: str) -> str:
    event_names = sorted(event.name for event in ALL)
    if name not in (*event_names, EVERY_EVENT):
        raise ValueError(f"there is no event `{name}`; use one of {', '.join(event_names)}")
    return name


EventName = Annotated[Text, pydantic.AfterValidator(_known_event)]
HostName = Annotated[Text, pydantic.StringConstraints(pattern=r"^([a-z0-9-]+\.)+[a-z]{2,}$")]
CertificateArn = Annotated[
    Text,
    pydantic.StringConstraints(pattern=r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/\S+$"),
]
Network = Annotated[Text, pydantic.StringConstraints(pattern=r"^(\d{1,3}\.){3}\d{1,3}/\d{1,2}$")]


class ConfigurationError(ValueError):
    """A stage's configuration is invalid. The message names every mistake."""


class _Part(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


class Claims(_Part):
    """An issuer's names of claims, where they differ from Cognito's."""

    groups_claim: Text | None = None
    scopes_claim: Text | None = None
    client_claim: Text | None = None
    email_claim: Text | None = None
    email_verified_claim: Text | None = None
    name_claim: Text | None = None
    phone_claim: Text | None = None
    phone_verified_claim: Text | None = None


class SignIn(_Part):
    """Where an issuer other than Cognito signs staff in to the console (a public client)."""

    authorize_url: Url
    token_url: Url
    sign_out_url: Url | None = None
    client_id: Text


class StaffIssuer(_Part):
    """The OIDC issuer that knows the staff, and the clients whose tokens are accepted."""

    issuer: Url
    audience: Annotated[tuple[Text, ...], pydantic.Field(min_length=1)]


class RestoredTable(_Part):
    """A table that was restored from a backup and takes the place of the stack's own."""

    name: Text
    stream_arn: Annotated[Text, pydantic.StringConstraints(pattern=r"^arn:.*/stream/\S+$")]


class Domain(_Part):
    """The API's own domain name, and a certificate for it in the region of the deployment."""

    name: HostName
    certificate_arn: CertificateArn


class Firewall(_Part):
    """CloudFront and AWS WAF before the domain, under a name of their own that people use.

    Its certificate is in us-east-1. An address that sends more than `requests_per_five_minutes` is
    refused until it slows down, unless it is in one of the networks in `trusted`.
    """

    name: HostName
    certificate_arn: Annotated[
        CertificateArn, pydantic.StringConstraints(pattern=r"^arn:aws:acm:us-east-1:")
    ]
    requests_per_five_minutes: Annotated[pydantic.StrictInt, pydantic.Field(ge=10)] = 3_000
    trusted: tuple[Network, ...] = ()


class Configuration(_Part):
    """The file of one stage. Leaving out a key affects only what that key is about.

    `production`: the stage keeps its data when a stack is deleted, and refuses to be deleted.
    `issuer` and `audience` replace Cognito with another OIDC issuer for everyone, and `staff` for
    staff.
    `callback_urls` are where Cognito's sign-in may send members back to (empty: it is off).
    `mail_from` is the sender of mails to members (None: no mail), and `mail_identity` the identity
    that is verified in SES for it (None: the address's domain).
    `mails_per_second` is the rate at which SES accepts mail from the account.
    `domain` is the API's own domain name, and `firewall` what stands before it (None: the API has
    only the address that AWS gives it, which changes if its stack is created again).
    `api_url` is where links in mails lead, if not to the API's own address.
    `bus_events` are the events that are put on the bus beyond those that the product's own rules
    ask for, by name (`*`: all), for rules of your own.
    `reserved_concurrency` is the number of concurrent executions that each function that answers
    HTTP has for itself, whatever queues and streams use (None: all share the account's).
    `canary_minutes` is how long new code answers a tenth of the requests before it answers all of
    them; if the API fails meanwhile, the deployment is rolled back (None: all requests at once).
    `access_tokens`: the stage has a key that signs tokens for early access.
    `snap_start`: workers of what tills, members and shops wait for start from a snapshot.
    `monthly_budget` is what the stage is expected to cost, in dollars (None: nobody is told).
    `event_archive_days` is how long the bus keeps events for a replay (None: it keeps none).
    `scale` multiplies the rates of all routes and the numbers of workers of all queues but mail's.
    `warm_writes` is for how many write units a second the table is ready at any moment (None: what
    DynamoDB gives a new table, 4,000).
    `restored_table` is a restored table to use instead of the stack's own, which stays as it is.
    `dashboard` adds a dashboard and the counts that only it shows.
    `alarm_email` is the mailbox for alarms that wake somebody, and `ticket_email` for alarms that
    can wait for the next working day (None: the same mailbox).
    """

    production: pydantic.StrictBool
    issuer: Url | None = None
    audience: tuple[Text, ...] = ()
    staff: StaffIssuer | None = None
    claims: Claims = Claims()
    sign_in: SignIn | None = None
    callback_urls: tuple[Text, ...] = ()
    cors_origins: tuple[Text, ...] = ()
    alarm_email: Address | None = None
    ticket_email: Address | None = None
    dashboard: pydantic.StrictBool = False
    mail_from: Address | None = None
    mail_identity: Text | None = None
    mails_per_second: Annotated[pydantic.StrictInt, pydantic.Field(ge=1, le=1000)] = 14
    api_url: Url | None = None
    domain: Domain | None = None
    firewall: Firewall | None = None
    bus_events: tuple[EventName, ...] = ()
    reserved_concurrency: Annotated[pydantic.StrictInt, pydantic.Field(ge=1)] | None = None
    canary_minutes: Annotated[pydantic.StrictInt, pydantic.Field(ge=1, le=60)] | None = None
    access_tokens: pydantic.StrictBool = False
    snap_start: pydantic.StrictBool = False
    monthly_budget: Annotated[pydantic.StrictInt, pydantic.Field(ge=1)] | None = None
    event_archive_days: Annotated[pydantic.StrictInt, pydantic.Field(ge=1, le=365)] | None = None
    scale: Annotated[pydantic.StrictInt, pydantic.Field(ge=1, le=20)] = 1
    warm_writes: Annotated[pydantic.StrictInt, pydantic.Field(ge=4000)] | None = None
    restored_table: RestoredTable | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The choices of one deployment.

    `platform` is the machine that the assets were built for: the stage's architecture, or `local`
    for the local cloud, which runs them on this machine over plain HTTP.
    """

    stage: str
    architecture: Architecture
    platform: Platform
    build_dir: Path
    configuration: Configuration

    @classmethod
    def from_context(cls, node: Node) -> Settings:
        """Read the stage's name and the platform from the context, and the rest from its file.

        Raises:
            ConfigurationError: the file has mistakes; all are named.
        """
        stage = _text(node, "stage") or "dev"
        if not STAGE_PATTERN.fullmatch(stage):
            raise ConfigurationError(
                f"Context `stage` is `{stage}`. Use at most 16 lowercase letters, digits and "
                "hyphens, starting with a letter."
            )
        architecture = _choice(node, "architecture", Architecture, default="arm64")
        return cls(
            stage=stage,
            architecture=cast(Architecture, architecture),
            platform=cast(Platform, _choice(node, "platform", Platform, default=architecture)),
            build_dir=Path(_text(node, "build_dir") or "build"),
            configuration=read_configuration(
                Path(_text(node, "stage_file") or f"stages/{stage}.toml")
            ),
        )

    def stack_id(self, name: str) -> str:
        return f"Loyalty-{self.stage}-{name}"

    @property
    def metrics_namespace(self) -> str:
        """A namespace for each stage, so that no stage affects the alarms of another."""
        return f"Loyalty/{self.stage}"

    @property
    def is_prod(self) -> bool:
        return self.configuration.production

    @property
    def claims(self) -> tuple[tuple[str, str], ...]:
        """The claims whose names differ from Cognito's, by the name of their setting."""
        chosen = self.configuration.claims.model_dump(exclude_none=True)
        return tuple(chosen.items())

    @property
    def api_url(self) -> str | None:
        """Where people and servers call the API (None: at the address that AWS gives it)."""
        chosen = self.configuration
        named = chosen.firewall or chosen.domain
        return chosen.api_url or (f"https://{named.name}" if named else None)

    @property
    def sign_in(self) -> ConsoleSettings | None:
        chosen = self.configuration.sign_in
        return ConsoleSettings(**chosen.model_dump(exclude_none=True)) if chosen else None

    @property
    def tls_only(self) -> bool:
        """Whether policies require TLS. The local cloud serves plain HTTP on the loopback."""
        return self.platform != "local"

    @property
    def has_versions(self) -> bool:
        """Whether functions have versions. The local cloud replaces a function in one step."""
        return self.platform != "local"

    def starts_from_snapshot(self, function: str) -> bool:
        """Whether workers of a function start from a snapshot, which only versions have."""
        chosen = self.configuration.snap_start and function in ("authorizer", *HURRIED)
        return chosen and self.has_versions

    @property
    def makes_access_tokens(self) -> bool:
        """Whether there is a key for access tokens, which costs a dollar a month on AWS."""
        return self.configuration.access_tokens or self.platform == "local"

    @property
    def paces_mail(self) -> bool:
        """Whether mail keeps to SES's rate. The local cloud has none, and its stories hurry."""
        return self.platform != "local"

    @property
    def sends_by_identity(self) -> bool:
        """Whether the right to send is per identity. The local cloud checks it on everything."""
        return self.platform != "local"

    def scaled_workers(self, workers: int) -> int:
        """Return how many workers of a queue to allow; SQS takes at most a thousand."""
        return min(workers * self.configuration.scale, 1000)

    def workers_at_once(self, workers: int) -> int:
        """Return how many workers to allow: at most two on the local cloud, which starts slowly."""
        return workers if self.platform != "local" else min(workers, 2)

    @property
    def removal_policy(self) -> RemovalPolicy:
        """What happens to data when its stack is deleted."""
        return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if self.is_prod else RemovalPolicy.DESTROY

    @property
    def log_removal_policy(self) -> RemovalPolicy:
        """What happens to logs when their stack is deleted; production keeps its access log."""
        return self.removal_policy

    @property
    def empties_buckets(self) -> bool:
        """CloudFormation deletes only empty buckets, so a stage for trying empties them first.

        The local cloud is thrown away whole.
        """
        return not self.is_prod and self.platform != "local"

    @property
    def log_retention(self) -> logs.RetentionDays:
        return logs.RetentionDays.THREE_MONTHS if self.is_prod else logs.RetentionDays.TWO_WEEKS

    @property
    def lambda_architecture(self) -> lambda_.Architecture:
        arm = self.architecture == "arm64"
        return lambda_.Architecture.ARM_64 if arm else lambda_.Architecture.X86_64


def read_configuration(file: Path) -> Configuration:
    """Read the file of a stage.

    Raises:
        ConfigurationError: the file is missing, is not TOML, or has mistakes; all are named.
    """
    if not file.is_file():
        raise ConfigurationError(
            f"{file} does not exist. Every stage has a committed file of its own: copy "
            "stages/example.toml and fill it in."
        )
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file} is not TOML: {error}.") from None
    mistakes = []
    configuration = None
    try:
        configuration = Configuration.model_validate(raw)
    except pydantic.ValidationError as error:
        mistakes = [
            f"`{'.'.join(str(part) for part in each['loc'])}`: {each['msg']}"
            for each in error.errors()
        ]
    mistakes += _contradictions(raw)
    if configuration is None or mistakes:
        raise ConfigurationError("\n  ".join([f"{file} has mistakes:", *mistakes]))
    return configuration


def _contradictions(raw: Mapping[str, Any]) -> Iterator[str]:
    """Yield mistakes of keys that are valid by themselves but contradict each other."""
    if ("issuer" in raw) != bool(raw.get("audience")):
        yield "`issuer`, `audience`: state both or neither"
    if "issuer" in raw and raw.get("callback_urls"):
        yield "`callback_urls`: only Cognito uses them"
    if "sign_in" in raw and not {"issuer", "staff"} & raw.keys():
        yield "`sign_in`: only another issuer uses it; Cognito's is known"
    if raw.get("production") is True and not {"issuer", "mail_from"} & raw.keys():
        yield (
            "`mail_from`: missing. Cognito's own mailer sends 50 mails a day for the whole "
            "account, so the 51st person who signs up gets no code. State a sender that is "
            "verified in SES, or another `issuer`"
        )
    if "firewall" in raw and "domain" not in raw:
        yield "`firewall`: it needs a `domain` to stand before"
    if "monthly_budget" in raw and not {"alarm_email", "ticket_email"} & raw.keys():
        yield "`monthly_budget`: it needs a `ticket_email` or an `alarm_email` to write to"
    if "mail_identity" in raw and "mail_from" not in raw:
        yield "`mail_identity`: it needs a `mail_from`"


def _text(node: Node, name: str) -> str | None:
    value = node.try_get_context(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ConfigurationError(f"Context `{name}` is {value!r}; it must be a string.")
    return value


def _choice(node: Node, name: str, choices: object, *, default: str) -> str:
    value = _text(node, name) or default
    allowed = get_args(choices)
    if value not in allowed:
        raise ConfigurationError(f"Context `{name}` is `{value}`. Use one of {', '.join(allowed)}.")
    return value
