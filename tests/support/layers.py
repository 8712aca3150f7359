"""The built layers and functions, run as a fresh Lambda worker would: with nothing else."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import boto3

from infra.layers import layers_of
from tools.bootstrap import ROOT

BUILT: Final = ROOT / "build" / "local"
LAYERS: Final = BUILT / "layers"
HANDLERS: Final = sorted(path.parent.name for path in ROOT.glob("functions/*/handler.py"))
# What Lambda's own runtime brings.
SDK: Final = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3")


def lay_out_sdk(folder: Path) -> Path:
    for name in SDK:
        (folder / name).symlink_to(Path(boto3.__file__).parent.parent / name)
    return folder


def run(code: str, *path: Path) -> str:
    """Run code in a process that sees these folders, no environment and nothing else."""
    program = f"import sys; sys.path[:0] = {[str(p) for p in path]}\n{code}"
    done = subprocess.run(
        [os.path.realpath(sys.executable), "-I", "-S", "-B", "-c", program],
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_function(name: str, code: str, *, sdk: Path) -> str:
    """Run code that sees a function and its layers."""
    layers = [LAYERS / layer / "python" for layer in layers_of(name)]
    return run(code, BUILT / "functions" / name, *layers, sdk)
