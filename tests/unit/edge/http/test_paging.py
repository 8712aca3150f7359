"""Cursors lead back to where they came from, and nowhere else."""

import base64
import hashlib
import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from loyalty.domain.kernel.errors import InvalidCursor
from loyalty.edge.http.paging import decode_cursor, encode_cursor, next_cursor, page_start

positions = st.text(max_size=40)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
is_number = re.compile(r"\d+").fullmatch


@given(position=positions, of=st.text(max_size=20))
def test_a_cursor_tells_the_position_it_was_made_of(position: str, of: str) -> None:
    assert decode_cursor(encode_cursor(position, of=of), of=of, read=str) == position


@given(position=positions, place=st.integers(0), letter=st.sampled_from(ALPHABET))
@example(position="12", place=-1, letter="J")
def test_a_cursor_with_one_letter_changed_is_refused(
    position: str, place: int, letter: str
) -> None:
    cursor = encode_cursor(position, of="list")
    place %= len(cursor)
    changed = cursor[:place] + letter + cursor[place + 1 :]
    assume(changed != cursor)

    with pytest.raises(InvalidCursor):
        decode_cursor(changed, of="list", read=str)


def test_a_cursor_of_another_list_is_refused() -> None:
    cursor = encode_cursor("12", of="history of ana")

    with pytest.raises(InvalidCursor):
        page_start(cursor, of="history of ben", like=is_number)


def test_a_list_goes_on_where_its_page_ended() -> None:
    cursor = next_cursor("12", of="list")

    assert page_start(cursor, of="list", like=is_number) == "12"
    assert next_cursor(None, of="list") is None
    assert page_start(None, of="list", like=is_number) is None


@pytest.mark.parametrize(
    "forged_position", [b"", b"twelve", b"12 13", b'{"after": 12}', b"\xff", b"\xed\xa0\x80"]
)
def test_a_position_of_no_list_is_refused_even_with_the_right_digest(
    forged_position: bytes,
) -> None:
    forged = base64.urlsafe_b64encode(
        hashlib.sha256(b"list\0" + forged_position).digest()[:12] + forged_position
    )

    with pytest.raises(InvalidCursor):
        page_start(forged.decode().rstrip("="), of="list", like=is_number)


@pytest.mark.parametrize("cursor", ["", "a", "é", "AAAA", "no cursor at all", "e30", "=" * 40])
def test_what_was_never_a_cursor_is_refused_with_its_place(cursor: str) -> None:
    with pytest.raises(InvalidCursor) as refused:
        decode_cursor(cursor, of="list", read=str)

    assert [fault.pointer for fault in refused.value.faults] == ["/query/cursor"]
