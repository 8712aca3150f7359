"""What every tier shares: a test is marked by its folder, and its tier's rules go with it."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import settings

# A test that fails fails because of a change: the same examples every time. New ones are looked for
# with `make explore`. How long an example takes says nothing on a busy machine.
settings.register_profile("loyalty", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("loyalty")

# Tests are one caller, who asks all day: only those of the limit have one.
os.environ.setdefault("LOYALTY_CALLER_SHARE_PERCENT", "0")

TESTS = Path(__file__).parent


# Before xdist reads the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    for item in items:
        tier = item.path.relative_to(TESTS).parts[0]
        item.add_marker(tier)
        if tier == "unit":
            item.add_marker("disable_socket")
        if tier == "infra":
            # Synthesizing takes seconds: one worker does it, once.
            item.add_marker(pytest.mark.xdist_group("infra"))
