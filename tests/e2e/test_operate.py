"""Commands for a deployed stage, on the local cloud."""

import time
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from local.aws import REGION
from local.deployment import Deployment
from operate.stage import Stage
from operate.verify import Verification


class LocalStage(Stage):
    """The stage that is deployed on a local cloud."""

    endpoint: str

    def client(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]  # any service
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


@pytest.fixture
def stage(deployed: Deployment) -> Stage:
    stage = LocalStage("dev")
    object.__setattr__(stage, "endpoint", deployed.cloud.aws.endpoint)
    return stage


def test_a_deployed_stage_is_verified_as_often_as_wanted(
    deployed: Deployment, stage: Stage
) -> None:
    for _ in range(2):
        lines: list[str] = []
        Verification(
            stage=stage,
            api_url=deployed.api_url,
            now=lambda: datetime.now(UTC),
            pause=time.sleep,
            say=lines.append,
        ).play()
        assert lines[-2:] == ["The report shows it.", "The member is erased."]
