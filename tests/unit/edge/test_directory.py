"""How the key of the identity digests is kept, and what examples promise of members."""

import pytest

from loyalty.domain.people.identity import identify
from loyalty.edge.directory import proven_by, read_keyring
from loyalty.edge.http.auth import Principal

CARD = identify("card", "6034-1")


def test_the_text_that_a_deployment_generates_is_version_1() -> None:
    ring = read_keyring("9vQ2tKxW7rLmZ4pN")

    assert (ring.current, dict(ring.keys)) == ("1", {"1": b"9vQ2tKxW7rLmZ4pN"})


def test_a_second_key_beside_it_changes_no_digest_until_it_is_current() -> None:
    alone = read_keyring("generated")
    beside = read_keyring('{"current": "1", "keys": {"1": "generated", "2": "new"}}')
    current = read_keyring('{"current": "2", "keys": {"1": "generated", "2": "new"}}')

    first = alone.digest(CARD, program_id="bean")

    assert beside.digest(CARD, program_id="bean") == first
    assert current.digest(CARD, program_id="bean") != first
    assert first in current.digests(CARD, program_id="bean")


@pytest.mark.parametrize("secret", ['{"keys": {}}', '{"current": "2", "keys": {"1": "x"}}'])
def test_a_secret_that_makes_no_sense_is_a_failure(secret: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        read_keyring(secret)


def test_a_token_proves_what_can_be_an_identity() -> None:
    principal = Principal(
        program_id="bean",
        subject="sub-ana",
        roles=frozenset({"member"}),
        email="root@localhost",
        phone="+33612345678",
    )

    assert proven_by(principal) == [
        identify("subject", "sub-ana"),
        identify("phone", "+33612345678"),
    ]


def test_a_generated_secret_that_looks_like_the_beginning_of_json_is_a_secret() -> None:
    ring = read_keyring('{"9vQ2tKxW7rLmZ4pN')

    assert ring.keys == {"1": b'{"9vQ2tKxW7rLmZ4pN'}
