"""A year in the star program: every total was computed by hand."""

from datetime import date

from loyalty.domain.orders.order import Tender
from tests.support.example_year import ExampleYear, goods

BIRTHDAY = date(1990, 6, 20)


def card(amount_minor: int) -> tuple[Tender, ...]:
    return (Tender("card", amount_minor),)


def preloaded(amount_minor: int) -> tuple[Tender, ...]:
    return (Tender("stored_value", amount_minor),)


def test_a_year_of_stars() -> None:
    year = ExampleYear("star-program", enrolled_on=date(2026, 1, 5), birthday=BIRTHDAY)

    # One for each full dollar by card; they live until 31 July.
    assert year.buy(date(2026, 1, 10), goods(1099), tenders=card(1099)) == 10
    # Two from the preloaded balance, tax left out; until 31 August.
    assert year.buy(date(2026, 2, 3), goods(2000), tenders=preloaded(2150)) == 40
    # 15.50 on a double star day, half each: 7 + 15, and 23.25 more of what they were unrounded.
    half_each = (Tender("card", 800), Tender("stored_value", 800))
    assert year.buy(date(2026, 3, 10), goods(1550), tenders=half_each) == 7 + 15 + 23
    # 5 doubled, and 25 for the cup.
    latte = goods(500, category="drink")
    assert year.buy(date(2026, 3, 10), latte, tenders=card(500), codes=("CUP",)) == 5 + 5 + 25
    # Alcohol and gift cards earn nothing.
    assert year.buy(date(2026, 3, 12), goods(1200, category="alcohol"), tenders=card(1200)) == 0
    assert year.buy(date(2026, 3, 12), goods(5000, category="gift_card"), tenders=card(5000)) == 0
    assert year.balance(date(2026, 3, 31)) == 10 + 40 + 45 + 35

    # The oldest go first: those of January and February, and 50 of March.
    year.redeem(date(2026, 4, 1), "brewed")
    assert year.balance(date(2026, 4, 1)) == 30
    # Half of the third order comes back: 3 + 7 + 11 are left of its 45.
    assert year.give_back(date(2026, 4, 5), 3, amount_minor=775) == 45 - 21
    assert year.balance(date(2026, 4, 5)) == 6

    # The birthday's 200 are spent first, because they expire first.
    year.check(date(2026, 6, 20))
    assert year.balance(date(2026, 6, 20)) == 206
    year.redeem(date(2026, 6, 20), "handcrafted")
    assert year.balance(date(2026, 6, 30)) == 6

    # Cash, until 31 January. What is left of March ends with September.
    assert year.buy(date(2026, 7, 4), goods(3000), tenders=(Tender("cash", 3000),)) == 30
    assert year.balance(date(2026, 9, 30)) == 36
    assert year.balance(date(2026, 10, 1)) == 30

    # A Wednesday in December: 50.50 rounded down, and the same again.
    assert year.buy(date(2026, 12, 9), goods(2525), tenders=preloaded(2525)) == 50 + 50
    assert year.buy(date(2026, 12, 10), goods(1000)) == 0, "nobody knows how it was paid"
    assert year.balance(date(2026, 12, 31)) == 130
    assert year.balance(date(2027, 2, 1)) == 100
    assert year.balance(date(2027, 7, 1)) == 0
    year.must_add_up()


def test_a_cup_counts_three_times_a_day() -> None:
    year = ExampleYear("star-program", enrolled_on=date(2026, 1, 5))
    day = date(2026, 2, 2)

    earned = [
        year.buy(day, goods(0, category="drink"), goods(100, "2"), codes=("CUP",)) for _ in range(4)
    ]

    assert earned == [25, 25, 25, 0]
