"""A year in the beauty club: every total was computed by hand."""

from datetime import date

from tests.support.example_year import ExampleYear, goods


def test_a_year_of_levels() -> None:
    year = ExampleYear("beauty-club", enrolled_on=date(2026, 1, 15), birthday=date(1992, 5, 9))

    # 360 dollars reach Silver; the order that does earns at the rate of before.
    assert year.buy(date(2026, 2, 1), goods(12000)) == 120
    assert year.buy(date(2026, 3, 1), goods(24000)) == 240
    assert year.level(date(2026, 3, 1)) == "silver"
    # 125 percent of 50.
    assert year.buy(date(2026, 4, 10), goods(5000)) == 62
    # In the birthday's month 250 more, once: 37 + 250, then only 50.
    assert year.buy(date(2026, 5, 5), goods(3000)) == 37 + 250
    assert year.buy(date(2026, 5, 20), goods(4000)) == 50
    # 26 dollars are left, which is still enough for the 250; 32 are left of 37.
    assert year.give_back(date(2026, 5, 25), 4, amount_minor=400) == 5
    assert year.balance(date(2026, 5, 31)) == 754
    year.redeem(date(2026, 6, 1), "ten-off")
    assert year.balance(date(2026, 6, 1)) == 254

    # Both events hold: 125, and the better one of 300 on fragrance and 125 for the app.
    scent = goods(8000, "1", category="fragrance")
    lipstick = goods(2000, "2", category="makeup")
    assert year.buy(date(2026, 10, 2), scent, lipstick, channel="app") == 125 + 300
    # The app alone doubles.
    assert year.buy(date(2026, 10, 3), goods(2000), channel="app") == 25 + 25

    # 1,196 dollars in the year reach Gold, which holds to the end of the next year.
    assert year.buy(date(2026, 11, 20), goods(60000)) == 750
    assert year.level(date(2026, 11, 20)) == "gold"
    assert year.buy(date(2026, 12, 10), goods(1000)) == 15
    assert year.balance(date(2026, 12, 31)) == 254 + 425 + 50 + 750 + 15
    assert year.level(date(2027, 12, 31)) == "gold"

    # The last activity is in January; a year later all points lapse, and so did the level.
    assert year.buy(date(2027, 1, 5), goods(10000)) == 150
    assert year.balance(date(2028, 1, 5)) == 1644
    assert year.balance(date(2028, 1, 6)) == 0
    assert year.level(date(2028, 1, 1)) is None
    year.must_add_up()


def test_a_birthday_bonus_goes_when_too_little_of_its_order_is_left() -> None:
    year = ExampleYear("beauty-club", enrolled_on=date(2026, 1, 15), birthday=date(1992, 5, 9))
    year.buy(date(2026, 3, 1), goods(36000))
    assert year.buy(date(2026, 5, 5), goods(3000)) == 37 + 250

    # 20 of 30 dollars are left: 25 points, and the 250 may be earned again this year.
    assert year.give_back(date(2026, 5, 6), 2, amount_minor=1000) == 12 + 250
    assert year.buy(date(2026, 5, 20), goods(4000)) == 50 + 250


def test_a_profile_that_is_complete_gives_points_once() -> None:
    year = ExampleYear(
        "beauty-club",
        enrolled_on=date(2026, 1, 15),
        birthday=date(1992, 5, 9),
        attributes={"skin_type": "dry"},
    )

    for day in (date(2026, 1, 15), date(2026, 2, 15)):
        year.check(day)

    assert year.balance(date(2026, 2, 15)) == 25
