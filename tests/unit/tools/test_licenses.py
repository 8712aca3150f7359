"""Licenses of third parties: their texts are shipped, and one that nobody allowed is refused."""

from pathlib import Path

import pytest

from tools import licenses
from tools.bootstrap import Unprepared

MIT = "License-Expression: MIT"


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    return tmp_path / "layers" / "dependencies" / "python"


def install(packages: Path, name: str, *headers: str, texts: tuple[str, ...] = ()) -> None:
    """Leave what an installer leaves of a package of one module."""
    folder = packages / f"{name}-1.0.dist-info"
    folder.mkdir(parents=True)
    head = "\n".join(["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *headers])
    (folder / "METADATA").write_text(f"{head}\n\nWhat it is for.\n")
    (folder / "RECORD").write_text(f"{name}.py,,\n{name}-1.0.dist-info/METADATA,,\n")
    (packages / f"{name}.py").touch()
    for text in texts:
        path = folder / text
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"The terms of {name}.")


def keep(packages: Path) -> list[licenses.Package]:
    licenses.keep_texts(packages, into=packages.parent / licenses.FOLDER)
    found = licenses.shipped(packages.parent.parent)
    return [package for package in found if package.ecosystem == "pypi"]


def test_a_text_is_kept_wherever_the_package_has_it(packages: Path) -> None:
    install(packages, "new", MIT, texts=("licenses/LICENSE", "licenses/vendored/LICENSE.txt"))
    install(packages, "old", MIT, texts=("COPYING",))

    found = keep(packages)

    folder = packages.parent / licenses.FOLDER
    texts = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert texts == {
        "new-1.0/METADATA",
        "new-1.0/LICENSE",
        "new-1.0/vendored/LICENSE.txt",
        "old-1.0/METADATA",
        "old-1.0/COPYING",
    }
    assert (folder / "old-1.0" / "COPYING").read_text() == "The terms of old."
    assert [package.purl for package in found] == ["pkg:pypi/new@1.0", "pkg:pypi/old@1.0"]


def test_a_package_of_which_nothing_is_shipped_is_not_listed(packages: Path) -> None:
    install(packages, "dropped", "License-Expression: GPL-3.0-only")
    (packages / "dropped.py").unlink()

    assert keep(packages) == []


def test_a_package_without_the_text_of_its_license_is_refused(packages: Path) -> None:
    install(packages, "bare", MIT)

    with pytest.raises(Unprepared, match=r"bare-1\.0 comes without the text"):
        keep(packages)


@pytest.mark.parametrize(
    "headers",
    [
        ("License-Expression: GPL-3.0-only",),
        ("License: see the website",),
        ("Classifier: License :: OSI Approved :: BSD License",),
        (),
    ],
)
def test_a_license_that_nobody_allowed_fails_the_build(
    packages: Path, headers: tuple[str, ...]
) -> None:
    install(packages, "strange", *headers, texts=("LICENSE",))

    with pytest.raises(Unprepared, match=r"strange 1\.0 is under .* does not allow"):
        keep(packages)


def test_an_approved_license_counts_only_for_its_exact_words(packages: Path) -> None:
    install(
        packages,
        "Jinja2",
        "Classifier: License :: OSI Approved :: BSD License",
        texts=("LICENSE.txt",),
    )

    assert [package.license for package in keep(packages)] == ["BSD-3-Clause"]


def test_every_package_in_the_pages_bundle_is_listed() -> None:
    found = licenses.shipped(Path("there are no layers"))

    assert {package.layer for package in found} == {"loyalty"}
    assert {"@observablehq/plot", "d3-array"} <= {package.name for package in found}
    assert "esbuild" not in {package.name for package in found}
