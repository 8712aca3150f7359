"""What is generated is current, and what is not is named, written or removed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import bundles, generated, schemas
from tools.__main__ import EVERY
from tools.generated import Generated, generated_text, main


def test_the_committed_files_are_current() -> None:
    assert main(*EVERY, arguments=["--check"]) == 0


def test_an_outdated_file_is_named_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generated, "ROOT", tmp_path)
    of_yesterday, missing, over = (tmp_path / name for name in ("old.md", "new/new.md", "over.md"))
    for path in (of_yesterday, over):
        path.write_text("of yesterday\n", encoding="utf-8")

    def outputs() -> Iterator[Generated]:
        yield generated_text(of_yesterday, "of today\n")
        yield generated_text(missing, "new\n")
        yield Generated(over, is_current=not over.is_file(), make=None)

    assert main(outputs, arguments=["--check"]) == 1
    assert "old.md, new/new.md, over.md" in capsys.readouterr().err
    assert of_yesterday.read_text(encoding="utf-8") == "of yesterday\n"
    assert main(outputs, arguments=[]) == 0
    assert of_yesterday.read_text(encoding="utf-8") == "of today\n"
    assert missing.read_text(encoding="utf-8") == "new\n"
    assert not over.exists()
    assert main(outputs, arguments=["--check"]) == 0


def test_a_bundle_of_other_sources_is_not_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = tmp_path / "plot.js"
    stale.write_text("/* of yesterday */\n", encoding="utf-8")
    monkeypatch.setattr(bundles, "CONSOLE", tmp_path)

    assert [bundle.is_current for bundle in bundles.generated()] == [False, False]


def test_the_schema_of_a_removed_event_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "PointsLost.schema.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(schemas, "EVENTS", tmp_path)

    made = {each.path.name: each.make for each in schemas.generated()}

    assert made["PointsLost.schema.json"] is None
    assert made["PointsEarned.schema.json"] is not None
