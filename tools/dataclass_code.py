"""Compile the methods of our dataclasses, for `loyalty.dataclass_code`.

Imports every module of the package and notes what `dataclasses` would compile. What it compiles
for other packages meanwhile is noted too.
"""

import dataclasses
import importlib
import marshal
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PACKAGE = "loyalty"


def write(packages: Path) -> None:
    """Write the file into `packages/loyalty`, in a process that has imported none of it yet."""
    # Without the folder of this script: its modules are not to be found by their bare names.
    subprocess.run([sys.executable, "-P", __file__, str(packages)], check=True)


def main(packages: Path) -> None:
    sys.path.insert(0, str(packages))
    taking = importlib.import_module(f"{PACKAGE}.dataclass_code")
    codes = compiled(digest=taking.digest)
    file = packages / PACKAGE / taking.FILE_NAME
    file.write_bytes(marshal.dumps(dict(sorted(codes.items()))))


def compiled(*, digest: Callable[[str], bytes]) -> dict[bytes, bytes]:
    """Import every module of the package; returns the code by the digest of its source."""
    codes: dict[bytes, bytes] = {}

    def execute(source: str, names: dict[str, object], results: dict[str, object]) -> None:
        code = compile(source, "<dataclass>", "exec")
        codes[digest(source)] = marshal.dumps(code)
        exec(code, names, results)  # noqa: S102  # what `dataclasses` does with the source

    vars(dataclasses)["exec"] = execute
    package = importlib.import_module(PACKAGE)
    for module in pkgutil.walk_packages(package.__path__, f"{PACKAGE}."):
        importlib.import_module(module.name)
    return codes


if __name__ == "__main__":
    main(Path(sys.argv[1]))
