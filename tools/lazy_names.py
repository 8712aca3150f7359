"""Let a package that gathers names from its modules import a module when its name is asked for.

The `__init__` of some third-party packages imports every module that they have, and a cold worker
would wait for all of them to use one. In the layer it is replaced by one that knows where each name
comes from. Every `from package import name` works as before.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

# The first one's own import registers a header with the AWS SDK, and a log handler; neither is
# wanted. Together they take a third of the start of a function that answers HTTP.
GATHERING: Final = (
    "aws_lambda_powertools",
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.utilities.data_classes",
)
_CODE: Final = '''\
"""Names from the modules of this package, each imported when it is asked for."""

from importlib import import_module

_ORIGINS = {
%s
}


def __getattr__(name):
    if name not in _ORIGINS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, original = _ORIGINS[name]
    value = globals()[name] = getattr(import_module(module), original)
    return value
'''


class Origin(NamedTuple):
    """Where a name comes from, and what it is called there."""

    module: str
    name: str


def replace_all(packages: Path) -> None:
    """Replace the `__init__` of each gathering package that is installed in a folder."""
    for package in GATHERING:
        file = packages.joinpath(*package.split("."), "__init__.py")
        if file.is_file():
            file.write_text(lazy(file.read_text(encoding="utf-8"), package), encoding="utf-8")


def lazy(source: str, package: str) -> str:
    """The source of an `__init__` with the same names of its package's modules and no others."""
    lines = [
        f"    {name!r}: ({origin.module!r}, {origin.name!r}),"
        for name, origin in sorted(origins(source, package).items())
    ]
    return _CODE % "\n".join(lines)


def origins(source: str, package: str) -> dict[str, Origin]:
    """Where each name comes from that an `__init__` gathers from its package's own modules."""
    return dict(_origins(source, package))


def _origins(source: str, package: str) -> Iterator[tuple[str, Origin]]:
    for statement in ast.parse(source).body:
        if not isinstance(statement, ast.ImportFrom):
            continue
        module = statement.module or ""
        if statement.level:
            module = f"{package}.{module}"
        if module.startswith(f"{package}."):
            for alias in statement.names:
                yield alias.asname or alias.name, Origin(module, alias.name)
