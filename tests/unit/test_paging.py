"""Cursors lead back to where they came from, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.errors import InvalidCursor
from loyalty.edge.paging import decode_cursor, encode_cursor

positions = st.dictionaries(st.text(max_size=10), st.text(max_size=40) | st.integers(), max_size=4)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(position=positions, of=st.text(max_size=20))
def test_a_cursor_tells_the_position_it_was_made_of(
    position: dict[str, str | int], of: str
) -> None:
    assert decode_cursor(encode_cursor(position, of=of), of=of) == position


@given(position=positions, at=st.integers(0), letter=st.sampled_from(ALPHABET))
def test_a_cursor_with_one_letter_changed_is_refused_or_is_the_same(
    position: dict[str, str | int], at: int, letter: str
) -> None:
    cursor = encode_cursor(position, of="list")
    at %= len(cursor)
    changed = cursor[:at] + letter + cursor[at + 1 :]

    try:
        assert decode_cursor(changed, of="list") == position
    except InvalidCursor:
        assert changed != cursor


def test_a_cursor_of_another_list_is_refused() -> None:
    cursor = encode_cursor({"sk": "ENTRY#1"}, of="history of ana")

    with pytest.raises(InvalidCursor):
        decode_cursor(cursor, of="history of ben")


@pytest.mark.parametrize("cursor", ["", "a", "é", "AAAA", "no cursor at all", "e30", "=" * 40])
def test_what_was_never_a_cursor_is_refused_with_its_place(cursor: str) -> None:
    with pytest.raises(InvalidCursor) as refused:
        decode_cursor(cursor, of="list")

    assert [fault.pointer for fault in refused.value.faults] == ["/query/cursor"]
