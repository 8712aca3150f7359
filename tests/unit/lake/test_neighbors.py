"""What goes together in a program: the SQL agrees with plain Python, and is stored once a day."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from loyalty.domain.changes import Record
from loyalty.domain.ledger.account import Account, TierFloor
from loyalty.domain.ledger.entries import Accrual, OrderCause
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.orders.order import Order
from loyalty.domain.recommendations.things import Neighborhood, Thing
from loyalty.lake.mirror import Mirror
from loyalty.lake.neighbor_objects import fetched, from_bytes, to_bytes
from loyalty.lake.neighbors import NeighborhoodKeeper
from loyalty.lake.objects import Lake
from tests.support.documents import program
from tests.support.lake import Home
from tests.support.ledger import change, entry, voucher
from tests.support.orders import line

NOW: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
DOCUMENT: Final = program(
    tiers={
        "basis": "spend",
        "period": "calendar_year",
        "levels": [{"id": "gold", "name": "Gold", "reached_at": 10**9}],
    }
)
SKUS: Final = tuple(f"S{number}" for number in range(6))
GONE: Final = "mem_gone"
MERGED: Final = "mem_merged"


def keeper(home: Home) -> NeighborhoodKeeper:
    client = home.bucket.client
    mirror = Mirror(client, bucket="lake", root=home.root)
    return NeighborhoodKeeper(Lake(client, bucket="lake"), program_id="bean", mirror=mirror)


def bought(member_id: str, number: int, *, moment: datetime, **parts: Any) -> Record:
    paid = Order(
        source="pos", order_id=f"{number}", occurred_at=moment, lines=(line(500, "1", **parts),)
    )
    detail = Accrual(order=paid, shares=(), parts=())
    cause = OrderCause("pos", f"{number}", "accrual")
    when = {"happened_at": moment, "recorded_at": moment}
    return entry(cause, Holding(), member_id=member_id, detail=detail, **when)


class Shop:
    """Forty members, one who left and one who became another, who buy some of six articles."""

    def __init__(self, seed: int) -> None:
        random = Random(seed)
        self.items: list[Record] = []
        self.had: defaultdict[str, set[Thing]] = defaultdict(set)
        self.golden: set[str] = set()
        members = [f"mem_{number}" for number in range(40)]
        since = NOW - timedelta(days=500)
        for number, member_id in enumerate(members):
            floor = TierFloor("gold", NOW.date() + timedelta(days=9)) if number % 2 else None
            if floor:
                self.golden.add(member_id)
            self.items.append(Account(member_id=member_id, enrolled_at=since, tier_floor=floor))
        ended: dict[str, Any] = {"enrolled_at": since, "ended_at": NOW}
        self.items.append(Account(member_id=GONE, status="closed", **ended))
        self.items.append(Account(member_id=MERGED, status="merged", into=members[0], **ended))
        orders = 0
        for member_id in (*members, GONE, MERGED):
            for sku in random.sample(SKUS, random.randint(0, 5)):
                days_ago = random.choice([1, 20, 364, 366])
                category = random.choice(["drink", "bean", "tip"])
                orders += 1
                moment = NOW - timedelta(days=days_ago)
                self.items.append(
                    bought(member_id, orders, moment=moment, sku=sku, category=category)
                )
                if category != "tip" and days_ago < 365:
                    self.has(member_id, Thing("sku", sku), Thing("category", category))
            state = random.choice(["issued", "used", "cancelled"])
            name = f"red_{member_id}"
            given = voucher(state, member_id=member_id, redemption_id=name, code=name)
            self.items.append(given)
            if state != "cancelled":
                self.has(member_id, Thing("reward", "latte"))

    def has(self, member_id: str, *things: Thing) -> None:
        if member_id != GONE:
            self.had["mem_0" if member_id == MERGED else member_id] |= set(things)

    def truth(self) -> Neighborhood:
        members = Counter(thing for things in self.had.values() for thing in things)
        common = {thing for thing, count in members.items() if count >= 10}
        of_gold = Counter(
            thing for member_id in self.golden for thing in self.had[member_id] if thing in common
        )
        together = Counter(
            pair for things in self.had.values() for pair in permutations(things & common, 2)
        )
        neighbors: defaultdict[Thing, dict[Thing, int]] = defaultdict(dict)
        for (one, other), count in together.items():
            if count >= 10 and one.kind != "reward" and other.kind in (one.kind, "reward"):
                likeness = count / ((members[one] + 50) * (members[other] + 50)) ** 0.5
                neighbors[one][other] = round(1_000_000 * likeness)
        popularity = {None: {thing: members[thing] for thing in common}}
        gold = {thing: count for thing, count in of_gold.items() if count >= 10}
        return Neighborhood(
            as_of=NOW,
            neighbors=neighbors,  # type: ignore[arg-type]  # `plain` makes both alike
            popularity=popularity | ({"gold": gold} if gold else {}),
        )


def plain(found: Neighborhood) -> Any:
    return (
        {thing: dict(each) for thing, each in found.neighbors.items()},
        {level: dict(each) for level, each in found.popularity.items()},
    )


def test_the_lake_and_plain_python_find_the_same(tmp_path: Path) -> None:
    shop, home = Shop(1), Home(tmp_path)
    home.write([change(item) for item in shop.items], name="all")

    found = keeper(home).refresh(DOCUMENT, now=NOW)

    assert found is not None
    assert plain(found) == plain(shop.truth())
    assert plain(found)[0] != {}
    assert "gold" in found.popularity
    assert from_bytes(to_bytes(found)) == found


@pytest.fixture
def nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Computing takes no time and finds nothing."""

    def computed(_keeper: NeighborhoodKeeper, _document: Any, *, now: datetime) -> Neighborhood:
        return Neighborhood(as_of=now)

    monkeypatch.setattr(NeighborhoodKeeper, "_computed", computed)


@pytest.mark.usefixtures("nothing_is_known")
def test_it_is_computed_once_a_day_and_read_as_it_was_stored(tmp_path: Path) -> None:
    home = Home(tmp_path)
    client = home.bucket.client
    assert fetched(client, "bean", bucket="lake") == Neighborhood()
    first = keeper(home).refresh(DOCUMENT, now=NOW)

    assert keeper(home).refresh(DOCUMENT, now=NOW + timedelta(hours=3)) is None
    assert fetched(client, "bean", bucket="lake") == first
    tomorrow = keeper(home).refresh(DOCUMENT, now=NOW + timedelta(days=1))
    assert tomorrow is not None
    assert fetched(client, "bean", bucket="lake") == tomorrow != first


@pytest.mark.usefixtures("nothing_is_known")
def test_a_run_that_is_overtaken_stores_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "one", bucket=Home(tmp_path).bucket)
    other = keeper(Home(tmp_path / "other", bucket=home.bucket))
    slow = keeper(home)
    computed = slow._computed

    def overtaken(*given: Any, **more: Any) -> Neighborhood:
        assert other.refresh(DOCUMENT, now=NOW) is not None
        return computed(*given, **more)

    monkeypatch.setattr(slow, "_computed", overtaken)

    assert slow.refresh(DOCUMENT, now=NOW) is None
