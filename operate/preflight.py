"""`make preflight STAGE=`: check the account before a deployment.

Each check says what it found and, if it is not enough, what to do. A failed check ends with status
1; a warning does not.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from botocore.exceptions import ClientError

from infra.routes import ROUTES
from infra.settings import Configuration, read_configuration
from operate.stage import OperationError, Stage, run

type Level = Literal["ok", "warning", "failed"]

# Lambda keeps this many executions of an account unreserved.
UNRESERVED_MIN = 100
# Below this, queues and streams can take everything that the API needs.
CONCURRENCY_MIN = 1000
BOOTSTRAP_VERSION_MIN = 6
HTTP_FUNCTIONS = len({"authorizer", *(route.function for route in ROUTES)})
# Two events an earn.
EVENTS_PER_SECOND_MIN = 600
MAILS_PER_DAY_SANDBOX = 200
# The part of each pool's domain that names it, and the output with the pool's id.
POOLS = (("", "UserPoolId"), ("-staff", "StaffPoolId"), ("-services", "ServicesPoolId"))

# Quotas by service and code: what they limit, and what 300 earns a second need.
QUOTAS = (
    ("apigateway", "L-8A5B8E43", "API Gateway requests a second", 1000),
    ("events", "L-9B653E4B", "EventBridge PutEvents a second", EVENTS_PER_SECOND_MIN),
    ("cognito-idp", "L-E1A5F1D2", "Cognito sign-ins a second", 50),
)


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    says: str


def preflight(stage: Stage, configuration: Configuration) -> Iterator[Finding]:
    """Check everything; a check that the account does not allow is a warning."""
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        lambda: _bootstrap(stage),
        lambda: _concurrency(stage, configuration),
        lambda: _mail(stage, configuration),
        lambda: _sign_in_domains(stage, configuration),
        lambda: _quotas(stage),
    )
    for check in checks:
        try:
            yield from check()
        except ClientError as error:
            yield Finding("warning", f"Not checked: {error}")


def _bootstrap(stage: Stage) -> Iterator[Finding]:
    try:
        parameter = stage.client("ssm").get_parameter(Name="/cdk-bootstrap/hnb659fds/version")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
        yield Finding("failed", "The account is not bootstrapped: npx aws-cdk@2.1148.1 bootstrap")
        return
    version = int(parameter["Parameter"]["Value"])
    if version < BOOTSTRAP_VERSION_MIN:
        yield Finding("failed", f"The bootstrap is of version {version}; bootstrap again.")
    else:
        yield Finding("ok", f"Bootstrapped, version {version}.")


def _concurrency(stage: Stage, configuration: Configuration) -> Iterator[Finding]:
    limit = stage.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    reserved = (configuration.reserved_concurrency or 0) * HTTP_FUNCTIONS
    if limit - reserved < UNRESERVED_MIN:
        yield Finding(
            "failed",
            f"Lambda runs {limit} executions at once; {reserved} reserved ones leave fewer than "
            f"{UNRESERVED_MIN}. Request more (quota L-B99A9384) or lower `reserved_concurrency`.",
        )
    elif limit < CONCURRENCY_MIN:
        yield Finding(
            "warning",
            f"Lambda runs {limit} executions at once, and queues alone may use 202. "
            f"Request {CONCURRENCY_MIN} (quota L-B99A9384) before real traffic.",
        )
    else:
        yield Finding("ok", f"Lambda runs {limit} executions at once; {reserved} are reserved.")


def _mail(stage: Stage, configuration: Configuration) -> Iterator[Finding]:
    sender = configuration.mail_from
    if sender is None:
        yield Finding("warning", "No `mail_from`: members get no mail.")
        return
    ses = stage.client("sesv2")
    name = configuration.mail_identity or sender.partition("@")[2]
    try:
        identity: dict[str, Any] = ses.get_email_identity(EmailIdentity=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NotFoundException":
            raise
        identity = {}
    if identity.get("VerifiedForSendingStatus"):
        yield Finding("ok", f"SES may send as {name}.")
    else:
        yield Finding("failed", f"SES has not verified {name}, so nobody can sign up.")
    account = ses.get_account()
    if not account.get("ProductionAccessEnabled"):
        yield Finding(
            "failed" if configuration.production else "warning",
            "SES is in its sandbox: only verified addresses get mail. Request production access.",
        )
    quota = account.get("SendQuota", {})
    daily, rate = quota.get("Max24HourSend", 0), quota.get("MaxSendRate", 0)
    paced = configuration.mails_per_second
    if rate < paced:
        yield Finding(
            "failed" if configuration.production else "warning",
            f"SES sends {rate:.0f} mails a second, and `mails_per_second` is {paced}: it would "
            "refuse the rest. Lower it, or request more.",
        )
    elif daily > MAILS_PER_DAY_SANDBOX:
        says = f"SES sends {daily:.0f} mails a day and {rate:.0f} a second; we send {paced}."
        yield Finding("ok", says)


def _sign_in_domains(stage: Stage, configuration: Configuration) -> Iterator[Finding]:
    if configuration.issuer:
        return
    account = stage.client("sts").get_caller_identity()["Account"]
    for kind, output in POOLS:
        domain = f"loyalty-{stage.name}{kind}-{account}"
        found = stage.client("cognito-idp").describe_user_pool_domain(Domain=domain)
        pool = found["DomainDescription"].get("UserPoolId")
        if pool is None:
            yield Finding("ok", f"The sign-in domain {domain} is free.")
        elif pool == _output(stage, output):
            yield Finding("ok", f"The sign-in domain {domain} is this stage's.")
        else:
            yield Finding("failed", f"The sign-in domain {domain} belongs to the user pool {pool}.")


def _output(stage: Stage, key: str) -> str | None:
    """Return an output, or None before the first deployment."""
    try:
        return stage.output(key)
    except OperationError:
        return None


def _quotas(stage: Stage) -> Iterator[Finding]:
    quotas = stage.client("service-quotas")
    for service, code, says, needed in QUOTAS:
        try:
            value = quotas.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]["Value"]
        except ClientError as error:
            yield Finding("warning", f"{says}: not known ({error.response['Error']['Code']}).")
            continue
        level: Level = "ok" if value >= needed else "warning"
        yield Finding(level, f"{says}: {value:.0f}; 300 earns a second need {needed}.")


def main() -> int:
    parser = argparse.ArgumentParser(description="Check the account before a deployment.")
    parser.add_argument("--stage", required=True)
    name = parser.parse_args().stage
    findings = list(preflight(Stage(name), read_configuration(Path(f"stages/{name}.toml"))))
    for each in findings:
        print(f"{each.level:8} {each.says}")
    return 1 if any(each.level == "failed" for each in findings) else 0


if __name__ == "__main__":
    run(main)
