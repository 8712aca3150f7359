"""Whether we run on the local cloud. Local-only settings are refused everywhere else."""

import os
from typing import Final

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


def is_on_one_machine() -> bool:
    """Whether the AWS endpoint is on this machine, as it never is for a deployed function."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if not endpoint:
        return False
    from urllib.parse import urlsplit  # noqa: PLC0415  # a deployed function has no need of it

    return urlsplit(endpoint).hostname in LOOPBACK
