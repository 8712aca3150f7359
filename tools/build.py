"""Build the layers and functions: `build/<platform>/{layers,functions}/<name>`, with bytecode.

Beside each folder lies `<name>.hash`, a digest of what the folder was built from: equal sources
are one asset, wherever they are built. Only what changed is built again.
`build/<platform>/sbom.json` lists the packages in the layers with their licenses.
"""

import argparse
import compileall
import hashlib
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from py_compile import PycInvalidationMode

from tools import dataclass_code, lazy_names, licenses, plain_types
from tools.bootstrap import REQUIREMENTS, ROOT, VERSION, Unprepared, alone, run_uv

BUILD = ROOT / "build"
# Lambda's Python 3.13 runs on glibc 2.34. `local` is this machine, whatever it is.
UV_PLATFORMS = {
    "local": None,
    "arm64": "aarch64-manylinux_2_28",
    "x86_64": "x86_64-manylinux_2_28",
}
THIRD_PARTY = {
    "dependencies": "runtime.txt",
    "analytics": "analytics.txt",
    "messages": "messages.txt",
    "tokens": "tokens.txt",
}
# What a function never reads: a smaller layer starts a cold worker sooner.
DROPPED = (
    "bin",
    "*/tests",
    "**/*.pyi",
    ".lock",
    # The Lambda runtime brings the AWS SDK.
    "boto3",
    "botocore",
    # Only needed to check whether an e-mail's domain receives mail; no request may wait for that.
    "dns",
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/*.js",
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/*.css",
    # Every cold worker unpacks the layer file by file, and these were a third of the files: the
    # short numbers of each country, which no customer has, and utilities that no function uses.
    "phonenumbers/shortdata/region_*.py",
    "aws_lambda_powertools/utilities/auth_alpha",
    "aws_lambda_powertools/utilities/circuit_breaker",
    "aws_lambda_powertools/utilities/data_masking",
    "aws_lambda_powertools/utilities/feature_flags",
    "aws_lambda_powertools/utilities/idempotency",
    "aws_lambda_powertools/utilities/kafka",
    "aws_lambda_powertools/utilities/parameters",
    "aws_lambda_powertools/utilities/streaming",
)
# Versions read at run time: email-validator's by pydantic, their own by the others.
KEPT_METADATA = ("duckdb-", "email_validator-", "python_ulid-")
NOT_SHIPPED = shutil.ignore_patterns("__pycache__", "*.pyc", ".DS_Store", ".*_cache")
# Where Lambda mounts them, so that a traceback names a file that exists there.
LAYER_MOUNT = "/opt/python"
FUNCTION_MOUNT = "/var/task"
# Part of every hash. Raise it when the same sources must become a different asset.
RECIPE = "4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A folder to build, what it is built from, and how."""

    folder: Path
    sources: str
    fill: Callable[[Path], None]
    code: Path
    mount: str
    # Makes better bytecode of some modules, if there is any to make.
    optimize: Callable[[Path], None] = lambda _code: None

    @property
    def hash_file(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.hash")

    def is_current(self) -> bool:
        return (
            self.folder.is_dir()
            and self.hash_file.is_file()
            and self.hash_file.read_text(encoding="ascii") == self.sources
        )


def assets(platform: str, *, root: Path = ROOT, build: Path = BUILD) -> Iterator[Asset]:
    """Yield everything that is deployed, for one platform."""
    out = build / platform
    for name, lock in THIRD_PARTY.items():
        yield _third_party(out / "layers" / name, lock=REQUIREMENTS / lock, platform=platform)
    shared = root / "layers" / "loyalty" / "python"
    yield _shared(out / "layers" / "loyalty", source=shared)
    for handler in sorted(root.glob("functions/*/handler.py")):
        source = handler.parent
        yield _function(out / "functions" / source.name, source=source)


def _third_party(folder: Path, *, lock: Path, platform: str) -> Asset:
    def fill(staging: Path) -> None:
        packages = staging / "python"
        install(lock, into=packages, platform=platform)
        drop(packages)
        lazy_names.replace_all(packages)
        plain_types.replace_all(packages)
        licenses.keep_texts(packages, into=staging / licenses.FOLDER)
        drop_metadata(packages)

    recipe = [
        *(RECIPE, platform, *DROPPED, *KEPT_METADATA, *lazy_names.GATHERING, plain_types.PLAIN),
        lock.read_text(encoding="utf-8"),
    ]
    digest = hashlib.sha256("\n".join(recipe).encode()).hexdigest()
    return Asset(folder=folder, sources=digest, fill=fill, code=Path("python"), mount=LAYER_MOUNT)


def _shared(folder: Path, *, source: Path) -> Asset:
    code = Path("python")

    def fill(staging: Path) -> None:
        shutil.copytree(source, staging / code, ignore=NOT_SHIPPED)

    return Asset(
        folder=folder,
        sources=digest_of(source),
        fill=fill,
        code=code,
        mount=LAYER_MOUNT,
        optimize=partial(dataclass_code.write, mount=LAYER_MOUNT),
    )


def _function(folder: Path, *, source: Path) -> Asset:
    def fill(staging: Path) -> None:
        shutil.copytree(source, staging, ignore=NOT_SHIPPED, dirs_exist_ok=True)

    return Asset(
        folder=folder, sources=digest_of(source), fill=fill, code=Path(), mount=FUNCTION_MOUNT
    )


def digest_of(folder: Path) -> str:
    """Return a digest of a folder's sources: names and contents, without bytecode and caches."""
    digest = hashlib.sha256(RECIPE.encode())
    for file in _shipped(folder, below=folder):
        name = file.relative_to(folder).as_posix().encode()
        content = file.read_bytes()
        digest.update(b"%d %b %d %b" % (len(name), name, len(content), content))
    return digest.hexdigest()


def _shipped(folder: Path, *, below: Path) -> Iterator[Path]:
    entries = sorted(below.iterdir())
    ignored = NOT_SHIPPED(str(below), [entry.name for entry in entries])
    for entry in entries:
        if entry.name in ignored:
            continue
        if entry.is_dir():
            yield from _shipped(folder, below=entry)
        else:
            yield entry


def install(lock: Path, *, into: Path, platform: str) -> None:
    """Install wheels for a platform; nothing is compiled here, so no Docker is needed."""
    target = UV_PLATFORMS[platform]
    other = () if target is None else (f"--python-platform={target}",)
    run_uv(
        *("pip", "install", "--require-hashes", "--no-deps", "--only-binary=:all:"),
        *("--link-mode=copy", f"--python={sys.executable}", f"--python-version={VERSION}", *other),
        *(f"--target={into}", f"--requirement={lock}"),
    )


def drop(packages: Path) -> None:
    """Remove what a function never reads."""
    for pattern in DROPPED:
        for path in list(packages.glob(pattern)):
            remove(path)


def drop_metadata(packages: Path) -> None:
    """Remove the metadata of packages, except versions that are read at run time."""
    for metadata in packages.glob("*.dist-info"):
        if not metadata.name.startswith(KEPT_METADATA):
            remove(metadata)
            continue
        for path in metadata.iterdir():
            if path.name != "METADATA":
                remove(path)


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def make(asset: Asset) -> None:
    """Build in a temporary folder, then move it into place."""
    asset.folder.parent.mkdir(parents=True, exist_ok=True)
    asset.hash_file.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=asset.folder.parent, prefix=".building-") as temporary:
        staging = Path(temporary) / asset.folder.name
        staging.mkdir()
        asset.fill(staging)
        compile_all(staging / asset.code, mount=asset.mount)
        asset.optimize(staging / asset.code)
        make_readable(staging)
        if asset.folder.exists():
            asset.folder.rename(Path(temporary) / "replaced")
        staging.rename(asset.folder)
    asset.hash_file.write_text(asset.sources, encoding="ascii")


def compile_all(code: Path, *, mount: str) -> None:
    """Add bytecode that is trusted without a check: zips change times, and checks cost time."""
    compiled = compileall.compile_dir(
        code,
        maxlevels=50,
        quiet=1,
        force=True,
        stripdir=str(code),
        prependdir=mount,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
    if not compiled:
        raise Unprepared(f"{code} holds Python that does not compile.")


def make_readable(folder: Path) -> None:
    """Make files readable for all: Lambda runs as a different user than the one who built."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def build(platform: str) -> None:
    """Build what is not current, remove what is no longer deployed, and report the sizes."""
    current = list(assets(platform))
    for asset in current:
        if asset.is_current():
            continue
        started = time.monotonic()
        make(asset)
        name = asset.folder.relative_to(ROOT)
        took = time.monotonic() - started
        print(f"{name!s:42} {size_mb(asset.folder):6.1f} MB {took:6.1f} s", flush=True)
    remove_others(current)
    list_materials(platform)


def list_materials(platform: str, *, build: Path = BUILD) -> None:
    """Check the licenses of all that is shipped, and list it in `build/<platform>/sbom.json`.

    Raises:
        Unprepared: a license is not allowed.
    """
    out = build / platform
    packages = licenses.shipped(out / "layers")
    bill = out / "sbom.json"
    digest = out / "sbom.hash"
    sources = hashlib.sha256(f"{RECIPE} {packages}".encode()).hexdigest()
    if bill.is_file() and digest.is_file() and digest.read_text(encoding="ascii") == sources:
        return
    # It costs half of an ordinary build's time, so it is imported when it is needed.
    from tools import sbom  # noqa: PLC0415

    sbom.write(packages, into=bill, platform=platform)
    digest.write_text(sources, encoding="ascii")


def remove_others(current: Sequence[Asset]) -> None:
    """Remove the folders of functions that were renamed or removed."""
    paths = {path for asset in current for path in (asset.folder, asset.hash_file)}
    for parent in {asset.folder.parent for asset in current}:
        for path in parent.iterdir():
            if path not in paths:
                remove(path)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Build the layers and functions.")
    parser.add_argument("--platform", action="append", choices=UV_PLATFORMS, default=[])
    platforms = parser.parse_args(arguments).platform or ["local"]
    if f"{sys.version_info.major}.{sys.version_info.minor}" != VERSION:
        print(f"Bytecode is for Python {VERSION}: run this with .venv/bin/python", file=sys.stderr)
        return 1
    try:
        with alone("build"):
            for platform in platforms:
                build(platform)
    except Unprepared as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
