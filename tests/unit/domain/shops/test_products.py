"""Categories of products, and the rules that ask for them."""

from datetime import UTC, datetime, timedelta

from loyalty.domain.shops.products import (
    CATEGORIES_MAX,
    FRESH_FOR,
    REMEMBERED_FOR,
    Product,
    RememberedProduct,
    categories,
)

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


def test_a_product_is_once_in_each_of_its_categories() -> None:
    assert categories(["Coffee", None, " Beans\n", "", "Coffee"]) == ("Coffee", "Beans")
    assert len(categories(map(str, range(100)))) == CATEGORIES_MAX
    assert categories(["x" * 200]) == ("x" * 100,)


def test_the_name_of_a_charge_is_no_category_of_goods() -> None:
    assert categories(["shipping", "tip", "Shipping bags"]) == ("Shipping bags",)


def test_a_product_is_fresh_for_a_day_and_known_for_a_month() -> None:
    remembered = RememberedProduct(Product(), read_at=NOW)

    assert remembered.is_fresh(NOW + FRESH_FOR - timedelta(seconds=1))
    assert not remembered.is_fresh(NOW + FRESH_FOR)
    assert remembered.is_known(NOW + REMEMBERED_FOR - timedelta(seconds=1))
    assert not remembered.is_known(NOW + REMEMBERED_FOR)
