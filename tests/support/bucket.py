"""A bucket in memory, as far as the lake uses one: put, get, list."""

import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Bucket:
    """Lists two objects a page, dates them by `now`, and remembers what was fetched.

    What is `vanishing` is listed once more and gone when fetched; in a restless bucket everything
    was written anew by then.
    """

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.fetched: list[str] = []
        self.vanishing: set[str] = set()
        self.is_restless = False
        self.now = datetime(2026, 11, 21, 12, tzinfo=UTC)
        self._dates: dict[str, datetime] = {}

    @property
    def client(self) -> "S3Client":
        return cast("S3Client", self)

    def put_object(self, **call: Any) -> None:
        self.objects[call["Key"]] = call["Body"]
        self._dates[call["Key"]] = self.now

    def get_object(self, **call: Any) -> dict[str, Any]:
        key = call["Key"]
        if key in self.vanishing:
            self.vanishing.remove(key)
            self.objects.pop(key)
            raise _error("NoSuchKey")
        self.fetched.append(key)
        etag = _etag(self.objects[key])
        if self.is_restless or call.get("IfMatch", etag) != etag:
            raise _error("PreconditionFailed")
        return {"Body": io.BytesIO(self.objects[key])}

    def get_paginator(self, operation: str) -> "Bucket":
        assert operation == "list_objects_v2"
        return self

    def paginate(self, **call: Any) -> Iterator[dict[str, Any]]:
        listed = [
            {
                "Key": key,
                "ETag": _etag(body),
                "Size": len(body),
                "LastModified": self._dates.get(key, self.now),
            }
            for key, body in sorted(self.objects.items())
            if key.startswith(call["Prefix"]) and key > call.get("StartAfter", "")
        ]
        yield from ({"Contents": listed[at : at + 2]} for at in range(0, len(listed), 2))
        yield {}


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


def _error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "GetObject")
