"""The page that leads from each module to its tests."""

from pathlib import Path

import pytest

from tools.test_map import LAYER, own_tests, page, without_folder, without_tests

LEDGER = LAYER / "loyalty" / "domain" / "ledger"
USECASES = LAYER / "loyalty" / "usecases"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with a rule, a use case of that rule, and a function."""
    write(tmp_path, LEDGER / "lots.py", "def place(): ...\n")
    write(tmp_path, USECASES / "earn.py", "from loyalty.domain.ledger.lots import place\n")
    write(tmp_path, "functions/accrual/handler.py", "from loyalty.usecases import earn\n")
    return tmp_path


def write(root: Path, path: str | Path, source: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(source, encoding="utf-8")


def row(root: Path, module: str) -> str:
    """The tests that the page names for a module."""
    (line,) = [line for line in page(root).splitlines() if line.startswith(f"| [`{module}`](")]
    return line.split(" | ")[1].removesuffix(" |")


def test_the_mirrored_file_is_named_first_and_in_bold(root: Path) -> None:
    write(root, "tests/unit/domain/ledger/test_lots.py", "from loyalty.domain.ledger import lots\n")
    write(root, "tests/unit/domain/ledger/test_a.py", "from loyalty.domain.ledger import lots\n")

    assert row(root, "lots") == (
        "**[unit/domain/ledger/test_lots.py](unit/domain/ledger/test_lots.py)**, "
        "[unit/domain/ledger/test_a.py](unit/domain/ledger/test_a.py)"
    )


def test_importing_tests_are_named_with_the_smallest_tier_first(root: Path) -> None:
    for path in ("e2e/test_a.py", "integration/test_b.py", "unit/test_c.py"):
        write(root, f"tests/{path}", "import loyalty.domain.ledger.lots\n")

    assert row(root, "lots") == (
        "[unit/test_c.py](unit/test_c.py), [integration/test_b.py](integration/test_b.py), "
        "[e2e/test_a.py](e2e/test_a.py)"
    )


def test_a_module_that_no_test_imports_is_named_with_the_nearest_module_that_is_tested(
    root: Path,
) -> None:
    write(root, "tests/integration/test_orders.py", "from functions.accrual import handler\n")

    assert row(root, "lots") == (
        "through `functions.accrual.handler`: [integration/test_orders.py]"
        "(integration/test_orders.py)"
    )


def test_a_module_without_any_test_says_so(root: Path) -> None:
    assert row(root, "lots") == "none"


def test_a_function_s_own_tests_are_in_the_integration_tier(root: Path) -> None:
    write(root, "tests/integration/accrual/test_orders.py", "")
    write(root, "tests/integration/accrual/test_refunds.py", "")

    assert own_tests(root, Path("functions/accrual/handler.py")) == [
        Path("tests/integration/accrual/test_orders.py"),
        Path("tests/integration/accrual/test_refunds.py"),
    ]


def test_an_integration_test_is_in_the_folder_of_a_function(root: Path) -> None:
    write(root, "functions/accrual/handler.py", "")
    write(root, "tests/integration/accrual/test_orders.py", "")
    write(root, "tests/integration/across_functions/test_matrix.py", "")
    write(root, "tests/integration/test_stray.py", "")

    assert without_folder(root) == [Path("tests/integration/test_stray.py")]


def test_a_package_that_defines_nothing_is_left_out(root: Path) -> None:
    write(root, LEDGER / "__init__.py", '"""The ledger."""\n')

    assert "__init__" not in page(root)


def test_a_module_of_the_ledger_must_have_a_file_of_its_own(root: Path) -> None:
    assert without_tests(root) == [LEDGER / "lots.py"]

    write(root, "tests/unit/domain/ledger/test_lots.py", "")

    assert without_tests(root) == []
