import io
import subprocess
import zipfile
from pathlib import Path

import boto3
import pytest

from local.aws import REGION, Aws
from local.cloud import free_port, running_cloud
from local.failures import LocalCloudError


def test_stopping_the_cloud_leaves_no_process_of_it(tmp_path: Path) -> None:
    with running_cloud(port=free_port(), home=tmp_path) as cloud:
        worker = _pid_of_a_function(cloud.aws)
        assert _runs(worker)

    assert not _runs(cloud.process.pid)
    assert not _runs(worker)


def test_a_port_in_use_is_reported_in_a_sentence(tmp_path: Path) -> None:
    with running_cloud(port=free_port(), home=tmp_path / "first") as first:
        port = first.aws.port

        with (
            pytest.raises(LocalCloudError, match=f"^Port {port} is taken by another program"),
            running_cloud(port=port, home=tmp_path / "second"),
        ):
            pass


def _pid_of_a_function(aws: Aws) -> int:
    """Call a function that answers with its process, which stays up for the next call."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr(
            "handler.py", "import os\ndef handler(event, context):\n    return os.getpid()"
        )
    session = boto3.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION
    )
    role = session.client("iam", endpoint_url=aws.endpoint).create_role(
        RoleName="pid", AssumeRolePolicyDocument="{}"
    )["Role"]
    client = session.client("lambda", endpoint_url=aws.endpoint)
    client.create_function(
        FunctionName="pid",
        Runtime="python3.13",
        Role=role["Arn"],
        Handler="handler.handler",
        Code={"ZipFile": code.getvalue()},
    )
    return int(client.invoke(FunctionName="pid")["Payload"].read())


def _runs(pid: int) -> bool:
    """Whether a process is alive; one that only waits for somebody to collect it is not."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, check=False, text=True
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")
