"""What may say that a friend is no new person. Only keyed digests of it are ever stored."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from loyalty.domain.people.member import Member

# Where dots in the local part mean nothing.
_DOTLESS: Final = frozenset({"gmail.com", "googlemail.com"})


def network_of(address: str) -> str | None:
    """The network of an IP address: the first 24 bits of IPv4, 48 of IPv6; None: it is none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    bits = 24 if found.version == 4 else 48
    return str(ipaddress.ip_network((found, bits), strict=False))


def emails_of(member: Member | None) -> list[str]:
    """The e-mails of a member, in normal form."""
    if member is None:
        return []
    return [identity.value for identity in member.identities if identity.kind == "email"]


def are_alike(ours: Collection[str], theirs: Collection[str]) -> bool:
    """Whether an e-mail differs from one of the others by a tag, a dot or one letter only."""
    return any(_is_alike(_mailbox(one), _mailbox(other)) for one in ours for other in theirs)


def _mailbox(email: str) -> tuple[str, str]:
    """The local part without what makes no difference, and the domain."""
    local, _, domain = email.rpartition("@")
    local = local.partition("+")[0]
    if domain in _DOTLESS:
        return local.replace(".", ""), "gmail.com"
    return local, domain


def _is_alike(one: tuple[str, str], other: tuple[str, str]) -> bool:
    return one[1] == other[1] and _differs_by_one_at_most(one[0], other[0])


def _differs_by_one_at_most(one: str, other: str) -> bool:
    """Whether two texts become equal by changing, adding or removing one character."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    first = next(
        (n for n, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None
    )
    if first is None:
        return True
    rest = one[first:] if len(one) < len(other) else one[first + 1 :]
    return rest == other[first + 1 :]
