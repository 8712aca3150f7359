"""Identities: one normal form for all ways to write one, and digests that give nothing away."""

import string
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.provisional import domains

from loyalty.domain.people.identity import KINDS, Identity, Keyring, NotAnIdentity, identify

RING = Keyring({"1": b"secret"}, current="1")

external_ids = st.text(string.ascii_letters + string.digits + "._:-", min_size=1, max_size=64)
local_parts = st.from_regex(r"[A-Za-z0-9_+][A-Za-z0-9._+-]{0,20}[A-Za-z0-9_+]", fullmatch=True)
emails = st.builds(
    lambda local, domain: f"{local}@{domain}",
    local_parts.filter(lambda local: ".." not in local),
    domains(max_length=60).map(str.lower),
)
identities = st.one_of(
    st.builds(Identity, st.sampled_from(KINDS), external_ids),
    st.builds(Identity, st.just("customer"), external_ids, external_ids),
)


@given(emails)
def test_an_email_is_the_same_however_its_letters_are_cased(email: str) -> None:
    try:
        identity = identify("email", email)
    except NotAnIdentity:
        # A domain that is not one, such as a bare registry's.
        return

    assert identify("email", email.upper()) == identity
    assert identify("email", f" {email}\n") == identity
    assert identify("email", identity.value) == identity


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Ana.Quispe+shop@Example.COM", "ana.quispe+shop@example.com"),
        ("ana@xn--mnchen-3ya.de", "ana@münchen.de"),
        ("ana@MÜNCHEN.de", "ana@münchen.de"),
        ("ANA\u0301@example.com", "aná@example.com"),
        ("ana@shop.test", "ana@shop.test"),
    ],
)
def test_an_email_has_one_normal_form(written: str, normal: str) -> None:
    assert identify("email", written).value == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ana",
        "ana@",
        "ana@localhost",
        "ana@example",
        "Ana <ana@example.com>",
        "a na@example.com",
        "ana@exa mple.com",
        "ana@[192.0.2.1]",
        f"{'a' * 250}@example.com",
        f"ana@{'example.' * 40}com",
    ],
)
def test_text_that_nobody_could_write_to_is_no_email(text: str) -> None:
    with pytest.raises(NotAnIdentity):
        identify("email", text)


@pytest.mark.parametrize(
    "written",
    [
        "+33612345678",
        "+33 6 12 34 56 78",
        "+33 (0)6 12 34 56 78",
        "+33-6-12.34.56.78",
        "+\uff13\uff13612345678",
    ],
)
def test_a_phone_number_has_one_normal_form(written: str) -> None:
    assert identify("phone", written) == Identity("phone", "+33612345678")


@given(
    st.integers(min_value=10**8, max_value=10**9 - 1), st.lists(st.sampled_from(" .-"), max_size=6)
)
def test_a_phone_number_is_the_same_however_it_is_spaced(number: int, gaps: list[str]) -> None:
    digits = str(number)
    spaced = "".join(
        digit + (gaps[place] if place < len(gaps) else "") for place, digit in enumerate(digits)
    )

    identity = identify("phone", f"+33{digits}")

    assert identify("phone", f"+33 {spaced}") == identity
    assert identify("phone", identity.value) == identity


@pytest.mark.parametrize(
    "text",
    ["", "+", "0612345678", "+33", "+999612345678", "+33612345678901234", "ana", "+33612345678x9"],
)
def test_text_that_nobody_could_call_is_no_phone_number(text: str) -> None:
    with pytest.raises(NotAnIdentity):
        identify("phone", text)


@given(external_ids, external_ids)
def test_external_ids_are_taken_as_they_are(value: str, source: str) -> None:
    assert identify("card", value) == Identity("card", value)
    assert identify("customer", value, source=source) == Identity("customer", value, source)


@pytest.mark.parametrize("text", ["", "a b", "a#b", "a/b", "é", "1\n", "x" * 65])
def test_a_text_outside_the_pattern_is_no_card(text: str) -> None:
    with pytest.raises(NotAnIdentity):
        identify("card", text)


def test_only_a_customers_id_has_a_source_and_it_must_have_one() -> None:
    with pytest.raises(NotAnIdentity):
        identify("customer", "1")
    with pytest.raises(NotAnIdentity):
        identify("card", "1", source="shop")


@given(identities, identities)
def test_two_identities_share_a_digest_only_if_they_are_the_same(
    one: Identity, other: Identity
) -> None:
    digests = [RING.digest(identity, program_id="bean") for identity in (one, other)]

    assert (digests[0] == digests[1]) == (one == other)


@pytest.mark.parametrize(
    ("program_id", "keys"), [("leaf", {"1": b"secret"}), ("bean", {"1": b"another secret"})]
)
def test_a_digest_leads_nowhere_in_another_program_or_deployment(
    program_id: str, keys: Mapping[str, bytes]
) -> None:
    ana = identify("email", "ana@example.com")

    there = Keyring(keys, current="1").digest(ana, program_id=program_id)

    assert there.digest != RING.digest(ana, program_id="bean").digest


def test_a_ring_looks_under_its_current_key_first() -> None:
    ring = Keyring({"1": b"old", "2": b"new", "3": b"next"}, current="2")
    card = identify("card", "1")

    digests = list(ring.digests(card, program_id="bean"))

    assert [digest.version for digest in digests] == ["2", "1", "3"]
    assert digests[0] == ring.digest(card, program_id="bean")
    assert len({digest.digest for digest in digests}) == 3


def test_a_ring_without_its_current_key_is_none() -> None:
    with pytest.raises(ValueError, match="current"):
        Keyring({"1": b"old"}, current="2")
