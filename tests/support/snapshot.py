"""Resources that moto keeps for tests: made once and put back, which is quicker than making them.

Putting back copies what moto keeps inside, and other versions may keep it otherwise. So only the
versions named here are copied; with any other, the resources are made again for each test.
"""

from collections.abc import Callable, Iterable
from copy import deepcopy
from importlib.metadata import version
from typing import Any, Final

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.events.models import events_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.ses.models import ses_backends
from moto.sqs.models import sqs_backends

ACCOUNT: Final = DEFAULT_ACCOUNT_ID
# Add a version when the tests of this module pass with it.
COPIED_VERSIONS: Final = frozenset({"5.2.5"})


class Resources[T]:
    """What `make` makes in a region of moto, but for queues, whose locks cannot be copied.

    `make` may be called more than once, each time in an empty moto. It gives what functions need
    to know of the resources.
    """

    def __init__(
        self, make: Callable[[], T], *, region: str, copied: Iterable[str] = COPIED_VERSIONS
    ) -> None:
        self._make = make
        self._region = region
        self._is_copied = version("moto") in copied
        self._snapshot: tuple[T, Snapshot] | None = None

    def provide(self) -> T:
        """Have the resources in an empty moto: the first time made, then put back if possible."""
        if not self._is_copied:
            return self._make()
        if self._snapshot is None:
            self._snapshot = self._make(), Snapshot(region=self._region)
        made, snapshot = self._snapshot
        snapshot.put_back()
        return made


class Snapshot:
    """What moto keeps of a region's resources at a moment, to be put back as it was."""

    def __init__(self, *, region: str) -> None:
        self._region = region
        self._copies = deepcopy(self._backends())
        self._buckets = dict(s3_backends.bucket_accounts)
        # Moto closes the files in which it keeps objects, so their content is kept apart.
        self._objects = [
            (bucket.name, name, key.value)
            for bucket in s3_backends[ACCOUNT]["aws"].buckets.values()
            for name, key in bucket.keys.items()
        ]

    def put_back(self) -> None:
        for backend, copied in zip(self._backends(), deepcopy(self._copies), strict=True):
            backend.update(copied)
        s3_backends.bucket_accounts.update(self._buckets)
        for bucket, name, content in self._objects:
            s3_backends[ACCOUNT]["aws"].put_object(bucket, name, content)

    def _backends(self) -> list[dict[str, Any]]:
        return [
            dynamodb_backends[ACCOUNT][self._region].__dict__,
            events_backends[ACCOUNT][self._region].__dict__,
            s3_backends[ACCOUNT]["aws"].__dict__,
            secretsmanager_backends[ACCOUNT][self._region].__dict__,
            ses_backends[ACCOUNT][self._region].__dict__,
        ]


def put_queue(name: str, *, region: str, is_fifo: bool = False) -> str:
    """Make a queue; gives its URL."""
    sqs_backends[ACCOUNT][region].create_queue(name, FifoQueue=str(is_fifo).lower())
    return f"https://sqs.{region}.amazonaws.com/{ACCOUNT}/{name}"
