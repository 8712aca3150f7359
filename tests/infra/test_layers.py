"""The built layers by themselves: nothing that only a development environment has is missed."""

import json
import re
from contextlib import ExitStack
from importlib.util import cache_from_source
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from bench.functions import EMPTY, Workers
from bench.runtime import lay_out_runtime
from infra.layers import DESCRIPTIONS
from tests.support.http import event, staff
from tests.support.layers import HANDLERS, LAYERS, run, run_function
from tools import build, licenses
from tools.bootstrap import REQUIREMENTS, ROOT

pytestmark = pytest.mark.usefixtures("built")

# In the public domain, and not shipped: `tools/build.py` drops it.
WITHOUT_TEXT = ("iso4217", "dnspython")


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Workers:
    return Workers(tmp_path_factory.mktemp("bench"))


@pytest.mark.parametrize("name", [EMPTY, *HANDLERS])
def test_every_function_starts_on_lambda_s_runtime_client_as_the_bench_starts_it(
    name: str, workers: Workers
) -> None:
    with ExitStack() as stack:
        worker = workers.start(stack, name)

        assert worker.init_s > 0


def test_the_bench_measures_every_function(workers: Workers) -> None:
    assert workers.names == HANDLERS


def test_the_bench_s_runtime_has_bytecode_for_every_module(tmp_path: Path) -> None:
    runtime = lay_out_runtime(tmp_path / "runtime")

    sources = [path for path in runtime.rglob("*.py") if path.stem.isidentifier()]
    assert len(sources) > 200
    assert [path for path in sources if not Path(cache_from_source(str(path))).is_file()] == []


@pytest.mark.parametrize(
    ("name", "method", "path", "status"),
    [
        ("program", "GET", "/v1/openapi.json", 200),
        ("enrollment", "POST", "/v1/programs/bean/members/lookup", 422),
        ("accrual", "POST", "/v1/programs/bean/orders", 422),
        ("redemption", "POST", "/v1/programs/bean/members/mem_1/redemptions", 400),
        ("reporting", "GET", "/v1/programs/bean/reports/summary", 422),
        ("notifications", "POST", "/v1/programs/bean/messages/preview", 422),
        ("webhooks_out", "PUT", "/v1/programs/bean/endpoints/crm", 422),
    ],
)
def test_a_first_request_is_answered_from_the_layers(
    name: str, method: str, path: str, status: int, sdk: Path
) -> None:
    """What is imported late is missed late; these need no table to be answered."""
    caller = staff("bean", "cashier", "analyst", "manager")
    request = json.dumps(event(method, path, raw="{}", as_=caller))

    output = run_function(
        name,
        "import handler, json\n"
        "from loyalty.edge.http import app\n"
        # The table says which roles were taken away.
        "app.require_in_force = lambda _principal: None\n"
        f"answer = handler.handler(json.loads({request!r}), None)\n"
        "print(answer['statusCode'])",
        sdk=sdk,
    )

    assert output.splitlines()[-1] == str(status)


def test_every_module_of_the_package_imports_from_the_layers(sdk: Path) -> None:
    output = run(
        "import importlib, loyalty, pkgutil\n"
        "for module in pkgutil.walk_packages(loyalty.__path__, 'loyalty.'):\n"
        "    importlib.import_module(module.name); print(module.name)",
        *(LAYERS / layer / "python" for layer in DESCRIPTIONS),
        sdk,
    )

    package = ROOT / "layers" / "loyalty" / "python" / "loyalty"
    assert "loyalty.domain.kernel.errors" in output.split()
    assert len(output.split()) >= len([p for p in package.rglob("*.py") if p.stem != "__init__"])


def test_libraries_that_read_their_own_files_find_them_in_the_layer() -> None:
    output = run(
        "import iso4217, phonenumbers, pydantic, ulid\n"
        "class Contact(pydantic.BaseModel):\n"
        "    email: pydantic.EmailStr\n"
        "print(Contact(email='Ada@EXAMPLE.org').email)\n"
        "print(phonenumbers.parse('030 123456', 'DE').country_code)\n"
        "print(iso4217.Currency('KWD').exponent)\n"
        "print(len(str(ulid.ULID())))",
        LAYERS / "dependencies" / "python",
    )

    assert output.split() == ["Ada@example.org", "49", "3", "26"]


def test_every_package_in_a_layer_comes_with_the_text_of_its_license() -> None:
    missing = []
    for layer, lock in build.THIRD_PARTY.items():
        locked = re.findall(r"^([\w.-]+)==(\S+)", (REQUIREMENTS / lock).read_text(), re.MULTILINE)
        for name, version in locked:
            folder = LAYERS / layer / licenses.FOLDER / f"{name}-{version}"
            texts = [path for path in folder.rglob("*") if path.name != licenses.METADATA]
            if not texts and name not in WITHOUT_TEXT:
                missing.append(name)

    assert missing == []


def test_the_bill_of_materials_is_valid_and_names_every_shipped_package() -> None:
    text = (ROOT / "build" / "local" / "sbom.json").read_text()
    bill = json.loads(text)
    listed = {each["purl"]: each["licenses"] for each in bill["components"]}
    installed = {
        f"pkg:pypi/{path.name.rpartition('-')[0]}@{path.name.rpartition('-')[2]}"
        for path in LAYERS.glob(f"*/{licenses.FOLDER}/*")
    }

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert len(installed) > 15
    assert installed <= set(listed)
    assert "pkg:npm/%40observablehq/plot@0.6.17" in listed
    assert all(listed.values())


def test_the_analytics_engine_runs_from_its_layer() -> None:
    output = run(
        "import duckdb; print(duckdb.sql('SELECT 6 * 7').fetchall())",
        LAYERS / "analytics" / "python",
    )

    assert output.strip() == "[(42,)]"
