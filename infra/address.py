"""The API's own domain name, and what can stand before it: both outlive the API."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration, Environment, Stack
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.names import kebab
from infra.settings import Domain, Firewall, Settings

# Where CloudFront and everything that belongs to it is deployed.
GLOBAL_REGION = "us-east-1"
# The gateway's own maximum.
ORIGIN_TIMEOUT = Duration.seconds(30)
# Storefronts deliver the orders of a sale all at once, and each delivery is signed.
WEBHOOKS_PATH = "/webhooks/"
# Rules of AWS that need no tuning for an API that takes JSON.
MANAGED_RULES = ("AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet")


class AddressStack(Stack):
    """The API's domain name. Which API answers under it is said in the stack of the API."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, domain: Domain
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Loyalty: the API's domain name",
            termination_protection=settings.is_prod,
        )
        name = apigw.CfnDomainName(
            self,
            "DomainName",
            domain_name=domain.name,
            domain_name_configurations=[
                apigw.CfnDomainName.DomainNameConfigurationProperty(
                    certificate_arn=domain.certificate_arn,
                    endpoint_type="REGIONAL",
                    security_policy="TLS_1_2",
                )
            ],
        )
        # The record that the domain's DNS needs.
        CfnOutput(self, "DomainTarget", value=name.attr_regional_domain_name)
        CfnOutput(self, "DomainTargetZoneId", value=name.attr_regional_hosted_zone_id)


class FirewallStack(Stack):
    """CloudFront with AWS WAF before the API's domain name."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        domain: Domain,
        firewall: Firewall,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Loyalty: CloudFront and AWS WAF before the API",
            termination_protection=settings.is_prod,
            env=Environment(region=GLOBAL_REGION),
        )
        acl = self._acl(settings, firewall)
        origin = origins.HttpOrigin(domain.name, read_timeout=ORIGIN_TIMEOUT)
        distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=settings.stack_id("Api"),
            domain_names=[firewall.name],
            certificate=acm.Certificate.from_certificate_arn(
                self, "Certificate", firewall.certificate_arn
            ),
            web_acl_id=acl.attr_arn,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            default_behavior=_behavior(origin, cloudfront.CachePolicy.CACHING_DISABLED),
            additional_behaviors={
                # Their paths contain a digest of their content.
                "/v1/console/assets/*": _behavior(origin, cloudfront.CachePolicy.CACHING_OPTIMIZED)
            },
        )
        acknowledge(
            distribution,
            "AwsSolutions-CFR1",
            reason="Members travel, and platforms deliver webhooks from anywhere.",
        )
        acknowledge(
            distribution,
            "AwsSolutions-CFR3",
            reason="The gateway behind it logs every request, without personal data. What the "
            "firewall refuses is counted and sampled by AWS WAF.",
        )
        CfnOutput(self, "DistributionDomainName", value=distribution.distribution_domain_name)

    def _acl(self, settings: Settings, firewall: Firewall) -> waf.CfnWebACL:
        trusted = waf.CfnIPSet(
            self,
            "Trusted",
            scope="CLOUDFRONT",
            ip_address_version="IPV4",
            addresses=list(firewall.trusted),
            description="Servers that the rate does not limit",
        )
        limited = waf.CfnWebACL.StatementProperty(
            and_statement=waf.CfnWebACL.AndStatementProperty(
                statements=[
                    _not(
                        waf.CfnWebACL.StatementProperty(
                            ip_set_reference_statement={"arn": trusted.attr_arn}
                        )
                    ),
                    _not(
                        waf.CfnWebACL.StatementProperty(
                            byte_match_statement=waf.CfnWebACL.ByteMatchStatementProperty(
                                field_to_match=waf.CfnWebACL.FieldToMatchProperty(uri_path={}),
                                positional_constraint="CONTAINS",
                                search_string=WEBHOOKS_PATH,
                                text_transformations=[
                                    waf.CfnWebACL.TextTransformationProperty(
                                        priority=0, type="NONE"
                                    )
                                ],
                            )
                        )
                    ),
                ]
            )
        )
        rate = waf.CfnWebACL.RuleProperty(
            name="rate",
            priority=0,
            action=waf.CfnWebACL.RuleActionProperty(block={}),
            statement=waf.CfnWebACL.StatementProperty(
                rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
                    aggregate_key_type="IP",
                    limit=firewall.requests_per_five_minutes,
                    evaluation_window_sec=300,
                    scope_down_statement=limited,
                )
            ),
            visibility_config=_counted("rate"),
        )
        managed = [
            waf.CfnWebACL.RuleProperty(
                name=name,
                priority=priority,
                override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
                statement=waf.CfnWebACL.StatementProperty(
                    managed_rule_group_statement=waf.CfnWebACL.ManagedRuleGroupStatementProperty(
                        vendor_name="AWS", name=name
                    )
                ),
                visibility_config=_counted(kebab(name)),
            )
            for priority, name in enumerate(MANAGED_RULES, start=1)
        ]
        return waf.CfnWebACL(
            self,
            "Acl",
            name=settings.stack_id("Firewall"),
            scope="CLOUDFRONT",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            rules=[rate, *managed],
            visibility_config=_counted(settings.stack_id("Firewall")),
        )


def _behavior(
    origin: cloudfront.IOrigin, cache_policy: cloudfront.ICachePolicy
) -> cloudfront.BehaviorOptions:
    return cloudfront.BehaviorOptions(
        origin=origin,
        allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
        cache_policy=cache_policy,
        # The gateway tells its APIs apart by the host, which must be the origin's own.
        origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
        viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
    )


def _not(statement: waf.CfnWebACL.StatementProperty) -> waf.CfnWebACL.StatementProperty:
    return waf.CfnWebACL.StatementProperty(
        not_statement=waf.CfnWebACL.NotStatementProperty(statement=statement)
    )


def _counted(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
    )
