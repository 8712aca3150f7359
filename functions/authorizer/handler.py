"""Authorizer: verify the bearer token of a request, for the gateway.

A route of an HTTP API can have one JWT authorizer, and that knows one issuer. Members, staff and
services have issuers of their own, so this function verifies the tokens of all three. The gateway
remembers its answer for each token for five minutes.
"""

import json
import re
import time
from functools import cache
from typing import Any, Final

from loyalty.edge import deadline, snapshots
from loyalty.edge.logs import logger
from loyalty.edge.settings import settings
from loyalty.edge.tokens.issuers import (
    AuthorizerSettings,
    Issuers,
    as_text,
    fetch_document,
    trusts_of,
)
from loyalty.edge.tokens.jwt import TokenInvalid

snapshots.prepare()

_BEARER: Final = re.compile(r"^bearer +", re.IGNORECASE)


@deadline.keeping_time
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Let a request in with its token's claims, or refuse it: the gateway then answers 403."""
    # Without the scheme, what is left is no token.
    token = _BEARER.sub("", event["identitySource"][0], count=1)
    try:
        # Issuers do not know the local cloud's clock, which can be moved.
        trusted = issuers().verify(token, now=time.time())
    except TokenInvalid as invalid:
        logger.info("refused", reason=str(invalid))
        return {"isAuthorized": False}
    claims = json.dumps(as_text(trusted.claims), separators=(",", ":"))
    return {
        "isAuthorized": True,
        "context": {"claims": claims, "kinds": " ".join(trusted.kinds)},
    }


@cache
def issuers() -> Issuers:
    return Issuers(trusts_of(settings(AuthorizerSettings)), fetch=fetch_document)
