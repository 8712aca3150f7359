"""Entries are named by their cause, in the same way forever."""

from datetime import date
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.ledger.entries import (
    CalendarCause,
    Cause,
    EntryKind,
    OrderCause,
    RequestCause,
    entry_id,
)
from tests.support.causes import CAUSES

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
kinds = st.sampled_from(get_args(EntryKind))
causes = st.one_of(
    st.builds(OrderCause, names, names, kinds, names),
    st.builds(RequestCause, names, kinds, names),
    st.builds(
        CalendarCause,
        names,
        kinds,
        st.lists(st.dates(date(2026, 1, 1), date(2026, 1, 3)), max_size=2).map(tuple),
        st.integers(0, 3),
    ),
)


@pytest.mark.parametrize(("pinned", "cause"), CAUSES.items())
def test_the_id_of_an_entry_never_changes(pinned: str, cause: Cause) -> None:
    assert entry_id(cause) == pinned


def test_every_kind_of_entry_has_a_pinned_id() -> None:
    assert {cause.kind for cause in CAUSES.values()} == set(get_args(EntryKind))


@given(one=causes, other=causes)
def test_two_causes_never_share_an_id(one: Cause, other: Cause) -> None:
    assert (entry_id(one) == entry_id(other)) == (one == other)
