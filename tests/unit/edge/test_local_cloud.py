"""Settings for the local cloud are ignored everywhere else."""

import pytest

from loyalty.edge.local_cloud import is_on_one_machine


@pytest.mark.parametrize(
    ("endpoint", "is_local"),
    [
        ("http://127.0.0.1:4566", True),
        ("http://localhost:4566", True),
        ("http://[::1]:4566", True),
        ("", False),
        ("https://dynamodb.eu-west-1.amazonaws.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://10.0.0.1:4566", False),
        ("http://localhost@10.0.0.1", False),
    ],
)
def test_aws_on_this_machine_makes_a_cloud_on_one_machine(
    endpoint: str, is_local: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)

    assert is_on_one_machine() is is_local


def test_a_deployment_to_aws_has_no_local_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)

    assert not is_on_one_machine()
