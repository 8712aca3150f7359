"""The link by which a member unsubscribes from mail, without signing in."""

import base64
import hmac
from typing import Final

from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.people.identity import Keyring

# 128 bits: as hard to guess as a voucher's code is, and the link stays short.
SEAL_BYTES: Final = 16
SEALED: Final = r"^[A-Za-z0-9._:-]{1,64}\.[A-Za-z0-9_-]{22}$"


def link(api_url: str, *, program_id: str, member_id: str, keyring: Keyring) -> str:
    token = f"{member_id}.{_seal(keyring, keyring.current, program_id, member_id)}"
    return f"{api_url.rstrip('/')}/v1/programs/{program_id}/unsubscribe/{token}"


def member_named_by(token: str, *, program_id: str, keyring: Keyring) -> str:
    """The id of a link's member, under whichever key it was sealed.

    Raises:
        NotFound: the seal is wrong.
    """
    member_id, _, seal = token.rpartition(".")
    for version in keyring.keys:
        if hmac.compare_digest(_seal(keyring, version, program_id, member_id), seal):
            return member_id
    raise NotFound("This link is not valid")


def _seal(keyring: Keyring, version: str, program_id: str, member_id: str) -> str:
    ring = Keyring(keyring.keys, current=version)
    sealed = ring.seal("unsubscribe", program_id, member_id)[:SEAL_BYTES]
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")
