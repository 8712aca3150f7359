"""The authorizer, as the gateway calls it: which tokens get in, and what is passed on of them."""

import json
import time
from collections.abc import Mapping
from typing import Any, Final

import pytest

from functions.authorizer import handler as authorizer
from functions.program.handler import handler as program_api
from loyalty.domain.program.document import PublishedProgram
from tests.support.http import Context, Handler, event
from tests.support.tokens import encoded_json, signing_key

POOL: Final = "https://cognito-idp.eu-west-1.amazonaws.com"
MEMBERS: Final = f"{POOL}/eu-west-1_members"
STAFF: Final = f"{POOL}/eu-west-1_staff"
SERVICES: Final = f"{POOL}/eu-west-1_services"
AUDIENCES: Final = {MEMBERS: "app", STAFF: "pages"}


def fetch(url: str) -> Mapping[str, Any]:
    return {"keys": [signing_key(url.removesuffix("/.well-known/jwks.json")).published]}


@pytest.fixture(autouse=True)
def issuers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "MEMBERS_ISSUER": MEMBERS,
        "MEMBERS_AUDIENCE": "app",
        "STAFF_ISSUER": STAFF,
        "STAFF_AUDIENCE": "pages",
        "SERVICES_ISSUER": SERVICES,
    }.items():
        monkeypatch.setenv(f"LOYALTY_{name}", value)
    monkeypatch.setattr(authorizer, "fetch_document", fetch)


def token(
    issuer: str, *groups: str, signed_by: str | None = None, lasts: int = 60, aud: str = ""
) -> str:
    return signing_key(signed_by or issuer).token(
        {
            "iss": issuer,
            "sub": "somebody",
            "exp": int(time.time()) + lasts,
            "token_use": "id",
            "aud": aud or AUDIENCES.get(issuer, ""),
            "cognito:groups": [*groups],
        }
    )


def answer(header: str) -> dict[str, Any]:
    return authorizer.handler({"identitySource": [header]}, None)


def status_of(header: str) -> int:
    """What the program answers to a request that the authorizer let in."""
    handler: Handler = program_api
    request = event("GET", "/v1/programs/bean")
    authorized = answer(header)
    assert authorized["isAuthorized"]
    request["requestContext"]["authorizer"] = {"lambda": authorized["context"]}
    return int(handler(request, Context())["statusCode"])


def test_a_manager_is_let_in_with_their_groups() -> None:
    let_in = answer(f"Bearer {token(STAFF, 'bean/manager')}")

    assert let_in["isAuthorized"] is True
    assert let_in["context"]["kinds"] == "staff"
    claims = json.loads(let_in["context"]["claims"])
    assert (claims["sub"], claims["cognito:groups"]) == ("somebody", "[bean/manager]")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        f"Basic {token(STAFF)}",
        f"Bearer {token(STAFF, signed_by=MEMBERS)}",
        f"Bearer {token(STAFF, aud='app')}",
        f"Bearer {token('https://id.example.com')}",
        f"Bearer {token(STAFF)}x",
        f"Bearer {token(STAFF).rpartition('.')[0]}.",
        f"Bearer {encoded_json({'alg': 'none'})}.{token(STAFF).split('.')[1]}.",
    ],
)
def test_no_other_token_is_let_in(header: str) -> None:
    assert answer(header) == {"isAuthorized": False}


@pytest.mark.usefixtures("program")
def test_the_gateway_remembers_a_token_and_the_edge_sees_that_it_expired() -> None:
    assert status_of(f"Bearer {token(STAFF, 'bean/manager')}") == 200
    assert status_of(f"bearer {token(MEMBERS)}") == 200
    assert status_of(f"Bearer {token(STAFF, 'bean/manager', lasts=-1)}") == 401


@pytest.mark.usefixtures("program")
def test_groups_of_people_who_sign_up_themselves_count_for_nothing(
    program: PublishedProgram,
) -> None:
    assert program.program_id == "bean"
    # As staff of another program they would not see this one.
    assert status_of(f"Bearer {token(STAFF, 'leaf/manager')}") == 404
    assert status_of(f"Bearer {token(MEMBERS, 'leaf/manager')}") == 200
