"""Gives moto the requests of our own clients, as it takes those of the SDK."""

from collections.abc import Mapping
from typing import Final

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.models import botocore_stubber

from loyalty.sdk.connections import KeptConnections, Reply

_exchange: Final = KeptConnections.exchange


def exchange_with_moto(
    connections: KeptConnections, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> Reply:
    """Answer in place of `KeptConnections.exchange`, but for servers on this machine."""
    if connections.host.startswith("127.0.0.1:"):
        return _exchange(connections, method, path, headers, body)
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
