"""A TypeScript client generated from the API's description: it compiles strictly and sells."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.conftest import OpenProgram
from tools import node

ROOT: Final = Path(__file__).parents[2]
DESCRIPTION: Final = ROOT / "docs" / "openapi.json"
SOURCES: Final = Path(__file__).with_name("typescript")


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the client and the story that uses it."""
    packages = node.installed(SOURCES)
    folder = tmp_path_factory.mktemp("typescript")
    shutil.copytree(SOURCES, folder, dirs_exist_ok=True)
    (folder / "node_modules").symlink_to(packages / "node_modules")
    generator = folder / "node_modules" / ".bin" / "openapi-typescript"
    node.run([generator, DESCRIPTION, "--output", "api.ts"], within=folder)
    return folder


def test_the_contract_s_examples_compile_without_a_cast(generated: Path) -> None:
    node.run([generated / "node_modules" / ".bin" / "tsc", "--project", "."], within=generated)


def test_every_example_compiles(generated: Path) -> None:
    description: dict[str, Any] = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    lines = ['import type { components } from "./api.ts";']
    for methods in description["paths"].values():
        for operation in methods.values():
            for number, (schema, example) in enumerate(examples(operation)):
                name = f"{operation['operationId']}_{number}"
                typed = f'components["schemas"]["{schema}"]'
                lines.append(f"export const {name}: {typed} = {json.dumps(example)};")
    (generated / "examples.ts").write_text("\n".join(lines), encoding="utf-8")

    assert len(lines) > 70
    node.run([generated / "node_modules" / ".bin" / "tsc", "--project", "."], within=generated)


def examples(operation: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The models of an operation's request and successful answers, each with its example."""
    successes = [each for status, each in operation["responses"].items() if status < "300"]
    for message in (operation.get("requestBody", {}), *successes):
        for content in message.get("content", {}).values():
            if "$ref" in content["schema"]:
                yield content["schema"]["$ref"].split("/")[-1], content["example"]


def test_a_till_enrolls_sells_redeems_and_understands_a_refusal(
    generated: Path, program: OpenProgram
) -> None:
    address = program.deployed.api_url.removesuffix("/")
    tokens = (program.tokens["cashier"], program.tokens["analyst"])

    story = json.loads(
        node.run([node.NODE, "story.ts", address, program.id, *tokens], within=generated)
    )

    member = story.pop("member")
    assert story == {
        "quoted": 49,
        "first": [201, f"49 for {member}"],
        "again": [200, f"49 for {member}"],
        "redeemed": [40, "issued"],
        "used": "used",
        "refused": "voucher_used",
        # 25 to take back, of which 9 were not spent yet: this program leaves no debt.
        "refund": -9,
        "history": ["clawback", "redemption", "accrual"],
        "report": 200,
    }
