"""A year at the grocer's: every total was computed by hand."""

from datetime import date

from loyalty.domain.orders.order import Line
from tests.support.example_year import ExampleYear, goods


def coffee(amount_minor: int, line_id: str, bags: int) -> Line:
    return goods(amount_minor, line_id, sku="COFFEE-250", quantity=bags)


def fuel(amount_minor: int, litres: int) -> Line:
    return goods(amount_minor, category="fuel", quantity=litres)


def test_a_year_of_shopping() -> None:
    year = ExampleYear("grocer", enrolled_on=date(2026, 1, 2))

    # 45 full pounds without the tobacco, and two bags of one's own, which cost nothing.
    tobacco = goods(1200, "2", category="tobacco")
    bags = goods(0, "3", category="own_bag", quantity=2)
    assert year.buy(date(2026, 1, 10), goods(4560), tobacco, bags) == 45 + 2
    # A point for each litre, and none for the pounds.
    assert year.buy(date(2026, 2, 14), fuel(5800, 40)) == 40
    # 38 pounds, and twice three of seven bags of coffee.
    assert year.buy(date(2026, 3, 1), coffee(2000, "1", 4), coffee(1800, "2", 3)) == 38 + 200
    # Five bags are left: 28 pounds, and once three.
    assert year.give_back(date(2026, 3, 2), 3, quantities={"1": 2}) == 10 + 100
    # Four times three would be 400, but 100 of this month's 400 are used.
    assert year.buy(date(2026, 3, 20), coffee(6000, "1", 12)) == 60 + 300
    # In the next month there is room again.
    assert year.buy(date(2026, 4, 1), coffee(1500, "1", 3)) == 15 + 100
    # The weekend of fuel: ten for each litre.
    assert year.buy(date(2026, 5, 2), fuel(4500, 30)) == 30 + 270
    assert year.balance(date(2026, 5, 31)) == 47 + 40 + 128 + 360 + 115 + 300

    # 500 points pay 2.50 of 20 pounds; what they pay earns nothing.
    voucher = year.redeem(date(2026, 6, 1), "pay", points=500, order_minor=2000)
    assert year.buy(date(2026, 6, 1), goods(2000), voucher=voucher) == 17
    assert year.balance(date(2026, 6, 1)) == 507

    # 64 pounds give 1,000; with 59 left they go, and the offer is free again.
    assert year.buy(date(2026, 11, 12), goods(5900, "1"), goods(500, "2")) == 64 + 1000
    assert year.give_back(date(2026, 11, 13), 8, quantities={"2": 1}) == 5 + 1000
    assert year.buy(date(2026, 11, 20), goods(12000)) == 120 + 2000
    assert year.buy(date(2026, 11, 25), goods(7000)) == 70, "once for each member"
    assert year.balance(date(2026, 12, 31)) == 507 + 59 + 2120 + 70
    year.must_add_up()


def test_bags_of_ones_own_count_as_long_as_anything_paid_is_left() -> None:
    year = ExampleYear("grocer", enrolled_on=date(2026, 1, 2))
    bags = goods(0, "2", category="own_bag", quantity=3)
    assert year.buy(date(2026, 1, 10), goods(1000), bags) == 10 + 3

    assert year.give_back(date(2026, 1, 11), 1, amount_minor=500) == 5
    assert year.give_back(date(2026, 1, 12), 1, amount_minor=500) == 5 + 3
