"""What the inbox holds, read as it is stored."""

import json
import zlib
from typing import NamedTuple

import boto3

from tests.integration.conftest import TABLE
from tests.support.erasing import items

BUCKET = "inbox"


class InboxDelivery(NamedTuple):
    headers: dict[str, str]
    body: bytes


def in_inbox() -> dict[str, InboxDelivery | None]:
    """The deliveries by where they are; None where the content was erased."""
    found: dict[str, InboxDelivery | None] = {}
    for item in items(boto3.client("dynamodb"), TABLE):
        sort_key = item["sk"]["S"]
        if sort_key.startswith("RECEIVED#"):
            _, program_id, _ = item["pk"]["S"].split("#")
            _, storefront_id, name = sort_key.split("#")
            where = f"{program_id}/{storefront_id}/{name}"
            content = _large(where) if "is_large" in item else item.get("content", {}).get("B")
            found[where] = _unpacked(content) if content else None
    return dict(sorted(found.items()))


def inbox_texts() -> list[str]:
    """The body of each delivery in the inbox, or `erased`."""
    return [each.body.decode() if each else "erased" for each in in_inbox().values()]


def spoil(where: str, content: bytes = b"not as it was kept") -> bytes:
    """Overwrite a small delivery; gives what was there."""
    program_id, storefront_id, name = where.split("/")
    (key,) = (
        {"pk": item["pk"], "sk": item["sk"]}
        for item in items(boto3.client("dynamodb"), TABLE)
        if item["sk"]["S"] == f"RECEIVED#{storefront_id}#{name}"
        and item["pk"]["S"].startswith(f"INBOX#{program_id}#")
    )
    before = boto3.client("dynamodb").update_item(
        TableName=TABLE,
        Key=key,
        UpdateExpression="SET content = :content",
        ExpressionAttributeValues={":content": {"B": content}},
        ReturnValues="ALL_OLD",
    )
    return bytes(before["Attributes"]["content"]["B"])


def _large(where: str) -> bytes:
    return boto3.client("s3").get_object(Bucket=BUCKET, Key=where)["Body"].read()


def _unpacked(content: bytes) -> InboxDelivery:
    headers, _, body = zlib.decompress(content).partition(b"\n")
    return InboxDelivery(json.loads(headers), body)
