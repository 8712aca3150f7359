"""Bundle the chart library of the report pages, or check that the bundle is current.

`tools/npm` pins the library and its bundler with their integrity. The bundle is committed, so that
building and deploying needs neither npm nor the network. It begins with a digest of its sources, so
that a check does not have to bundle again.
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
    """Return the library as one script that defines `Plot`."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("Bundling the chart library needs npm.")
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
