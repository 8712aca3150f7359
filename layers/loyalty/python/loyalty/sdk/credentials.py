"""The credentials and the region of this function."""

import os
from collections.abc import Callable
from typing import Any

from loyalty.sdk.signing import Credentials


def credentials_source() -> Callable[[], Credentials]:
    """Return what gives the credentials that are valid now.

    Lambda puts credentials that outlive an execution environment into its variables. Where it does
    not, as with SnapStart, the SDK finds and refreshes them; its import takes longer than ours.
    """
    access_key, secret_key = (
        os.environ.get("AWS_ACCESS_KEY_ID"),
        os.environ.get("AWS_SECRET_ACCESS_KEY"),
    )
    if access_key and secret_key:
        found = Credentials(access_key, secret_key, os.environ.get("AWS_SESSION_TOKEN"))
        return lambda: found
    return _refreshed()


def region() -> str:
    """Return the region of this function."""
    return os.environ.get("AWS_REGION") or os.environ["AWS_DEFAULT_REGION"]


def _refreshed() -> Callable[[], Credentials]:
    import botocore.session  # noqa: PLC0415  # most functions never need it

    provider: Any = botocore.session.get_session().get_credentials()
    if provider is None:
        raise RuntimeError("This function has no AWS credentials")

    def current() -> Credentials:
        frozen = provider.get_frozen_credentials()
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)

    return current
