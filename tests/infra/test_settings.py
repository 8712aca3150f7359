"""What a deployer chooses, and how a wrong choice is refused."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk
import pytest

from app import compose, refuse_stale_build
from infra.build import BuildMissingError, BuildStaleError
from infra.flags import FEATURE_FLAGS, OURS
from infra.routes import ROUTES
from infra.settings import (
    COST_TAG,
    Configuration,
    ConfigurationError,
    Settings,
    read_configuration,
)
from tests.infra.assembly import (
    Assembly,
    stand_in_build,
    synthesize,
    write_stage_file,
)
from tools.build import assets

ROOT = Path(__file__).resolve().parents[2]


def test_a_deployment_is_dev_on_arm_unless_stated_otherwise(
    settings: Callable[..., Settings],
) -> None:
    chosen = settings()

    assert (chosen.stage, chosen.architecture, chosen.platform) == ("dev", "arm64", "arm64")


def test_assets_follow_the_architecture_that_is_chosen(settings: Callable[..., Settings]) -> None:
    assert settings(architecture="x86_64").platform == "x86_64"


@pytest.mark.parametrize(
    "resource_type",
    [
        "DynamoDB::GlobalTable",
        "S3::Bucket",
        "Lambda::Function",
        "Logs::LogGroup",
    ],
)
def test_what_costs_money_is_tagged_with_its_stage(prod: Assembly, resource_type: str) -> None:
    found = [r for t in prod.stacks.values() for r in t.of_type(resource_type).values()]

    assert found
    for resource in found:
        replicas = resource.get("Replicas", [resource])
        tags = [tag for each in replicas for tag in each.get("Tags", [])]
        assert {"Key": COST_TAG, "Value": "prod"} in tags


@pytest.mark.parametrize(
    ("name", "value"),
    [("stage", "Prod"), ("architecture", "riscv"), ("platform", "mac"), ("stage", 1)],
)
def test_an_unknown_choice_is_refused_by_name(
    settings: Callable[..., Settings], name: str, value: object
) -> None:
    with pytest.raises(ConfigurationError, match=f"`{name}`"):
        settings(**{name: value})


def test_a_stage_without_a_file_says_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match=r"stages/nowhere\.toml .* copy"):
        Settings.from_context(cdk.App(context={"stage": "nowhere"}).node)


def test_every_mistake_of_a_stage_file_is_named_at_once(
    settings: Callable[..., Settings],
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        settings(
            stage="prod",
            production=True,
            programs=["bean"],
            issuer="id.example.com",
            staff={"issuer": "https://login.example.com"},
            alarm_mail="on-call@example.com",
            monthly_budget=50,
            mail_identity="example.com",
            claims={"group_claim": "roles"},
            sign_in={"token_url": "https://id.example.com/token"},
        )

    named = re.findall(r"^  `([^`]+)`", str(refused.value), re.MULTILINE)
    assert sorted(named) == [
        "alarm_mail",
        "claims.group_claim",
        "issuer",
        "issuer",
        "mail_identity",
        "monthly_budget",
        "programs",
        "sign_in.authorize_url",
        "sign_in.client_id",
        "staff.audience",
    ]


def test_a_production_stage_without_a_sender_or_issuer_is_refused(
    settings: Callable[..., Settings],
) -> None:
    with pytest.raises(ConfigurationError, match="50 mails a day"):
        settings(production=True)

    assert settings(production=True, mail_from="club@beanleaf.example").is_prod
    # Another issuer sends its own mails.
    assert settings(production=True, issuer="https://id.example.com", audience=["app"]).is_prod


def test_every_feature_flag_is_as_the_cdk_recommends_to_a_new_app_or_our_choice(
    dev: Assembly,
) -> None:
    """With a new CDK, look at what a new flag changes before adding it."""
    manifest = json.loads((dev.folder / "manifest.json").read_text(encoding="utf-8"))
    flags = manifest["artifacts"]["aws-cdk-lib/feature-flag-report"]["properties"]["flags"]

    for name, flag in flags.items():
        usual = flag.get("unconfiguredBehavesLike", {}).get("v2")
        if name not in OURS:
            assert flag.get("userValue", usual) == flag["recommendedValue"], name
    assert OURS.keys() <= FEATURE_FLAGS.keys() <= flags.keys()


def test_the_committed_stage_files_can_be_deployed() -> None:
    for file in (*ROOT.glob("stages/*.toml"), ROOT / "local" / "stage.toml"):
        read_configuration(file)


TABLES: Final = {"sign_in", "claims", "staff", "restored_table", "domain", "firewall"}


def test_the_example_of_a_stage_file_has_every_key() -> None:
    text = (ROOT / "stages" / "example.toml").read_text(encoding="utf-8")
    keys = {name for name in Configuration.model_fields if name not in TABLES}

    assert {key for key in keys if not re.search(rf"^(# )?{key} = ", text, re.MULTILINE)} == set()
    uncommented = re.sub(r"^# (?=\[|\w+ = )", "", text, flags=re.MULTILINE)
    everything = Configuration.model_validate(tomllib.loads(uncommented))
    assert everything.sign_in is not None
    assert everything.staff is not None
    assert everything.restored_table is not None
    assert everything.domain is not None
    assert everything.firewall is not None
    assert everything.claims.groups_claim == "roles"


# What nothing but a key of its own may change.
OPTIONAL: Final[Mapping[str, Any]] = {
    "callback_urls": ["app://in"],
    "cors_origins": ["https://shop.example.com"],
    "alarm_email": "a@b.example",
    "api_url": "https://api.example.com",
}


@pytest.mark.parametrize("left_out", OPTIONAL)
def test_leaving_out_a_key_keeps_every_resource_that_holds_data(
    tmp_path: Path, left_out: str, everything_chosen: Assembly
) -> None:
    chosen = {name: value for name, value in OPTIONAL.items() if name != left_out}
    without = synthesize(tmp_path, mail_from="club@beanleaf.example", **chosen)

    lost = everything_chosen.data.resources.keys() - without.data.resources.keys()
    changed = {
        logical_id
        for logical_id, resource in without.data.resources.items()
        if resource != everything_chosen.data.resources[logical_id]
    }

    assert lost == set()
    may_change = {
        "callback_urls": {"IdentitiesUserPoolMobile489794BF"},
    }
    assert changed == may_change.get(left_out, set())


@pytest.fixture(scope="module")
def everything_chosen(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    folder = tmp_path_factory.mktemp("everything")
    return synthesize(folder, mail_from="club@beanleaf.example", **OPTIONAL)


def test_a_missing_build_says_what_to_run(tmp_path: Path) -> None:
    file = write_stage_file(tmp_path)
    app = cdk.App(context={**FEATURE_FLAGS, "build_dir": str(tmp_path), "stage_file": str(file)})

    with pytest.raises(BuildMissingError, match="make build"):
        compose(app)


def test_a_build_of_other_sources_is_not_deployed(
    tmp_path: Path, settings: Callable[..., Settings]
) -> None:
    stand_in_build(tmp_path / "build", "arm64")
    chosen = settings(build_dir=str(tmp_path / "build"))
    with pytest.raises(BuildStaleError, match=r"loyalty.*accrual.*make build PLATFORM=arm64"):
        refuse_stale_build(chosen)

    for asset in assets("arm64", build=chosen.build_dir):
        asset.hash_file.write_text(asset.sources, encoding="ascii")

    refuse_stale_build(chosen)


def test_executions_can_be_reserved_only_for_functions_that_answer_http(
    tmp_path: Path, dev: Assembly
) -> None:
    assembly = synthesize(tmp_path, reserved_concurrency=50)
    answering = {"authorizer", *(route.function for route in ROUTES)}

    for reserved, each in ((50, assembly), (None, dev)):
        assert {
            name: function.get("ReservedConcurrentExecutions")
            for name, function in each.service.functions()
        } == {name: reserved if name in answering else None for name, _ in each.service.functions()}


def test_another_issuer_replaces_the_user_pool(tmp_path: Path) -> None:
    assembly = synthesize(
        tmp_path,
        issuer="https://id.example.com",
        audience=["app", "server"],
        claims={"groups_claim": "roles"},
        sign_in={
            "authorize_url": "https://id.example.com/authorize",
            "token_url": "https://id.example.com/token",
            "client_id": "app",
        },
    )

    assert trusted_by(assembly) == {
        f"{kind}_{name}": value
        for kind in ("MEMBERS", "STAFF", "SERVICES")
        for name, value in (("ISSUER", "https://id.example.com"), ("AUDIENCE", "app server"))
    }
    assert not assembly.data.of_type("Cognito::UserPool")
    registry = dict(assembly.service.functions())["registry"]["Environment"]["Variables"]
    assert "LOYALTY_SERVICES_POOL" not in registry
    variables = {
        name: function["Environment"]["Variables"].get("LOYALTY_GROUPS_CLAIM")
        for name, function in assembly.service.functions()
    }
    taking_tokens = {route.function for route in ROUTES if route.signed_in}
    assert {name for name, claim in variables.items() if claim == "roles"} == taking_tokens | {
        "console"
    }
    assert signing_in(assembly) == {
        "LOYALTY_AUTHORIZE_URL": "https://id.example.com/authorize",
        "LOYALTY_TOKEN_URL": "https://id.example.com/token",
        "LOYALTY_CLIENT_ID": "app",
    }


def test_the_company_s_own_issuer_replaces_the_user_pool_of_staff(tmp_path: Path) -> None:
    assembly = synthesize(
        tmp_path,
        staff={"issuer": "https://login.example.com", "audience": ["loyalty"]},
        sign_in={
            "authorize_url": "https://login.example.com/authorize",
            "token_url": "https://login.example.com/token",
            "client_id": "loyalty",
        },
    )

    trusted = trusted_by(assembly)
    assert trusted["STAFF_ISSUER"] == "https://login.example.com"
    assert trusted["STAFF_AUDIENCE"] == "loyalty"
    assert trusted["MEMBERS_ISSUER"].endswith("/Identities/UserPool")
    assert len(assembly.data.of_type("Cognito::UserPool")) == 2
    assert signing_in(assembly)["LOYALTY_CLIENT_ID"] == "loyalty"


def trusted_by(assembly: Assembly) -> dict[str, str]:
    """The issuers that the authorizer trusts, and for which clients."""
    variables = dict(assembly.service.functions())["authorizer"]["Environment"]["Variables"]
    return {
        name.removeprefix("LOYALTY_"): assembly.render(value)
        for name, value in variables.items()
        if name.endswith(("_ISSUER", "_AUDIENCE"))
    }


def test_the_console_uses_the_hosted_sign_in_which_leads_back_to_its_own_address(
    tmp_path: Path, dev: Assembly
) -> None:
    sign_in = signing_in(dev)
    assert sign_in["LOYALTY_AUTHORIZE_URL"].endswith(".amazoncognito.com/oauth2/authorize")
    assert sign_in["LOYALTY_TOKEN_URL"].endswith(".amazoncognito.com/oauth2/token")
    assert sign_in["LOYALTY_CLIENT_ID"] == "ConsoleClient"

    assembly = synthesize(tmp_path, api_url="https://api.example.com")

    (client,) = assembly.service.of_type("Cognito::UserPoolClient").values()
    assert client["CallbackURLs"] == ["https://api.example.com/v1/console"]


def signing_in(assembly: Assembly) -> dict[str, str]:
    """The sign-in settings of the console."""
    functions = dict(assembly.service.functions())
    variables = functions["console"]["Environment"]["Variables"]
    names = ("LOYALTY_AUTHORIZE_URL", "LOYALTY_TOKEN_URL", "LOYALTY_CLIENT_ID")
    return {name: assembly.render(variables[name]) for name in names if name in variables}


def test_the_local_cloud_has_few_workers_and_aws_as_many_as_needed(
    settings: Callable[..., Settings],
) -> None:
    assert settings(platform="local").workers_at_once(50) == 2
    assert settings().workers_at_once(50) == 50


# What a deployment may change to, one to the other: none of them may leave behind an export that
# another stack still imports, because CloudFormation then refuses the change.
WAYS_TO_SIGN_IN: Final[Mapping[str, Mapping[str, Any]]] = {
    "pools of our own": {},
    "with sign-in": {"callback_urls": ["app://in"]},
    "another issuer": {"issuer": "https://id.example.com", "audience": ["app"]},
    "another issuer for staff": {
        "staff": {"issuer": "https://login.example.com", "audience": ["loyalty"]}
    },
}


@pytest.mark.parametrize("way", WAYS_TO_SIGN_IN)
def test_issuers_can_be_switched_and_sign_in_dropped_because_no_stack_exports_anything(
    tmp_path: Path, way: str
) -> None:
    assembly = synthesize(tmp_path, **WAYS_TO_SIGN_IN[way])

    for file in assembly.template_files:
        text = file.read_text(encoding="utf-8")
        assert "Fn::ImportValue" not in text
        assert [
            name for name, output in json.loads(text)["Outputs"].items() if "Export" in output
        ] == []


def test_what_the_service_reads_of_the_data_is_an_output_that_there_is(tmp_path: Path) -> None:
    for number, chosen in enumerate(WAYS_TO_SIGN_IN.values()):
        folder = tmp_path / str(number)
        folder.mkdir()
        assembly = synthesize(folder, **chosen)
        read = set(outputs_read(json.loads((folder / SERVICE).read_text(encoding="utf-8"))))

        assert read
        assert {name for stack, name in read if name not in assembly.stacks[stack].outputs} == set()


SERVICE: Final = "cdk.out/Loyalty-dev-Service.template.json"


def outputs_read(part: Any) -> Iterator[tuple[str, str]]:
    """The outputs of other stacks that a part of a template reads."""
    match part:
        case {"Fn::GetStackOutput": {"StackName": stack, "OutputName": output}}:
            yield stack.rpartition("-")[2], output
        case dict():
            for each in part.values():
                yield from outputs_read(each)
        case list():
            for each in part:
                yield from outputs_read(each)
