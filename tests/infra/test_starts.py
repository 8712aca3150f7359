"""What functions import when they start: a cold caller waits for each module.

Nothing here is timed, so it is the same on every machine; `make bench` compares the starts.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from infra.routes import ROUTES
from tests.support.layers import HANDLERS, run_function

pytestmark = pytest.mark.usefixtures("built")

ANSWERS_HTTP: Final = frozenset(route.function for route in ROUTES)
# What takes long to import, and the functions that do it at their start. All others import it when
# a request needs it, or never.
HEAVY: Final[dict[str, frozenset[str]]] = {
    "asyncio": frozenset(),
    "aws_lambda_powertools": ANSWERS_HTTP,
    "babel": frozenset({"notifications"}),
    "boto3": frozenset(),
    "botocore.session": frozenset(),
    "cryptography": frozenset({"authorizer"}),
    "duckdb": frozenset(),
    "email_validator": frozenset(),
    "iso4217": frozenset(),
    "jinja2": frozenset({"notifications"}),
    # What takes a document to try or to check, or writes mails by it.
    "loyalty.domain.program.document": frozenset(
        {"campaigns", "notifications", "program", "reporting"}
    ),
    "loyalty.storefronts.payloads": frozenset(),
    "phonenumbers": frozenset(),
    "pydantic": ANSWERS_HTTP,
    "urllib.request": frozenset({"authorizer"}),
}
# The largest of each kind, `intake` and `notifications`, and some room. Where this fails, see what
# a new import brings along.
MODULES_MAX: Final = 265
MODULES_MAX_OF_HTTP: Final = 445


@cache
def imported(name: str, sdk: Path) -> frozenset[str]:
    """The modules that a function's start adds to those of an empty one.

    Each starts once: all tests of `infra` run in one worker.
    """
    code = (
        "import json, sys\n"
        "before = set(sys.modules)\n"
        "import handler\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    return frozenset(json.loads(run_function(name, code, sdk=sdk)))


@pytest.mark.parametrize("library", HEAVY)
def test_only_named_functions_import_a_heavy_library_when_they_start(
    library: str, sdk: Path
) -> None:
    importing = {name for name in HANDLERS if library in imported(name, sdk)}

    assert importing == HEAVY[library]


@pytest.mark.parametrize("name", HANDLERS)
def test_a_function_imports_few_modules_when_it_starts(name: str, sdk: Path) -> None:
    most = MODULES_MAX_OF_HTTP if name in ANSWERS_HTTP else MODULES_MAX

    assert len(imported(name, sdk)) <= most


def test_every_library_is_one_that_a_function_could_import(sdk: Path) -> None:
    """A name that is misspelled here would never be found."""
    for library in HEAVY:
        name = "compaction" if library == "duckdb" else "accrual"
        name = "notifications" if library == "babel" else name
        name = "authorizer" if library == "cryptography" else name
        run_function(name, f"import {library}", sdk=sdk)
