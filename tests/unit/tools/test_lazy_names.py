"""Packages in the layer have the names that they have elsewhere, and import a module for each."""

import importlib
import subprocess
import sys
from inspect import getsource
from pathlib import Path

import pytest

from tools.lazy_names import GATHERING, lazy, origins, replace_all

SOURCE = '''
"""About the package."""

import logging
from pathlib import Path

from gathering.first import one, two as zwei
from .second import three

__all__ = ["one", "zwei", "three"]

logging.getLogger("gathering").addHandler(logging.NullHandler())
'''


def test_a_name_is_imported_from_its_module_when_it_is_asked_for(tmp_path: Path) -> None:
    package = tmp_path / "gathering"
    package.mkdir()
    (package / "first.py").write_text("one, two = 1, 2\n")
    (package / "second.py").write_text("three = 3\n")
    (package / "__init__.py").write_text(lazy(SOURCE, "gathering"))
    script = (
        "import sys, gathering\n"
        "loaded = lambda: sorted(name for name in sys.modules if name.startswith('gathering.'))\n"
        "print(loaded())\n"
        "from gathering import zwei\n"
        "print(zwei, loaded())\n"
        "from gathering import second, one\n"
        "print(one, second.three, gathering.three, loaded())\n"
        "print(hasattr(gathering, 'four'), hasattr(gathering, 'Path'))\n"
    )

    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert ran.stdout.splitlines() == [
        "[]",
        "2 ['gathering.first']",
        "1 3 3 ['gathering.first', 'gathering.second']",
        "False False",
    ]


@pytest.mark.parametrize("package", GATHERING)
def test_every_public_name_of_a_package_is_found_where_it_comes_from(package: str) -> None:
    module = importlib.import_module(package)
    found = origins(getsource(module), package)

    assert set(module.__all__) <= found.keys()
    for name, origin in found.items():
        there = importlib.import_module(origin.module)
        assert getattr(there, origin.name) is getattr(module, name)


def test_only_packages_that_are_installed_are_replaced(tmp_path: Path) -> None:
    package = tmp_path / "aws_lambda_powertools"
    package.mkdir()
    (package / "__init__.py").write_text("from aws_lambda_powertools.logging import Logger\n")

    replace_all(tmp_path)

    assert "'Logger': ('aws_lambda_powertools.logging', 'Logger')" in (
        package / "__init__.py"
    ).read_text(encoding="utf-8")
    assert list(tmp_path.rglob("*.py")) == [package / "__init__.py"]
