"""Bundle the libraries of the console, or check that the bundles are current.

`tools/npm` pins the libraries and their bundler with their integrity. The bundles are committed, so
that building and deploying needs neither npm nor the network. Each begins with a digest of its
sources, so that a check does not have to bundle again.
"""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools import node
from tools.generated import ROOT, Generated, main

SOURCES: Final = ROOT / "tools" / "npm"
CONSOLE: Final = ROOT / "layers" / "loyalty" / "python" / "loyalty" / "console"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A library as one file; `form` are the options that decide how it is loaded."""

    name: str
    form: tuple[str, ...]

    @property
    def path(self) -> Path:
        return CONSOLE / f"{self.name}.js"

    @property
    def notice(self) -> Path:
        return SOURCES / f"{self.name}.NOTICE"

    @property
    def made_from(self) -> tuple[Path, ...]:
        names = ("package.json", "package-lock.json", f"{self.name}.js")
        return tuple(SOURCES / name for name in names)

    @property
    def banner(self) -> str:
        digest = hashlib.sha256(b"".join(path.read_bytes() for path in self.made_from))
        notice = self.notice.read_text(encoding="utf-8").strip()
        return f"/* Made by tools/bundles.py from {digest.hexdigest()}.\n\n{notice}\n*/\n"

    def is_current(self) -> bool:
        return self.path.is_file() and self.path.read_text(encoding="utf-8").startswith(self.banner)

    def make(self) -> str:
        workshop = node.installed(SOURCES)
        shutil.copyfile(SOURCES / f"{self.name}.js", workshop / f"{self.name}.js")
        bundled = node.run(
            [
                *(workshop / "node_modules" / ".bin" / "esbuild", f"{self.name}.js"),
                *("--bundle", "--minify", *self.form, "--target=es2022"),
                *("--charset=utf8", "--legal-comments=none"),
            ],
            within=workshop,
        )
        return self.banner + bundled


# The page of a single report cannot import a module, so Plot is a script that defines `Plot`.
BUNDLES: Final = (
    Bundle("lit", ("--format=esm",)),
    Bundle("plot", ("--format=iife", "--global-name=Plot")),
)


def generated() -> Iterator[Generated]:
    for bundle in BUNDLES:
        yield Generated(bundle.path, is_current=bundle.is_current(), make=bundle.make)


if __name__ == "__main__":
    raise SystemExit(main(generated))
