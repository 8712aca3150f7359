"""Checking a connection: what its deliveries, its settings and the platform itself tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.shops.checks import Finding, sorted_findings
from loyalty.domain.shops.needs import needs_of
from loyalty.usecases.shops.deliveries import Files, Health, health
from loyalty.usecases.shops.platforms import CheckedShop, FindPlatform, Unfetchable

if TYPE_CHECKING:
    from loyalty.domain.program.document import Program
    from loyalty.domain.shops.storefront import PlatformApi, ShopKeys, Storefront

# All requests to a platform begin within this time; the last one may take some seconds more.
ASKING_SECONDS_MAX: Final = 3.5


class PlatformCaller(Protocol):
    """Calls the platforms' APIs once each, without waiting for one that is slow."""

    def api(self, program_id: str, storefront_id: str) -> PlatformApi:
        """How to call the platform of a shop.

        Raises:
            Unfetchable: the shop is not connected, or has no token.
            TryAgain: the platform does not answer.
        """
        ...

    def call(self, api: PlatformApi, path: str, body: bytes | None) -> bytes:
        """Get a path, or post a body to it.

        Raises:
            As `api`.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedConnection:
    """What a check found, the most severe first; `asked_platform`: it answered something."""

    findings: tuple[Finding, ...]
    asked_platform: bool


def check_connection(
    storefront: Storefront,
    keys: ShopKeys,
    *,
    program_id: str,
    document: Program,
    webhook_path: str,
    files: Files,
    find_platform: FindPlatform,
    caller: PlatformCaller,
    clock: Callable[[], float],
    now: datetime,
) -> CheckedConnection:
    """Look for what would keep the connection from working; `clock` counts seconds."""
    platform = find_platform(storefront.platform)
    state = health(storefront.storefront_id, program_id=program_id, files=files, now=now)
    asker = _Asker(storefront, program_id=program_id, caller=caller, clock=clock)
    shop = CheckedShop(
        storefront=storefront,
        keys=keys,
        currency=document.currency,
        sells_plans=any(
            billing.storefront == storefront.storefront_id
            for plan in document.plans
            for billing in plan.billing
        ),
        needs=needs_of(document),
        webhook_path=webhook_path,
        seen_topics=state.topics,
        last_headers=_last_headers(state, files),
        today=now.date(),
        ask=asker,
    )
    refused_at = files.inbox.refused_at(program_id, storefront.storefront_id)
    findings = [
        *_of_deliveries(state, webhook_path, refused_at=refused_at),
        *_of_settings(shop),
    ]
    try:
        for finding in platform.check(shop):
            findings.append(finding)  # noqa: PERF402  # those before a silence count
    except TryAgain:
        step = "The platform did not answer in time. Check again in a few minutes"
        findings.append(Finding("platform_silent", "warning", step))
    return CheckedConnection(findings=sorted_findings(findings), asked_platform=asker.was_answered)


class _Asker:
    """Asks the platform while there is time."""

    def __init__(
        self,
        storefront: Storefront,
        *,
        program_id: str,
        caller: PlatformCaller,
        clock: Callable[[], float],
    ) -> None:
        self.was_answered = False
        self._where = (program_id, storefront.storefront_id)
        self._caller = caller
        self._clock = clock
        self._until = clock() + ASKING_SECONDS_MAX
        self._api: PlatformApi | None = None

    def __call__(self, path: str, body: bytes | None = None) -> bytes:
        if self._clock() > self._until:
            raise TryAgain("The platform is too slow")
        if self._api is None:
            self._api = self._caller.api(*self._where)
        try:
            answer = self._caller.call(self._api, path, body)
        except Unfetchable:
            self.was_answered = True
            raise
        self.was_answered = True
        return answer


def _last_headers(state: Health, files: Files) -> Mapping[str, str]:
    delivery = files.inbox.read(state.last.stored) if state.last else None
    return delivery.headers if delivery else {}


def _of_deliveries(
    state: Health, webhook_path: str, *, refused_at: datetime | None
) -> Iterator[Finding]:
    last_at = state.last.stored.received_at if state.last else None
    if refused_at and (last_at is None or refused_at > last_at):
        step = (
            "Connect with the secret that the platform signs with. A delivery was refused for its "
            f"signature at about {refused_at:%Y-%m-%d %H:%M} UTC, and none was accepted since"
        )
        yield Finding("bad_signature", "error", step)
    elif state.last is None:
        step = (
            f"Let the shop deliver to {webhook_path}, and place an order. If the platform's own "
            "log shows 401, the secret is wrong; if 404, the address"
        )
        yield Finding("no_deliveries", "warning", step)
    if trouble := state.last_trouble:
        outcome = trouble.handled.outcome
        if outcome.status in ("parked", "failed"):
            step = (
                f"Mend the reason ({outcome.reason}), and replay delivery {trouble.stored.log_id}"
            )
            yield Finding("deliveries_parked", "warning", step, outcome.reason)


def _of_settings(shop: CheckedShop) -> Iterator[Finding]:
    if shop.needs.products and not shop.storefront.can_be_asked:
        step = (
            "Rules of the program name categories, brands or tags, which orders do not tell. "
            "Connect with a token that may read products"
        )
        yield Finding("categories_not_read", "error", step)
