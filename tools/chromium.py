"""A Chromium for page tests and screenshots: the machine's own, or the one that npm has."""

import os
import shutil
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tools import node
from tools.bootstrap import alone
from tools.generated import ROOT

PACKAGES: Final = ROOT / "tests" / "browser"
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC: Final = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
# The package is compressed with Brotli, which Node has and Python does not.
_UNPACK: Final = """
const { pipeline } = require("node:stream/promises");
const { createReadStream, createWriteStream, readdirSync } = require("node:fs");
const { createBrotliDecompress } = require("node:zlib");
const [from, into] = process.argv.slice(1);
const unpack = (name) => pipeline(
  createReadStream(`${from}/${name}`),
  createBrotliDecompress(),
  createWriteStream(`${into}/${name.replace(/\\.br$/, "")}`),
);
Promise.all(readdirSync(from).map(unpack)).catch((error) => {
  console.error(error);
  process.exit(1);
});
"""
# The package's own names folders of Lambda.
_FONTS: Final = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir><dir>/usr/share/fonts</dir></fontconfig>
"""


@dataclass(frozen=True, slots=True)
class Chromium:
    """A program, and the variables that it needs in its environment."""

    path: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def arguments(self) -> tuple[str, ...]:
        """Options to run it without a screen, and as root in a container."""
        return ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")

    @property
    def environment(self) -> dict[str, str | float | bool]:
        return {**os.environ, **self.variables}


def chromium() -> Chromium:
    """Find the machine's Chromium, or unpack npm's, which is for Linux on x86-64."""
    for name in _NAMES:
        if found := shutil.which(name):
            return Chromium(Path(found))
    if _MAC.is_file():
        return Chromium(_MAC)
    folder = _unpacked(node.installed(PACKAGES))
    libraries = os.pathsep.join((str(folder / "lib"), str(folder)))
    return Chromium(
        folder / "chromium",
        {
            "LD_LIBRARY_PATH": libraries,
            "FONTCONFIG_FILE": str(folder / "fonts.conf"),
            "HOME": str(folder),
        },
    )


def axe() -> str:
    """Return the script that checks a page against the rules of accessibility."""
    packages = node.installed(PACKAGES)
    return (packages / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def _unpacked(packages: Path) -> Path:
    folder = packages / "chromium"
    with alone("chromium"):
        if not folder.is_dir():
            staging = packages / ".chromium"
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir()
            packed = packages / "node_modules" / "@sparticuz" / "chromium" / "bin"
            node.run([node.NODE, "-e", _UNPACK, packed, staging], within=packages)
            for archive in staging.glob("*.tar"):
                with tarfile.open(archive) as files:
                    files.extractall(staging, filter="data")
                archive.unlink()
            (staging / "fonts.conf").write_text(_FONTS, encoding="utf-8")
            (staging / "chromium").chmod(0o755)
            staging.rename(folder)
    return folder


if __name__ == "__main__":
    print(chromium().path)
