"""Orders are compared by digests of what a caller sent and of what the rules read."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from loyalty.domain.orders.order import (
    Order,
    Tender,
    content_fingerprint,
    fingerprint,
    is_outdated,
    order_fingerprint,
    promotion_codes,
    tenders_of,
)
from tests.support.orders import NOON, line, order

HOUR = timedelta(hours=1)
BOUGHT = order(line(500, "1", sku="latte"), line(300, "2"))
# What orders that say no more than this were recorded with.
SERVED = order(
    line(500, "1", sku="latte", category="drink", quantity=2), line(300, "2", gross_minor=360)
)
PINNED = [
    (SERVED, "f79ed7e0060ccd86df84c2714e7c098d", "a79252fab26d8bb497669ce68de85c5f"),
    (
        replace(SERVED, channel="web"),
        "03aa560ae92814ee5a47cb4fc8a2926d",
        "caaafd1ae599c93e7c7087493bb86158",
    ),
]


@pytest.mark.parametrize(("recorded", "by_customer", "by_content"), PINNED)
def test_the_fingerprint_of_an_order_that_says_no_more_never_changes(
    recorded: Order, by_customer: str, by_content: str
) -> None:
    assert order_fingerprint(recorded, customer="identities") == by_customer
    assert content_fingerprint(recorded) == by_content


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
        replace(BOUGHT, location="lyon"),
        replace(BOUGHT, tenders=(Tender("cash", 800),)),
        replace(BOUGHT, codes=("FLYER",)),
        order(line(500, "1", sku="latte", brand="house"), line(300, "2")),
        order(line(500, "1", sku="latte", tags=("hot",)), line(300, "2")),
    ],
)
def test_any_other_content_under_the_same_number_is_a_different_order(changed: object) -> None:
    assert isinstance(changed, type(BOUGHT))
    assert order_fingerprint(changed, customer="ana") != order_fingerprint(BOUGHT, customer="ana")
    is_same_content = changed.occurred_at != BOUGHT.occurred_at
    assert (content_fingerprint(changed) == content_fingerprint(BOUGHT)) == is_same_content
    assert order_fingerprint(BOUGHT, customer="bob") != order_fingerprint(BOUGHT, customer="ana")


def test_tags_are_the_same_in_any_sequence() -> None:
    one, other = (order(line(500, tags=tags)) for tags in (("hot", "oat"), ("oat", "hot")))

    assert content_fingerprint(one) == content_fingerprint(other)


def test_what_the_catalog_says_is_no_part_of_what_the_caller_sent() -> None:
    catalogued = order(line(500, product_brand="house", product_tags=("hot",)))

    assert content_fingerprint(catalogued) == content_fingerprint(order(line(500)))


def test_a_line_has_the_brands_and_tags_of_the_order_and_of_the_catalog() -> None:
    sold = line(500, brand="house", tags=("hot",), product_brand="House", product_tags=("oat",))

    assert sold.brands == frozenset({"house", "House"})
    assert sold.all_tags == frozenset({"hot", "oat"})
    assert not line(500).brands | line(500).all_tags


def test_goods_keep_what_the_catalog_said_when_they_were_first_counted() -> None:
    first = order(line(500, product_categories=("Hot",), product_brand="A", product_tags=("new",)))
    later = order(line(400, product_categories=("Cold",), product_brand="B"), line(100, "2"))

    assert later.with_products_of(first).lines == (
        line(400, product_categories=("Hot",), product_brand="A", product_tags=("new",)),
        line(100, "2"),
    )


def test_payments_of_one_kind_are_one_tender_and_those_of_nothing_are_none() -> None:
    payments = [Tender("card", 300), Tender("cash", 200), Tender("card", 500), Tender("points", 0)]

    assert tenders_of(payments) == (Tender("card", 800), Tender("cash", 200))


def test_promotion_codes_ignore_capitals_spaces_around_them_and_repeats() -> None:
    assert promotion_codes([" flyer", "FLYER", "Spring", " "]) == ("FLYER", "SPRING")


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
