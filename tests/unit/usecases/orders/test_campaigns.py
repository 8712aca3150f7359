"""Orders under campaigns: decided once, exact under refunds and edits, within every limit."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.domain.campaigns.budgets import budgets_on
from loyalty.domain.campaigns.limits import ORDERS, member_cap
from loyalty.domain.kernel.errors import InsufficientPoints
from loyalty.domain.kernel.shards import share_of
from loyalty.domain.ledger.account import Account, used_of_campaigns
from loyalty.domain.ledger.campaign_counts import counted_of, has_goods
from loyalty.domain.ledger.entries import (
    Accrual,
    Clawback,
    Edit,
    Entry,
    OrderCause,
)
from loyalty.domain.ledger.refunds import parts_of, remainder_of, state_of
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.identity import identify
from loyalty.domain.people.member import Consent, Member, Profile
from loyalty.table import keys, records
from loyalty.table.operations import Put
from loyalty.usecases.ledger.corrections import merge_members
from loyalty.usecases.orders.accrual import Customer, NamedCustomer, earn
from loyalty.usecases.orders.edits import record_version
from loyalty.usecases.orders.guests import claim_orders
from loyalty.usecases.orders.quoting import quote
from tests.support.campaigns import campaign, orders, programs
from tests.support.club import ANA, BOB, Club, bought
from tests.support.memory import NOW, BusyTable, Shop
from tests.support.orders import line

OF_ANA: Final = Customer(member_id=ANA, named="till")
FIRST: Final = {"for": {"fact": "first_order"}}
TODAY: Final = date(2026, 11, 21)
MAIL: Final = identify("email", "ana@example.com")
PHONE: Final = identify("phone", "+33612345678")


def points_of(accrual: Accrual) -> dict[str, int]:
    points: Counter[str] = Counter()
    for share in accrual.shares:
        points[share.rule_id] += share.points
    return dict(points)


def test_points_of_a_campaign_are_shares_of_the_order_beside_its_rules() -> None:
    club = Club(campaign())

    earned = club.sells("1")

    assert points_of(earned) == {"base": 10, "welcome": 10}
    assert club.account(ANA).balance == 20
    club.must_add_up(ANA)


def test_the_first_order_stays_the_first_when_it_is_edited_or_another_one_follows() -> None:
    club = Club(campaign(**FIRST))
    first = club.sells("1")

    second = club.sells("2")
    record_version(
        bought("1", line(1500), told_at=NOW + timedelta(minutes=1)),
        customer=OF_ANA,
        desk=club.desk,
    )

    assert (first.opened, points_of(first)) == (("welcome",), {"base": 10, "welcome": 10})
    assert (second.opened, points_of(second)) == ((), {"base": 10})
    assert club.account(ANA).balance == 35
    assert (club.stored().orders, club.stored().bought_on) == (2, TODAY)


def test_of_two_first_orders_at_once_one_is_the_first() -> None:
    table = BusyTable()
    club = Club(campaign(**FIRST), engine=table)
    # The day of the latest order is known already, so it is only the number that they dispute.
    club.sells("0")
    club.refunds("0", whole=True)
    table.rivals = [lambda: club.sells("2")]

    mine = club.sells("1")

    assert mine.opened == ()
    assert club.account(ANA).balance == 30


def test_orders_at_once_do_not_disturb_each_other_where_their_number_decides_nothing() -> None:
    table = BusyTable()
    club = Club(campaign(**{"for": {"fact": "order_number", "is": 9}}), engine=table)
    club.sells("1")
    writes: list[int] = []
    table.rivals = [lambda: club.sells("2"), lambda: writes.append(1), lambda: writes.append(2)]

    club.sells("3")

    # Neither the order nor its rival was decided twice, so one of the later writes never came.
    assert writes == [1]
    assert club.stored().orders == 3


def test_a_cancelled_order_was_no_order_unless_points_of_it_were_spent() -> None:
    club = Club(campaign(**FIRST))
    club.sells("1")
    club.refunds("1", whole=True)
    assert club.stored().orders == 0

    again = club.sells("2")
    club.adjust_balance(ANA, -15)
    club.refunds("2", whole=True)

    assert again.opened == ("welcome",)
    assert club.stored().orders == 1
    assert club.sells("3").opened == ()


def test_a_member_whose_orders_are_not_known_never_has_a_first_one() -> None:
    club = Club(campaign(**FIRST), campaign(id="others", **{"for": {"not": FIRST["for"]}}))
    old = records.account_to_item(Account(member_id=BOB, enrolled_at=NOW), "bean")
    club.engine.write([Put(keys.account("bean", BOB), old)])

    assert club.sells("1", member=BOB).opened == ()
    assert (club.stored(BOB).orders, club.stored(BOB).bought_on) == (None, None)


def test_an_order_after_some_days_knows_the_last_one() -> None:
    win_back = campaign(**{"for": {"fact": "days_since_order", "at_least": 60}})
    club = Club(win_back)

    assert club.sells("1", days_ago=80).opened == ()
    assert club.sells("2", days_ago=70).opened == ()
    assert club.sells("3", days_ago=10).opened == ("welcome",)
    assert club.sells("4", days_ago=20).opened == ()
    assert club.stored().bought_on == TODAY - timedelta(days=10)


CAPPED: Final = {"limits": {"per_member": {"points": 25, "orders": 4, "per": "month"}}}


def test_a_limit_gives_what_is_left_and_gets_back_what_a_refund_takes_back() -> None:
    club = Club(campaign(**CAPPED))

    given_for = [points_of(club.sells(str(number))).get("welcome") for number in range(4)]
    assert given_for == [10, 10, 5, None]
    assert club.used() == {"welcome#2026-11": 25, "welcome#2026-11#orders": 3}

    club.refunds("0", whole=True)
    assert club.used() == {"welcome#2026-11": 15, "welcome#2026-11#orders": 2}
    assert points_of(club.sells("4"))["welcome"] == 10
    # Another month is another limit.
    assert points_of(club.sells("5", days_ago=30))["welcome"] == 10
    assert points_of(club.sells("6", days_ago=30))["welcome"] == 10
    assert club.used()["welcome#2026-10"] == 20
    club.must_add_up(ANA)


def test_points_that_a_member_may_keep_are_not_given_again() -> None:
    club = Club(campaign(limits={"per_member": {"points": 10}}))
    club.sells("1")
    club.adjust_balance(ANA, -20)

    club.refunds("1", whole=True)

    assert club.used() == {"welcome#all": 10}
    assert "welcome" not in points_of(club.sells("2"))


def test_two_orders_at_once_never_exceed_a_limit() -> None:
    table = BusyTable()
    club = Club(campaign(limits={"per_member": {"points": 25}}), engine=table)
    club.sells("0")
    table.rivals = [lambda: club.sells("2")]

    mine = club.sells("1")

    assert points_of(mine)["welcome"] == 5
    assert mine.ceilings == {"welcome": 5}
    assert club.used() == {"welcome#all": 25}


def test_a_refund_that_waited_for_its_order_gives_back_at_once() -> None:
    club = Club(campaign(**CAPPED))
    club.refunds("1", whole=True)

    earned = club.sells("1")

    assert points_of(earned)["welcome"] == 10
    assert (club.used(), club.stored().orders) == ({}, 0)
    club.must_add_up(ANA)


def test_an_edit_has_what_it_had_and_what_is_left() -> None:
    per_unit = campaign(effect={"kind": "per_unit", "points": 10}, **CAPPED)
    club = Club(per_unit)
    club.sells("1")
    club.sells("2")

    record_version(
        bought("1", line(1000, quantity=5), told_at=NOW + timedelta(minutes=1)),
        customer=OF_ANA,
        desk=club.desk,
    )

    assert club.used()["welcome#2026-11"] == 25
    assert club.account(ANA).balance == 45


def test_a_budget_is_given_to_the_last_point_and_never_exceeded() -> None:
    club = Club(
        campaign(effect={"kind": "fixed", "points": 70}, limits={"budget": {"points": 1000}})
    )

    given = [points_of(club.sells(str(number))).get("welcome", 0) for number in range(20)]

    assert sum(given) == 1000
    assert given[:14] == [70] * 14
    assert shards_used(club) == 1000
    club.refunds("3", whole=True)
    assert shards_used(club) == 930
    assert points_of(club.sells("20"))["welcome"] == 70


def shards_used(club: Shop) -> int:
    """What is used of all budgets; no shard may have used more than its share."""
    document = club.program.document
    total = 0
    for budget in budgets_on(document, TODAY).values():
        (used,) = club.desk.books.budgets_used([budget.of]).values()
        shares = (share_of(budget.points, shard) for shard in range(len(used)))
        assert all(mine <= most for mine, most in zip(used, shares, strict=True))
        total += sum(used)
    return total


def test_a_profile_is_read_only_if_a_campaign_that_runs_asks_for_it() -> None:
    spoken = campaign(**{"for": {"fact": "locale", "is_in": ["fr"]}})
    consented = campaign(id="mails", **{"for": {"fact": "consent", "name": "email"}})
    club = Club(spoken, consented, members=())
    member = Member(
        member_id=ANA,
        enrolled_at=NOW,
        enrolled_by="",
        profile=Profile(locale="fr-CA"),
        consents={"email": Consent(given=False, given_at=NOW)},
        identities={},
    )
    club.members.enroll(member, Account(member_id=ANA, enrolled_at=NOW, orders=0))

    assert club.sells("1").opened == ("welcome",)

    over = Club(spoken | {"when": {"ends_on": "2026-01-01"}})
    over.engine.get_many = None  # type: ignore[assignment,method-assign]  # nothing may read it
    assert over.sells("1").opened == ()


def test_a_campaign_to_join_is_for_those_who_joined_it() -> None:
    club = Club(campaign(activation="join"), members=(ANA, BOB))
    club.now = NOW - timedelta(hours=1)
    club.joins(ANA, "welcome")
    club.now = NOW

    assert club.sells("1").opened == ("welcome",)
    assert club.sells("2", member=BOB).opened == ()


def test_two_members_who_become_one_have_used_together_and_bought_together() -> None:
    club = Club(campaign(**CAPPED), members=(ANA, BOB))
    club.sells("1")
    club.sells("2", member=BOB)

    merge_members(BOB, into=ANA, request_id="m", desk=club.desk)

    assert club.used()["welcome#2026-11"] == 20
    assert club.stored().orders == 2
    club.refunds("2", whole=True)
    assert (club.used()["welcome#2026-11"], club.stored().orders) == (10, 1)


def test_a_quote_is_what_the_order_would_earn_and_takes_nothing() -> None:
    club = Club(campaign(**FIRST, limits={"budget": {"points": 6}}), campaign(id="all"))
    order = bought("1", line(1000))

    quoted = quote(
        order,
        customer=NamedCustomer(named="", member_id=ANA),
        directory=club.members,
        desk=club.desk,
    )
    guest = quote(order, customer=NamedCustomer(named=""), directory=club.members, desk=club.desk)

    assert quoted.award.campaign_points == {"welcome": 6, "all": 10}
    assert guest.award.campaign_points == {"all": 10}
    assert shards_used(club) == 0


@pytest.mark.parametrize("days", [90, 91])
def test_a_limit_is_forgotten_when_no_order_of_its_period_can_come(days: int) -> None:
    club = Club(campaign(limits={"per_member": {"points": 15, "per": "day"}}))
    club.sells("1")

    club.now = NOW + timedelta(days=days)
    after = club.desk
    earn(bought("2", line(1000), days_ago=-days), customer=OF_ANA, desk=after)

    is_counted = "welcome#2026-11-21" in used_of_campaigns(club.stored())
    assert is_counted or days > 90


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("version"), st.sampled_from("123"), orders()),
        st.tuples(
            st.just("refund"),
            st.sampled_from("123"),
            st.sampled_from([{"whole": True}, {"amount_minor": 1500}, {"quantities": {"0": 1}}]),
        ),
        st.tuples(st.just("spend"), st.integers(1, 300), st.none()),
    ),
    max_size=10,
)


@settings(max_examples=60)
@given(programs(), STEPS)
def test_whatever_happens_limits_hold_and_every_order_can_be_computed_again(
    program: Any, steps: list[Any]
) -> None:
    club = Club()
    club.program = replace(club.program, document=program)
    for minute, (kind, name, what) in enumerate(steps):
        club.now = NOW + timedelta(minutes=minute)
        if kind == "version":
            told_at = NOW + timedelta(minutes=minute)
            version = replace(what, source="till", order_id=name, told_at=told_at, occurred_at=NOW)
            record_version(version, customer=OF_ANA, desk=club.desk)
        elif kind == "refund":
            refund_some(club, name, what)
        else:
            spend(club, name)
        must_hold(club)


def refund_some(club: Club, name: str, what: dict[str, Any]) -> None:
    club.refunds(name, **what)


def spend(club: Club, points: int) -> None:
    try:
        club.adjust_balance(ANA, -min(points, club.account(ANA).balance) or 1)
    except InsufficientPoints:
        return


def must_hold(club: Club) -> None:
    club.must_add_up(ANA)
    document, account = club.program.document, club.stored()
    entries = club.entries(ANA)
    counted: Counter[str] = Counter()
    by_order: defaultdict[OrderRef | None, Counter[str]] = defaultdict(Counter)
    for entry in entries:
        if isinstance(entry.detail, Accrual):
            points = points_of(entry.detail)
            by_order[entry.order].update({each: points[each] for each in entry.detail.campaigns})
            assert {*points} <= {*entry.detail.campaigns, *(r.id for r in document.earning_rules)}
        elif isinstance(entry.detail, Clawback | Edit):
            by_order[entry.order].update(entry.detail.campaign_points)
        if isinstance(entry.detail, Accrual | Clawback | Edit):
            for limit, amount in entry.detail.counted:
                counted[limit] += amount
        if isinstance(entry.detail, Accrual):
            counted[ORDERS] += has_goods(entry.detail.order)
            must_recompute(club, entry)
    for order, gave in by_order.items():
        assert order is not None
        must_be_what_counts(club, order, gave)
    used = used_of_campaigns(account)
    assert account.orders == counted[ORDERS]
    for each in document.campaigns:
        cap = member_cap(each, TODAY)
        for name, most in cap.maxima if cap else ():
            assert counted[name] == used.get(name, 0) <= most
    budgets = budgets_on(document, TODAY)
    assert sum(counted[name] for name in budgets) == shards_used(club)


def must_be_what_counts(club: Club, order: OrderRef, gave: Counter[str]) -> None:
    """What entries say that campaigns gave by an order, less what was taken back of it."""
    file = club.desk.books.order(OrderCause(order.source, order.order_id, "accrual"))
    assert isinstance(file.accrual, Entry)
    assert isinstance(file.accrual.detail, Accrual)
    accrual = file.accrual.detail
    counts = counted_of(accrual, state_of(accrual, file.state))
    for each in club.program.document.campaigns:
        assert gave[each.id] == counts.get(each.id, 0)


def must_recompute(club: Club, entry: Entry) -> None:
    """What an order earned less what was settled is what it earns by what is left of it."""
    accrual = entry.detail
    assert isinstance(accrual, Accrual)
    file = club.desk.books.order(
        OrderCause(accrual.order.source, accrual.order.order_id, "clawback", "")
    )
    state = state_of(accrual, file.state)
    award = remainder_of(accrual, state, club.program.document).award
    assert award.points == sum(part.points for part in parts_of(accrual, state)) - state.settled
    counts = counted_of(accrual, state)
    for campaign_id, points in award.campaign_points.items():
        assert state.counted is None or campaign_id not in counts or counts[campaign_id] >= points


def test_of_the_orders_that_a_guest_claims_the_oldest_is_the_first() -> None:
    club = Club(campaign(**FIRST), members=(), claim_days=30)
    for days_ago, identity in ((3, MAIL), (9, PHONE), (5, MAIL)):
        (guest, *_) = club.members.guests([identity])
        sold = bought(f"{days_ago}", line(1000), days_ago=days_ago)
        earn(sold, customer=Customer(member_id=None, named="", guest=guest), desk=club.desk)
    proven = {MAIL: True, PHONE: True}
    ana = Member(member_id=ANA, enrolled_at=NOW, enrolled_by="", identities=proven)
    club.members.enroll(ana, Account(member_id=ANA, enrolled_at=NOW, orders=0))

    claimed = claim_orders(ana, orders_max=9, directory=club.members, desk=club.desk)

    details = [each.detail for each in claimed.entries]
    assert [
        (each.order.order_id, each.opened) for each in details if isinstance(each, Accrual)
    ] == [("9", ("welcome",)), ("5", ()), ("3", ())]
