"""Signatures of every platform: known values, and requests that must be refused."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.shops.storefront import PlatformName
from loyalty.storefronts import platform_named
from loyalty.storefronts.signatures import standard
from tests.support import signing
from tests.support.received import RECEIVED_AT, received
from tests.support.signing import SECRET, fixture

BODY = '{"id":1,"note":"é"}'.encode()
SIGN: dict[PlatformName, Callable[..., dict[str, str]]] = {
    "woocommerce": signing.woocommerce,
    "stripe": signing.stripe,
    "square": signing.square,
    "bigcommerce": signing.bigcommerce,
    "judgeme": signing.judgeme,
}
PLATFORMS = tuple(SIGN)
TIMED: tuple[PlatformName, ...] = ("stripe", "bigcommerce")


def believed(
    platform: PlatformName, body: bytes, headers: dict[str, str], **received_parts: Any
) -> bool:
    secrets = received_parts.pop("secrets", [SECRET])
    return platform_named(platform).verify(
        received(body, headers, **received_parts), secrets=secrets
    )


@pytest.mark.parametrize("vector", fixture("signatures")["square"])
def test_square_s_own_test_vector_is_accepted(vector: dict[str, str]) -> None:
    headers = {"x-square-hmacsha256-signature": vector["signature"]}
    body = vector["body"].encode()

    assert believed("square", body, headers, url=vector["url"], secrets=[vector["key"]])
    assert not believed("square", body, headers, url=vector["url"] + "/", secrets=[vector["key"]])


@pytest.mark.parametrize("vector", fixture("signatures")["standard_webhooks"])
def test_we_sign_as_the_test_vector_of_standard_webhooks(vector: dict[str, Any]) -> None:
    key = base64.urlsafe_b64decode(vector["secret"].removeprefix("whsec_"))
    signed = f"{vector['id']}.{vector['timestamp']}.{vector['body']}".encode()

    assert f"v1,{standard(key, signed).decode()}" == vector["signature"]


def test_bigcommerce_signs_with_the_bytes_of_its_client_secret() -> None:
    """Its documentation hands the secret in base64 to a library that takes it off again."""
    vector = fixture("signatures")["standard_webhooks"][0]
    body = vector["body"].encode()
    signed_at = datetime.fromtimestamp(vector["timestamp"], UTC)

    assert believed(
        "bigcommerce", body, signing.bigcommerce(body, signed_at=signed_at), received_at=signed_at
    )


def test_a_known_signature_of_stripe_is_accepted() -> None:
    # printf '1795255200.{"id":1}' | openssl dgst -sha256 -hmac hush
    made = "2036709a18e1e8abf0d48d6f48164f3cd06df44a0e866b573b9af22814ec6b23"
    headers = {"stripe-signature": f"t=1795255200,v1={'0' * 64},v1={made}"}

    assert believed("stripe", b'{"id":1}', headers, secrets=["hush"])


def test_a_known_signature_of_woocommerce_is_accepted() -> None:
    # printf '{"id":1}' | openssl dgst -sha256 -hmac hush -binary | base64
    headers = {"x-wc-webhook-signature": "VnKUjZsLuN5iZWjn5EntcBVCF9kMN43LglzCE1/GSeY="}

    assert believed("woocommerce", b'{"id":1}', headers, secrets=["hush"])


@pytest.mark.parametrize("platform", PLATFORMS)
def test_either_of_two_secrets_is_accepted_during_a_rotation(platform: PlatformName) -> None:
    for secret in ("old", "new"):
        headers = SIGN[platform](BODY, secret=secret)

        assert believed(platform, BODY, headers, secrets=["new", "old"])


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_body_that_was_not_signed_with_a_secret_is_refused(platform: PlatformName) -> None:
    headers = SIGN[platform](BODY)

    assert believed(platform, BODY, headers)
    assert not believed(platform, BODY + b" ", headers)
    assert not believed(platform, BODY, headers, secrets=["another"])
    assert not believed(platform, BODY, headers, secrets=[])
    assert not believed(platform, BODY, {})
    signing_header = next(name for name in headers if name.endswith(("signature", "hmac-sha256")))
    assert not believed(platform, BODY, headers | {signing_header: "é\u20ac"})


@pytest.mark.parametrize("platform", TIMED)
@pytest.mark.parametrize(("seconds", "is_believed"), [(300, True), (301, False)])
def test_a_signature_that_is_too_old_is_refused(
    platform: PlatformName, seconds: int, *, is_believed: bool
) -> None:
    for sign in (1, -1):
        signed_at = RECEIVED_AT + timedelta(seconds=sign * seconds)
        headers = SIGN[platform](BODY, signed_at=signed_at)

        assert believed(platform, BODY, headers) == is_believed


@pytest.mark.parametrize("platform", PLATFORMS)
@given(data=st.data())
def test_no_headers_make_it_fail(platform: PlatformName, data: st.DataObject) -> None:
    names = st.sampled_from(sorted(SIGN[platform](BODY)))
    parts = st.sampled_from(["t=", "v1=", "v1,", ",", " ", "9" * 30, "1795255200", "-1", "=", "a"])
    texts = st.text(max_size=60) | st.lists(parts, max_size=6).map("".join)
    headers = data.draw(st.dictionaries(names, texts))

    assert not believed(platform, BODY, headers)
