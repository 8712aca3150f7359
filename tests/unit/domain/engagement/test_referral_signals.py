"""What may say that a friend is no new person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.engagement.referral_signals import are_alike, network_of

LOCAL = st.text("abcdefghij", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("203.0.113.200", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2::7", "2001:db8:1::/48"),
        ("next door", None),
        ("", None),
    ],
)
def test_a_network_is_the_first_bits_of_an_address(address: str, network: str | None) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("ana@example.com", "ana@example.com", True),
        ("ana@example.com", "ana+2@example.com", True),
        ("ana@example.com", "anna@example.com", True),
        ("ana@example.com", "ama@example.com", True),
        ("a.n.a@gmail.com", "ana@googlemail.com", True),
        ("a.n.a@example.com", "ana@example.com", False),
        ("ana@example.com", "ana@example.org", False),
        ("ana@example.com", "bob@example.com", False),
    ],
)
def test_emails_are_alike_if_a_tag_a_dot_or_a_letter_differs(
    one: str, other: str, alike: bool
) -> None:
    assert are_alike([one], ["x@example.net", other]) == alike


@given(LOCAL, st.integers(0, 8), st.sampled_from("xyz"))
def test_one_letter_more_less_or_other_is_alike_both_ways(
    local: str, place: int, letter: str
) -> None:
    more = local[:place] + letter + local[place:]
    other = local[:place] + letter + local[place + 1 :]

    for changed in (more, other):
        ours, theirs = [f"{local}@a.example"], [f"{changed}@a.example"]
        assert are_alike(ours, theirs)
        assert are_alike(theirs, ours)


def test_nobody_without_an_email_is_alike() -> None:
    assert not are_alike([], ["ana@example.com"])
