"""The link by which a member unsubscribes from mail, without signing in, and its pages."""

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


PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Unsubscribe</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:17px/1.5 -apple-system,"Segoe UI",Helvetica,Arial,sans-serif;background:#F3F1EC;
color:#2B2B2B;margin:0;padding:16vh 24px;text-align:center}}h1{{font-size:24px;line-height:1.25}}
button{{font:inherit;font-weight:600;color:#fff;background:#1F5C4A;border:0;border-radius:10px;
padding:14px 26px;cursor:pointer}}</style></head>
<body><h1>{heading}</h1>{content}</body></html>
"""

# Opening a link must change nothing: whatever scans mail opens every one of them.
ASK: Final = PAGE.format(
    heading="No more mail from us?",
    content='<form method="post"><button>Unsubscribe</button></form>',
)
DONE: Final = PAGE.format(
    heading="You are unsubscribed",
    content="<p>We will not write to you again. Your points stay yours.</p>",
)
