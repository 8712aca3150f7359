"""The local cloud's services, as typed clients that never leave this machine."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from loyalty.sdk.connections import TimeLimits
from loyalty.sdk.services import DYNAMODB, JsonService
from loyalty.sdk.signing import Credentials

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

REGION = "us-east-1"
ACCOUNT = "000000000000"

# A proxy from the environment must not be used for 127.0.0.1.
_CONFIG = Config(proxies={}, retries={"total_max_attempts": 2}, read_timeout=60)


@dataclass(frozen=True)
class Aws:
    """Clients of the local cloud that listens on `port`."""

    port: int

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        return self._session.client("cloudformation", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def cognito(self) -> "CognitoIdentityProviderClient":
        return self._session.client("cognito-idp", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return self._session.client("dynamodb", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def table_service(self) -> JsonService:
        """DynamoDB, called as the functions call it."""
        return JsonService(
            DYNAMODB,
            endpoint=self.endpoint,
            region=REGION,
            credentials=lambda: Credentials("test", "test"),
            limits=TimeLimits(connect=60, read=60),
        )

    @cached_property
    def events(self) -> "EventBridgeClient":
        return self._session.client("events", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def functions(self) -> "LambdaClient":
        return self._session.client("lambda", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def glue(self) -> Any:
        return self._session.client("glue", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def logs(self) -> Any:
        return self._session.client("logs", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def s3(self) -> "S3Client":
        return self._session.client("s3", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def scheduler(self) -> Any:
        return self._session.client("scheduler", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def secrets(self) -> "SecretsManagerClient":
        return self._session.client("secretsmanager", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def ses(self) -> "SESV2Client":
        return self._session.client("sesv2", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def sqs(self) -> "SQSClient":
        return self._session.client("sqs", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def ssm(self) -> "SSMClient":
        return self._session.client("ssm", endpoint_url=self.endpoint, config=_CONFIG)

    @cached_property
    def _session(self) -> boto3.Session:
        return boto3.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION
        )
