"""Entries sent in chunks that a request can carry."""

from hypothesis import given
from hypothesis import strategies as st

from loyalty.edge.aws.publishing import ENTRIES_MAX, REQUEST_BYTES_MAX, chunks


@given(st.lists(st.integers(1, REQUEST_BYTES_MAX), max_size=40))
def test_no_request_is_larger_than_a_service_takes(sizes: list[int]) -> None:
    made = list(chunks(sizes, size_bytes=lambda size: size))

    assert [entry for chunk in made for entry in chunk] == sizes
    assert all(len(chunk) <= ENTRIES_MAX for chunk in made)
    assert all(sum(chunk) <= REQUEST_BYTES_MAX for chunk in made)
