"""A bucket in memory, as far as the lake uses one: put, get, list, delete."""

import hashlib
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Killed(BaseException):
    """The process was ended in the middle of its work."""


class Bucket:
    """Lists two objects a page, dates them by `now`, and remembers what was fetched.

    What is `vanishing` is listed once more and gone when fetched; in a restless bucket everything
    was written anew by then. Once no `calls_left`, the next kills its caller.
    Before a folded object is written `on_put` happens, once.
    """

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.tags: dict[str, str] = {}
        self.fetched: list[str] = []
        self.fetched_bytes = 0
        self.vanishing: set[str] = set()
        self.is_restless = False
        self.now = datetime(2026, 11, 21, 12, tzinfo=UTC)
        self.calls_left: int | None = None
        self.on_put: Callable[[], None] | None = None
        self._dates: dict[str, datetime] = {}

    @property
    def client(self) -> "S3Client":
        return cast("S3Client", self)

    def put_object(self, **call: Any) -> None:
        self._count()
        key, body = call["Key"], call["Body"]
        if self.on_put and key.endswith(".parquet"):
            meanwhile, self.on_put = self.on_put, None
            meanwhile()
        self._require(key, call)
        self.objects[key] = body if isinstance(body, bytes) else body.read()
        self.tags[key] = call.get("Tagging", "")
        self._dates[key] = self.now

    def delete_object(self, **call: Any) -> None:
        self._count()
        self._require(call["Key"], call)
        del self.objects[call["Key"]]

    def get_object(self, **call: Any) -> dict[str, Any]:
        self._count()
        key = call["Key"]
        if key not in self.objects:
            raise _error("NoSuchKey")
        if key in self.vanishing:
            self.vanishing.remove(key)
            self.objects.pop(key)
            raise _error("NoSuchKey")
        self.fetched.append(key)
        etag = _etag(self.objects[key])
        if self.is_restless or call.get("IfMatch", etag) != etag:
            raise _error("PreconditionFailed")
        body = self.objects[key]
        if "Range" in call:
            first, last = call["Range"].removeprefix("bytes=").split("-")
            body = body[int(first) : int(last) + 1]
        self.fetched_bytes += len(body)
        return {"Body": io.BytesIO(body)}

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
        yield from ({"Contents": listed[start : start + 2]} for start in range(0, len(listed), 2))
        yield {}

    def _count(self) -> None:
        if self.calls_left is not None:
            if self.calls_left == 0:
                raise Killed
            self.calls_left -= 1

    def _require(self, key: str, call: dict[str, Any]) -> None:
        """As S3 guards a write: by the object that the caller saw, or by there being none."""
        if call.get("IfNoneMatch") == "*" and key in self.objects:
            raise _error("PreconditionFailed")
        if "IfMatch" in call and key not in self.objects:
            raise _error("NoSuchKey")
        if "IfMatch" in call and _etag(self.objects[key]) != call["IfMatch"]:
            raise _error("PreconditionFailed")


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


def _error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "GetObject")
