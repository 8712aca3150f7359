"""The issuers that a deployment trusts, for which callers, and the keys that they publish."""

import json
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

# botocore includes urllib3, here and in the Lambda runtime.
import urllib3
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from loyalty.edge import deadline
from loyalty.edge.http.auth import Kind
from loyalty.edge.local_cloud import is_on_one_machine
from loyalty.edge.tokens.jwt import TokenInvalid, read_keys, read_token, verify

# Issuers replace their keys rarely, and publish a new one before they use it.
KEYS_SECONDS_MAX: Final = 3_600
# Tokens with made-up key ids must not make us fetch keys all the time.
FETCH_SECONDS_MIN: Final = 60
DOCUMENT_BYTES_MAX: Final = 150_000

_TIMEOUT: Final = urllib3.Timeout(connect=1, read=2)
# Both attempts at one document, if nothing answers.
FETCH_S_MAX: Final = 6.0
_COGNITO: Final = re.compile(r"https://cognito-idp\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[\w-]+")


class KeysUnavailable(RuntimeError):
    """An issuer does not give us its keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizerSettings:
    """The issuers that are trusted for members, for staff and for services, and their audiences.

    An audience is a list of client ids, separated by spaces. Without one, every client of the
    issuer is accepted: the table says what services may do. The same issuer can serve several
    kinds of callers.
    """

    members_issuer: str
    members_audience: str
    staff_issuer: str
    staff_audience: str
    services_issuer: str
    services_audience: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whom an issuer's tokens for one of these clients stand for."""

    kind: Kind
    issuer: str
    audience: frozenset[str]

    def includes(self, claims: Mapping[str, Any]) -> bool:
        """Whether the claims are of this issuer and for this audience.

        Cognito names the client of an ID token in `aud`, that of an access token in `client_id`.
        """
        if claims.get("iss") != self.issuer:
            return False
        named = claims.get("aud", claims.get("client_id"))
        audience = named if isinstance(named, list) else [named]
        return not self.audience or any(each in self.audience for each in audience)


@dataclass(frozen=True, slots=True)
class TrustedToken:
    claims: Mapping[str, Any]
    kinds: Sequence[Kind]


class Issuers:
    """Verifies tokens of trusted issuers; keys are fetched when needed, and kept for an hour.

    `fetch` reads a JSON document; `clock` counts seconds from any starting point.
    """

    def __init__(
        self,
        trusts: Sequence[Trust],
        *,
        fetch: Callable[[str], Mapping[str, Any]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._trusts = trusts
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, tuple[dict[str, RSAPublicKey], float]] = {}

    def verify(self, token: str, *, now: float) -> TrustedToken:
        """A token's claims, and whom they may stand for.

        Raises:
            TokenInvalid: no trusted issuer signed it for one of its clients, or it is not in force.
            KeysUnavailable: the issuer's keys are needed and cannot be fetched.
        """
        unverified = read_token(token)
        kinds = [trust.kind for trust in self._trusts if trust.includes(unverified.claims)]
        if not kinds:
            raise TokenInvalid("of an issuer or client that is not trusted")
        key = self._key(unverified.issuer, unverified.key_id)
        return TrustedToken(verify(unverified, key, now=now), kinds)

    def _key(self, issuer: str, key_id: str) -> RSAPublicKey:
        now = self._clock()
        keys, fetched_at = self._keys.get(issuer, ({}, None))
        age = KEYS_SECONDS_MAX if fetched_at is None else now - fetched_at
        if age >= KEYS_SECONDS_MAX or (key_id not in keys and age >= FETCH_SECONDS_MIN):
            try:
                keys = read_keys(self._fetch(self._keys_url(issuer)))
            except KeysUnavailable:
                # Keys that were right an hour ago are better than refusing everyone.
                if key_id not in keys:
                    raise
            self._keys[issuer] = (keys, now)
        if key_id not in keys:
            raise TokenInvalid("signed with a key that its issuer does not publish")
        return keys[key_id]

    def _keys_url(self, issuer: str) -> str:
        if _COGNITO.fullmatch(issuer):
            return f"{issuer}/.well-known/jwks.json"
        base = issuer.rstrip("/")
        found = self._fetch(f"{base}/.well-known/openid-configuration").get("jwks_uri")
        if not isinstance(found, str) or not found.startswith("https://"):
            raise KeysUnavailable("The issuer publishes no address of keys.")
        return found


def trusts_of(config: AuthorizerSettings) -> Sequence[Trust]:
    kinds: tuple[tuple[Kind, str, str], ...] = (
        ("members", config.members_issuer, config.members_audience),
        ("staff", config.staff_issuer, config.staff_audience),
        ("services", config.services_issuer, config.services_audience),
    )
    return [
        Trust(kind=kind, issuer=issuer, audience=frozenset(audience.split()))
        for kind, issuer, audience in kinds
    ]


def fetch_document(url: str) -> Mapping[str, Any]:
    """Fetch a JSON document; on the local cloud, Cognito's come from there.

    Raises:
        KeysUnavailable: there is none.
        TryAgain: the invocation has no time left for it.
    """
    if is_on_one_machine() and _COGNITO.match(url):
        url = f"{os.environ['AWS_ENDPOINT_URL']}/{url.split('/', 3)[3]}"
    deadline.require(FETCH_S_MAX)
    try:
        answer = _pool().request("GET", url, timeout=_TIMEOUT, redirect=False, retries=1)
        document = json.loads(answer.data) if answer.status == 200 else None
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        raise KeysUnavailable("The issuer does not answer.") from error
    if not isinstance(document, dict) or len(answer.data) > DOCUMENT_BYTES_MAX:
        raise KeysUnavailable("The issuer's answer is no document.")
    return document


def as_text(claims: Mapping[str, Any]) -> dict[str, str]:
    """Claims in the form in which functions read them: lists as `[a b]`, no nested objects."""
    return {
        name: written for name, value in claims.items() if (written := _text(value)) is not None
    }


def _text(value: object) -> str | None:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case list():
            return f"[{' '.join(str(each) for each in value)}]"
        case _:
            return None


@cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager()
