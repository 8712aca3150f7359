"""What keeps a connection from working, as findings with the step that mends each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, get_args

# How long Shopify, the strictest, supports an API version: https://shopify.dev/docs/api/usage/versioning
VERSION_MONTHS_MAX: Final = 12

type FindingCode = Literal[
    "access_denied",
    "api_version_old",
    "bad_signature",
    "categories_not_read",
    "tenders_not_read",
    "currency_differs",
    "deliveries_parked",
    "key_form",
    "no_access_token",
    "no_deliveries",
    "platform_silent",
    "scope_missing",
    "secret_differs",
    "tags_not_read",
    "test_credentials",
    "topic_missing",
    "topic_unseen",
    "topics_unknown",
    "webhook_disabled",
]
type FindingSeverity = Literal["error", "warning", "info"]

FINDING_CODES: Final[tuple[FindingCode, ...]] = get_args(FindingCode.__value__)
_ORDER: Final[tuple[FindingSeverity, ...]] = get_args(FindingSeverity.__value__)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a connection that a merchant should know.

    `error`: orders do not count as they should. `warning`: some may not. `step` is what to do, and
    `subject` is the topic, scope or other name that it is about.
    """

    code: FindingCode
    severity: FindingSeverity
    step: str
    subject: str | None = None


def sorted_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once, the most severe first."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda each: _ORDER.index(each.severity)))


def access_denied(step: str) -> Finding:
    return Finding("access_denied", "error", step)


def scope_missing(scope: str, purpose: str, *, severity: FindingSeverity = "error") -> Finding:
    step = f"Give the token the scope {scope}, which is needed to {purpose}"
    return Finding("scope_missing", severity, step, scope)


def tenders_not_read(step: str) -> Finding:
    """Rules depend on how orders were paid, and nobody can ask about those paid in several ways."""
    detail = f"{step}; without it, orders that were paid in several ways earn nothing by tender"
    return Finding("tenders_not_read", "warning", detail)


def missing_topics(needed: Iterable[str], subscribed: Iterable[str]) -> Iterator[Finding]:
    """The topics that the shop's subscriptions lack; `store/order/*` and `*` cover others."""
    patterns = set(subscribed)
    for topic in needed:
        wildcards = {"*", f"{topic.rpartition('/')[0]}/*"}
        if topic not in patterns and patterns.isdisjoint(wildcards):
            step = f"Subscribe the webhook to {topic}"
            yield Finding("topic_missing", "error", step, topic)


def unseen_topics(needed: Iterable[str], seen: Iterable[str]) -> Iterator[Finding]:
    """Topics that a shop which delivers others has not delivered yet."""
    delivered = set(seen)
    for topic in needed if delivered else ():
        if topic not in delivered:
            step = f"Make sure that a webhook for {topic} exists; none has arrived in 30 days"
            yield Finding("topic_unseen", "info", step, topic)


def currency_differs(shop: str, program: str, *, severity: FindingSeverity = "error") -> Finding:
    step = (
        f"The shop sells in {shop} and the program counts in {program}. Connect the shop to a "
        f"program in {shop}"
    )
    return Finding("currency_differs", severity, step, shop)


def uses_test_credentials(step: str) -> Finding:
    return Finding("test_credentials", "warning", step)


def old_version(version: str, today: date) -> Iterator[Finding]:
    """A finding if an API version, which begins with its month, is no longer supported."""
    try:
        month = date.fromisoformat(f"{version[:7]}-01")
    except ValueError:
        return
    age_months = (today.year - month.year) * 12 + today.month - month.month
    if age_months > VERSION_MONTHS_MAX:
        step = f"Choose the newest API version for the webhooks; {version} is no longer supported"
        yield Finding("api_version_old", "warning", step, version)
