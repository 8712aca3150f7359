"""Whether this is a cloud on one machine: what only that may be told is believed nowhere else."""

import os
from typing import Final
from urllib.parse import urlsplit

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


def is_on_one_machine() -> bool:
    """AWS is spoken to on this machine, which nothing that is deployed to AWS does."""
    return urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")).hostname in LOOPBACK
