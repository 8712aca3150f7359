"""Finds members by identity, and decides which member a path names for its caller."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, Protocol

from loyalty.domain.kernel.errors import Forbidden, NotFound, OwnAccount
from loyalty.domain.people.identity import Identity, IdentityKind, Keyring, NotAnIdentity, identify
from loyalty.edge.aws import clients
from loyalty.edge.aws.table import engine
from loyalty.edge.settings import settings
from loyalty.table.members import TableMembers
from loyalty.usecases.people.members import look_up

if TYPE_CHECKING:
    from loyalty.edge.http.auth import Principal, Role

_MEMBER_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSettings:
    """The settings needed to find the member who is calling."""

    table: str
    identity_secret: str


class KnowsMembers(Protocol):
    """The settings of a function that looks people up."""

    @property
    def table(self) -> str: ...

    @property
    def identity_secret(self) -> str: ...


def directory(program_id: str, config: KnowsMembers) -> TableMembers:
    """The members of a program; the secret of their digests is fetched when one is needed."""
    return TableMembers(
        engine(config.table), program_id=program_id, keyring=lambda: keyring(config.identity_secret)
    )


@cache
def keyring(secret_id: str) -> Keyring:
    """The keys of the identity digests, fetched once per container."""
    secret = clients.secrets_manager().call("GetSecretValue", {"SecretId": secret_id})
    return read_keyring(secret["SecretString"])


def read_keyring(secret: str) -> Keyring:
    """Read a stored keyring: `{"current": "2", "keys": {"1": "…", "2": "…"}}`.

    Any other text is the key of version 1: a new deployment generates a plain text.
    """
    try:
        keyring = json.loads(secret)
    except ValueError:
        keyring = None
    if not isinstance(keyring, dict):
        return Keyring({"1": secret.encode()}, current="1")
    keys = {version: key.encode() for version, key in keyring["keys"].items()}
    return Keyring(keys, current=keyring["current"])


def acting_for(
    principal: Principal, member_id: str, *, allow: Collection[Role]
) -> tuple[Principal, str]:
    """The caller in the roles in which they act for a member, and the member's id.

    A caller acts as a member for `me`, and for every id if they have no role for other members.
    For any other id they act in their other roles. A route that is not for members (`allow`)
    corrects what members hold, so nobody can use it on their own account.

    Raises:
        NotFound: the id names no member, or the caller is a member and it names another one.
        Forbidden: it names another member, and the caller's staff role does not allow this.
        OwnAccount: it names the caller, on a route that is not for members.
    """
    if not _MEMBER_ID.fullmatch(member_id):
        raise NotFound("There is no such member")
    if "member" not in allow:
        require_another(principal, member_id)
        return principal, member_id
    if principal.is_trusted and member_id != "me":
        return principal.acting_as(principal.roles - {"member"}), member_id
    own = own_member(principal, member_id)
    return principal.acting_as({"member"}), own


def own_member(principal: Principal, member_id: str = "me") -> str:
    """The id of the member who is signed in.

    Raises:
        NotFound: the caller has not enrolled, or `member_id` names another member.
        Forbidden: the same, but for staff, who may know that other members exist.
    """
    own = _signed_in(principal)
    if member_id != "me" and (own is None or not _is_same(principal, own, member_id)):
        raise Forbidden if principal.is_staff else NotFound("There is no such member")
    if own is None:
        raise NotFound("There is no such member")
    return own


def require_another(principal: Principal, member_id: str) -> None:
    """Raise `OwnAccount` if an id names the caller, by `me` or because of a merge.

    Staff who sign in apart from members are recognized by the e-mail or phone that they have
    proven, if their member's account has it too.
    """
    own = _found_by(principal, proven_by(principal))
    if own is not None and (member_id == "me" or _is_same(principal, own, member_id)):
        raise OwnAccount


def proven_by(principal: Principal) -> list[Identity]:
    """The identities that a person's token proves, its subject first."""
    proven = [identify("subject", principal.subject)]
    addresses: tuple[tuple[IdentityKind, str | None], ...] = (
        ("email", principal.email),
        ("phone", principal.phone),
    )
    for kind, value in addresses:
        # An issuer may have an address that is not valid; it finds no member.
        with suppress(NotAnIdentity):
            if value is not None:
                proven.append(identify(kind, value))
    return proven


def _signed_in(principal: Principal) -> str | None:
    if not principal.acts_for_self:
        return None
    return _found_by(principal, [identify("subject", principal.subject)])


def _found_by(principal: Principal, proven: Sequence[Identity]) -> str | None:
    if not principal.is_person:
        return None
    return directory(principal.program_id, settings(MemberSettings)).member_of(proven)


def _is_same(principal: Principal, own: str, member_id: str) -> bool:
    """Whether two ids name one account: either may have been merged into the other."""
    if own == member_id:
        return True
    members = directory(principal.program_id, settings(MemberSettings))
    try:
        accounts = [look_up(each, members=members).account for each in (member_id, own)]
    except NotFound:
        return False
    return accounts[0].member_id == accounts[1].member_id
