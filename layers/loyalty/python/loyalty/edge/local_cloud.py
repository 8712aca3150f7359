"""Whether we run on the local cloud. Local-only settings are refused everywhere else."""

import os
from typing import Final
from urllib.parse import urlsplit

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


def is_on_one_machine() -> bool:
    """Whether the AWS endpoint is on this machine, as it never is for a deployed function."""
    return urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")).hostname in LOOPBACK
