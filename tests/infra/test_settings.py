"""What a deployer chooses, and how a wrong choice is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from app import compose
from infra.build import BuildMissingError
from infra.routes import ROUTES
from infra.settings import FEATURE_FLAGS, ContextError, Settings
from tests.infra.assembly import Assembly, synthesize


def settings(**context: Any) -> Settings:
    return Settings.from_context(cdk.App(context=context).node)


def test_a_deployment_is_dev_on_arm_unless_told_otherwise() -> None:
    chosen = settings()

    assert (chosen.stage, chosen.architecture, chosen.platform) == ("dev", "arm64", "arm64")
    assert chosen.programs == ("bean-and-leaf",)


def test_assets_follow_the_architecture_that_is_chosen() -> None:
    assert settings(architecture="x86_64").platform == "x86_64"


@pytest.mark.parametrize("given", ["tea-house, bean-and-leaf", ["tea-house", "bean-and-leaf"]])
def test_programs_come_as_a_list_or_with_commas(given: object) -> None:
    assert settings(programs=given).programs == ("tea-house", "bean-and-leaf")


@pytest.mark.parametrize(
    ("name", "value"),
    [("stage", "staging"), ("architecture", "riscv"), ("platform", "mac"), ("stage", 1)],
)
def test_a_choice_that_is_none_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ContextError, match=f"`{name}`"):
        settings(**{name: value})


def test_an_issuer_without_an_audience_is_refused() -> None:
    with pytest.raises(ContextError, match="audience"):
        settings(issuer="https://id.example.com")


def test_a_place_to_sign_in_is_told_whole() -> None:
    with pytest.raises(ContextError, match="sign_in_client"):
        settings(authorize_url="https://id.example.com/authorize")


def test_a_missing_build_says_what_to_run(tmp_path: Path) -> None:
    app = cdk.App(context={**FEATURE_FLAGS, "build_dir": str(tmp_path)})

    with pytest.raises(BuildMissingError, match="make build"):
        compose(app)


def test_another_issuer_replaces_the_user_pool(tmp_path: Path) -> None:
    assembly = synthesize(
        tmp_path,
        issuer="https://id.example.com",
        audience="app,server",
        groups_claim="roles",
        authorize_url="https://id.example.com/authorize",
        token_url="https://id.example.com/token",
        sign_in_client="app",
    )

    (authorizer,) = assembly.service.of_type("ApiGatewayV2::Authorizer").values()

    assert authorizer["JwtConfiguration"] == {
        "Issuer": "https://id.example.com",
        "Audience": ["app", "server"],
    }
    assert not assembly.data.of_type("Cognito::UserPool")
    told = {
        name: function["Environment"]["Variables"].get("LOYALTY_GROUPS_CLAIM")
        for name, function in assembly.service.functions()
    }
    taking_tokens = {route.function for route in ROUTES if route.signed_in}
    assert {name for name, claim in told.items() if claim == "roles"} == taking_tokens
    assert signing_in(assembly) == {
        "LOYALTY_AUTHORIZE_URL": "https://id.example.com/authorize",
        "LOYALTY_TOKEN_URL": "https://id.example.com/token",
        "LOYALTY_CLIENT_ID": "app",
    }


def test_the_pages_lead_to_the_hosted_sign_in_where_people_may_come_back(
    tmp_path: Path, dev: Assembly
) -> None:
    page = "https://api.example.com/v1/programs/bean-and-leaf/reports"

    assembly = synthesize(tmp_path, callback_urls=page)

    told = signing_in(assembly)
    assert told["LOYALTY_AUTHORIZE_URL"].endswith(".amazoncognito.com/oauth2/authorize")
    assert told["LOYALTY_TOKEN_URL"].endswith(".amazoncognito.com/oauth2/token")
    assert told["LOYALTY_CLIENT_ID"] == "Identities/UserPool/Mobile"
    assert signing_in(dev) == {}


def signing_in(assembly: Assembly) -> dict[str, str]:
    """What the pages of the reports are told of a place to sign in."""
    functions = dict(assembly.service.functions())
    told = functions["reporting"]["Environment"]["Variables"]
    names = ("LOYALTY_AUTHORIZE_URL", "LOYALTY_TOKEN_URL", "LOYALTY_CLIENT_ID")
    return {name: assembly.render(told[name]) for name in names if name in told}


def test_the_local_cloud_has_few_workers_and_aws_as_many_as_are_wanted() -> None:
    assert settings(platform="local").workers_at_once(50) == 2
    assert settings(stage="prod").workers_at_once(50) == 50


def test_members_get_mail_from_an_address_that_is_one() -> None:
    assert settings().mail_from is None
    assert settings(mail_from="club@beanleaf.example").mail_from == "club@beanleaf.example"
    with pytest.raises(ContextError, match="mail_from"):
        settings(mail_from="Bean & Leaf")
