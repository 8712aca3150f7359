"""What a thin delivery points to is read from the platform: a real server on this machine."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytest_socket import disable_socket, enable_socket

from loyalty.domain.kernel.errors import TryAgain
from loyalty.domain.shops.storefront import PlatformName, ShopKeys, Storefront
from loyalty.edge.outgoing.platform_client import ATTEMPTS_MAX, PlatformClient
from loyalty.edge.outgoing.web import BYTES_MAX
from loyalty.usecases.shops.platforms import Unfetchable
from tests.support.platforms import PlatformServer, Reply, serving
from tests.support.received import delivery, storefront

PATH = "/v2/orders/1"
SHOP = storefront("square")
DELIVERY = delivery(platform="square")


class Connected:
    """A shelf and a vault of one storefront."""

    def __init__(self, storefront: Storefront | None, keys: ShopKeys | None) -> None:
        self.storefront = storefront
        self.keys = keys

    def find(self, program_id: str, storefront_id: str) -> Storefront | None:
        return self.storefront

    def read(self, program_id: str, storefront_id: str) -> ShopKeys | None:
        return self.keys

    def put(self, program_id: str, storefront: Storefront) -> None:
        raise NotImplementedError

    def remove(self, program_id: str, storefront_id: str) -> None:
        raise NotImplementedError

    def keep(self, program_id: str, storefront_id: str, keys: ShopKeys) -> None:
        raise NotImplementedError

    def forget(self, program_id: str, storefront_id: str) -> None:
        raise NotImplementedError


@pytest.fixture
def platform() -> Iterator[PlatformServer]:
    enable_socket()
    with serving() as server:
        yield server
    disable_socket()


@pytest.fixture
def pauses() -> list[int]:
    return []


@pytest.fixture
def client(platform: PlatformServer, pauses: list[int]) -> Iterator[PlatformClient]:
    client = client_of(Connected(SHOP, KEYS), platform, pauses)
    yield client
    client._web.close()


KEYS = ShopKeys(secrets=("s",), access_token="the-token")


def client_of(
    connected: Connected, platform: PlatformServer, pauses: list[int] | None = None
) -> PlatformClient:
    waited = [] if pauses is None else pauses
    return PlatformClient(
        shelf=connected, vault=connected, pause=waited.append, origin=platform.origin
    )


def test_records_are_fetched_with_the_shop_s_token(
    client: PlatformClient, platform: PlatformServer
) -> None:
    platform.answer(PATH, Reply(200, {"order": 1}))
    platform.answer("/v2/none", Reply(204))

    assert client.fetch(DELIVERY, [PATH, "/v2/none"]) == [b'{"order": 1}', b""]

    path, headers = platform.requests[0]
    assert path == PATH
    assert headers["authorization"] == "Bearer the-token"
    assert "square-version" in headers


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_request_is_repeated_after_a_passing_fault(
    client: PlatformClient, platform: PlatformServer, pauses: list[int], status: int
) -> None:
    platform.answer(PATH, Reply(status), Reply(status), Reply(200, {}))

    assert client.fetch(DELIVERY, [PATH]) == [b"{}"]

    assert pauses == [1, 2]


def test_a_silent_platform_is_called_a_few_times_and_then_later(
    client: PlatformClient, platform: PlatformServer
) -> None:
    platform.answer(PATH, Reply(503))

    with pytest.raises(TryAgain):
        client.fetch(DELIVERY, [PATH])

    assert len(platform.requests) == ATTEMPTS_MAX


def test_a_delivery_waits_in_the_queue_if_its_platform_limits_requests(
    client: PlatformClient, platform: PlatformServer
) -> None:
    platform.answer(PATH, Reply(429, headers=(("retry-after", "30"),)), Reply(200, {}))

    with pytest.raises(TryAgain):
        client.fetch(DELIVERY, [PATH])

    assert len(platform.requests) == 1


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "access_denied"),
        (403, "access_denied"),
        (404, "not_at_platform"),
        (400, "refused_by_platform"),
        (302, "refused_by_platform"),
    ],
)
def test_a_refused_request_is_not_repeated_and_a_redirect_is_not_followed(
    client: PlatformClient, platform: PlatformServer, status: int, reason: str
) -> None:
    platform.answer(PATH, Reply(status, headers=(("location", "/elsewhere"),)))

    with pytest.raises(Unfetchable) as refusal:
        client.fetch(DELIVERY, [PATH])

    assert refusal.value.reason == reason
    assert [path for path, _ in platform.requests] == [PATH]


def test_an_answer_is_read_up_to_a_size_limit(
    client: PlatformClient, platform: PlatformServer
) -> None:
    platform.answer(PATH, Reply(200, "x" * BYTES_MAX))

    with pytest.raises(Unfetchable) as refusal:
        client.fetch(DELIVERY, [PATH])

    assert refusal.value.reason == "too_large"


def test_a_server_that_is_not_there_is_tried_again_later(platform: PlatformServer) -> None:
    gone = replace(SHOP)
    client = PlatformClient(
        shelf=Connected(gone, KEYS),
        vault=Connected(gone, KEYS),
        pause=lambda _attempt: None,
        origin="http://127.0.0.1:9",
    )

    with pytest.raises(TryAgain):
        client.fetch(DELIVERY, [PATH])


@pytest.mark.parametrize(
    ("connected", "reason"),
    [
        (Connected(None, KEYS), "disconnected"),
        (Connected(SHOP, None), "disconnected"),
        (Connected(replace(SHOP, platform="bigcommerce"), KEYS), "disconnected"),
        (Connected(SHOP, ShopKeys(secrets=("s",))), "no_access_token"),
    ],
)
def test_a_disconnected_shop_is_not_called(
    platform: PlatformServer, connected: Connected, reason: str
) -> None:
    with pytest.raises(Unfetchable) as refusal:
        client_of(connected, platform).fetch(DELIVERY, [PATH])

    assert refusal.value.reason == reason
    assert not platform.requests


@pytest.mark.parametrize(
    ("platform_name", "origin"),
    [
        ("square", "https://connect.squareup.com"),
        ("bigcommerce", "https://api.bigcommerce.com"),
        ("shopify", "https://abc.myshopify.com"),
    ],
)
def test_a_platform_is_called_at_its_own_address(platform_name: PlatformName, origin: str) -> None:
    client = PlatformClient(
        shelf=Connected(replace(SHOP, platform=platform_name, store="abc"), KEYS),
        vault=Connected(SHOP, KEYS),
        pause=lambda _attempt: None,
    )

    api = client.api("bean", "till", platform=platform_name)

    assert api.origin == origin


@pytest.mark.parametrize(
    ("store", "addresses"),
    [
        ("shop.example.com", ["10.0.0.1"]),
        ("shop.example.com", ["93.184.216.34", "127.0.0.1"]),
        ("shop.example.com", []),
        ("localhost", ["93.184.216.34"]),
    ],
)
def test_a_merchant_s_own_host_is_called_only_at_public_addresses(
    store: str, addresses: list[str]
) -> None:
    shop = Connected(replace(SHOP, platform="woocommerce", store=store), KEYS)
    client = PlatformClient(
        shelf=shop,
        vault=shop,
        pause=lambda _attempt: None,
        resolve=lambda _host, _port: addresses,
    )

    with pytest.raises(Unfetchable) as refusal:
        client.fetch(delivery(platform="woocommerce"), ["/products"])

    assert refusal.value.reason == "refused_by_platform"


def test_a_merchant_s_host_that_cannot_be_found_is_called_again_later() -> None:
    def resolve(_host: str, _port: int) -> list[str]:
        raise OSError

    shop = Connected(replace(SHOP, platform="woocommerce", store="shop.example.com"), KEYS)
    client = PlatformClient(shelf=shop, vault=shop, pause=lambda _attempt: None, resolve=resolve)

    with pytest.raises(TryAgain):
        client.fetch(delivery(platform="woocommerce"), ["/products"])


def test_a_merchant_s_own_host_is_called_with_a_key_and_by_its_name(
    platform: PlatformServer,
) -> None:
    keys = ShopKeys(secrets=("s",), access_token="ck_1:cs_2")
    shop = replace(SHOP, platform="woocommerce", store="shop.example.com")
    client = client_of(Connected(shop, keys), platform)
    platform.answer("/wp-json/wc/v3/products", Reply(200, []))

    assert client.fetch(delivery(platform="woocommerce"), ["/products"]) == [b"[]"]

    (_, headers) = platform.requests[0]
    assert headers["authorization"] == "Basic Y2tfMTpjc18y"
    client._web.close()
