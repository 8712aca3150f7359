"""Where webhooks are sent, and all that is not such a place."""

import ipaddress
import re
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.webhooks_out.addresses import AddressRefused, Target, is_public, read_address

HOSTILE: Final = [
    # Not https.
    "http://hooks.example.com/",
    "ftp://hooks.example.com/",
    "file:///etc/passwd",
    "gopher://hooks.example.com/",
    "//hooks.example.com/",
    "hooks.example.com",
    "javascript:alert(1)",
    "",
    # Somebody's name, or a host that two readers find in two places.
    "https://user@hooks.example.com/",
    "https://user:secret@hooks.example.com/",
    "https://hooks.example.com@127.0.0.1/",
    "https://hooks.example.com\\@127.0.0.1/",
    "https://hooks.example.com#@127.0.0.1/",
    "https://127.0.0.1#.example.com/",
    "https://hooks.example.com/#fragment",
    "https://hooks.example.com /",
    " https://hooks.example.com/",
    "https://hooks.example.com/\r\nHost: inner",
    "https://hooks.example.com/\t",
    "https://hooks%2eexample.com/",
    "https://hooks.example.com:443:80/",
    "https:/hooks.example.com/",
    "https:///hooks.example.com/",
    # This machine and its neighbors, however they are written.
    "https://localhost/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://127.0.0.0x1/",
    "https://0/",
    "https://169.254.169.254/latest/meta-data/",
    "https://10.0.0.1/",
    "https://8.8.8.8/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[fe80::1%25eth0]/",
    "https://inner/",
    "https://ⓛocalhost/",
    "https://\uff11\uff12\uff17.0.0.1/",
    "https://hooks。example。com/",
    # No name of a host.
    "https://-hooks.example.com/",
    "https://hooks-.example.com/",
    "https://hooks..example.com/",
    "https://.example.com/",
    "https://hooks.example.com./",
    f"https://{'a' * 64}.example.com/",
    f"https://hooks.example.com/{'a' * 500}",
    # The ports of others.
    "https://hooks.example.com:0/",
    "https://hooks.example.com:22/",
    "https://hooks.example.com:25/",
    "https://hooks.example.com:80/",
    "https://hooks.example.com:65536/",
    "https://hooks.example.com:99999/",
    "https://hooks.example.com:-1/",
    "https://hooks.example.com:/",
]


@pytest.mark.parametrize("url", HOSTILE)
@pytest.mark.parametrize("allow_local", [False, True])
def test_nothing_is_sent_to_a_hostile_address(url: str, allow_local: bool) -> None:
    with pytest.raises(AddressRefused):
        read_address(url, allow_local=allow_local)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://hooks.example.com", Target("hooks.example.com", 443, "/")),
        ("https://Hooks.Example.COM/Loyalty", Target("hooks.example.com", 443, "/Loyalty")),
        ("https://hooks.example.com:8443/a?b=c", Target("hooks.example.com", 8443, "/a?b=c")),
        ("https://hooks.example.com?token=x", Target("hooks.example.com", 443, "/?token=x")),
        ("https://xn--bcher-kva.example/%C3%A9", Target("xn--bcher-kva.example", 443, "/%C3%A9")),
    ],
)
def test_a_public_https_address_is_a_target(url: str, target: Target) -> None:
    assert read_address(url) == target


def test_this_machine_is_a_target_only_where_that_is_allowed() -> None:
    url = "http://127.0.0.1:4567/hooks"

    assert read_address(url, allow_local=True) == Target("127.0.0.1", 4567, "/hooks", is_local=True)
    with pytest.raises(AddressRefused, match="https only"):
        read_address(url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.2/", "http://localhost/", "http://10.0.0.1/", "http://127.0.0.1.x.de/"]
)
def test_allowing_this_machine_allows_no_other_private_address(url: str) -> None:
    with pytest.raises(AddressRefused):
        read_address(url, allow_local=True)


@given(st.text(max_size=60))
def test_no_text_fails_the_check(text: str) -> None:
    for url in (text, f"https://{text}", f"https://hooks.example.com{text}"):
        try:
            target = read_address(url)
        except AddressRefused:
            continue
        assert re.fullmatch(r"[a-z0-9.-]+", target.host)
        assert re.fullmatch(r"/[\x21-\x7e]*", target.path)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.1", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.255",
        "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.168.1.1",
        "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
        "255.255.255.255",
        "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1",
        "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:db8::1",
        "2002:7f00:1::1", "2002:808:808::1", "3fff::1", "fc00::1", "fd00:ec2::254", "fe80::1",
        "fe80::1%eth0", "2606:4700::1%eth0", "fec0::1", "ff02::1", "5f00::1",
        "", "localhost", "8.8.8", "8.8.8.8.8", "0x08080808", "8.8.8.8/32",
    ],
)  # fmt: skip
def test_an_address_that_is_not_of_the_public_internet_is_refused(address: str) -> None:
    assert not is_public(address)


# Of IANA's registries of special-purpose addresses, with multicast and what has been given up.
SPECIAL = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.0.0/29", "192.0.0.8/32", "192.0.0.9/32", "192.0.0.10/32",
    "192.0.0.170/31", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
    "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32",
    "::1/128", "::/128", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64",
    "100:0:0:1::/64", "2001::/23", "2001::/32", "2001:1::1/128", "2001:1::2/128", "2001:1::3/128",
    "2001:2::/48", "2001:3::/32", "2001:4:112::/48", "2001:10::/28", "2001:20::/28",
    "2001:30::/28", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16",
    "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
]  # fmt: skip


@pytest.mark.parametrize("block", SPECIAL)
def test_no_address_of_a_special_block_is_public(block: str) -> None:
    network = ipaddress.ip_network(block)

    for place in {0, 1, network.num_addresses // 2, network.num_addresses - 1}:
        if place < network.num_addresses:
            assert not is_public(str(network[place])), network[place]


@pytest.mark.parametrize(
    "address",
    [
        "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",
        "192.0.1.0", "192.0.3.0", "192.88.98.255", "192.88.100.0", "192.167.255.255",
        "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
        "2001:200::", "2001:db7:ffff::1", "2001:db9::", "2001:ffff::1", "2003::",
        "2620:4f:7fff::1", "2620:4f:8001::", "3ffe:ffff::1", "3fff:1000::",
    ],
)  # fmt: skip
def test_the_neighbors_of_special_blocks_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00::1"])
def test_an_address_of_the_public_internet_may_be_called(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses())
def test_every_address_that_python_calls_private_is_refused(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if is_public(str(address)):
        inner = ("private", "loopback", "link_local", "multicast", "reserved", "unspecified")
        assert [each for each in inner if getattr(address, f"is_{each}")] == []
