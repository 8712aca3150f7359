"""Resolve versions and write `requirements/`, with hashes for every platform and no addresses.

Versions stay unless pyproject.toml requires others, or with --upgrade.
"""

import sys
from collections.abc import Sequence

from tools.bootstrap import REQUIREMENTS, ROOT, VERSION, run_uv

FORM = (
    "--universal",
    f"--python-version={VERSION}",
    "--generate-hashes",
    "--no-header",
    "--no-annotate",
    "--no-emit-index-url",
    "--no-emit-find-links",
)
# Extra indexes may hold only some files of a release; the locks need hashes of all platforms.
MAIN_INDEX_ONLY = {"UV_INDEX": "", "UV_FIND_LINKS": ""}


def lock(name: str, *arguments: str) -> None:
    """Write one lock; versions of the old one are preferred."""
    output = REQUIREMENTS / f"{name}.txt"
    run_uv("pip", "compile", *FORM, *arguments, f"--output-file={output}", **MAIN_INDEX_ONLY)
    if "://" in output.read_text():
        raise SystemExit(f"{output.relative_to(ROOT)} names an address")


def main(arguments: Sequence[str]) -> None:
    # The layers must ship what was tested, so the development environment's versions bind them.
    as_tested = ("--constraint", str(REQUIREMENTS / "dev.txt"))
    layers = ("--group=analytics", "--group=messages", "--group=tokens")
    lock("dev", "pyproject.toml", "--group=dev", *layers, *arguments)
    lock("runtime", "pyproject.toml", *as_tested, *arguments)
    lock("analytics", "--group=analytics", *as_tested, *arguments)
    lock("messages", "--group=messages", *as_tested, *arguments)
    lock("tokens", "--group=tokens", *as_tested, *arguments)
    lock("cloud", "--group=cloud", *arguments)
    lock("bootstrap", "--group=bootstrap", *arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
