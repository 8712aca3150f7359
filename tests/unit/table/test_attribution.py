"""What an item says of its cause: that of its last change, or nothing."""

from __future__ import annotations

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from local.memory import MemoryEngine
from loyalty.table.attribution import CAUSED_BY, Attributed
from loyalty.table.operations import Assign, Check, Key, Missing, Put, Update

ITEM: Final = Key("PROGRAM#bean", "ACCOUNT")
OTHER: Final = Key("PROGRAM#bean", "PROFILE")

put: Final = Put(ITEM, {"points": 1})
update: Final = Update(ITEM, (Assign(("points",), 2),), creates=True)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([put, update]), st.sampled_from(["request-1", "request-2", None])
        ),
        min_size=1,
        max_size=8,
    )
)
def test_an_item_names_the_cause_of_its_last_change_only(
    changes: list[tuple[Put | Update, str | None]],
) -> None:
    table = MemoryEngine()
    causes = iter([cause for _, cause in changes])
    attributed = Attributed(table, cause=lambda: next(causes))
    for operation, _ in changes:
        attributed.write([operation])

    item = table.get(ITEM, strong=True)

    assert item is not None
    assert item.get(CAUSED_BY) == changes[-1][1]


def test_what_is_only_checked_names_no_cause() -> None:
    table = MemoryEngine()
    table.write([Put(OTHER, {})])
    attributed = Attributed(table, cause=lambda: "request-1")

    attributed.write([put, Check(OTHER, (Missing(("gone",)),))])

    assert attributed.get_many([ITEM, OTHER], strong=True)[OTHER].get(CAUSED_BY) is None
