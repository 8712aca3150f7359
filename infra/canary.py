"""New code answers a tenth of the requests first, and is rolled back if the API fails."""

from __future__ import annotations

from collections.abc import Iterable

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cw
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.alarms import MINUTE, SUM
from infra.api import HttpApi
from infra.functions import CapabilityFunction
from infra.names import pascal
from infra.settings import Settings

PERCENT = 10
# In one minute. A tenth of the requests fails if the new code fails always.
FAILED_MIN = 3


class Canary(Construct):
    """A deployment group for each function that answers HTTP, all with the same alarm.

    The alarm is here and not in the stack of alarms, because CodeDeploy needs it before the first
    function is switched.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        api: HttpApi,
        functions: Iterable[CapabilityFunction],
        minutes: int,
    ) -> None:
        super().__init__(scope, construct_id)
        alarm = cw.Alarm(
            self,
            "Failing",
            alarm_name=settings.stack_id("deployment-failing"),
            alarm_description="The API answers 5xx; a deployment in progress is rolled back.",
            metric=api.metric("5xx", statistic=SUM, period=MINUTE),
            threshold=FAILED_MIN,
            evaluation_periods=1,
            comparison_operator=cw.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cw.TreatMissingData.NOT_BREACHING,
        )
        application = codedeploy.LambdaApplication(self, "Application")
        config = codedeploy.LambdaDeploymentConfig(
            self,
            "Config",
            traffic_routing=codedeploy.TimeBasedCanaryTrafficRouting(
                interval=Duration.minutes(minutes), percentage=PERCENT
            ),
        )
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"))
        acknowledge(
            role,
            "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
            "AWSCodeDeployRoleForLambdaLimited]",
            reason="CodeDeploy's own policy for Lambda: it switches aliases and reads alarms.",
        )
        for function in functions:
            if function.alias is not None:
                codedeploy.LambdaDeploymentGroup(
                    self,
                    pascal(function.name),
                    application=application,
                    alias=function.alias,
                    deployment_config=config,
                    role=role,
                    alarms=[alarm],
                )
