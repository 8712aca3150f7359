"""Early access: a reward of the kind `access`, and the tokens for storefronts."""

from collections.abc import Callable

import jwt
import pytest

from functions.redemption.handler import handler
from loyalty.edge.settings import settings
from tests.support import till
from tests.support.access_keys import KeyService, sign_with
from tests.support.http import Answer, call, service

pytestmark = pytest.mark.usefixtures("program")

SHOP = service("bean")
ACCESS = {"kind": "access", "cost_points": 0, "skus": ["HARVEST-26"]}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    sign_with(KeyService(), monkeypatch)


def token_for(redemption_id: str, member_id: str) -> Answer:
    path = f"{till.PROGRAM}/members/{member_id}/redemptions/{redemption_id}/access"
    return call(handler, "POST", path, body={"audience": "online"}, as_=SHOP)


def test_a_member_s_token_is_verified_with_the_published_keys(
    ana: str, offer: Callable[..., None]
) -> None:
    offer(**ACCESS)
    redeemed = till.redeem(ana)

    made = token_for(redeemed.body["id"], ana)
    keys = call(handler, "GET", f"{till.PROGRAM}/jwks.json", as_=None)

    assert (redeemed.status, redeemed.body["points"], made.status) == (201, 0, 201)
    (public,) = jwt.PyJWKSet.from_dict(keys.body).keys
    claims = jwt.decode(
        made.body["token"],
        public,
        algorithms=["ES256"],
        audience="online",
        issuer="bean",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert (claims["sub"], claims["skus"]) == (ana, ["HARVEST-26"])
    assert claims["voucher"] == redeemed.body["voucher"]["code"]
    assert keys.headers["cache-control"] == "public, max-age=3600"


def test_a_used_voucher_has_no_token(ana: str, offer: Callable[..., None]) -> None:
    offer(**ACCESS)
    redeemed = till.redeem(ana)
    till.use(redeemed.body["voucher"]["code"])

    refused = token_for(redeemed.body["id"], ana)

    assert (refused.status, refused.code) == (409, "wrong_state")


def test_nobody_has_a_token_by_somebody_else_s_voucher(
    ana: str, offer: Callable[..., None]
) -> None:
    offer(**ACCESS)
    of_ben = till.redeem(till.enroll("ben@example.com"))

    assert token_for(of_ben.body["id"], ana).status == 404


def test_a_stage_without_a_key_makes_none(
    ana: str, offer: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LOYALTY_ACCESS_KEY")
    settings.cache_clear()
    offer(**ACCESS)
    redeemed = till.redeem(ana)

    assert token_for(redeemed.body["id"], ana).status == 404
    assert call(handler, "GET", f"{till.PROGRAM}/jwks.json", as_=None).status == 404
