"""Limits that a deployment shares with its whole account, and their alarms."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cw

from infra.alarms import FIVE_MINUTES, HOUR, MAXIMUM, MINUTE, SUM, Alarm, Severity
from infra.settings import Settings

CONCURRENCY_PERCENT_MAX = 80
# SES reviews an account at these rates, and stops it from sending at twice and five times as much.
BOUNCE_RATE_MAX = 0.05
COMPLAINT_RATE_MAX = 0.001


class AccountAlarms:
    """Alarms on the account's limits in this region, whatever uses them up."""

    def __init__(self, settings: Settings) -> None:
        self._sends_mail = settings.configuration.mail_from is not None

    @property
    def alarms(self) -> Sequence[Alarm]:
        mail = _mail_reputation() if self._sends_mail else ()
        return (_concurrency(), _throttles(), _loops(), *mail)


def _concurrency() -> Alarm:
    used = cw.Metric(
        namespace="AWS/Usage",
        metric_name="ResourceCount",
        dimensions_map={
            "Service": "Lambda",
            "Type": "Resource",
            "Resource": "ConcurrentExecutions",
            "Class": "None",
        },
        statistic=MAXIMUM,
        period=MINUTE,
    )
    return Alarm(
        name="account-concurrency",
        says=f"The account uses {CONCURRENCY_PERCENT_MAX} % of its concurrent executions.",
        metric=cw.MathExpression(
            expression="100 * used / SERVICE_QUOTA(used)",
            using_metrics={"used": used},
            label="concurrent executions, percent of the quota",
            period=MINUTE,
        ),
        threshold=CONCURRENCY_PERCENT_MAX,
        periods=5,
    )


def _throttles() -> Alarm:
    return Alarm(
        name="throttles",
        says="Lambda refused to run a function of the account: its concurrency is used up.",
        # Without a dimension it is the sum of all functions, which share the quota anyway.
        metric=cw.Metric(
            namespace="AWS/Lambda", metric_name="Throttles", statistic=SUM, period=MINUTE
        ),
    )


def _loops() -> Alarm:
    return Alarm(
        name="loop-stopped",
        says="Lambda stopped a function that seemed to invoke itself in an endless loop.",
        metric=cw.Metric(
            namespace="AWS/Lambda",
            metric_name="RecursiveInvocationsDropped",
            statistic=SUM,
            period=FIVE_MINUTES,
        ),
    )


def _mail_reputation() -> Sequence[Alarm]:
    return tuple(
        Alarm(
            name=name,
            says=says,
            metric=cw.Metric(
                namespace="AWS/SES", metric_name=metric, statistic=MAXIMUM, period=HOUR
            ),
            threshold=threshold,
            severity=Severity.PAGE,
        )
        for name, says, metric, threshold in (
            (
                "mail-bounces",
                "5 % of mails bounce; SES stops an account from sending at 10 %.",
                "Reputation.BounceRate",
                BOUNCE_RATE_MAX,
            ),
            (
                "mail-complaints",
                "0.1 % of mails are reported as spam; SES stops an account from sending at 0.5 %.",
                "Reputation.ComplaintRate",
                COMPLAINT_RATE_MAX,
            ),
        )
    )
