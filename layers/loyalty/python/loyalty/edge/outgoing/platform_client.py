"""Calls the platforms' own APIs, to read what a thin delivery only points to."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.shops.storefront import (
    Delivery,
    PlatformApi,
    PlatformName,
    ShopKeys,
    Storefront,
)
from loyalty.domain.webhooks_out.addresses import (
    HTTPS_PORT,
    AddressRefused,
    is_public,
    read_address,
)
from loyalty.edge import deadline
from loyalty.edge.outgoing.resolving import Resolve, addresses_of
from loyalty.storefronts import platform_named
from loyalty.usecases.shops.platforms import ApiAccess, Unfetchable
from loyalty.usecases.shops.storefronts import ShopKeyStore, StorefrontStore

if TYPE_CHECKING:
    from loyalty.edge.outgoing.web import Web, WebAnswer

ATTEMPTS_MAX: Final = 3
# A longer wait belongs in the queue, not in a function.
RETRY_AFTER_SECONDS_MAX: Final = 2
# A granted token is valid for a day; a revoked one is not used for longer than this.
TOKEN_SECONDS_MAX: Final = 600


class Timeout(NamedTuple):
    """The longest waits for a connection and for a response, in seconds."""

    connect_s: float
    read_s: float


# Somebody waits for a check, which tries each request once.
CHECK_TIMEOUT: Final = Timeout(connect_s=1, read_s=2.5)
_TIMEOUT: Final = Timeout(connect_s=2, read_s=5)
_REFUSALS: Final = {401: "access_denied", 403: "access_denied", 404: "not_at_platform"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSettings:
    """An origin that replaces the APIs of all platforms.

    Tests and the local cloud set it; no deployed stage does.
    """

    platform_origin: str = ""


class PlatformClient:
    """Calls a platform's API on behalf of a connected shop.

    `origin`, if given, replaces every platform's own: a local cloud cannot reach the platforms.
    `resolve` gives the addresses of a merchant's own host, all of which must be public.
    """

    def __init__(
        self,
        *,
        shelf: StorefrontStore,
        vault: ShopKeyStore,
        pause: Callable[[int], None],
        origin: str = "",
        resolve: Resolve = addresses_of,
        attempts_max: int = ATTEMPTS_MAX,
        timeout: Timeout = _TIMEOUT,
    ) -> None:
        self._attempts_max = attempts_max
        self._timeout = timeout
        self._resolve = resolve
        self._shelf = shelf
        self._vault = vault
        self._pause = pause
        self._origin = origin
        self._granted: dict[tuple[str | None, ...], tuple[str, float]] = {}

    def fetch(
        self, delivery: Delivery, paths: Sequence[str], *, body: bytes | None = None
    ) -> Sequence[bytes]:
        """Get the responses of these paths, or post `body` to each of them if there is one.

        Raises:
            Unfetchable: the shop is no longer connected, or the platform refuses.
            TryAgain: the platform does not answer.
        """
        where = (delivery.program_id, delivery.storefront_id)
        api = self.api(*where, platform=delivery.platform)
        method = "GET" if body is None else "POST"
        return [self._answered(method, api, path, body=body) for path in paths]

    def send(self, api: PlatformApi, path: str, body: bytes) -> bytes:
        """Post a body and return the response; a body whose response is lost is posted again.

        Raises:
            Unfetchable: the platform refuses.
            TryAgain: the platform does not answer.
        """
        return self._answered("POST", api, path, body=body)

    def call(self, api: PlatformApi, path: str, body: bytes | None) -> bytes:
        """Get a path, or post a body to it.

        Raises:
            As `send`.
        """
        return self._answered("GET" if body is None else "POST", api, path, body=body)

    def api(
        self, program_id: str, storefront_id: str, *, platform: PlatformName | None = None
    ) -> PlatformApi:
        """How to call the platform of a shop, from the shop's current connection.

        Raises:
            Unfetchable: the shop is not connected, or to another platform, or without a token.
            TryAgain: a token has to be granted first, and the platform does not answer.
        """
        where = (program_id, storefront_id)
        storefront, keys = self._shelf.find(*where), self._vault.read(*where)
        if storefront is None or keys is None or platform not in (None, storefront.platform):
            raise Unfetchable("disconnected")
        access = platform_named(storefront.platform).api
        if access is None:
            raise Unfetchable("no_access_token")
        token = keys.access_token or self._token(storefront, keys, access)
        return access.of(storefront, token)

    def _token(self, storefront: Storefront, keys: ShopKeys, access: ApiAccess) -> str:
        """Get a token for an app's secret, by the client credentials grant of OAuth 2.0."""
        if storefront.client_id is None or access.grant_path is None:
            raise Unfetchable("no_access_token")
        whose = (storefront.store, storefront.client_id, keys.secrets[0])
        token, until = self._granted.get(whose, ("", 0.0))
        if not token or time.monotonic() >= until:
            grant = {
                "grant_type": "client_credentials",
                "client_id": storefront.client_id,
                "client_secret": keys.secrets[0],
            }
            api = access.of(storefront, "")
            answer = self._answered("POST", api, access.grant_path, body=json.dumps(grant).encode())
            token = _read_token(answer)
            self._granted[whose] = (token, time.monotonic() + TOKEN_SECONDS_MAX)
        return token

    def _answered(
        self, method: str, api: PlatformApi, path: str, *, body: bytes | None = None
    ) -> bytes:
        for attempt in range(self._attempts_max):
            if attempt:
                self._pause(attempt)
            deadline.require(sum(self._timeout))
            answer = self._ask(method, api, path, body)
            if answer is None:
                continue
            if answer.status in (200, 204):
                return answer.body
            if not _may_pass(answer.status):
                raise Unfetchable(_REFUSALS.get(answer.status, "refused_by_platform"))
            if not _is_soon(answer.retry_after):
                break
        raise TryAgain("The platform does not answer")

    def _ask(
        self, method: str, api: PlatformApi, path: str, sent: bytes | None
    ) -> WebAnswer | None:
        """The platform's answer; None if there is none.

        Raises:
            Unfetchable: the platform's host may not be called, or the answer is too large.
        """
        from loyalty.edge.outgoing.web import NoWebAnswer, ResponseTooLarge  # noqa: PLC0415  # `_web`

        origin = self._origin or api.origin
        try:
            if api.is_own_host and not self._origin:
                address, name = self._pinned(api)
                return self._web.ask_at(
                    address, name, method, api.prefix + path, headers=api.headers, body=sent
                )
            url = origin + api.prefix + path
            return self._web.ask(method, url, headers=api.headers, body=sent)
        except ResponseTooLarge:
            raise Unfetchable("too_large") from None
        except (NoWebAnswer, OSError):
            # A name that cannot be resolved is an `OSError`.
            return None

    @cached_property
    def _web(self) -> Web:
        # Most deliveries and vouchers need no request of ours, and the library takes long to load.
        from loyalty.edge.outgoing.web import Web  # noqa: PLC0415  # as said

        return Web(connect_s=self._timeout.connect_s, read_s=self._timeout.read_s)

    def _pinned(self, api: PlatformApi) -> tuple[str, str]:
        """The address of a merchant's own host, and its name.

        The name is resolved once, and only public addresses may be called. We connect to an address
        that was checked, and its certificate must match the name.
        """
        try:
            host = read_address(api.origin).host
        except AddressRefused:
            raise Unfetchable("refused_by_platform") from None
        found = self._resolve(host, HTTPS_PORT)
        if not found or not all(map(is_public, found)):
            raise Unfetchable("refused_by_platform")
        return found[0], host


def _is_soon(retry_after: str) -> bool:
    """Whether the platform can be called again while a function waits."""
    return retry_after.isdecimal() and int(retry_after) <= RETRY_AFTER_SECONDS_MAX


def _read_token(answer: bytes) -> str:
    try:
        token = json.loads(answer)["access_token"]
    except (ValueError, LookupError, TypeError):
        token = None
    if not isinstance(token, str) or not token:
        raise Unfetchable("refused_by_platform")
    return token


def _may_pass(status: int) -> bool:
    return status in (408, 429) or status >= 500
