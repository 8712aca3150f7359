"""Ready for SnapStart: Lambda starts a function once, and every worker as a copy of it.

A copy has everything that the function had when Lambda took the snapshot: what it must not share
with other copies is undone when it starts, and what a first request would import is there already.
"""

from __future__ import annotations

import os
import random
from importlib import import_module
from typing import Final

from loyalty.edge.aws import clients

# What requests import when they need it. A copy finds its credentials with the SDK.
LATER: Final = ("botocore.session", "loyalty.domain.program.document")


def prepare() -> None:
    """Register what to do around a snapshot, if Lambda takes one of this function."""
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") != "snap-start":
        return
    from snapshot_restore_py import (  # type: ignore[import-untyped]  # noqa: PLC0415  # of Lambda's image
        register_after_restore,
        register_before_snapshot,
    )

    register_before_snapshot(complete)
    register_after_restore(part)


def complete() -> None:
    """Import what a first request would wait for."""
    for name in LATER:
        import_module(name)


def part() -> None:
    """Give up what copies must not share: the sequence of random numbers, and connections."""
    random.seed()
    clients.forget()
