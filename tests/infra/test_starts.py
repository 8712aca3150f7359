"""What functions import when they start: a cold caller waits for each module.

Nothing here is timed, so it is the same on every machine; `make bench` compares the starts.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

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
        {"campaigns", "exports", "notifications", "program", "reporting"}
    ),
    "loyalty.storefronts.payloads": frozenset(),
    "phonenumbers": frozenset(),
    "pydantic": ANSWERS_HTTP,
    "urllib.request": frozenset({"authorizer"}),
}
# The largest of each kind, `compaction` and `campaigns`, and some room. Where this fails, see
# what a new import brings along.
MODULES_MAX: Final = 370
MODULES_MAX_OF_HTTP: Final = 545
# Classes of ours that `dataclasses` makes at each start, because the build cannot write them out
# (`tools/dataclass_code.py`): they are mutable, ordered, or have a dictionary.
MADE_AT_START: Final = frozenset(
    {
        "loyalty.domain.ledger.explaining._Brought",
        "loyalty.domain.ledger.explaining._Pile",
        "loyalty.domain.orders.order.OrderRef",
        "loyalty.domain.trials.decided.OrderOnTrial",
        "loyalty.domain.trials.history.History",
        "loyalty.domain.trials.replay.Replay",
        "loyalty.domain.trials.tally.Tally",
        "loyalty.edge.http.caller_limits._Bucket",
        "loyalty.lake.connections.OpenConnection",
        "loyalty.lake.mirror.Held",
        "loyalty.lake.segment_sql.SegmentQuery",
        "loyalty.sdk.signing._Day",
        "loyalty.usecases.people.member_export.ExportPage",
        "loyalty.usecases.ports.Desk",
    }
)
_START: Final = """
import json, sys
before = set(sys.modules)
import dataclasses, typing
made = []
def noting(names, make):
    def note(cls, *others, **options):
        names.append(f"{cls.__module__}.{cls.__qualname__}")
        return make(cls, *others, **options)
    return note
dataclasses._process_class = noting(made, dataclasses._process_class)
import handler
core = sys.modules.get("pydantic_core.core_schema")
typed = [name for name, value in vars(core).items() if typing.is_typeddict(value)] if core else []
print(json.dumps([sorted(set(sys.modules) - before), made, typed]))
"""


class Start(NamedTuple):
    """What a function's start adds to that of an empty one.

    `made` are the classes that `dataclasses` made, and `typed` the typed dicts of Pydantic's core.
    """

    modules: frozenset[str]
    made: frozenset[str]
    typed: frozenset[str]


@cache
def start(name: str, sdk: Path) -> Start:
    """Each function starts once: all tests of `infra` run in one worker."""
    return Start(*map(frozenset, json.loads(run_function(name, _START, sdk=sdk))))


@pytest.mark.parametrize("library", HEAVY)
def test_only_named_functions_import_a_heavy_library_when_they_start(
    library: str, sdk: Path
) -> None:
    importing = {name for name in HANDLERS if library in start(name, sdk).modules}

    assert importing == HEAVY[library]


@pytest.mark.parametrize("name", HANDLERS)
def test_a_function_imports_few_modules_when_it_starts(name: str, sdk: Path) -> None:
    answers_http = name in ANSWERS_HTTP
    alike = [each for each in HANDLERS if (each in ANSWERS_HTTP) is answers_http]
    modules = start(name, sdk).modules
    # What few others import is where to look first.
    rare = {
        module
        for module in modules
        if sum(module in start(each, sdk).modules for each in alike) * 4 < len(alike)
    }

    most = MODULES_MAX_OF_HTTP if answers_http else MODULES_MAX
    assert len(modules) <= most, sorted(rare)


@pytest.mark.parametrize("name", HANDLERS)
def test_a_start_finds_its_classes_written_out(name: str, sdk: Path) -> None:
    ours = {made for made in start(name, sdk).made if made.startswith("loyalty.")}
    # Reports and trials read the fields of facts, which are then described.
    described = {made for made in ours if made.startswith("loyalty.dataclass_code.")}

    assert ours - described - MADE_AT_START == set()
    assert not described or name in {"exports", "reporting"}


@pytest.mark.parametrize("name", HANDLERS)
def test_a_start_makes_no_types_that_only_describe_dicts(name: str, sdk: Path) -> None:
    assert start(name, sdk).typed == frozenset()


def test_every_library_is_one_that_a_function_could_import(sdk: Path) -> None:
    """A name that is misspelled here would never be found."""
    for library in HEAVY:
        name = "compaction" if library == "duckdb" else "accrual"
        name = "notifications" if library == "babel" else name
        name = "authorizer" if library == "cryptography" else name
        run_function(name, f"import {library}", sdk=sdk)
