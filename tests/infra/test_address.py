"""The API's own name: it stays when the API goes, and nothing gets past what stands before it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from infra.settings import ConfigurationError, Settings
from tests.infra.assembly import Assembly, synthesize
from tests.infra.conftest import DOMAIN, FIREWALL, MAIL_FROM

# Not where CloudFront is.
ELSEWHERE: Final = {"certificate_arn": DOMAIN["certificate_arn"]}


def test_without_a_domain_there_is_no_stack_for_it(dev: Assembly) -> None:
    assert set(dev.stacks) == {"Data", "Service", "Monitoring"}
    (api,) = dev.service.of_type("ApiGatewayV2::Api").values()
    assert api["DisableExecuteApiEndpoint"] is False


def test_the_name_is_in_a_stack_of_its_own_and_the_api_says_that_it_answers_there(
    addressed: Assembly,
) -> None:
    (name,) = addressed.stacks["Address"].of_type("ApiGatewayV2::DomainName").values()
    (mapping,) = addressed.service.of_type("ApiGatewayV2::ApiMapping").values()

    assert name["DomainName"] == mapping["DomainName"] == DOMAIN["name"]
    assert name["DomainNameConfigurations"] == [
        {
            "CertificateArn": DOMAIN["certificate_arn"],
            "EndpointType": "REGIONAL",
            "SecurityPolicy": "TLS_1_2",
        }
    ]
    assert mapping["Stage"] == "$default"
    assert not addressed.service.of_type("ApiGatewayV2::DomainName")


def test_the_name_is_there_before_the_api_and_both_are_read_by_no_one(
    addressed: Assembly,
) -> None:
    manifest = json.loads((addressed.folder / "manifest.json").read_text(encoding="utf-8"))
    service = manifest["artifacts"]["Loyalty-dev-Service"]

    assert "Loyalty-dev-Address" in service["dependencies"]
    for stack in ("Address", "Firewall"):
        text = (addressed.folder / f"Loyalty-dev-{stack}.template.json").read_text("utf-8")
        assert "Fn::GetStackOutput" not in text


def test_the_address_that_aws_gives_is_closed_once_there_is_a_name(addressed: Assembly) -> None:
    (api,) = addressed.service.of_type("ApiGatewayV2::Api").values()

    assert api["DisableExecuteApiEndpoint"] is True


def test_prod_s_name_cannot_be_deleted_by_mistake(tmp_path: Path) -> None:
    assembly = synthesize(
        tmp_path, stage="prod", mail_from=MAIL_FROM, domain=DOMAIN, firewall=FIREWALL
    )
    manifest = json.loads((assembly.folder / "manifest.json").read_text(encoding="utf-8"))

    for stack in ("Address", "Firewall"):
        properties = manifest["artifacts"][f"Loyalty-prod-{stack}"]["properties"]
        assert properties["terminationProtection"] is True


class TestTheFirewall:
    def test_stands_before_the_domain_and_passes_on_what_callers_send(
        self, addressed: Assembly
    ) -> None:
        firewall = addressed.stacks["Firewall"]
        (distribution,) = firewall.of_type("CloudFront::Distribution").values()
        config = distribution["DistributionConfig"]
        (origin,) = config["Origins"]
        everything = config["DefaultCacheBehavior"]

        assert config["Aliases"] == [FIREWALL["name"]]
        assert origin["DomainName"] == DOMAIN["name"]
        assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
        assert "DELETE" in everything["AllowedMethods"]
        # Names of AWS's policies: no caching; all but the host.
        assert everything["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
        assert everything["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
        assert everything["ViewerProtocolPolicy"] == "https-only"

    def test_is_deployed_where_cloudfront_is(self, addressed: Assembly) -> None:
        manifest = json.loads((addressed.folder / "manifest.json").read_text(encoding="utf-8"))

        assert manifest["artifacts"]["Loyalty-dev-Firewall"]["environment"].endswith("/us-east-1")

    def test_slows_an_address_down_unless_it_delivers_webhooks_or_is_ours(
        self, addressed: Assembly
    ) -> None:
        (acl,) = addressed.stacks["Firewall"].of_type("WAFv2::WebACL").values()
        (trusted,) = addressed.stacks["Firewall"].of_type("WAFv2::IPSet").values()
        (rate,) = (rule for rule in acl["Rules"] if rule["Name"] == "rate")
        statement = rate["Statement"]["RateBasedStatement"]
        exempt = statement["ScopeDownStatement"]["AndStatement"]["Statements"]

        assert rate["Action"] == {"Block": {}}
        assert (statement["AggregateKeyType"], statement["Limit"]) == ("IP", 3_000)
        assert trusted["Addresses"] == FIREWALL["trusted"]
        assert [next(iter(each["NotStatement"]["Statement"])) for each in exempt] == [
            "IPSetReferenceStatement",
            "ByteMatchStatement",
        ]
        assert exempt[1]["NotStatement"]["Statement"]["ByteMatchStatement"]["SearchString"] == (
            "/webhooks/"
        )


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, None),
        ({"domain": DOMAIN}, "https://origin.example.com"),
        ({"domain": DOMAIN, "firewall": FIREWALL}, "https://api.example.com"),
        ({"domain": DOMAIN, "api_url": "https://club.example.com"}, "https://club.example.com"),
    ],
)
def test_links_lead_to_what_stands_first(
    settings: Callable[..., Settings], chosen: dict[str, Any], expected: str | None
) -> None:
    assert settings(**chosen).api_url == expected


@pytest.mark.parametrize(
    ("chosen", "named"),
    [
        ({"firewall": FIREWALL}, "`firewall`"),
        ({"domain": DOMAIN | {"name": "https://x.example.com"}}, "`domain.name`"),
        ({"domain": DOMAIN | {"certificate_arn": "arn"}}, "`domain.certificate_arn`"),
        (
            {
                "domain": DOMAIN,
                "firewall": FIREWALL | {"certificate_arn": DOMAIN["certificate_arn"]},
            },
            "`firewall.certificate_arn`",
        ),
        ({"domain": DOMAIN, "firewall": FIREWALL | {"trusted": ["all"]}}, "`firewall.trusted.0`"),
    ],
)
def test_a_name_that_could_not_be_deployed_is_refused(
    settings: Callable[..., Settings], chosen: dict[str, Any], named: str
) -> None:
    with pytest.raises(ConfigurationError, match=named):
        settings(**chosen)
