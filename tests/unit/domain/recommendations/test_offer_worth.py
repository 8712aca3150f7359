"""Offers of campaigns are worth what earlier ones brought, and new ones what all others are."""

from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.recommendations.offer_worth import OfferOutcome, worth_of


def test_nothing_known_makes_all_alike() -> None:
    assert worth_of(["a", "b"], {}, margin_percent=60) == {"a": 1000, "b": 1000}


def test_without_money_the_more_members_use_an_offer_the_more_it_is_worth() -> None:
    used = {"a": OfferOutcome(900, 270, 10**6, None), "b": OfferOutcome(900, 90, 10**7, None)}

    assert worth_of("abc", used, margin_percent=60) == {"a": 1450, "b": 550, "c": 1000}


def test_with_a_margin_what_an_offer_costs_is_taken_off() -> None:
    used = {"a": OfferOutcome(900, 90, 100_000, 55_000), "b": OfferOutcome(900, 90, 100_000, 5000)}

    found = worth_of("ab", used, margin_percent=60)

    assert found == {"a": 250, "b": 1750}


def test_a_few_members_say_little() -> None:
    used = {"a": OfferOutcome(2, 2), "b": OfferOutcome(1000, 100)}

    assert worth_of("ab", used, margin_percent=None)["a"] == 1173


def test_offers_that_bring_less_than_they_cost_make_all_alike() -> None:
    used = {"a": OfferOutcome(10, 5, 100, 500)}

    assert worth_of("ab", used, margin_percent=10) == {"a": 1000, "b": 1000}


OUTCOMES = st.builds(
    OfferOutcome,
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(-(10**9), 10**12),
    st.none() | st.integers(0, 10**12),
)


@given(st.dictionaries(st.sampled_from("abcd"), OUTCOMES), st.none() | st.integers(1, 100))
def test_every_campaign_keeps_a_chance(
    outcomes: dict[str, OfferOutcome], margin: int | None
) -> None:
    found = worth_of("abcde", outcomes, margin_percent=margin)

    assert found.keys() == set("abcde")
    assert all(100 <= worth <= 10_000 for worth in found.values())
