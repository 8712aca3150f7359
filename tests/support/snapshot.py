"""What moto knows of AWS, put back as it was: copying is quicker than the calls that made it."""

from copy import deepcopy
from typing import Any, Final

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.events.models import events_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.ses.models import ses_backends
from moto.sqs.models import sqs_backends

ACCOUNT: Final = DEFAULT_ACCOUNT_ID


class Snapshot:
    """The resources of a region, but for its queues, whose locks cannot be copied."""

    def __init__(self, *, region: str) -> None:
        self._region = region
        self._known = deepcopy(self._all_known())
        self._buckets = dict(s3_backends.bucket_accounts)

    def put_back(self) -> None:
        for known, copied in zip(self._all_known(), deepcopy(self._known), strict=True):
            known.update(copied)
        s3_backends.bucket_accounts.update(self._buckets)

    def _all_known(self) -> list[dict[str, Any]]:
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
