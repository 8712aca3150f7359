"""The platforms' own APIs: what a thin delivery only points to is read there."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

# botocore brings it along, here and in the runtime.
import urllib3

from loyalty.domain.errors import TryAgain
from loyalty.domain.storefront import Delivery, Platform, PlatformApi
from loyalty.storefronts import dialect
from loyalty.usecases.intake import Unfetchable
from loyalty.usecases.storefronts import Shelf, Vault

ATTEMPTS_MAX: Final = 3
BYTES_MAX: Final = 4 * 1024 * 1024
# Longer than that is better waited in the queue than in a function.
RETRY_AFTER_SECONDS_MAX: Final = 2

_TIMEOUT: Final = urllib3.Timeout(connect=2, read=5)
_REFUSALS: Final = {401: "access_denied", 403: "access_denied", 404: "not_at_platform"}


class PlatformClient:
    """Asks a platform in the name of a connected shop.

    `origin`, where it is given, stands for every platform's own: for a cloud without the world.
    """

    def __init__(
        self, *, shelf: Shelf, vault: Vault, pause: Callable[[int], None], origin: str = ""
    ) -> None:
        self._shelf = shelf
        self._vault = vault
        self._pause = pause
        self._origin = origin
        self._pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=False)

    def fetch(self, delivery: Delivery, paths: Sequence[str]) -> Sequence[bytes]:
        """What lies at each of these paths.

        Raises:
            Unfetchable: the shop is not connected any more, or the platform refuses.
            TryAgain: the platform does not answer.
        """
        where = (delivery.program_id, delivery.storefront_id)
        api = self.api(*where, platform=delivery.platform)
        return [self._answered("GET", api, path) for path in paths]

    def send(self, api: PlatformApi, path: str, body: bytes) -> bytes:
        """What is answered to a body; where an answer was lost, it is sent once more.

        Raises:
            Unfetchable: the platform refuses.
            TryAgain: the platform does not answer.
        """
        return self._answered("POST", api, path, body=body)

    def api(
        self, program_id: str, storefront_id: str, *, platform: Platform | None = None
    ) -> PlatformApi:
        """How a connected shop's platform is asked, as the shop is connected now.

        Raises:
            Unfetchable: it is not connected any more, or otherwise.
        """
        where = (program_id, storefront_id)
        storefront, keys = self._shelf.find(*where), self._vault.read(*where)
        if storefront is None or keys is None or platform not in (None, storefront.platform):
            raise Unfetchable("disconnected")
        if keys.access_token is None:
            raise Unfetchable("no_access_token")
        return dialect(storefront.platform).api(storefront, access_token=keys.access_token)

    def _answered(
        self, method: str, api: PlatformApi, path: str, *, body: bytes | None = None
    ) -> bytes:
        url = (self._origin or api.origin) + api.prefix + path
        for attempt in range(ATTEMPTS_MAX):
            if attempt:
                self._pause(attempt)
            try:
                answer = self._ask(method, url, api.headers, body)
            except urllib3.exceptions.HTTPError:
                continue
            if answer.status in (200, 204):
                return answer.body
            if not _may_pass(answer.status):
                raise Unfetchable(_REFUSALS.get(answer.status, "refused_by_platform"))
            if not answer.is_soon:
                break
        raise TryAgain("The platform does not answer")

    def _ask(
        self, method: str, url: str, headers: Mapping[str, str], sent: bytes | None
    ) -> "_Answer":
        # A redirect would carry the token to wherever it leads.
        told = self._pool.request(
            method,
            url,
            body=sent,
            headers=dict(headers),
            redirect=False,
            preload_content=False,
        )
        body = told.read(BYTES_MAX + 1)
        if len(body) > BYTES_MAX:
            told.close()
            raise Unfetchable("too_large")
        told.release_conn()
        return _Answer(told.status, body, told.headers.get("retry-after", "0"))


class _Answer(NamedTuple):
    status: int
    body: bytes
    retry_after: str

    @property
    def is_soon(self) -> bool:
        """Whether the platform can be asked again while a function waits."""
        told = self.retry_after
        return told.isdecimal() and int(told) <= RETRY_AFTER_SECONDS_MAX


def _may_pass(status: int) -> bool:
    return status in (408, 429) or status >= 500
