import compileall
import importlib.util
import shutil
import struct
from pathlib import Path

import pytest

from loyalty import dataclass_code
from tools import build
from tools.bootstrap import Unprepared

# PEP 552: bit 0 says that the bytecode goes with a hash, bit 1 that the hash is to be checked.
UNCHECKED_HASH = 0b01


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a package and one function."""
    root = tmp_path / "checkout"
    package = root / "layers" / "loyalty" / "python" / "loyalty"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("NAME = 'loyalty'\n")
    shutil.copy(dataclass_code.__file__, package)
    (package / "rules.py").write_text("def rule() -> int:\n    return 1\n")
    function = root / "functions" / "accrual"
    function.mkdir(parents=True)
    (function / "handler.py").write_text("def handler() -> None: ...\n")
    (root / "functions" / "README.md").touch()
    return root


def our_own(root: Path) -> list[build.Asset]:
    """What is built from the checkout itself, without the third-party layers."""
    made = build.assets("local", root=root, build=root / "build")
    return [asset for asset in made if asset.folder.name in ("loyalty", "accrual")]


def make_all(root: Path) -> None:
    for asset in our_own(root):
        if not asset.is_current():
            build.make(asset)


def bytecode(source: Path) -> bytes:
    return Path(importlib.util.cache_from_source(str(source))).read_bytes()


def test_layers_and_functions_are_where_lambda_mounts_them(checkout: Path) -> None:
    make_all(checkout)

    out = checkout / "build" / "local"
    assert (out / "layers" / "loyalty" / "python" / "loyalty" / "rules.py").is_file()
    assert (out / "functions" / "accrual" / "handler.py").is_file()


def test_bytecode_is_shipped_and_trusted_unchecked(checkout: Path) -> None:
    make_all(checkout)

    rules = checkout / "build/local/layers/loyalty/python/loyalty/rules.py"
    (flags,) = struct.unpack("<I", bytecode(rules)[4:8])
    assert flags == UNCHECKED_HASH


@pytest.mark.parametrize(
    ("source", "mounted"),
    [
        ("layers/loyalty/python/loyalty/rules.py", "/opt/python/loyalty/rules.py"),
        ("functions/accrual/handler.py", "/var/task/handler.py"),
    ],
)
def test_bytecode_names_the_file_on_lambda_and_not_the_machine_that_built(
    checkout: Path, source: str, mounted: str
) -> None:
    make_all(checkout)

    compiled = bytecode(checkout / "build" / "local" / source)
    assert mounted.encode() in compiled
    assert str(checkout).encode() not in compiled


def test_two_checkouts_of_the_same_sources_are_the_same_assets(
    checkout: Path, tmp_path: Path
) -> None:
    other = tmp_path / "elsewhere" / "checkout"
    shutil.copytree(checkout, other)

    make_all(checkout)
    make_all(other)

    ours, theirs = our_own(checkout), our_own(other)
    assert [a.hash_file.read_text() for a in ours] == [a.hash_file.read_text() for a in theirs]


def test_running_the_sources_does_not_change_their_hash(checkout: Path) -> None:
    make_all(checkout)

    compileall.compile_dir(checkout / "layers", quiet=1)
    compileall.compile_dir(checkout / "functions", quiet=1)

    assert all(asset.is_current() for asset in our_own(checkout))


def test_an_edit_rebuilds_what_it_touches_and_nothing_else(checkout: Path) -> None:
    make_all(checkout)

    (checkout / "functions" / "accrual" / "handler.py").write_text("def handler(): return 1\n")

    current = {asset.folder.name: asset.is_current() for asset in our_own(checkout)}
    assert current == {"loyalty": True, "accrual": False}


def test_a_rename_changes_the_hash(checkout: Path) -> None:
    package = checkout / "layers" / "loyalty" / "python" / "loyalty"
    before = build.digest_of(package)

    (package / "rules.py").rename(package / "laws.py")

    assert build.digest_of(package) != before


def test_a_removed_source_does_not_stay_in_the_build(checkout: Path) -> None:
    make_all(checkout)
    (checkout / "layers/loyalty/python/loyalty/rules.py").unlink()

    make_all(checkout)

    built = checkout / "build/local/layers/loyalty/python/loyalty"
    assert [path for path in built.rglob("*.py*") if path.stem.startswith("rules")] == []


def test_a_removed_function_is_removed_from_the_build(checkout: Path) -> None:
    make_all(checkout)
    others = [asset for asset in our_own(checkout) if asset.folder.name != "loyalty"]
    gone = checkout / "build" / "local" / "functions" / "renamed"
    gone.mkdir()
    gone.with_name("renamed.hash").touch()

    build.remove_others(others)

    left = sorted(p.name for p in gone.parent.iterdir())
    assert left == ["accrual", "accrual.hash"]


def test_code_that_does_not_compile_does_not_replace_the_build(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_all(checkout)
    (checkout / "functions" / "accrual" / "handler.py").write_text("def handler(:\n")

    with pytest.raises(Unprepared):
        make_all(checkout)

    assert "invalid syntax" in capsys.readouterr().out
    assert not any(a.is_current() for a in our_own(checkout) if a.folder.name == "accrual")


def test_everyone_may_read_what_is_built(checkout: Path) -> None:
    (checkout / "functions" / "accrual" / "handler.py").chmod(0o600)

    make_all(checkout)

    built = checkout / "build" / "local" / "functions" / "accrual"
    assert built.stat().st_mode & 0o777 == 0o755
    assert (built / "handler.py").stat().st_mode & 0o777 == 0o644


def test_a_layer_carries_no_sdk_no_commands_and_only_metadata_that_is_read(
    tmp_path: Path,
) -> None:
    for name in (
        "bin/tool",
        "boto3/__init__.py",
        "botocore/data/s3.json",
        "email_validator-2.4.0.dist-info/METADATA",
        "email_validator-2.4.0.dist-info/RECORD",
        "idna-3.20.dist-info/METADATA",
        "pydantic/main.py",
        "pydantic/main.pyi",
        "pydantic/tests/test_main.py",
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()

    build.drop(tmp_path)
    build.drop_metadata(tmp_path)

    remaining = sorted(
        p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()
    )
    assert remaining == ["email_validator-2.4.0.dist-info/METADATA", "pydantic/main.py"]


@pytest.mark.parametrize("platform", ["arm64", "x86_64"])
def test_third_party_layers_differ_by_platform_and_lock(platform: str) -> None:
    hashes = {
        (p, asset.folder.name): asset.sources
        for p in ("local", platform)
        for asset in build.assets(p)
        if asset.folder.name in build.THIRD_PARTY
    }

    assert len(set(hashes.values())) == len(hashes) == 2 * len(build.THIRD_PARTY)
