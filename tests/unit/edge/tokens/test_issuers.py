"""Whose tokens are accepted, for whom they stand, and when an issuer's keys are fetched."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from loyalty.edge.tokens.issuers import (
    AuthorizerSettings,
    Issuers,
    KeysUnavailable,
    Trust,
    as_text,
    trusts_of,
)
from loyalty.edge.tokens.jwt import TokenInvalid
from tests.support.tokens import SigningKey, signing_key

NOW: Final = 1_800_000_000
MEMBERS: Final = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_members"
STAFF: Final = "https://login.example.com"
SERVICES: Final = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_services"
SETTINGS: Final = AuthorizerSettings(
    members_issuer=MEMBERS,
    members_audience="app",
    staff_issuer=STAFF,
    staff_audience="pages desk",
    services_issuer=SERVICES,
)


class Web:
    """The documents that issuers publish; counts how often each is fetched."""

    def __init__(self) -> None:
        self.keys = {each: signing_key(each) for each in (MEMBERS, STAFF, SERVICES)}
        self.fetched: list[str] = []
        self.is_down = False

    def __call__(self, url: str) -> Mapping[str, Any]:
        self.fetched.append(url)
        if self.is_down:
            raise KeysUnavailable
        if url == f"{STAFF}/.well-known/openid-configuration":
            return {"jwks_uri": f"{STAFF}/keys"}
        if url == f"{STAFF}/keys":
            return {"keys": [self.keys[STAFF].published]}
        issuer = url.removesuffix("/.well-known/jwks.json")
        return {"keys": [self.keys[issuer].published]}

    def token(self, issuer: str, *, key: SigningKey | None = None, **claims: Any) -> str:
        payload = {"iss": issuer, "sub": "somebody", "exp": NOW + 60, **claims}
        return (key or self.keys[issuer]).token(payload)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuers(web: Web, clock: Clock) -> Issuers:
    return Issuers(trusts_of(SETTINGS), fetch=web, clock=clock)


def test_each_issuer_s_tokens_stand_for_one_kind_of_callers(web: Web, issuers: Issuers) -> None:
    of_member = issuers.verify(web.token(MEMBERS, aud="app"), now=NOW)
    of_staff = issuers.verify(web.token(STAFF, aud=["other", "pages"]), now=NOW)
    of_service = issuers.verify(web.token(SERVICES, client_id="anything"), now=NOW)

    assert [of_member.kinds, of_staff.kinds, of_service.kinds] == [
        ["members"],
        ["staff"],
        ["services"],
    ]


def test_one_issuer_can_serve_all(web: Web) -> None:
    trusts = [
        Trust(kind=kind, issuer=STAFF, audience=frozenset({"app"}))
        for kind in ("members", "staff", "services")
    ]

    token = Issuers(trusts, fetch=web).verify(web.token(STAFF, aud="app"), now=NOW)

    assert token.kinds == ["members", "staff", "services"]


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "pages"},
        {"aud": "app2"},
        {"aud": []},
        {"aud": None},
        {"client_id": "pages"},
        # An ID token names its client in `aud`, whatever else it says.
        {"aud": "other", "client_id": "app"},
        {},
    ],
)
def test_a_token_for_a_client_that_is_not_ours_is_refused(
    web: Web, issuers: Issuers, claims: dict[str, Any]
) -> None:
    with pytest.raises(TokenInvalid, match="not trusted"):
        issuers.verify(web.token(MEMBERS, **claims), now=NOW)
    assert web.fetched == []


def test_an_issuer_that_is_not_trusted_is_never_asked_for_keys(web: Web, issuers: Issuers) -> None:
    stranger = signing_key(MEMBERS).token(
        {"iss": "http://169.254.169.254", "sub": "x", "exp": NOW + 60, "aud": "app"}
    )

    with pytest.raises(TokenInvalid, match="not trusted"):
        issuers.verify(stranger, now=NOW)
    assert web.fetched == []


def test_one_issuer_cannot_sign_for_another(web: Web, issuers: Issuers) -> None:
    """Members sign up by themselves; their issuer's key must not make anyone staff."""
    forged = web.token(STAFF, key=web.keys[MEMBERS], aud="pages")

    with pytest.raises(TokenInvalid, match="does not publish"):
        issuers.verify(forged, now=NOW)


def test_keys_are_fetched_once_an_hour(web: Web, issuers: Issuers, clock: Clock) -> None:
    for _ in range(3):
        issuers.verify(web.token(MEMBERS, aud="app"), now=NOW)
    assert len(web.fetched) == 1

    clock.now += 3_600
    issuers.verify(web.token(MEMBERS, aud="app"), now=NOW)

    assert len(web.fetched) == 2


def test_a_new_key_is_fetched_when_it_is_used_and_made_up_ones_at_most_once_a_minute(
    web: Web, issuers: Issuers, clock: Clock
) -> None:
    issuers.verify(web.token(MEMBERS, aud="app"), now=NOW)
    web.keys[MEMBERS] = signing_key("new")
    token = web.token(MEMBERS, aud="app")
    with pytest.raises(TokenInvalid, match="does not publish"):
        issuers.verify(token, now=NOW)

    clock.now += 60
    assert issuers.verify(token, now=NOW).kinds == ["members"]
    for _ in range(5):
        with pytest.raises(TokenInvalid):
            issuers.verify(web.token(MEMBERS, key=signing_key("no"), aud="app"), now=NOW)

    assert len(web.fetched) == 2


def test_an_outage_of_the_issuer_refuses_nobody_whose_key_is_known(
    web: Web, issuers: Issuers, clock: Clock
) -> None:
    token = web.token(MEMBERS, aud="app")
    issuers.verify(token, now=NOW)
    web.is_down = True
    clock.now += 7_200

    assert issuers.verify(token, now=NOW).kinds == ["members"]
    with pytest.raises(KeysUnavailable):
        issuers.verify(web.token(SERVICES, client_id="s"), now=NOW)


@pytest.mark.parametrize(
    "address", [None, 1, "http://login.example.com/keys", "file:///etc/passwd"]
)
def test_keys_are_fetched_over_tls_only(address: object) -> None:
    issuers = Issuers(trusts_of(SETTINGS), fetch=lambda _url: {"jwks_uri": address})
    token = signing_key(STAFF).token({"iss": STAFF, "sub": "x", "exp": NOW + 60, "aud": "pages"})

    with pytest.raises(KeysUnavailable, match="no address"):
        issuers.verify(token, now=NOW)


def test_claims_are_passed_on_as_text() -> None:
    claims = {
        "sub": "ana",
        "exp": NOW,
        "email_verified": True,
        "phone_number_verified": False,
        "cognito:groups": ["bean/manager", "operator"],
        "address": {"street": "Somewhere"},
        "nothing": None,
    }

    assert as_text(claims) == {
        "sub": "ana",
        "exp": str(NOW),
        "email_verified": "true",
        "phone_number_verified": "false",
        "cognito:groups": "[bean/manager operator]",
    }
