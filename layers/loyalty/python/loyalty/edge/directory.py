"""Who is known by what, and which member a path names to its caller."""

import json
import re
from contextlib import suppress
from functools import cache
from typing import Final, Protocol

from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.people.identity import Identity, Keyring, Kind, NotAnIdentity, identify
from loyalty.edge.aws import clients
from loyalty.edge.aws.table import engine
from loyalty.edge.http.auth import Principal
from loyalty.table.members import TableMembers
from loyalty.usecases.people.enrollment import look_up

_MEMBER_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class KnowsMembers(Protocol):
    """The settings of a function that looks people up."""

    @property
    def table(self) -> str: ...

    @property
    def identity_secret(self) -> str: ...


def directory(program_id: str, told: KnowsMembers) -> TableMembers:
    """The members of a program; the secret of their digests is fetched when one is needed."""
    return TableMembers(
        engine(told.table), program_id=program_id, keyring=lambda: keyring(told.identity_secret)
    )


@cache
def keyring(secret_id: str) -> Keyring:
    """The keys of the identity digests, fetched once in a container's life."""
    secret = clients.secrets_manager().get_secret_value(SecretId=secret_id)
    return read_keyring(secret["SecretString"])


def read_keyring(secret: str) -> Keyring:
    """A keyring as it is kept: `{"current": "2", "keys": {"1": "…", "2": "…"}}`.

    The one text that a new deployment generates is its version 1, whatever it begins with.
    """
    try:
        told = json.loads(secret)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        return Keyring({"1": secret.encode()}, current="1")
    keys = {version: key.encode() for version, key in told["keys"].items()}
    return Keyring(keys, current=told["current"])


def own_member(principal: Principal, member_id: str, told: KnowsMembers) -> str:
    """The member that a path names to this caller: `me`, or an id.

    Raises:
        NotFound: it names nobody, or somebody else to a member.
    """
    if not _MEMBER_ID.fullmatch(member_id):
        raise NotFound("There is no such member")
    if principal.is_trusted and member_id != "me":
        return member_id
    own = _signed_in(principal, told)
    if own is None:
        raise NotFound("There is no such member")
    if member_id in ("me", own):
        return own
    # Either may have been merged into the other.
    members = directory(principal.program_id, told)
    named, oneself = (look_up(each, members=members).account for each in (member_id, own))
    if named.member_id != oneself.member_id:
        raise NotFound("There is no such member")
    return own


def proven_by(principal: Principal) -> list[Identity]:
    """What a person's token proves to be theirs, its subject first."""
    proven = [identify("subject", principal.subject)]
    told: tuple[tuple[Kind, str | None], ...] = (
        ("email", principal.email),
        ("phone", principal.phone),
    )
    for kind, value in told:
        # An issuer may know addresses that nobody could be written to; nobody is found by them.
        with suppress(NotAnIdentity):
            if value is not None:
                proven.append(identify(kind, value))
    return proven


def _signed_in(principal: Principal, told: KnowsMembers) -> str | None:
    if not principal.is_person:
        return None
    subject = identify("subject", principal.subject)
    return directory(principal.program_id, told).member_of([subject])
