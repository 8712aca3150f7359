"""The folders that `make build` writes, as assets."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import AssetHashType
from aws_cdk import aws_lambda as lambda_

from infra.settings import Settings


class BuildMissingError(RuntimeError):
    """A folder of the build is missing."""


class BuildStaleError(RuntimeError):
    """A folder of the build was made from sources that differ from the checkout."""


class Build:
    """The build of one platform: `layers/<name>` and `functions/<name>`."""

    def __init__(self, settings: Settings) -> None:
        self._platform = settings.platform
        self._folder = settings.build_dir / settings.platform

    def layer(self, name: str) -> lambda_.AssetCode:
        return self._asset(self._folder / "layers" / name)

    def function(self, name: str) -> lambda_.AssetCode:
        return self._asset(self._folder / "functions" / name)

    def _asset(self, folder: Path) -> lambda_.AssetCode:
        # Bytecode differs from build to build, so the hash beside the folder is of its sources.
        hash_file = folder.with_name(f"{folder.name}.hash")
        if not folder.is_dir() or not hash_file.is_file():
            raise BuildMissingError(
                f"{folder} is not built: run `make build` (context platform={self._platform})."
            )
        source_hash = hash_file.read_text(encoding="ascii").strip()
        return lambda_.Code.from_asset(
            str(folder),
            asset_hash=f"{self._platform}-{folder.name}-{source_hash}",
            asset_hash_type=AssetHashType.CUSTOM,
        )
