"""Workers that the bench starts: the real runtime client, and nothing of this environment."""

from pathlib import Path

import pytest

from bench.runtime import WorkerFailed, lay_out_runtime, running_worker

HANDLER = """
import json, os, sys

def handler(event, context):
    return {"event": event, "path": sys.path, "environment": sorted(os.environ)}
"""


@pytest.fixture
def function(tmp_path: Path) -> Path:
    folder = tmp_path / "function"
    folder.mkdir()
    (folder / "handler.py").write_text(HANDLER)
    return folder


def test_a_worker_answers_each_event_and_sees_only_its_own_variables(
    function: Path, tmp_path: Path
) -> None:
    runtime = lay_out_runtime(tmp_path / "runtime")
    with running_worker(function, path=[runtime], environment={"STAGE": "bench"}) as worker:
        answers = [worker.invoke({"number": number})[0] for number in range(3)]

    assert [answer["event"] for answer in answers] == [{"number": number} for number in range(3)]
    assert str(function) in answers[0]["path"]
    assert not any("site-packages" in path for path in answers[0]["path"])
    assert "STAGE" in answers[0]["environment"]
    assert "PATH" not in answers[0]["environment"]


def test_a_worker_that_cannot_load_its_handler_reports_why(function: Path, tmp_path: Path) -> None:
    (function / "handler.py").write_text("import missing")
    runtime = lay_out_runtime(tmp_path / "runtime")

    with (
        pytest.raises(WorkerFailed, match="missing"),
        running_worker(function, path=[runtime], environment={}),
    ):
        pass
