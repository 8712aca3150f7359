"""The packages in the layers and their licenses.

A layer holds `licenses/<name>-<version>/` for every package in it: the license texts, which most
licenses require to be shipped along, and the headers of its metadata. The pages' chart library is
bundled into one script with its notice at the top.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from importlib.metadata import PathDistribution
from pathlib import Path
from typing import Final
from urllib.parse import quote

from tools.bootstrap import ROOT, Unprepared

FOLDER: Final = "licenses"
METADATA: Final = "METADATA"
BUNDLED: Final = ROOT / "tools" / "npm" / "package-lock.json"

# Licenses that are compatible with ours, Apache-2.0, in a product that merchants run and change. A
# package under any other license fails the build, so that somebody reads it and decides.
ALLOWED: Final = frozenset({
    "Apache-2.0", "Apache-2.0 OR BSD-3-Clause", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT",
    "MIT-0", "PSF-2.0", "Unlicense", "LicenseRef-Public-Domain",
})  # fmt: skip
# What a package states instead of an SPDX identifier, and the license that its text really is.
READ: Final = {
    ("jinja2", "BSD License"): "BSD-3-Clause",
    ("duckdb", "MIT License"): "MIT",
    ("iso4217", "Public Domain"): "LicenseRef-Public-Domain",
}
# These require nothing, so a package may come without the text.
ASKING_NOTHING: Final = frozenset({"LicenseRef-Public-Domain", "MIT-0", "Unlicense"})
TEXTS: Final = ("LICEN[CS]E*", "COPYING*", "NOTICE*", "AUTHORS*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A third-party package in a layer."""

    ecosystem: str
    name: str
    version: str
    license: str
    layer: str

    @property
    def purl(self) -> str:
        """The package URL, which vulnerability databases use."""
        return f"pkg:{self.ecosystem}/{quote(self.name)}@{self.version}"


def keep_texts(packages: Path, *, into: Path) -> None:
    """Copy the license texts of installed packages beside them, before the metadata is removed.

    A package without any file left to ship is skipped.

    Raises:
        Unprepared: a package has no license text although its license requires one.
    """
    for folder in sorted(packages.glob("*.dist-info")):
        distribution = PathDistribution(folder)
        if not _is_shipped(distribution, packages):
            continue
        name = f"{_normal(distribution.name)}-{distribution.version}"
        texts = _texts(folder)
        if not texts and declared(_headers(folder / METADATA)) not in ASKING_NOTHING:
            raise Unprepared(f"{name} comes without the text of its license.")
        destination = into / name
        destination.mkdir(parents=True)
        (destination / METADATA).write_text(_head(folder / METADATA), encoding="utf-8")
        for text in texts:
            # Most packages have a folder for them already (PEP 639).
            target = destination / text.relative_to(folder).as_posix().removeprefix("licenses/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(text, target)


def shipped(layers: Path) -> list[Package]:
    """Return every package in the built layers.

    Raises:
        Unprepared: a package is under a license that is not allowed.
    """
    packages = [*_installed(layers), *_bundled()]
    for package in packages:
        if package.license not in ALLOWED:
            raise Unprepared(
                f"{package.name} {package.version} is under {package.license or 'no license'!r}, "
                "which tools/licenses.py does not allow."
            )
    return packages


def declared(headers: Message) -> str:
    """Return the SPDX license in a package's metadata, or what is stated instead."""
    name = _normal(headers["Name"])
    classifiers = [
        each.rpartition(" :: ")[2]
        for each in headers.get_all("Classifier", [])
        if each.startswith("License :: ")
    ]
    statement = headers["License-Expression"] or headers["License"] or ", ".join(classifiers)
    return READ.get((name, statement), statement)


def _installed(layers: Path) -> Iterator[Package]:
    for metadata in sorted(layers.glob(f"*/{FOLDER}/*/{METADATA}")):
        headers = _headers(metadata)
        yield Package(
            ecosystem="pypi",
            name=_normal(headers["Name"]),
            version=headers["Version"],
            license=declared(headers),
            layer=metadata.relative_to(layers).parts[0],
        )


def _bundled() -> Iterator[Package]:
    """Yield the packages that the report pages' script is bundled from."""
    for path, locked in json.loads(BUNDLED.read_text(encoding="utf-8"))["packages"].items():
        if path and not locked.get("dev"):
            yield Package(
                ecosystem="npm",
                name=path.rpartition("node_modules/")[2],
                version=locked["version"],
                license=locked.get("license", ""),
                layer="loyalty",
            )


def _is_shipped(distribution: PathDistribution, packages: Path) -> bool:
    return any(
        (packages / file).exists()
        for file in distribution.files or ()
        if not file.parts[0].endswith(".dist-info")
    )


def _texts(folder: Path) -> list[Path]:
    found = {path for pattern in TEXTS for path in folder.rglob(pattern) if path.is_file()}
    return sorted(found)


def _head(metadata: Path) -> str:
    """The headers without the description that follows them."""
    return metadata.read_text(encoding="utf-8").partition("\n\n")[0] + "\n"


def _headers(metadata: Path) -> Message:
    return HeaderParser().parsestr(_head(metadata))


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
