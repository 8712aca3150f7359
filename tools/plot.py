"""Bundle the chart library that the pages of reports draw with, or check that the bundle is ours.

`tools/npm` names the library and its bundler, each pinned with its integrity. The bundle is
committed: who builds and deploys needs neither npm nor the network for it. It begins with a digest
of what it was made from, so that a check need not make it again.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

from tools.generated import ROOT, Generated, main

SOURCES: Final = ROOT / "tools" / "npm"
WORKSHOP: Final = ROOT / ".cache" / "npm"
BUNDLE: Final = ROOT / "layers" / "loyalty" / "python" / "loyalty" / "reports" / "pages" / "plot.js"
NOTICE: Final = SOURCES / "NOTICE"
MADE_FROM: Final = ("package.json", "package-lock.json", "plot.js")


def generated() -> Iterator[Generated]:
    is_ours = BUNDLE.is_file() and BUNDLE.read_text(encoding="utf-8").startswith(_banner())
    yield Generated(BUNDLE, is_current=is_ours, make=lambda: _banner() + _bundled())


def _banner() -> str:
    digest = hashlib.sha256(b"".join((SOURCES / name).read_bytes() for name in MADE_FROM))
    notice = NOTICE.read_text(encoding="utf-8").strip()
    return f"/* Made by tools/plot.py from {digest.hexdigest()}.\n\n{notice}\n*/\n"


def _bundled() -> str:
    """The library as one script that names it `Plot`."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("Bundling the chart library takes Node's npm.")
    WORKSHOP.mkdir(parents=True, exist_ok=True)
    for name in MADE_FROM:
        shutil.copyfile(SOURCES / name, WORKSHOP / name)
    subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=WORKSHOP,
        check=True,
        stdout=sys.stderr,
    )
    made = subprocess.run(
        [
            *(str(WORKSHOP / "node_modules" / ".bin" / "esbuild"), "plot.js"),
            *("--bundle", "--minify", "--format=iife", "--global-name=Plot", "--target=es2022"),
            *("--charset=utf8", "--legal-comments=none"),
        ],
        cwd=WORKSHOP,
        check=True,
        capture_output=True,
        text=True,
    )
    return made.stdout


if __name__ == "__main__":
    raise SystemExit(main(generated))
