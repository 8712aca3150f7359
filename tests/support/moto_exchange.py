"""Gives moto the requests of our own clients, as it takes those of the SDK."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, Final

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.models import DEFAULT_ACCOUNT_ID, botocore_stubber
from moto.dynamodb.responses import DynamoHandler

from loyalty.sdk.connections import KeptConnections, Reply

_exchange: Final = KeptConnections.exchange
# What tests ask of the table. Of a call's time, moto spends most on matching requests and answers
# with the descriptions of all that DynamoDB can do; so these go to the method that answers them.
_OF_THE_TABLE: Final = {
    "BatchGetItem": DynamoHandler.batch_get_item,
    "DeleteItem": DynamoHandler.delete_item,
    "GetItem": DynamoHandler.get_item,
    "PutItem": DynamoHandler.put_item,
    "Query": DynamoHandler.query,
    "TransactWriteItems": DynamoHandler.transact_write_items,
    "UpdateItem": DynamoHandler.update_item,
}


def exchange_with_moto(
    connections: KeptConnections, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> Reply:
    """Answer in place of `KeptConnections.exchange`, but for servers on this machine."""
    if connections.host.startswith("127.0.0.1:"):
        return _exchange(connections, method, path, headers, body)
    return _from_the_table(connections, headers, body) or _from_any_service(
        connections, method, path, headers, body
    )


def _from_the_table(
    connections: KeptConnections, headers: Mapping[str, str], body: bytes
) -> Reply | None:
    """None: the request is another one, or moto refuses it and shall say so in its own way."""
    version, _, operation = headers.get("x-amz-target", "").partition(".")
    answers = _OF_THE_TABLE.get(operation) if version == "DynamoDB_20120810" else None
    if answers is None:
        return None
    handler = DynamoHandler()
    handler.region = connections.host.split(".")[1]
    handler.current_account = DEFAULT_ACCOUNT_ID
    handler.body = json.loads(body, object_hook=_with_bytes)
    try:
        answer = answers(handler)
    except Exception:  # noqa: BLE001  # whatever it is, it has changed nothing and is met again
        return None
    return Reply(200, json.dumps(answer.result, default=_as_text).encode())


def _with_bytes(part: dict[str, Any]) -> dict[str, Any]:
    match part:
        case {"B": str(text)}:
            return {"B": b64decode(text)}
        case _:
            return part


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    raise TypeError(type(value))


def _from_any_service(
    connections: KeptConnections, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> Reply:
    request = AWSPreparedRequest(
        method=method,
        url=f"https://{connections.host}{path}",
        headers=HTTPHeaders.from_dict(dict(headers)),
        body=body,
        stream_output=False,
    )
    answer = botocore_stubber.process_request(request)
    assert answer is not None, f"moto knows no {connections.host}"
    status, _, text = answer
    return Reply(status, text.encode() if isinstance(text, str) else text)
