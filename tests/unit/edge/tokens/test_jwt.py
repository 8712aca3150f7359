"""A token is believed if its issuer's key signed it, and for no other reason."""

import json
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from hypothesis import given
from hypothesis import strategies as st

from loyalty.edge.tokens.jwt import TokenInvalid, read_keys, read_token, verify
from tests.support.tokens import DIGEST_INFO, encoded, encoded_json, signing_key

NOW: Final = 1_800_000_000
KEY: Final = signing_key("1")
PUBLIC: Final = read_keys({"keys": [KEY.published]})["1"]
CLAIMS: Final = {"iss": "https://id.example.com", "sub": "ana", "exp": NOW + 60}


def verified(token: str, *, key: RSAPublicKey = PUBLIC, now: float = NOW) -> Any:
    return verify(read_token(token), key, now=now)


def test_a_token_of_the_key_is_verified() -> None:
    assert verified(KEY.token(CLAIMS)) == CLAIMS


def test_another_key_s_token_is_refused() -> None:
    with pytest.raises(TokenInvalid, match="wrong signature"):
        verified(signing_key("2").token(CLAIMS))


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_that_was_changed_is_refused(part: int) -> None:
    parts = KEY.token(CLAIMS).split(".")
    changed = {
        0: encoded_json({"alg": "RS256", "kid": "1", "typ": "jwt"}),
        1: encoded_json({**CLAIMS, "sub": "mallory"}),
        2: encoded(KEY.signature(b"something else")),
    }
    parts[part] = changed[part]

    with pytest.raises(TokenInvalid, match="wrong signature"):
        verified(".".join(parts))


@pytest.mark.parametrize(
    "header",
    [{"alg": "none"}, {"alg": "HS256"}, {"alg": "rs256"}, {"alg": None}, {"crit": ["b64"]}],
)
def test_no_other_algorithm_is_accepted(header: dict[str, Any]) -> None:
    with pytest.raises(TokenInvalid):
        read_token(KEY.token(CLAIMS, **header))


def test_the_padding_must_fill_the_whole_signature() -> None:
    """A verifier that parses the padding accepts a digest that is followed by rubbish."""
    signed = KEY.token(CLAIMS).rpartition(".")[0]
    digest = KEY.signature(signed.encode())
    short = b"\x00\x01" + b"\xff" * 8 + b"\x00" + DIGEST_INFO
    forged = KEY.raised(short + digest[: KEY.size - len(short)])

    with pytest.raises(TokenInvalid, match="wrong signature"):
        verified(f"{signed}.{encoded(forged)}")


@pytest.mark.parametrize("signature", [b"", b"\x00" * 256, b"\xff" * 256, b"\x01" * 255])
def test_a_signature_that_is_none_is_refused(signature: bytes) -> None:
    signed = KEY.token(CLAIMS).rpartition(".")[0]

    with pytest.raises(TokenInvalid, match="wrong signature"):
        verified(f"{signed}.{encoded(signature)}")


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "ana"},
        {"exp": NOW + 60},
        {"sub": "", "exp": NOW + 60},
        {"sub": 1, "exp": NOW + 60},
        {"sub": "ana", "exp": "tomorrow"},
        {"sub": "ana", "exp": True},
        {"sub": "ana", "exp": NOW + 60, "nbf": "now"},
        {"sub": "ana", "exp": NOW + 60, "nbf": NOW + 61},
    ],
)
def test_a_token_needs_an_owner_and_its_times(claims: dict[str, Any]) -> None:
    with pytest.raises(TokenInvalid):
        verified(KEY.token(claims))


def test_clocks_may_differ_by_a_minute() -> None:
    assert verified(KEY.token({**CLAIMS, "nbf": NOW + 60}))


@given(st.one_of(st.text(max_size=200), st.text('abcAB_-.={}"', max_size=200)))
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(TokenInvalid):
        read_token(text)


@pytest.mark.parametrize("part", ["[]", "1", "{", '{"a": 1', "[" * 5000, "\ud800"])
def test_parts_that_are_no_objects_are_refused(part: str) -> None:
    written = encoded(part.encode("utf-8", "surrogatepass"))

    with pytest.raises(TokenInvalid):
        read_token(f"{encoded_json({'alg': 'RS256', 'kid': '1'})}.{written}.AAAA")


def test_a_token_that_no_gateway_would_pass_on_is_not_read() -> None:
    with pytest.raises(TokenInvalid):
        read_token(KEY.token({**CLAIMS, "more": "x" * 11_000}))


def test_only_keys_that_verify_signatures_are_read() -> None:
    right = KEY.published
    wrong = [
        {**right, "kid": "encrypts", "use": "enc"},
        {**right, "kid": "curve", "kty": "EC"},
        {**right, "kid": "exponent", "e": "Aw"},
        {**right, "kid": "text", "n": "%%"},
        {name: value for name, value in right.items() if name != "n"} | {"kid": "empty"},
        {**signing_key("3", bits=1024).published, "kid": "small"},
        "no key",
    ]

    assert set(read_keys({"keys": [*wrong, right]})) == {"1"}
    assert read_keys(json.loads("{}")) == {}
