"""The console's scripts, run by Node without a page."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from loyalty.edge import console

CONSOLE: Final = Path(console.__file__).parents[1] / "console"
_NODE: Final = Path(sys.prefix) / "bin" / "node"


def run_script(body: str, *, imports: dict[str, str], **constants: object) -> Any:
    """Return what `body` returns, as JSON.

    `imports` maps a file to the names that are imported from it; `constants` are values in `body`.
    """
    lines = [
        *(
            f"import {{ {names} }} from {json.dumps((CONSOLE / file).as_uri())};"
            for file, names in imports.items()
        ),
        *(f"const {name} = {json.dumps(value)};" for name, value in constants.items()),
        f"const answer = (() => {{ {body} }})();",
        "console.log(JSON.stringify(answer ?? null));",
    ]
    run = subprocess.run(
        [_NODE, "--input-type=module"],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)
