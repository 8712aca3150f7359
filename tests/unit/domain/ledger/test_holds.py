"""A hold moves where points lie, and neither how many there are nor when they expire."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.earning.awarding import Part
from loyalty.domain.ledger.holds import placed

TODAY = date(2026, 11, 21)
DAYS = st.integers(0, 40).map(lambda days: TODAY + timedelta(days=days))
PARTS = st.lists(
    st.tuples(DAYS, st.integers(0, 40), st.integers(1, 100)).map(
        lambda part: Part(part[0], part[0] + timedelta(days=part[1]), part[2])
    ),
    max_size=4,
).map(tuple)


@given(PARTS, DAYS)
def test_no_part_is_available_before_the_hold_ends_nor_after_its_own_last_day(
    parts: tuple[Part, ...], until: date
) -> None:
    for part, place in zip(parts, placed(parts, held_until=until), strict=True):
        assert place[1:] == part[1:]
        assert min(until, part.expires_on) <= place.available_on <= part.expires_on
        assert place.available_on in (part.available_on, until, part.expires_on)


@given(PARTS)
def test_parts_that_are_not_held_lie_by_their_own_dates(parts: tuple[Part, ...]) -> None:
    assert placed(parts, held_until=None) == parts
    assert placed(parts, held_until=TODAY) == parts
