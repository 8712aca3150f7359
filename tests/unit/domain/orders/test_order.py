"""Orders are compared by digests of what a caller sent and of what the rules read."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from loyalty.domain.orders.order import (
    content_fingerprint,
    fingerprint,
    is_outdated,
    order_fingerprint,
)
from tests.support.orders import NOON, line, order

HOUR = timedelta(hours=1)
BOUGHT = order(line(500, "1", sku="latte"), line(300, "2"))


def test_a_caller_who_repeats_an_order_is_recognized() -> None:
    again = replace(BOUGHT, told_at=NOON + HOUR)

    assert order_fingerprint(again, customer="ana") == order_fingerprint(BOUGHT, customer="ana")


@pytest.mark.parametrize(
    "changed",
    [
        replace(BOUGHT, occurred_at=NOON + HOUR),
        replace(BOUGHT, channel="web"),
        order(line(500, "1", sku="mocha"), line(300, "2")),
        order(line(500, "1", sku="latte")),
    ],
)
def test_any_other_content_under_the_same_number_is_a_different_order(changed: object) -> None:
    assert isinstance(changed, type(BOUGHT))
    assert order_fingerprint(changed, customer="ana") != order_fingerprint(BOUGHT, customer="ana")
    assert order_fingerprint(BOUGHT, customer="bob") != order_fingerprint(BOUGHT, customer="ana")


def test_a_version_with_the_same_goods_changes_nothing_whatever_its_times() -> None:
    later = replace(BOUGHT, occurred_at=NOON + HOUR, told_at=NOON + HOUR)

    assert content_fingerprint(later) == content_fingerprint(BOUGHT)


def test_a_version_with_other_tax_changes_what_refunds_are_measured_against() -> None:
    taxed = replace(BOUGHT, lines=tuple(replace(each, gross_minor=999) for each in BOUGHT.lines))

    assert content_fingerprint(taxed) != content_fingerprint(BOUGHT)
    assert taxed.lines[0].paid_minor == 999
    assert BOUGHT.lines[0].paid_minor == 500


@pytest.mark.parametrize(
    ("told_at", "by", "outdated"),
    [
        (NOON, NOON + HOUR, True),
        (NOON, NOON, False),
        (NOON + HOUR, NOON, False),
        (None, NOON, True),
        (NOON, None, False),
        (None, None, False),
    ],
)
def test_the_version_with_the_later_time_wins(
    told_at: datetime | None, by: datetime | None, outdated: bool
) -> None:
    assert is_outdated(told_at, by=by) == outdated


def test_a_fingerprint_does_not_depend_on_the_order_of_keys() -> None:
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint("a", "b") != fingerprint("ab")
