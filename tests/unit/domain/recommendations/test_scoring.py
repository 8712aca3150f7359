"""What is recommended to a member, and why."""

from datetime import date
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.domain.program.rewards import Reward
from loyalty.domain.recommendations.scoring import (
    ANONYMOUS,
    GOODS_MAX,
    REWARDS_MAX,
    Candidate,
    CloseTo,
    EarningPace,
    EndingPoints,
    ExpiringPoints,
    PopularHere,
    Recommender,
    Shopper,
    YouBought,
)
from loyalty.domain.recommendations.things import Neighbor, Neighborhood, Thing
from tests.support.documents import reward

JANUARY: Final = date(2027, 1, 31)
BEANS, MUG, FILTER = (Thing("sku", name) for name in ("beans", "mug", "filter"))
COFFEE, TEA = (Thing("category", name) for name in ("coffee", "tea"))
LATTE, CAKE = (Thing("reward", name) for name in ("latte", "cake"))


def candidate(reward_id: str = "latte", *, cost: int = 40, missing: int = 0, **parts: Any) -> Any:
    return Candidate(
        reward=Reward.model_validate(reward(id=reward_id, **parts)),
        cost_points=cost,
        missing_points=missing,
    )


def neighborhood(
    neighbors: dict[Thing, dict[Thing, int]] | None = None,
    popularity: dict[str | None, dict[Thing, int]] | None = None,
) -> Neighborhood:
    found = {
        thing: tuple(Neighbor(*each) for each in others.items())
        for thing, others in (neighbors or {}).items()
    }
    return Neighborhood(neighbors=found, popularity=popularity or {})


NEIGHBORHOOD: Final = neighborhood(
    {BEANS: {FILTER: 500_000, MUG: 200_000, CAKE: 300_000}, COFFEE: {TEA: 400_000}},
    {None: {MUG: 90, FILTER: 30, LATTE: 80, CAKE: 20}, "gold": {CAKE: 12, MUG: 11}},
)


def rewards(
    shopper: Shopper, *candidates: Any, nearby: Neighborhood = NEIGHBORHOOD
) -> dict[str, Any]:
    found = Recommender(shopper, nearby).rewards(candidates)
    return {each.candidate.reward.id: each.because for each in found}


class TestRewards:
    def test_what_goes_with_what_they_buy_comes_before_what_is_popular(self) -> None:
        bought = Shopper(bought={BEANS: 3})

        assert rewards(bought, candidate(), candidate("cake")) == {
            "cake": YouBought(BEANS),
            "latte": PopularHere(None),
        }
        assert list(rewards(bought, candidate(), candidate("cake"))) == ["cake", "latte"]
        assert list(rewards(Shopper(), candidate("cake"), candidate())) == ["latte", "cake"]

    def test_a_reward_for_an_article_that_they_buy_goes_with_it_in_any_program(self) -> None:
        bought = Shopper(bought={MUG: 1})

        assert rewards(bought, candidate(skus=["mug"]), nearby=neighborhood()) == {
            "latte": YouBought(MUG)
        }

    def test_points_that_end_soon_are_the_first_reason_if_they_pay_half_of_it(self) -> None:
        ending = Shopper(bought={BEANS: 9}, ending=EndingPoints(40, JANUARY))

        found = rewards(
            ending, candidate("cake", cost=80), candidate(cost=81), candidate("tea", missing=1)
        )

        assert found["cake"] == ExpiringPoints(40, JANUARY)
        assert found["latte"] == PopularHere(None)
        assert found["tea"] == CloseTo(1, None)

    def test_a_reward_is_close_by_its_points_or_by_the_members_pace(self) -> None:
        def why(missing: int, pace: EarningPace | None) -> Any:
            each = candidate("new", cost=100, missing=missing)
            return rewards(Shopper(pace=pace), each).get("new")

        assert why(20, None) == CloseTo(20, None)
        assert why(21, None) is None
        assert why(70, EarningPace(450, 90)) == CloseTo(70, 14)
        assert why(71, EarningPace(450, 90)) is None
        assert why(20, EarningPace(0, 90)) == CloseTo(20, None)
        assert why(0, None) == CloseTo(0, None)

    def test_the_popularity_of_their_level_counts_where_it_is_known(self) -> None:
        both = (candidate(), candidate("cake"))

        assert rewards(Shopper(level="gold"), *both)["cake"] == PopularHere("gold")
        assert rewards(Shopper(level="silver"), *both)["cake"] == PopularHere(None)

    def test_what_can_be_had_sooner_comes_first(self) -> None:
        pace = Shopper(pace=EarningPace(90, 90))
        far = [candidate(f"far-{n}", cost=100, missing=n, skus=["mug"]) for n in (90, 30, 0, 60)]
        bought = Shopper(bought={MUG: 1}, pace=pace.pace)

        found = Recommender(bought, NEIGHBORHOOD).rewards(far)

        assert [(each.candidate.missing_points, each.days) for each in found] == [
            (0, None),
            (30, 30),
            (60, 60),
            (90, 90),
        ]


class TestGoods:
    def goods(self, shopper: Shopper, nearby: Neighborhood = NEIGHBORHOOD) -> list[Any]:
        found = Recommender(shopper, nearby).goods()
        return [(each.thing, each.because) for each in found]

    def test_what_goes_with_theirs_comes_first_and_then_what_is_popular(self) -> None:
        nearby = neighborhood({BEANS: {FILTER: 500_000}}, {None: {MUG: 90, FILTER: 30, BEANS: 99}})

        assert self.goods(Shopper(bought={BEANS: 1}), nearby) == [
            (FILTER, YouBought(BEANS)),
            (MUG, PopularHere(None)),
        ]

    def test_articles_tell_more_than_categories_and_those_more_than_popularity(self) -> None:
        def basis(*bought: Thing, nearby: Neighborhood = NEIGHBORHOOD) -> str:
            return Recommender(Shopper(bought=dict.fromkeys(bought, 1)), nearby).basis

        assert basis(BEANS, COFFEE) == "skus"
        assert basis(MUG, COFFEE) == "categories"
        assert basis(MUG) == "popularity"
        assert basis(BEANS, nearby=neighborhood()) == "balance"
        assert self.goods(Shopper(bought={MUG: 1, COFFEE: 1})) == [(TEA, YouBought(COFFEE))]

    def test_what_they_buy_more_often_weighs_more(self) -> None:
        nearby = neighborhood(
            {BEANS: {FILTER: 300_000}, MUG: {TEA: 1, Thing("sku", "tea"): 200_000}}
        )

        found = self.goods(Shopper(bought={BEANS: 1, MUG: 2}), nearby)

        assert found == [(Thing("sku", "tea"), YouBought(MUG)), (FILTER, YouBought(BEANS))]


THINGS: Final = st.sampled_from([BEANS, MUG, FILTER, COFFEE, TEA, LATTE, CAKE])
COUNTS: Final = st.integers(10, 99)
NEIGHBORHOODS: Final = st.builds(
    neighborhood,
    st.dictionaries(THINGS, st.dictionaries(THINGS, st.integers(1, 10**6), max_size=3)),
    st.dictionaries(st.sampled_from([None, "gold"]), st.dictionaries(THINGS, COUNTS)),
)
SHOPPERS: Final = st.builds(
    Shopper,
    bought=st.dictionaries(THINGS, st.integers(1, 20), max_size=4),
    level=st.sampled_from([None, "gold", "silver"]),
    pace=st.none() | st.builds(EarningPace, st.integers(-5, 500), st.integers(1, 90)),
    ending=st.none() | st.builds(EndingPoints, st.integers(1, 99), st.just(JANUARY)),
)
CANDIDATES: Final = st.lists(
    st.tuples(st.sampled_from(["latte", "cake", "new"]), st.integers(1, 99), st.integers(0, 99)),
    unique_by=lambda each: each[0],
).map(lambda found: [candidate(name, cost=c, missing=min(m, c)) for name, c, m in found])


@settings(max_examples=60)
@given(SHOPPERS, NEIGHBORHOODS, CANDIDATES)
def test_every_recommendation_is_true_of_the_member(
    shopper: Shopper, nearby: Neighborhood, candidates: list[Any]
) -> None:
    recommender = Recommender(shopper, nearby)
    found, goods = recommender.rewards(candidates), recommender.goods()

    assert len(found) <= REWARDS_MAX
    assert len(goods) <= GOODS_MAX
    assert len({each.thing for each in goods}) == len(goods)
    assert len({each.thing.kind for each in goods}) <= 1
    for because in (*(each.because for each in found), *(each.because for each in goods)):
        match because:
            case YouBought(thing):
                assert thing in shopper.bought
            case PopularHere(level):
                assert level in (None, shopper.level)
            case ExpiringPoints(points, last_on):
                assert shopper.ending == (points, last_on)
    for each in found:
        if isinstance(each.because, CloseTo):
            assert each.because.missing == each.candidate.missing_points
        if isinstance(each.because, ExpiringPoints):
            assert each.candidate.missing_points == 0
    for thing in (each.thing for each in goods):
        assert thing not in shopper.bought


@settings(max_examples=30)
@given(NEIGHBORHOODS, CANDIDATES)
def test_of_who_objects_nothing_counts_but_what_all_members_like(
    nearby: Neighborhood, candidates: list[Any]
) -> None:
    recommender = Recommender(ANONYMOUS, nearby)
    popular = nearby.popularity.get(None, {})

    found, goods = recommender.rewards(candidates), recommender.goods()

    assert {each.because for each in found} | {each.because for each in goods} <= {
        PopularHere(None)
    }
    counts = [popular[Thing("reward", each.candidate.reward.id)] for each in found]
    assert counts == sorted(counts, reverse=True)
    assert recommender.basis == "popularity"
