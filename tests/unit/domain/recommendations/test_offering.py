"""Which campaigns are offered to a member: theirs, not withheld, not used up, the best ones."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.domain.campaigns.member_facts import MemberFacts
from loyalty.domain.campaigns.offers import Offer, OfferReason
from loyalty.domain.recommendations.offering import OfferRound, choose
from loyalty.domain.recommendations.scoring import ANONYMOUS, Recommender, Shopper
from loyalty.domain.recommendations.things import UNKNOWN, Neighbor, Neighborhood, Thing
from tests.support.campaigns import campaign, with_campaigns

NOW: Final = datetime(2026, 11, 21, 1, tzinfo=UTC)
TODAY: Final = date(2026, 11, 21)
FACTS: Final = MemberFacts(occurred_at=NOW, orders=3, bought_on=TODAY)
OATS: Final = Thing("category", "oats")
NEARBY: Final = Neighborhood(
    neighbors={OATS: (Neighbor(Thing("category", "milk"), 500_000),)},
    popularity={None: {Thing("category", "cake"): 20}},
)
CHOSEN: Final = {"by_lot_percent": 0}


def to_offer(name: str, *categories: str, **parts: Any) -> dict[str, Any]:
    lines = {"lines": {"categories": list(categories)}} if categories else {}
    return campaign(id=name, activation="offer", **lines, **parts)


def round_of(*campaigns: dict[str, Any], rules: Mapping[str, int] = CHOSEN, **parts: Any) -> Any:
    document = with_campaigns(*campaigns, offers=dict(rules), **parts)
    worth = {each.id: 1000 for each in document.campaigns}
    return OfferRound(program_id="bean", document=document, worth=worth, now=NOW)


def chosen(every: OfferRound, offers: Mapping[str, Offer] | None = None, **what: Any) -> Any:
    shopper = what.pop("shopper", Shopper())
    nearby = what.pop("nearby", UNKNOWN)
    given_: dict[str, Any] = {
        "member_id": "ana",
        "facts": FACTS,
        "used": {},
        "held_out": frozenset(),
        "recommender": lambda: Recommender(shopper, nearby),
    }
    return choose({} if offers is None else offers, every=every, **given_ | what)


def test_a_new_program_offers_in_the_order_of_its_document_and_no_more_than_it_says() -> None:
    every = round_of(*map(to_offer, "abcd"), campaign(id="all"))

    found = chosen(every)

    assert list(found) == ["a", "b", "c"]
    assert found["a"] == Offer(
        offered_at=NOW, until=date(2026, 12, 4), because=OfferReason("in_turn"), chosen_of=4
    )
    assert chosen(every, found) is found


def test_what_the_member_buys_comes_first_and_each_offer_says_why() -> None:
    every = round_of(
        to_offer("cakes", "cake"),
        to_offer("milk", "milk"),
        to_offer("oat", "oats"),
        to_offer("any"),
        rules={"at_most": 4} | CHOSEN,
    )

    found = chosen(every, shopper=Shopper(bought={OATS: 3}), nearby=NEARBY)

    bought = OfferReason("you_bought", thing_kind="category", thing_id="oats")
    assert {name: each.because for name, each in found.items()} == {
        "oat": bought,
        "milk": bought,
        "cakes": OfferReason("popular_here"),
        "any": OfferReason("in_turn"),
    }
    assert list(found) == ["oat", "milk", "cakes", "any"]


def test_goods_that_a_campaign_asks_for_count_and_those_that_must_not_be_there_do_not() -> None:
    asks = {"fact": "units", "at_least": 2, "of": {"lists": ["sale"]}}
    refuses = {"not": {"fact": "units", "at_least": 1, "of": {"skus": ["S1"]}, "read": "bought"}}
    every = round_of(
        to_offer("without", **{"if": refuses}),
        to_offer("with", **{"if": asks}),
        lists={"sale": ["S1"]},
    )

    found = chosen(every, shopper=Shopper(bought={Thing("sku", "S1"): 1}), nearby=NEARBY)

    assert [each.because.kind for each in found.values()] == ["you_bought", "in_turn"]
    assert list(found) == ["with", "without"]


def test_who_stayed_away_reads_so_and_who_objects_is_not_looked_at() -> None:
    every = round_of(to_offer("a"), to_offer("cakes", "cake"))
    away = MemberFacts(occurred_at=NOW, orders=3, bought_on=TODAY - timedelta(days=60))

    assert chosen(every, facts=away)["a"].because == OfferReason("been_away", days=60)
    found = chosen(every, facts=away, shopper=ANONYMOUS, nearby=NEARBY)
    assert {each.because.kind for each in found.values()} == {"popular_here", "in_turn"}


def test_what_is_not_theirs_withheld_used_up_or_not_running_is_not_offered() -> None:
    once = {"limits": {"per_member": {"orders": 1}}}
    every = round_of(
        to_offer("first", **{"for": {"fact": "first_order"}}),
        to_offer("held"),
        to_offer("used", **once),
        to_offer("over", when={"ends_on": "2026-11-20"}),
        to_offer("coming", when={"starts_on": "2026-11-22"}),
        to_offer("short", when={"ends_on": "2026-11-23"}),
    )

    found = chosen(every, held_out={"held"}, used={"used#all#orders": 1})

    assert {name: each.until for name, each in found.items()} == {"short": date(2026, 11, 23)}
    assert found["short"].chosen_of == 1


def test_of_a_group_one_is_offered_at_a_time() -> None:
    every = round_of(
        to_offer("a", group="g"),
        to_offer("b", group="g"),
        to_offer("c"),
        campaign_groups=[{"id": "g", "choose": "first"}],
    )

    found = chosen(every)

    assert list(found) == ["a", "c"]
    assert list(chosen(round_of(to_offer("a", group="g"), to_offer("b", group="g")), found)) == [
        "a",
        "c",
    ]


def test_an_offer_rests_before_it_is_made_again() -> None:
    every = round_of(to_offer("a"), to_offer("b"))
    ended = Offer(
        offered_at=NOW - timedelta(days=50),
        until=TODAY - timedelta(days=30),
        because=OfferReason("in_turn"),
        chosen_of=1,
    )
    longer_ago = Offer(
        offered_at=NOW - timedelta(days=50),
        until=TODAY - timedelta(days=31),
        because=OfferReason("in_turn"),
        chosen_of=1,
    )

    assert chosen(every, {"a": ended, "gone": longer_ago}).keys() == {"a", "b"}
    assert chosen(every, {"a": longer_ago})["a"].offered_at == NOW


def test_some_members_get_what_is_drawn() -> None:
    every = round_of(*map(to_offer, "abcdef"), rules={"at_most": 1, "by_lot_percent": 20})

    found = [chosen(every, member_id=f"mem_{number}") for number in range(500)]

    drawn = [name for each in found for name, one in each.items() if one.because.kind == "by_lot"]
    assert 60 <= len(drawn) <= 140
    assert set(drawn) == set("abcdef")
    assert {name for each in found for name in each if each[name].because.kind == "in_turn"} == {
        "a"
    }


@given(
    at_most=st.integers(1, 10),
    percent=st.sampled_from([0, 50]),
    held_out=st.sets(st.sampled_from("abcdefgh")),
    nights=st.integers(1, 40),
    days=st.integers(1, 20),
)
@settings(max_examples=40)
def test_no_history_of_rounds_offers_too_much_or_what_is_withheld_or_rests(
    at_most: int, percent: int, held_out: set[str], nights: int, days: int
) -> None:
    offers: Mapping[str, Offer] = {}
    last: dict[str, Offer] = {}
    rules = {
        "at_most": at_most,
        "by_lot_percent": percent,
        "days": days,
        "again_after_days": 7,
    }
    campaigns = [to_offer(name) for name in "abcdefgh"]
    first = round_of(*campaigns, rules=rules)
    for night in range(nights):
        now = NOW + timedelta(days=night)
        every = OfferRound(program_id="bean", document=first.document, worth=first.worth, now=now)
        after = chosen(every, offers, held_out=held_out)
        assert chosen(every, after, held_out=held_out) is after
        for name in after.keys() - offers.keys() | {
            name for name in after if name in offers and after[name] != offers[name]
        }:
            assert name not in held_out
            if name in last:
                assert (now.date() - last[name].until).days > 7
            last[name] = after[name]
        assert sum(each.until >= now.date() for each in after.values()) <= at_most
        offers = after
