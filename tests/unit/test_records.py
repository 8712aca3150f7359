"""What is written to the table is read back as it was."""

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.account import Account
from loyalty.domain.accruals import accrue
from loyalty.table.records import entry_from_item, entry_to_item
from tests.support.documents import published, rule
from tests.support.orders import NOON, line, order

CATEGORIES = st.sampled_from(["drink", "whole_bean", "gift_card", "tip", None])


@given(
    bought=st.lists(st.tuples(st.integers(0, 9999), CATEGORIES), max_size=12),
    pending_days=st.sampled_from([0, 7]),
)
def test_an_accrual_keeps_what_every_line_earned_under_every_rule(
    bought: list[tuple[int, str | None]], pending_days: int
) -> None:
    program = published(
        pending_days=pending_days,
        earning_rules=[
            rule(id="base", exclude_categories=["gift_card"]),
            rule(id="at-home", include_categories=["whole_bean"], pending_days=3),
        ],
    )
    told = order(
        *(line(minor, f"{number}", category=what) for number, (minor, what) in enumerate(bought))
    )

    posting = accrue(
        told, account=Account(member_id="mem_ana"), program=program, fingerprint="f", now=NOON
    )
    entry = posting.entries[0]

    assert entry_from_item(entry_to_item(entry, "bean")) == entry
