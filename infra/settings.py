"""What can be chosen about a deployment, read from the context of the CDK app."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, cast, get_args

from aws_cdk import RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Node

from loyalty.edge.settings import ClaimSettings, SignInSettings

Stage = Literal["dev", "prod"]
Architecture = Literal["arm64", "x86_64"]
Platform = Literal["arm64", "x86_64", "local"]

# Given to the app itself and not in cdk.json, so that `python app.py` and the CDK CLI agree.
FEATURE_FLAGS = {
    "@aws-cdk/aws-dynamodb:retainTableReplica": True,
    "@aws-cdk/aws-s3:createDefaultLoggingPolicy": True,
    "@aws-cdk/aws-s3:publicAccessBlockedByDefault": True,
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,
    # A stack reads an output of another when it is deployed, and does not hold on to it: an export
    # that somebody imports can be neither changed nor removed.
    "@aws-cdk/core:defaultCrossStackReferences": "weak",
    "@aws-cdk/core:checkSecretUsage": True,
}

# The program that `examples/` publishes.
EXAMPLE_PROGRAM = "bean-and-leaf"

# How a deployer says what another issuer calls a claim: `-c groups_claim=roles`.
CLAIMS = tuple(field.name for field in fields(ClaimSettings))


class ContextError(ValueError):
    """A context value that no deployment can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The choices of one deployment.

    `platform` says for which machine the assets were built: the stage's architecture, or `local`
    for the local cloud, which runs them on this machine and speaks plain HTTP.
    `programs` are those that a server may call with the service client's credentials.
    `issuer` and `audience` replace Cognito by another OIDC issuer, and `claims` are the names of
    claims that this issuer has chosen otherwise than Cognito, by the name of their setting.
    `sign_in` is where that issuer signs people in to the pages of the reports: the addresses for
    authorizing and for tokens, and a public client.
    `alarm_email` is the mailbox of alarms that wake somebody, and `ticket_email` of those that can
    wait for the next working day (None: the same mailbox).
    `mail_from` is the address that members get mail from (None: they get none), and `api_url` where
    links in mails lead, where that is not the API's own address.
    """

    stage: Stage
    architecture: Architecture
    platform: Platform
    build_dir: Path
    programs: tuple[str, ...]
    issuer: str | None
    audience: tuple[str, ...]
    claims: tuple[tuple[str, str], ...]
    sign_in: SignInSettings | None
    callback_urls: tuple[str, ...]
    cors_origins: tuple[str, ...]
    alarm_email: str | None
    ticket_email: str | None
    mail_from: str | None
    api_url: str | None

    @classmethod
    def from_context(cls, node: Node) -> Settings:
        architecture = _choice(node, "architecture", Architecture, default="arm64")
        issuer = _text(node, "issuer")
        audience = _texts(node, "audience")
        if (issuer is None) != (not audience):
            raise ContextError("Context `issuer` and `audience` are given together or not at all.")
        return cls(
            stage=cast(Stage, _choice(node, "stage", Stage, default="dev")),
            architecture=cast(Architecture, architecture),
            platform=cast(Platform, _choice(node, "platform", Platform, default=architecture)),
            build_dir=Path(_text(node, "build_dir") or "build"),
            programs=_texts(node, "programs") or (EXAMPLE_PROGRAM,),
            issuer=issuer,
            audience=audience,
            claims=tuple((name, claim) for name in CLAIMS if (claim := _text(node, name))),
            sign_in=_sign_in(node),
            callback_urls=_texts(node, "callback_urls"),
            cors_origins=_texts(node, "cors_origins"),
            alarm_email=_address(node, "alarm_email"),
            ticket_email=_address(node, "ticket_email"),
            mail_from=_address(node, "mail_from"),
            api_url=_text(node, "api_url"),
        )

    def stack_id(self, name: str) -> str:
        return f"Loyalty-{self.stage}-{name}"

    @property
    def metrics_namespace(self) -> str:
        """A namespace of its own: no stage sets off or silences the alarms of another."""
        return f"Loyalty/{self.stage}"

    @property
    def is_prod(self) -> bool:
        return self.stage == "prod"

    @property
    def tls_only(self) -> bool:
        """The local cloud serves plain HTTP on the loopback, so a TLS-only policy shuts all out."""
        return self.platform != "local"

    @property
    def sends_by_identity(self) -> bool:
        """The local cloud asks for the right to send on everything, not on who it is sent as."""
        return self.platform != "local"

    def workers_at_once(self, wanted: int) -> int:
        """Each worker of the local cloud unpacks layers of its own: two are enough there."""
        return wanted if self.platform != "local" else min(wanted, 2)

    @property
    def removal_policy(self) -> RemovalPolicy:
        """What becomes of data when its stack is deleted."""
        return RemovalPolicy.RETAIN if self.is_prod else RemovalPolicy.DESTROY

    @property
    def log_retention(self) -> logs.RetentionDays:
        return logs.RetentionDays.THREE_MONTHS if self.is_prod else logs.RetentionDays.TWO_WEEKS

    @property
    def lambda_architecture(self) -> lambda_.Architecture:
        arm = self.architecture == "arm64"
        return lambda_.Architecture.ARM_64 if arm else lambda_.Architecture.X86_64


def _sign_in(node: Node) -> SignInSettings | None:
    names = ("authorize_url", "token_url", "sign_in_client")
    told = [_text(node, name) for name in names]
    match told:
        case [None, None, None]:
            return None
        case [str(authorize_url), str(token_url), str(client_id)]:
            return SignInSettings(
                authorize_url=authorize_url, token_url=token_url, client_id=client_id
            )
    raise ContextError(f"Context {', '.join(names)} are given together or not at all.")


def _text(node: Node, name: str) -> str | None:
    value = node.try_get_context(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ContextError(f"Context `{name}` is {value!r}; it must be a string.")
    return value


def _address(node: Node, name: str) -> str | None:
    value = _text(node, name)
    if value is not None and not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+", value):
        raise ContextError(f"Context `{name}` is `{value}`; it must be an e-mail address.")
    return value


def _texts(node: Node, name: str) -> tuple[str, ...]:
    """A list, or the comma-separated string that `-c name=a,b` gives."""
    value = node.try_get_context(name)
    if isinstance(value, list):
        return tuple(str(item) for item in value)
    return tuple(item.strip() for item in (_text(node, name) or "").split(",") if item.strip())


def _choice(node: Node, name: str, choices: object, *, default: str) -> str:
    value = _text(node, name) or default
    allowed = get_args(choices)
    if value not in allowed:
        raise ContextError(f"Context `{name}` is `{value}`; it is one of {', '.join(allowed)}.")
    return value
