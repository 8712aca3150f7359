"""Dataclasses take the code that the build compiled for them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from loyalty import dataclass_code
from loyalty.dataclass_code import FILE_NAME
from tools import dataclass_code as build


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package `loyalty` with a dataclass and what a build adds to it."""
    package = tmp_path / "loyalty"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from loyalty import dataclass_code\n"
        "dataclass_code.use(f'{__path__[0]}/{dataclass_code.FILE_NAME}')\n"
    )
    (package / "dataclass_code.py").write_text(Path(dataclass_code.__file__).read_text())
    (package / "points.py").write_text(
        "from dataclasses import dataclass\n"
        "@dataclass(frozen=True, slots=True)\n"
        "class Point:\n"
        "    x: int\n"
        "    y: int = 7\n"
    )
    build.write(tmp_path)
    return package


def files_of_code(package: Path, source: str = "") -> list[str]:
    """The files that the methods of `Point` were compiled from, in a fresh process."""
    if source:
        (package / "points.py").write_text(source)
    program = (
        f"import json, sys; sys.path.insert(0, {str(package.parent)!r})\n"
        "from loyalty.points import Point\n"
        "assert Point(1) == Point(1, 7) and hash(Point(1))\n"
        "methods = (Point.__init__, Point.__eq__, Point.__hash__, Point.__setattr__)\n"
        "print(json.dumps([each.__code__.co_filename for each in methods]))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )
    files: list[str] = json.loads(done.stdout)
    return files


def test_a_dataclass_takes_the_code_of_the_build(package: Path) -> None:
    assert set(files_of_code(package)) == {"<dataclass>"}


def test_a_dataclass_that_the_build_did_not_see_is_compiled(package: Path) -> None:
    changed = (package / "points.py").read_text().replace("y: int", "y: int = 7\n    z: int")

    assert set(files_of_code(package, changed)) == {"<string>"}


def test_without_a_build_everything_is_compiled(package: Path) -> None:
    (package / FILE_NAME).unlink()

    assert set(files_of_code(package)) == {"<string>"}


def test_two_builds_of_the_same_package_are_equal(package: Path) -> None:
    before = (package / FILE_NAME).read_bytes()

    build.write(package.parent)

    assert (package / FILE_NAME).read_bytes() == before
