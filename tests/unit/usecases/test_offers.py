"""Members get offers once a day, use them by ordering, and see them; nobody else does."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

import pytest

from loyalty.domain.campaigns.holdouts import held_out_of
from loyalty.domain.campaigns.offers import Offer
from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.ledger.account import Account
from loyalty.domain.people.member import Consent, Member, Profile
from loyalty.domain.recommendations.offer_worth import OfferOutcome
from loyalty.domain.recommendations.things import UNKNOWN
from loyalty.table import keys
from loyalty.table.offers import TableOffers
from loyalty.usecases import offers
from loyalty.usecases.campaigns.membership import campaigns_of
from loyalty.usecases.ledger.corrections import merge_members
from loyalty.usecases.orders.accrual import NamedCustomer
from loyalty.usecases.orders.quoting import quote
from loyalty.usecases.people import members as people
from tests.support.campaigns import campaign
from tests.support.club import ANA, BOB, Club, bought
from tests.support.memory import NOW, BusyTable
from tests.support.orders import line
from tests.support.sweeping import ListedPages

ONCE: Final = {"limits": {"per_member": {"orders": 1, "per": "campaign"}}}
OAT: Final = campaign(
    id="oat",
    activation="offer",
    lines={"categories": ["oats"]},
    effect={"kind": "fixed", "points": 30},
    **ONCE,
)
ANY: Final = campaign(id="any", activation="offer", effect={"kind": "fixed", "points": 5})
RULES: Final = {"offers": {"by_lot_percent": 0}}


class Lake:
    """Members who may be offered something, and since when each round asked."""

    def __init__(self, *members: str) -> None:
        self.shoppers = members
        self.periods: list[tuple[date, date]] = []

    def members(self, *, since: date, today: date) -> Iterator[str]:
        self.periods.append((since, today))
        return iter(self.shoppers)

    def outcomes(self, *, first: date, last: date) -> dict[str, OfferOutcome]:
        assert (last - first).days == offers.OUTCOMES_DAYS
        return {"oat": OfferOutcome(100, 30), "any": OfferOutcome(100, 10)}


def club(*campaigns: Any, engine: Any = None, members: tuple[str, ...] = (ANA, BOB)) -> Club:
    found = Club(*(campaigns or (OAT, ANY)), members=(), engine=engine, **RULES)
    for member_id in members:
        found.enrolls(member_id)
    return found


def offer_to(shop: Club, member_id: str = ANA, **worth: int) -> int:
    return offers.offer_to(
        member_id,
        worth=worth or {each.id: 1000 for each in shop.program.document.campaigns},
        neighborhood=lambda: UNKNOWN,
        targetings=shop.targetings,
        members=shop.members,
        desk=shop.desk,
    )


def offers_kept(shop: Club, member_id: str = ANA) -> dict[str, Offer]:
    read = shop.desk.books.participant(member_id, targeting=True)
    return dict(read.targeting.offers) if read.targeting else {}


def seen(shop: Club, member_id: str = ANA) -> dict[str, offers.OfferOfMember]:
    found = offers.offers_of(member_id, members=shop.members, desk=shop.desk)
    return {each.campaign.campaign.id: each for each in found}


def test_an_offer_counts_for_those_who_got_it_and_for_nobody_else() -> None:
    shop = club()
    assert shop.sells("0", category="oats").opened == ()

    assert offer_to(shop) == 2
    mine, other = (
        shop.sells("1", category="oats"),
        shop.sells("2", category="oats", member=BOB),
    )

    assert (mine.opened, other.opened) == (("any", "oat"), ())
    assert shop.account(ANA).balance == 10 + 10 + 30 + 5
    assert offers_kept(shop)["oat"].because.kind == "you_bought"
    shop.must_add_up(ANA)


def test_a_refund_takes_back_what_an_offer_gave() -> None:
    shop = club()
    offer_to(shop)
    shop.sells("1", category="oats")

    shop.refunds("1", whole=True)

    assert (shop.account(ANA).balance, shop.used()) == (0, {})


def test_orders_of_its_days_count_for_an_offer_however_late_they_arrive() -> None:
    shop = club()
    offer_to(shop, any=1000)
    shop.now = NOW + timedelta(days=20)

    assert shop.sells("late", days_ago=-13).opened == ("any",)
    assert shop.sells("after", days_ago=-14).opened == ()
    assert shop.sells("before", days_ago=1).opened == ()


def test_of_who_objects_to_personalization_nothing_is_looked_at() -> None:
    shop = club(members=())
    refused = {"personalization": Consent(given=False, given_at=NOW)}
    member = Member(
        member_id=ANA,
        enrolled_at=NOW,
        enrolled_by="",
        consents=refused,
        profile=Profile(),
        identities={},
    )
    shop.members.enroll(member, Account(member_id=ANA, enrolled_at=NOW, orders=0))
    shop.sells("1", category="oats")

    assert offer_to(shop) == 2
    assert {each.because.kind for each in offers_kept(shop).values()} == {"in_turn"}


def test_a_member_sees_what_is_open_used_and_lapsed() -> None:
    shop = club()
    assert seen(shop) == {}
    offer_to(shop)
    shop.sells("1", category="oats")

    first = seen(shop)
    shop.now = NOW + timedelta(days=14)
    then = seen(shop)

    assert {name: each.state for name, each in first.items()} == {"oat": "used", "any": "used"}
    assert (first["oat"].use, first["any"].use) == ((1, 30), (1, 5))
    assert then["oat"].state == "used"
    bobs = club()
    offer_to(bobs, BOB)
    assert {each.state for each in seen(bobs, BOB).values()} == {"open"}
    bobs.now = NOW + timedelta(days=14)
    assert {each.state for each in seen(bobs, BOB).values()} == {"lapsed"}
    with pytest.raises(NotFound):
        seen(bobs, "mem_nobody")


def test_who_was_not_offered_a_campaign_reads_nothing_of_it() -> None:
    shop = club()
    order, named = bought("1", line(1000)), NamedCustomer(named="", member_id=ANA)

    def names() -> tuple[list[str], list[str]]:
        quoted = quote(order, customer=named, directory=shop.members, desk=shop.desk)
        listed = campaigns_of(ANA, desk=shop.desk)
        return [each.campaign.id for each in quoted.campaigns], [
            each.campaign.id for each in listed
        ]

    assert names() == ([], [])
    guest = quote(order, customer=NamedCustomer(named=""), directory=shop.members, desk=shop.desk)
    assert guest.campaigns == ()
    offer_to(shop)
    assert names() == (["oat", "any"], ["oat", "any"])


def test_a_member_who_is_held_out_gets_no_offer_and_sees_none_of_before() -> None:
    shop = club(OAT | {"holdout": {"percent": 50}}, ANY)
    held, free = (
        next(f"m{n}" for n in range(99) if bool(held_out_of(shop.program, f"m{n}")) is is_held)
        for is_held in (True, False)
    )
    for member_id in (held, free):
        shop.enrolls(member_id)
        offer_to(shop, member_id)

    assert (set(seen(shop, held)), set(seen(shop, free))) == ({"any"}, {"any", "oat"})
    everybody = club(OAT, ANY)
    everybody.enrolls(held)
    offer_to(everybody, held)
    everybody.program = shop.program
    assert set(seen(everybody, held)) == {"any"}
    assert everybody.sells("1", category="oats", member=held).opened == ("any",)


def test_a_round_that_is_repeated_offers_and_writes_nothing() -> None:
    table = BusyTable()
    shop = club(engine=table)
    offer_to(shop)
    before = offers_kept(shop)
    writes: list[int] = []
    table.rivals = [lambda: writes.append(1)]

    assert offer_to(shop) == 0
    assert (offers_kept(shop), writes) == (before, [])


def test_campaigns_that_are_worth_nothing_to_a_round_are_not_offered() -> None:
    shop = club()

    assert offer_to(shop, any=1000) == 1
    assert set(offers_kept(shop)) == {"any"}


def test_joining_keeps_offers_and_offers_keep_what_was_joined() -> None:
    to_join = campaign(id="club", activation="join", when={"ends_on": "2026-12-31"})
    shop = club(OAT, to_join)
    shop.joins(ANA, "club")
    offer_to(shop)
    shop.leaves(ANA, "club")
    shop.joins(ANA, "club")

    assert shop.sells("1", category="oats").opened == ("club", "oat")


def test_two_who_become_one_keep_what_was_offered_to_either() -> None:
    shop = club()
    offer_to(shop, BOB, oat=1000)
    offer_to(shop, ANA, any=1000)

    merge_members(BOB, into=ANA, request_id="m", desk=shop.desk)
    people.unite(BOB, members=shop.members, desk=shop.desk)

    assert set(offers_kept(shop)) == {"any", "oat"}
    assert offers_kept(shop, BOB) == {}


def test_nothing_comes_into_being_for_a_member_who_is_erased_meanwhile() -> None:
    table = BusyTable()
    shop = club(engine=table)
    table.rivals = [lambda: people.erase(ANA, members=shop.members, desk=shop.desk)]

    assert offer_to(shop) == 0
    assert table.get(keys.targeting("bean", ANA), strong=True) is None
    assert offer_to(shop, "mem_nobody") == 0


def test_a_segment_run_and_a_rival_round_leave_what_each_of_them_wrote() -> None:
    table = BusyTable()
    shop = club(engine=table)
    table.rivals = [lambda: offer_to(shop, oat=1000)]

    assert offer_to(shop) == 1
    assert set(offers_kept(shop)) == {"any", "oat"}


def test_a_round_is_begun_once_a_day_and_names_who_bought_since_the_last_one() -> None:
    shop, pages, lake = club(), ListedPages(), Lake(ANA, BOB)
    book = TableOffers(shop.engine, program_id="bean")

    def begun() -> int | None:
        return offers.begin_round(book=book, shoppers=lake, pages=pages, desk=shop.desk)

    assert (begun(), begun()) == (2, None)
    shop.now = NOW + timedelta(days=1)
    assert begun() == 2
    shop.now = NOW + timedelta(days=99)
    assert begun() == 2

    today = NOW.date()
    assert lake.periods == [
        (today - timedelta(days=30), today),
        (today, today + timedelta(days=1)),
        (today + timedelta(days=69), today + timedelta(days=99)),
    ]
    (member_id, worth), *_ = map(offers.member_of, pages.sent[0].items)
    assert (member_id, worth) == (ANA, {"oat": 1250, "any": 750})
    assert {each.lane for each in pages.sent} == {offers.MEMBERS}


def test_a_program_without_offers_is_asked_for_nothing_and_a_spent_one_is_not_offered() -> None:
    pages, lake = ListedPages(), Lake(ANA)
    plain = club(campaign())
    book = TableOffers(plain.engine, program_id="bean")
    assert offers.begin_round(book=book, shoppers=lake, pages=pages, desk=plain.desk) is None

    shop = club(OAT | {"limits": {"budget": {"points": 30}}}, ANY)
    offer_to(shop, oat=1000)
    shop.sells("1", category="oats")
    book = TableOffers(shop.engine, program_id="bean")
    assert offers.begin_round(book=book, shoppers=lake, pages=pages, desk=shop.desk) == 1
    assert offers.member_of(pages.sent[0].items[0]) == (ANA, {"any": 750})
