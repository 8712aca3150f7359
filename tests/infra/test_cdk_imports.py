import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tools.bootstrap import ROOT


def imported_from_the_cdk(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(module="aws_cdk"):
                yield from (f"aws_cdk.{a.name}" for a in node.names if a.name.startswith("aws_"))
            case ast.ImportFrom(module=str(module)) if module.startswith("aws_cdk."):
                yield module
            case ast.Import():
                yield from (a.name for a in node.names if a.name.startswith("aws_cdk."))


def test_mypy_follows_every_cdk_module_that_we_import() -> None:
    overrides = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    followed = {
        module
        for override in overrides
        if override.get("follow_imports") == "normal"
        for module in override["module"]
    }
    sources = [ROOT / "app.py", *ROOT.glob("infra/**/*.py"), *ROOT.glob("tests/infra/**/*.py")]

    imported = {module for source in sources for module in imported_from_the_cdk(source)}

    assert imported
    assert imported <= followed
