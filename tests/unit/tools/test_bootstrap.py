import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from tools.bootstrap import (
    ROOT,
    Machine,
    Unprepared,
    find_python,
    pip_settings,
    uv_environment,
)


def executable(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def python(path: Path, version: str = "3.13", implementation: str = "cpython") -> Path:
    """A stand-in that answers a probe as an interpreter at that place would."""
    return executable(path, f"echo '{implementation} {version} {path}'")


def failing_shim(path: Path) -> Path:
    return executable(path, f"echo 'pyenv: {path.name}: command not found' >&2; exit 127")


def machine(
    *path: Path,
    home: Path,
    bins: tuple[Path, ...] = (),
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Machine:
    environment = {"PATH": os.pathsep.join(str(p) for p in path), **variables}
    return Machine(environment=environment, homes=[home], bins=bins)


def test_a_python_that_runs_is_found_on_path(tmp_path: Path) -> None:
    real = python(tmp_path / "bin" / "python3.13")

    found = find_python(machine(tmp_path / "bin", home=tmp_path))

    assert found == real


def test_the_interpreter_behind_a_shim_that_works_is_taken(tmp_path: Path) -> None:
    real = python(tmp_path / "opt" / "python3.13")
    executable(tmp_path / "shims" / "python3.13", f'exec "{real}" "$@"')

    found = find_python(machine(tmp_path / "shims", home=tmp_path))

    assert found == real


def test_behind_a_failing_shim_a_later_folder_of_path_is_tried(tmp_path: Path) -> None:
    failing_shim(tmp_path / "shims" / "python3.13")
    real = python(tmp_path / "bin" / "python3.13")

    found = find_python(machine(tmp_path / "shims", tmp_path / "bin", home=tmp_path))

    assert found == real


def test_a_version_that_pyenv_has_is_found_where_its_shims_fail(tmp_path: Path) -> None:
    pyenv = tmp_path / "somewhere" / "pyenv"
    failing_shim(pyenv / "shims" / "python3.13")
    real = python(pyenv / "versions" / "3.13.0" / "bin" / "python3.13")

    found = find_python(machine(pyenv / "shims", home=tmp_path))

    assert found == real


@pytest.mark.parametrize(
    "place",
    [
        ".pyenv/versions/{}/bin/python3.13",
        ".local/share/uv/python/cpython-{}-linux-x86_64-gnu/bin/python3.13",
    ],
)
def test_the_newest_patch_in_a_home_is_taken_first(tmp_path: Path, place: str) -> None:
    python(tmp_path / place.format("3.13.9"))
    newest = python(tmp_path / place.format("3.13.11"))

    found = find_python(machine(home=tmp_path))

    assert found == newest


@pytest.mark.parametrize(
    ("variable", "place"),
    [
        ("PYENV_ROOT", "versions/3.13.1/bin"),
        ("UV_PYTHON_INSTALL_DIR", "cpython-3.13.1-macos-aarch64-none/bin"),
    ],
)
def test_a_root_that_the_environment_names_is_searched(
    tmp_path: Path, variable: str, place: str
) -> None:
    real = python(tmp_path / "root" / place / "python3.13")

    found = find_python(machine(home=tmp_path, variables={variable: str(tmp_path / "root")}))

    assert found == real


def test_the_usual_folders_are_searched_last(tmp_path: Path) -> None:
    real = python(tmp_path / "local" / "python3.13")

    found = find_python(machine(home=tmp_path, bins=(tmp_path / "local",)))

    assert found == real


@pytest.mark.parametrize(
    ("version", "implementation"), [("3.12", "cpython"), ("3.130", "cpython"), ("3.13", "pypy")]
)
def test_a_different_version_under_that_name_is_skipped(
    tmp_path: Path, version: str, implementation: str
) -> None:
    python(tmp_path / "first" / "python3.13", version, implementation)
    real = python(tmp_path / "second" / "python3.13")

    found = find_python(machine(tmp_path / "first", tmp_path / "second", home=tmp_path))

    assert found == real


def test_a_given_python_comes_before_all_others(tmp_path: Path) -> None:
    python(tmp_path / "bin" / "python3.13")
    given = python(tmp_path / "mine" / "python")

    found = find_python(machine(tmp_path / "bin", home=tmp_path, variables={"PYTHON": str(given)}))

    assert found == given


def test_a_given_python_of_another_version_is_refused_by_name(tmp_path: Path) -> None:
    python(tmp_path / "bin" / "python3.13")
    given = python(tmp_path / "mine" / "python", "3.12")

    with pytest.raises(Unprepared, match=f"PYTHON={given} is not a Python 3.13 that runs"):
        find_python(machine(tmp_path / "bin", home=tmp_path, variables={"PYTHON": str(given)}))


def test_a_missing_python_is_reported_with_how_to_get_one(tmp_path: Path) -> None:
    failing_shim(tmp_path / "shims" / "python3.13")

    with pytest.raises(Unprepared, match=r"pyenv install 3\.13") as refusal:
        find_python(machine(tmp_path / "shims", home=tmp_path))

    assert "make PYTHON=/path/to/python3.13" in str(refusal.value)


def test_a_person_reads_a_sentence_and_no_traceback(tmp_path: Path) -> None:
    copy = tmp_path / "tools" / "bootstrap.py"
    copy.parent.mkdir()
    copy.write_bytes((ROOT / "tools" / "bootstrap.py").read_bytes())
    (tmp_path / "requirements").mkdir()
    for lock in ("bootstrap.txt", "dev.txt"):
        (tmp_path / "requirements" / lock).touch()

    done = subprocess.run(
        [sys.executable, "-I", str(copy)],
        env={"PYTHON": "/nowhere/python3.13"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.strip() == "PYTHON=/nowhere/python3.13 is not a Python 3.13 that runs."


def test_uv_fetches_from_where_pip_is_told_to() -> None:
    listing = (
        "global.cert='/etc/ssl/ours.pem'\n"
        "global.extra-index-url='file:///one\\nfile:///two'\n"
        "global.find-links='/wheels /more'\n"
        "global.index-url='https://index.example/simple'\n"
    )

    environment = uv_environment(pip_settings(listing), {"PATH": "/bin"})

    assert environment == {
        "PATH": "/bin",
        "SSL_CERT_FILE": "/etc/ssl/ours.pem",
        "UV_DEFAULT_INDEX": "https://index.example/simple",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_INDEX": "file:///one file:///two",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_SYSTEM_CERTS": "1",
    }


def test_pip_settings_of_the_environment_win_over_the_files() -> None:
    listing = (
        ":env:.index-url='https://environment.example/simple'\n"
        "download.index-url='https://other-command.example/simple'\n"
        "global.index-url='https://file.example/simple'\n"
        "install.index-url='https://install.example/simple'\n"
    )

    assert pip_settings(listing) == {"index-url": "https://environment.example/simple"}


def test_uv_settings_of_the_environment_win_over_pip_settings() -> None:
    environment = {"UV_DEFAULT_INDEX": "https://uv.example/simple"}

    variables = uv_environment({"index-url": "https://pip.example/simple"}, environment)

    assert variables["UV_DEFAULT_INDEX"] == "https://uv.example/simple"
