"""What a snapshot of a started function has, and what its copies do not share."""

import random
import subprocess
import sys

import pytest
import snapshot_restore_py  # type: ignore[import-untyped]  # of Lambda's image

from loyalty.edge import snapshots
from loyalty.edge.aws import clients


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[object]]:
    """What is registered, instead of with Lambda's runtime."""
    registered: dict[str, list[object]] = {"before": [], "after": []}
    for name, when in (("register_before_snapshot", "before"), ("register_after_restore", "after")):
        monkeypatch.setattr(snapshot_restore_py, name, registered[when].append)
    return registered


def test_a_function_of_which_a_snapshot_is_taken_registers_what_to_do(
    hooks: dict[str, list[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")

    snapshots.prepare()

    assert hooks == {"before": [snapshots.complete], "after": [snapshots.part]}


@pytest.mark.parametrize("kind", [None, "on-demand"])
def test_a_function_that_starts_as_usual_registers_nothing(
    kind: str | None, hooks: dict[str, list[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_LAMBDA_INITIALIZATION_TYPE", raising=False)
    if kind:
        monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", kind)

    snapshots.prepare()

    assert hooks == {"before": [], "after": []}


def test_copies_draw_other_random_numbers() -> None:
    taken = random.getstate()
    drawn = set()
    for _ in range(3):
        random.setstate(taken)
        snapshots.part()
        drawn.add(random.random())

    assert len(drawn) == 3


def test_copies_share_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    from_before = clients.dynamodb()

    snapshots.part()

    assert clients.dynamodb() is not from_before
    clients.forget()


def test_a_snapshot_has_what_a_first_request_imports() -> None:
    code = (
        "import sys\n"
        "from loyalty.edge import snapshots\n"
        "assert not set(snapshots.LATER) & set(sys.modules)\n"
        "snapshots.complete()\n"
        "assert set(snapshots.LATER) <= set(sys.modules)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
