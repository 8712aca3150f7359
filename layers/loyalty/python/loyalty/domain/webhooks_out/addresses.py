"""Where webhooks may be sent: public https addresses and nothing else.

Registering an endpoint makes our own functions call it, so its URL must not name anything that only
they can reach. A URL must have one strict form, so that no other parser can find a different host
in it. Every address to which its name resolves is checked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

URL_CHARS_MAX: Final = 500
HTTPS_PORT: Final = 443
# Lower ports, except 443, belong to other protocols: mail, name servers, shells.
FREE_PORT_MIN: Final = 1024
PORT_MAX: Final = 65535

_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]{1,253})(?::(?P<port>[0-9]{1,5}))?"
    # A path and a query by RFC 3986: no backslash and no fragment. A user name does not match.
    r"(?P<path>(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?)",
    re.ASCII,
)
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
# Resolvers read names that end like this as addresses: `127.1`, `2130706433` and `0x7f.1`.
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)

# Blocks that IANA reserves for special purposes, and multicast: no web server is there.
# https://www.iana.org/assignments/iana-ipv4-special-registry
_SPECIAL_IPV4: Final = (
    IPv4Network("0.0.0.0/8"),  # this network
    IPv4Network("10.0.0.0/8"),  # private use
    IPv4Network("100.64.0.0/10"),  # shared behind carriers' NAT
    IPv4Network("127.0.0.0/8"),  # loopback
    IPv4Network("169.254.0.0/16"),  # link local, the cloud's metadata service among it
    IPv4Network("172.16.0.0/12"),  # private use
    IPv4Network("192.0.0.0/24"),  # protocol assignments
    IPv4Network("192.0.2.0/24"),  # documentation
    IPv4Network("192.31.196.0/24"),  # AS112
    IPv4Network("192.52.193.0/24"),  # multicast relays
    IPv4Network("192.88.99.0/24"),  # 6to4 relays, until 2015
    IPv4Network("192.168.0.0/16"),  # private use
    IPv4Network("192.175.48.0/24"),  # AS112
    IPv4Network("198.18.0.0/15"),  # benchmarks
    IPv4Network("198.51.100.0/24"),  # documentation
    IPv4Network("203.0.113.0/24"),  # documentation
    IPv4Network("224.0.0.0/4"),  # multicast
    IPv4Network("240.0.0.0/4"),  # reserved, and broadcast
)
# IPv6 addresses are given to networks from this block only. It excludes ::1, fc00::/7, fe80::/10,
# ff00::/8, ::ffff:0:0/96 (IPv4) and 64:ff9b::/96 (NAT64).
_UNICAST: Final = IPv6Network("2000::/3")
# https://www.iana.org/assignments/iana-ipv6-special-registry
_SPECIAL_IPV6: Final = (
    IPv6Network("2001::/23"),  # protocol assignments, Teredo and ORCHID among them
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("2002::/16"),  # 6to4
    IPv6Network("2620:4f:8000::/48"),  # AS112
    IPv6Network("3fff::/20"),  # documentation
)


class AddressRefused(ValueError):
    """Webhooks must not be sent to this address; `reason` is a stable code."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Target:
    """The parts of a URL. `is_local` means plain HTTP to this machine."""

    host: str
    port: int
    path: str
    is_local: bool = False


def read_address(url: str, *, allow_local: bool = False) -> Target:
    """The target that a URL names; the caller checks the addresses of the host itself.

    `allow_local` allows plain HTTP to this machine, for the local cloud.

    Raises:
        AddressRefused: webhooks must not be sent to this URL.
    """
    found = _URL.fullmatch(url) if len(url) <= URL_CHARS_MAX else None
    if not found:
        raise AddressRefused(
            "url_form", "Write an address as https://hooks.example.com/loyalty, without a user"
        )
    host, path = found["host"].lower(), found["path"]
    port = int(found["port"]) if found["port"] else None
    path = path if path.startswith("/") else f"/{path}"
    if found["scheme"] == "http":
        if not (allow_local and host == "127.0.0.1"):
            raise AddressRefused("not_https", "Webhooks are sent by https only")
        return Target(host, port or 80, path, is_local=True)
    labels = host.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise AddressRefused("not_public", "Give the full public name of a host")
    if _NUMBER.fullmatch(labels[-1]):
        raise AddressRefused("not_public", "Give the public name of a host, not a number")
    port = HTTPS_PORT if port is None else port
    if port != HTTPS_PORT and not FREE_PORT_MIN <= port <= PORT_MAX:
        raise AddressRefused(
            "port", f"Use port {HTTPS_PORT}, or one between {FREE_PORT_MIN} and {PORT_MAX}"
        )
    return Target(host, port, path)


def is_public(address: str) -> bool:
    """Whether an address belongs to the public Internet, not to an internal network."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    # We check Python's own list too: it may learn of a reserved block before we do.
    if not ip.is_global:
        return False
    match ip:
        case IPv4Address():
            return not any(ip in network for network in _SPECIAL_IPV4)
        case IPv6Address():
            return (
                ip in _UNICAST
                and ip.scope_id is None
                and not any(ip in network for network in _SPECIAL_IPV6)
            )
