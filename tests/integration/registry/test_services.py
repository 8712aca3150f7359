"""Operators open programs and register services; a service may do what the table says."""

from datetime import timedelta
from typing import Any

import pytest

from functions.accrual.handler import handler as accrual
from functions.adjustments.handler import handler as adjustments
from functions.program.handler import handler as program_api
from functions.registry.handler import handler as registry
from loyalty.domain.program.document import PublishedProgram
from loyalty.edge.http import app, grants
from tests.integration.conftest import Clock
from tests.support import till
from tests.support.cognito import FakeCognito
from tests.support.documents import document
from tests.support.http import Answer, Claims, call, operator, staff

SCOPE = "loyalty/service"
ORDER = till.order(1000, order_id="1", identities=[{"kind": "card", "value": "1"}])


@pytest.fixture(autouse=True)
def real_grants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "may_serve", grants.may_serve)


@pytest.fixture
def service_pool(monkeypatch: pytest.MonkeyPatch, cognito: FakeCognito) -> FakeCognito:
    """The user pool for services of a deployment without an issuer of its own."""
    monkeypatch.setenv("LOYALTY_SERVICES_POOL", "pool")
    monkeypatch.setenv("LOYALTY_SERVICES_TOKEN_URL", "https://token.example.com")
    return cognito


def manage(method: str, path: str, *, body: Any = None, as_: Claims | None = None) -> Answer:
    return call(registry, method, f"/v1{path}", body=body, as_=as_ or operator())


def server(client_id: str) -> Claims:
    """The claims of the tokens that a client is granted."""
    return {
        "sub": client_id,
        "client_id": client_id,
        "token_use": "access",
        "scope": SCOPE,
        "exp": "4102444800",
    }


def quote(client_id: str, program_id: str = "bean") -> int:
    path = f"/v1/programs/{program_id}/orders/quote"
    order = ORDER | {"identities": []}
    return call(accrual, "POST", path, body=order, as_=server(client_id)).status


@pytest.mark.usefixtures("program")
def test_a_server_acts_for_the_programs_of_its_service_and_no_others(
    service_pool: FakeCognito, time: Clock
) -> None:
    made = manage("PUT", "/services/shop", body={"description": "Webshop"})
    client_id = made.body["client_id"]
    client = service_pool.clients[client_id]

    assert made.status == 201
    assert made.body["client_secret"] == client["ClientSecret"]
    assert (made.body["scope"], client["AllowedOAuthScopes"]) == (SCOPE, [SCOPE])
    assert client["AllowedOAuthFlows"] == ["client_credentials"]
    assert quote(client_id) == 404

    allowed = manage("PUT", "/services/shop/programs/bean")
    time.now += timedelta(seconds=30)

    assert allowed.body["programs"] == ["bean"]
    assert quote(client_id) == 200
    assert quote(client_id, "leaf") == 404
    assert quote("somebody-elses-client") == 404


@pytest.mark.usefixtures("program", "service_pool")
def test_a_right_that_was_withdrawn_is_gone_within_30_seconds(time: Clock) -> None:
    client_id = manage("PUT", "/services/shop", body={}).body["client_id"]
    manage("PUT", "/services/shop/programs/bean")
    assert quote(client_id) == 200

    manage("DELETE", "/services/shop/programs/bean")
    time.now += timedelta(seconds=30)
    assert quote(client_id) == 404

    manage("PUT", "/services/shop/programs/bean")
    time.now += timedelta(seconds=30)
    assert quote(client_id) == 200

    assert manage("DELETE", "/services/shop").status == 204
    time.now += timedelta(seconds=30)
    assert quote(client_id) == 404


def test_a_removed_service_leaves_no_client_behind(service_pool: FakeCognito) -> None:
    manage("PUT", "/services/shop", body={})

    manage("DELETE", "/services/shop")

    assert service_pool.clients == {}
    assert manage("GET", "/services/shop").status == 404
    assert manage("DELETE", "/services/shop").status == 404


@pytest.mark.usefixtures("service_pool")
def test_the_secret_is_shown_once() -> None:
    first = manage("PUT", "/services/shop", body={})
    again = manage("PUT", "/services/shop", body={"description": "Webshop"})

    assert (again.status, again.body["client_secret"]) == (200, None)
    assert again.body["client_id"] == first.body["client_id"]
    assert "client_secret" not in manage("GET", "/services/shop").body
    assert first.body["client_secret"] not in manage("GET", "/services").text


@pytest.mark.usefixtures("service_pool")
def test_a_deployment_that_makes_clients_takes_none() -> None:
    answer = manage("PUT", "/services/shop", body={"client_id": "mine"})

    assert (answer.code, answer.pointers) == (
        "validation_failed",
        {"/client_id": "client_id_given"},
    )


@pytest.mark.usefixtures("program")
def test_with_an_issuer_of_your_own_a_service_names_its_client() -> None:
    assert manage("PUT", "/services/shop", body={}).pointers == {"/client_id": "missing"}

    made = manage("PUT", "/services/shop", body={"client_id": "abroad"})
    manage("PUT", "/services/shop/programs/bean")

    assert (made.status, made.body["client_secret"], made.body["token_url"]) == (201, None, None)
    assert quote("abroad") == 200
    assert manage("DELETE", "/services/shop").status == 204


@pytest.mark.usefixtures("service_pool")
def test_services_and_programs_are_listed_page_by_page() -> None:
    for service_id in ("a", "b", "c"):
        manage("PUT", f"/services/{service_id}", body={})
    for program_id in ("bean", "leaf"):
        open_program(program_id)

    first = call(registry, "GET", "/v1/services", query={"limit": "2"}, as_=operator())
    cursor = first.body["next_cursor"]
    rest = call(registry, "GET", "/v1/services", query={"cursor": cursor}, as_=operator())
    programs = manage("GET", "/programs").body["items"]

    assert [each["id"] for page in (first, rest) for each in page.body["items"]] == ["a", "b", "c"]
    assert [(each["id"], each["version"]) for each in programs] == [("bean", 1), ("leaf", 1)]


def open_program(program_id: str) -> Answer:
    return call(
        program_api,
        "PUT",
        f"/v1/programs/{program_id}",
        body=document(),
        headers={"If-None-Match": "*"},
        as_=operator(),
    )


def test_an_operator_opens_a_program_which_its_manager_then_runs() -> None:
    assert open_program("tea").status == 201

    manager = staff("tea", "manager")
    assert call(program_api, "GET", "/v1/programs/tea", as_=manager).status == 200
    assert manage("GET", "/programs", as_=manager).code == "forbidden"


def test_staff_with_a_sign_in_of_their_own_cannot_adjust_the_account_with_their_e_mail(
    program: PublishedProgram,
) -> None:
    """Nothing else tells that a member and somebody of the staff are one person."""
    email = "eva@example.com"
    own = till.enroll(email)
    other = till.enroll("bob@example.com")
    manager = staff(program.program_id, "manager", subject="eva at work")
    manager |= {"email": email, "email_verified": "true"}

    def adjust(member_id: str) -> Answer:
        path = f"{till.PROGRAM}/members/{member_id}/adjustments"
        return call(
            adjustments,
            "POST",
            path,
            body={"points": 5, "reason": "goodwill"},
            headers={"Idempotency-Key": member_id},
            as_=manager,
            kinds=("staff",),
        )

    assert adjust(own).code == "own_account"
    assert adjust(other).status == 201


@pytest.mark.usefixtures("program", "service_pool")
def test_a_manager_sees_which_services_an_operator_let_in() -> None:
    manage("PUT", "/services/shop", body={})
    manage("PUT", "/services/shop/programs/bean")
    manage("DELETE", "/services/shop/programs/bean")

    actions = call(program_api, "GET", f"{till.PROGRAM}/actions", as_=staff("bean", "manager"))

    assert {(each["action"], each["target"]["id"]) for each in actions.body["items"]} == {
        ("service.stop", "shop"),
        ("service.allow", "shop"),
    }
