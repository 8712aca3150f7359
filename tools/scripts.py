"""Check the console's scripts: types by tsc, lint and format by biome. `--fix` formats them.

Browsers run the scripts as they are; types stand in their comments. The types of what the API
answers are generated from its description.
"""

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tools import node
from tools.bundles import BUNDLES, CONSOLE
from tools.generated import ROOT

PACKAGES: Final = ROOT / "tools" / "javascript"
DESCRIPTION: Final = ROOT / "docs" / "openapi.json"
BUNDLED: Final = frozenset(bundle.path for bundle in BUNDLES)


def main(arguments: Sequence[str]) -> int:
    workshop = node.installed(PACKAGES)
    commands = workshop / "node_modules" / ".bin"
    scripts = sorted({*CONSOLE.rglob("*.js")} - BUNDLED)
    action = ("check", "--write") if "--fix" in arguments else ("ci",)
    options = (f"--config-path={PACKAGES}", "--colors=off", "--error-on-warnings")
    # Its `typescript` is the one that generates types; `tsc` is the compiler written in Go.
    compiler = workshop / "node_modules" / "tsc" / "bin" / "tsc"
    try:
        node.run([commands / "biome", *action, *options, *scripts], within=ROOT)
        node.run([node.NODE, compiler, "--project", _project(workshop)], within=ROOT)
    except node.CommandFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def _project(workshop: Path) -> Path:
    """Write where the scripts and the types of their libraries are, for the committed options."""
    file = workshop / "tsconfig.json"
    types = {
        "lit/*": [str(workshop / "node_modules" / "lit" / "*")],
        "loyalty-api": [str(_types_of_the_api(workshop))],
    }
    project = {
        "extends": str(PACKAGES / "tsconfig.json"),
        "compilerOptions": {"paths": types},
        "include": [f"{CONSOLE}/**/*.js", f"{CONSOLE}/*.d.ts"],
        "exclude": [str(path) for path in BUNDLED if not path.with_suffix(".d.ts").is_file()],
    }
    file.write_text(json.dumps(project), encoding="utf-8")
    return file


def _types_of_the_api(workshop: Path) -> Path:
    digest = hashlib.sha256(DESCRIPTION.read_bytes()).hexdigest()[:16]
    types = workshop / f"api-{digest}.d.ts"
    if not types.is_file():
        for outdated in workshop.glob("api-*.d.ts"):
            outdated.unlink()
        generator = workshop / "node_modules" / ".bin" / "openapi-typescript"
        node.run([generator, DESCRIPTION, "--output", types], within=ROOT)
    return types


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
