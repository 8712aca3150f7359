"""The HTTP API: its routes, who may call them and how often, and an access log."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_cloudwatch as cw
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.access_log import ACCESS_LOG_FIELDS
from infra.acknowledge import acknowledge
from infra.alarms import FIVE_MINUTES, MINUTE, SUM, Alarm, Severity
from infra.functions import CapabilityFunction
from infra.names import pascal
from infra.routes import CATCH_ALL, COMMON_THROTTLE, Route, at_gateway
from infra.settings import HURRIED, Settings

# The route and not the path, and no address: ids, voucher codes and people stay out of the log.
# How long the gateway remembers what a token says. The edge checks that it has not expired.
AUTHORIZED_FOR = Duration.minutes(5)

LATENCY_P99_MAX = Duration.seconds(3)
# In five minutes. Of fewer requests, the slowest one alone would be one in a hundred.
REQUESTS_MIN = 100
# Of a minute's requests. A request that fails now and then is a ticket and wakes nobody.
FAILING_PERCENT = 5
# At night, fewer failures than this in a minute say nothing about a rate.
FAILED_MIN = 3


class HttpApi(Construct):
    """One HTTP API in front of every function that answers requests.

    Its address exists before its functions do, because some of them need to know it.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._functions: dict[str, CapabilityFunction] = {}
        self._api = apigw.HttpApi(
            self,
            "Api",
            api_name=settings.stack_id("Api"),
            create_default_stage=False,
            # What stands before the domain must not be bypassed.
            disable_execute_api_endpoint=settings.configuration.domain is not None,
            cors_preflight=_cors(settings.configuration.cors_origins)
            if settings.configuration.cors_origins
            else None,
        )

    def route(
        self,
        routes: Sequence[Route],
        *,
        functions: Mapping[str, CapabilityFunction],
        authorizer: CapabilityFunction,
    ) -> None:
        """Lead requests to their functions. `routes` are the routes of all operations.

        Operations that share a route are a single one at the gateway.
        """
        routes = at_gateway(routes)
        self._functions = {
            name: functions[name] for name in dict.fromkeys(route.function for route in routes)
        }
        tokens = authorizers.HttpLambdaAuthorizer(
            "Tokens",
            authorizer.live,
            response_types=[authorizers.HttpLambdaResponseType.SIMPLE],
            # Without this header the gateway answers 401 itself.
            identity_source=["$request.header.Authorization"],
            results_cache_ttl=AUTHORIZED_FOR,
        )
        # One integration and one permission for each function: a permission for each route would
        # outgrow the 20 KB that a function's policy may have.
        answered_by = {
            name: integrations.HttpLambdaIntegration(
                pascal(name), functions[name].live, scope_permission_to_route=False
            )
            for name in self._functions
        }
        added = [self._add(route, answered_by[route.function], tokens) for route in routes]
        stage = self._add_stage(self._settings, routes)
        # Route settings may only name routes that exist.
        stage.node.add_dependency(*added)
        if domain := self._settings.configuration.domain:
            # The name is in a stack of its own, which stays when this one is deleted.
            mapping = apigw.CfnApiMapping(
                self,
                "Mapping",
                api_id=self.id,
                domain_name=domain.name,
                stage=stage.stage_name,
            )
            mapping.node.add_dependency(stage)

    @property
    def id(self) -> str:
        return self._api.api_id

    @property
    def url(self) -> str:
        """Where people and servers call it."""
        return self._settings.api_url or self._api.api_endpoint

    def metric(self, name: str, *, statistic: str, period: Duration = FIVE_MINUTES) -> cw.Metric:
        return cw.Metric(
            namespace="AWS/ApiGateway",
            metric_name=name,
            dimensions_map={"ApiId": self.id},
            statistic=statistic,
            period=period,
        )

    @property
    def alarms(self) -> Sequence[Alarm]:
        failed = self.metric("5xx", statistic=SUM, period=MINUTE)
        failing = cw.MathExpression(
            expression=f"IF(failed >= {FAILED_MIN}, 100 * failed / requests, 0)",
            using_metrics={
                "failed": failed,
                "requests": self.metric("Count", statistic=SUM, period=MINUTE),
            },
            label="failed, percent",
            period=MINUTE,
        )
        return (
            Alarm(
                name="api-failing",
                says=f"The API answered {FAILING_PERCENT} % with 5xx in three of five minutes.",
                metric=failing,
                threshold=FAILING_PERCENT,
                periods=5,
                failing=3,
                severity=Severity.PAGE,
            ),
            Alarm(
                name="api-server-errors",
                says="The API answered 5xx; the access log names the route and the request.",
                metric=self.metric("5xx", statistic=SUM),
            ),
            Alarm(
                name="api-latency",
                says="Tills, members or shops wait three seconds for one request in a hundred.",
                metric=self._slowest(),
                threshold=LATENCY_P99_MAX.to_milliseconds(),
                periods=3,
            ),
        )

    def _slowest(self) -> cw.MathExpression:
        """Return the p99 of the slowest function, of those that tills, members and shops call.

        Reports take seconds by nature, and staff can wait. A function with few requests counts as
        fast.
        """
        functions = {name: self._functions[name].function for name in HURRIED}
        slowest = [f"IF({name}_requests >= {REQUESTS_MIN}, {name}, 0)" for name in functions]
        return cw.MathExpression(
            expression=f"MAX([{', '.join(slowest)}])",
            using_metrics={
                **{name: each.metric_duration(statistic="p99") for name, each in functions.items()},
                **{
                    f"{name}_requests": each.metric_invocations(statistic=SUM)
                    for name, each in functions.items()
                },
            },
            label="slowest function, p99",
            period=FIVE_MINUTES,
        )

    def _add(
        self,
        route: Route,
        integration: integrations.HttpLambdaIntegration,
        authorizer: authorizers.HttpLambdaAuthorizer,
    ) -> apigw.HttpRoute:
        if route.path == CATCH_ALL:
            key = apigw.HttpRouteKey.DEFAULT
        else:
            key = apigw.HttpRouteKey.with_(route.path, apigw.HttpMethod[route.method])
        added = apigw.HttpRoute(
            self,
            route.key,
            http_api=self._api,
            route_key=key,
            integration=integration,
            authorizer=authorizer if route.signed_in else apigw.HttpNoneAuthorizer(),
        )
        if not route.signed_in:
            acknowledge(added, "AwsSolutions-APIG4", reason=route.why_open)
        return added

    def _add_stage(self, settings: Settings, routes: Sequence[Route]) -> apigw.CfnStage:
        log_group = logs.LogGroup(
            self,
            "AccessLog",
            # API Gateway may write to this prefix without growing the account's log policy.
            log_group_name=f"/aws/vendedlogs/loyalty/{settings.stage}/http-api",
            # Half the price; it can be queried, but has no metric filters, which nothing uses.
            log_group_class=logs.LogGroupClass.INFREQUENT_ACCESS,
            retention=settings.log_retention,
            removal_policy=settings.log_removal_policy,
        )
        scale = settings.configuration.scale
        return apigw.CfnStage(
            self,
            "Stage",
            api_id=self.id,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=apigw.CfnStage.AccessLogSettingsProperty(
                destination_arn=_bare_arn(log_group),
                format=json.dumps(ACCESS_LOG_FIELDS),
            ),
            default_route_settings=apigw.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=COMMON_THROTTLE.value.rate * scale,
                throttling_burst_limit=COMMON_THROTTLE.value.burst * scale,
            ),
            # A stage keeps the settings of a route that is gone, and then refuses every update. So
            # only routes that differ from the common throttle have settings of their own.
            route_settings={
                route.key: {
                    "ThrottlingRateLimit": route.throttle.value.rate * scale,
                    "ThrottlingBurstLimit": route.throttle.value.burst * scale,
                }
                for route in routes
                if route.throttle is not COMMON_THROTTLE
            },
        )


def _bare_arn(log_group: logs.LogGroup) -> str:
    """Return the ARN as API Gateway expects it: the group's own attribute ends in `:*`."""
    return Stack.of(log_group).format_arn(
        service="logs",
        resource="log-group",
        resource_name=log_group.log_group_name,
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )


def _cors(origins: Sequence[str]) -> apigw.CorsPreflightOptions:
    return apigw.CorsPreflightOptions(
        allow_origins=list(origins),
        allow_methods=[
            apigw.CorsHttpMethod.GET,
            apigw.CorsHttpMethod.POST,
            apigw.CorsHttpMethod.PUT,
            apigw.CorsHttpMethod.PATCH,
            apigw.CorsHttpMethod.DELETE,
        ],
        allow_headers=[
            "accept",
            "authorization",
            "content-type",
            "idempotency-key",
            "if-match",
            "if-none-match",
        ],
        expose_headers=["etag", "retry-after", "x-request-id"],
        max_age=Duration.hours(1),
    )
