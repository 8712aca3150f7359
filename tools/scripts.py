"""Check the console's scripts: types by tsc, lint and format by biome. `--fix` formats them.

Browsers run the scripts as they are; types stand in their comments.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tools import node
from tools.bundles import BUNDLES, CONSOLE
from tools.generated import ROOT

PACKAGES: Final = ROOT / "tools" / "javascript"
BUNDLED: Final = frozenset(bundle.path for bundle in BUNDLES)


def main(arguments: Sequence[str]) -> int:
    workshop = node.installed(PACKAGES)
    commands = workshop / "node_modules" / ".bin"
    scripts = sorted({*CONSOLE.rglob("*.js")} - BUNDLED)
    action = ("check", "--write") if "--fix" in arguments else ("ci",)
    options = (f"--config-path={PACKAGES}", "--colors=off", "--error-on-warnings")
    node.run([commands / "biome", *action, *options, *scripts], within=ROOT)
    node.run([commands / "tsc", "--project", _project(workshop)], within=ROOT)
    return 0


def _project(workshop: Path) -> Path:
    """Write where the scripts and the types of their libraries are, for the committed options."""
    file = workshop / "tsconfig.json"
    project = {
        "extends": str(PACKAGES / "tsconfig.json"),
        "compilerOptions": {"paths": {"lit/*": [str(workshop / "node_modules" / "lit" / "*")]}},
        "include": [f"{CONSOLE}/**/*.js", f"{CONSOLE}/*.d.ts"],
        "exclude": [str(path) for path in BUNDLED if not path.with_suffix(".d.ts").is_file()],
    }
    file.write_text(json.dumps(project), encoding="utf-8")
    return file


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
