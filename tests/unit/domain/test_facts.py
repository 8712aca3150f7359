"""What the lake learns from a change of the table."""

import json
from dataclasses import asdict, fields, replace
from datetime import UTC, date, datetime
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.campaigns.limits import LimitUse
from loyalty.domain.campaigns.offers import Offer, OfferReason
from loyalty.domain.campaigns.targeting import Targeting
from loyalty.domain.changes import Record, TableChange
from loyalty.domain.earning.awarding import Share
from loyalty.domain.engagement.changes import OrderShare
from loyalty.domain.facts import (
    ALL,
    ActionFact,
    CampaignPoints,
    CountedUse,
    EntryFact,
    Fact,
    LineRefunds,
    MemberFact,
    MessageFact,
    Movement,
    OrderFact,
    OrderStateFact,
    PaidPart,
    RulePoints,
    SoldLine,
    SurveyFact,
    VoucherFact,
    facts_of,
)
from loyalty.domain.kernel.calendar import NEVER
from loyalty.domain.ledger.account import Account, TierFloor
from loyalty.domain.ledger.entries import (
    Accrual,
    CalendarCause,
    Clawback,
    Edit,
    Entry,
    OrderCause,
    Placeholder,
    Qualifying,
    Redemption,
    RequestCause,
    RequestedRefund,
)
from loyalty.domain.ledger.holding import Holding, PendingDates
from loyalty.domain.ledger.refunds import OrderState, RecordedState
from loyalty.domain.ledger.reviews import Excess, Review, ReviewDecision
from loyalty.domain.orders.order import Line, OrderRef, Tender
from tests.support.event_examples import AWARD, CRITIQUE
from tests.support.ledger import (
    CLAWBACK,
    CODE,
    LATER,
    LOT,
    NOON,
    WAITING,
    accrual,
    action,
    activation,
    change,
    clawback,
    entry,
    expiry,
    message,
    order,
    request,
    response,
    used_voucher,
    voucher,
)
from tests.support.referrals import referral
from tests.support.signing import FIXTURES

dates = st.dates(date(2026, 11, 1), date(2027, 3, 1)) | st.just(NEVER)
effects = st.builds(
    Holding,
    lots=st.dictionaries(dates, st.integers(-500, 500), max_size=4),
    debt=st.integers(-500, 500),
    pending=st.dictionaries(
        st.builds(PendingDates, dates, dates), st.integers(-500, 500), max_size=3
    ),
)


def recorded(state: OrderState) -> RecordedState:
    return RecordedState(ref=OrderRef("pos", "1001"), state=state)


def of_kind[F: Fact](kind: type[F], by: TableChange) -> list[F]:
    return [fact for fact in facts_of(by) if isinstance(fact, kind)]


def test_an_accrual_is_an_entry_and_an_order() -> None:
    facts = list(facts_of(change(accrual(order(amount_minor=4999)))))

    assert [fact.kind for fact in facts] == ["entries", "orders"]
    (sold,) = of_kind(OrderFact, change(accrual(order(amount_minor=4999))))
    assert (sold.amount_minor, sold.member_id, sold.lines) == (4999, "mem_1", 1)


def test_an_order_says_where_and_how_it_was_paid_and_what_was_sold() -> None:
    paid = replace(
        order(),
        location="lyon",
        tenders=(Tender("card", 4000), Tender("gift_card", 999)),
        codes=("FLYER", CODE),
        lines=(
            Line(
                line_id="1",
                sku="X",
                category="drink",
                quantity=2,
                amount_minor=4999,
                product_categories=("Hot",),
                tags=("oat",),
                product_brand="house",
                product_tags=("new",),
            ),
        ),
    )

    (sold,) = of_kind(OrderFact, change(accrual(paid)))

    assert (sold.v, sold.location) == (4, "lyon")
    assert sold.tenders == (
        PaidPart(kind="card", amount_minor=4000),
        PaidPart(kind="gift_card", amount_minor=999),
    )
    assert sold.codes == ("FLYER",), "a voucher's code never reaches the lake"
    assert sold.sold == (
        SoldLine(
            line_id="1",
            sku="X",
            category="drink",
            categories=("Hot", "drink"),
            brand="house",
            tags=("new", "oat"),
            quantity=2,
            amount_minor=4999,
            paid_minor=4999,
        ),
    )


def test_an_order_s_entries_say_what_campaigns_gave_and_what_limits_were_used() -> None:
    earned = Accrual(
        order=order(),
        shares=(Share("base", "1", 49, 4999), Share("tuesday", "1", 20, 4999)),
        parts=(),
        tier="gold",
        opened=("tuesday",),
        counted=(LimitUse("budget:tuesday#all", 20),),
        campaigns=("tuesday",),
    )
    returned = replace(
        CLAWBACK,
        counted=(LimitUse("budget:tuesday#all", -20), LimitUse("#orders", -1)),
        campaign_points={"tuesday": -20},
    )

    (then,) = of_kind(
        EntryFact, change(entry(OrderCause("pos", "1001", "accrual"), Holding(), detail=earned))
    )
    (later,) = of_kind(
        EntryFact,
        change(entry(OrderCause("pos", "1001", "clawback", "r1"), Holding(), detail=returned)),
    )
    (other,) = of_kind(EntryFact, change(request("adjustment", Holding(lots={LOT: 5}))))

    assert (then.v, then.tier, then.opened) == (2, "gold", ("tuesday",))
    assert then.campaigns == (CampaignPoints(campaign_id="tuesday", points=20),)
    assert then.counted == (CountedUse(limit="budget:tuesday#all", amount=20),)
    assert later.campaigns == (CampaignPoints(campaign_id="tuesday", points=-20),)
    assert later.counted == (
        CountedUse(limit="budget:tuesday#all", amount=-20),
        CountedUse(limit="#orders", amount=-1),
    )
    assert other.v == 1
    assert (other.tier, other.opened, other.counted, other.campaigns) == (None,) * 4


def test_the_state_of_an_order_has_its_refunds_and_its_latest_version() -> None:
    refunded = OrderState(
        quantities={"1": 2},
        amounts_minor={"1": 50, "2": 70},
        amount_minor=900,
        clawed=9,
        forgiven=1,
        counter=1,
        changed_at=NOON,
        counted={"tuesday": 5},
    )
    version = replace(order(amount_minor=700), codes=("FLYER", CODE), location="lyon")
    edited = replace(refunded, counter=2, order=version, whole=True)

    (first,) = of_kind(OrderStateFact, change(recorded(refunded)))
    (second,) = of_kind(OrderStateFact, change(recorded(edited)))

    assert (first.fact_id, first.revision, first.recorded_at) == ("pos/1001", 2, NOON)
    assert first.refunds == (
        LineRefunds(line_id="1", quantity=2, amount_minor=50),
        LineRefunds(line_id="2", quantity=0, amount_minor=70),
    )
    assert (first.amount_minor, first.is_whole) == (900, False)
    assert (first.clawed, first.owed, first.forgiven, first.excused) == (9, 0, 1, 0)
    assert first.campaigns == (CampaignPoints(campaign_id="tuesday", points=5),)
    assert (first.location, first.tenders, first.codes, first.sold) == (None,) * 4
    assert (second.revision, second.is_whole, second.location) == (3, True, "lyon")
    assert (second.codes, second.tenders) == (("FLYER",), ())
    assert [line.amount_minor for line in second.sold or ()] == [700]


@given(effects)
def test_movements_add_up_to_the_points_of_the_entry(effect: Holding) -> None:
    (fact,) = of_kind(EntryFact, change(request("adjustment", effect)))

    pending = sum(each.points for each in fact.movements if each.place == "pending")
    spendable = sum(each.points for each in fact.movements if each.place != "pending")
    assert (spendable, pending) == (fact.points, fact.pending_points)


def test_points_that_never_expire_move_without_a_date() -> None:
    (fact,) = of_kind(EntryFact, change(accrual(lots={NEVER: 5})))

    assert fact.movements == (Movement(place="lot", points=5),)


def test_an_accrual_has_points_and_money_by_rule() -> None:
    base = (Share("base", "1", 30, 3000), Share("base", "2", 5, 500))
    shares = (*base, Share("extra", "1", 60, 3000))
    detail = Accrual(order=order(), shares=shares, parts=(), qualifying=Qualifying("p2026", 95))
    by = change(entry(OrderCause("pos", "1001", "accrual"), Holding(lots={LOT: 95}), detail=detail))

    (fact,) = of_kind(EntryFact, by)

    assert fact.rules == (
        RulePoints(rule_id="base", points=35, eligible_minor=3500),
        RulePoints(rule_id="extra", points=60, eligible_minor=3000),
    )
    assert (fact.qualifying_counter, fact.qualifying_amount) == ("p2026", 95)


def test_an_expiry_counts_from_its_midnight_and_is_stored_under_the_day_it_was_recorded() -> None:
    midnight = datetime(2026, 10, 31, 23, tzinfo=UTC)
    expiry = entry(
        CalendarCause("mem_1", "expiry", (date(2026, 10, 31),), 2),
        Holding(lots={date(2026, 10, 31): -9}),
        happened_at=midnight,
    )

    (fact,) = of_kind(EntryFact, change(expiry))

    assert fact.counted_at == midnight
    assert fact.day == date(2026, 11, 21)


def test_a_fact_is_stored_under_its_utc_day_whatever_zone_its_instant_is_written_in() -> None:
    auckland = datetime.fromisoformat("2026-11-22T08:00:00+13:00")

    (fact,) = of_kind(EntryFact, change(accrual(recorded_at=auckland)))

    assert fact.day == date(2026, 11, 21)


def test_a_guest_s_order_gets_another_revision_once_it_is_a_member_s() -> None:
    guest = Placeholder(
        source="pos",
        order_id="1001",
        recorded_at=NOON,
        count=1,
        order=order(),
        guest="email#1#ab12",
    )

    (unclaimed,) = of_kind(OrderFact, change(guest))
    (claimed,) = of_kind(OrderFact, change(accrual(), guest))

    assert unclaimed.fact_id == claimed.fact_id
    assert unclaimed.revision < claimed.revision
    assert (unclaimed.member_id, claimed.member_id) == (None, "mem_1")
    assert claimed.guest_id is None


def test_guests_are_distinguished_without_the_digest_that_finds_them() -> None:
    one, other, same = (
        of_kind(
            OrderFact,
            change(
                Placeholder(
                    source="pos",
                    order_id=order_id,
                    recorded_at=NOON,
                    count=1,
                    order=order(order_id),
                    guest=f"email#1#{digest}",
                )
            ),
        )[0]
        for order_id, digest in (("1", "ab12"), ("2", "cd34"), ("3", "ab12"))
    )

    assert one.guest_id == same.guest_id != other.guest_id
    assert "ab12" not in str(one.guest_id)


def test_refunds_that_wait_for_their_order_make_no_fact() -> None:
    refund = RequestedRefund(refund_id="r1", occurred_at=NOON, whole=True, fingerprint="f")
    waiting = Placeholder(
        source="pos", order_id="1001", recorded_at=NOON, count=1, refunds=(refund,)
    )

    assert list(facts_of(change(waiting))) == []


def test_a_refund_has_its_money() -> None:
    clawback = Clawback(
        source="pos",
        order_id="1001",
        refund_id="r1",
        amount_minor=2500,
        clawed=20,
        owed=0,
        forgiven=5,
        excused=0,
        debt_after=0,
    )
    by = change(
        entry(
            OrderCause("pos", "1001", "clawback", "r1"), Holding(lots={LOT: -20}), detail=clawback
        )
    )

    (fact,) = of_kind(EntryFact, by)

    assert (fact.refunded_minor, fact.forgiven, fact.order_id) == (2500, 5, "1001")


def test_an_edited_order_has_the_value_that_it_lost() -> None:
    edit = Edit(
        order=order(amount_minor=2500),
        parts=(),
        amount_minor=-2499,
        clawed=20,
        owed=0,
        forgiven=4,
        excused=0,
        debt_after=0,
        qualifying=Qualifying("s2026", -2499),
    )
    by = change(
        entry(OrderCause("pos", "1001", "edit", "ab12"), Holding(lots={LOT: -20}), detail=edit)
    )

    (fact,) = of_kind(EntryFact, by)

    assert (fact.refunded_minor, fact.forgiven, fact.order_id) == (2499, 4, "1001")
    assert fact.qualifying_amount == -2499
    assert not of_kind(OrderFact, by)


def test_a_redemption_names_its_reward() -> None:
    bought = Redemption(redemption_id="red_1", reward_id="latte", code=CODE)

    (fact,) = of_kind(
        EntryFact, change(request("redemption", Holding(lots={LOT: -40}), detail=bought))
    )

    assert (fact.redemption_id, fact.reward_id, fact.points) == ("red_1", "latte", -40)


def test_a_voucher_has_one_revision_for_each_state_under_one_id() -> None:
    steps = [voucher("held"), voucher("issued"), voucher("used", used_at=LATER)]

    facts = [of_kind(VoucherFact, change(step))[0] for step in steps]

    assert {fact.fact_id for fact in facts} == {"red_1"}
    assert [fact.revision for fact in facts] == [1, 2, 3]


def test_a_new_account_is_a_member() -> None:
    (fact,) = of_kind(MemberFact, change(Account(member_id="mem_1", enrolled_at=NOON)))

    assert (fact.status, fact.enrolled_at, fact.ended_at) == ("active", NOON, None)


def test_an_account_that_only_moved_points_makes_no_fact() -> None:
    account = Account(member_id="mem_1", enrolled_at=NOON)

    assert list(facts_of(change(replace(account, balance=49), account))) == []


def test_a_granted_level_makes_a_fact_of_the_member() -> None:
    account = Account(member_id="mem_1", enrolled_at=NOON)
    granted = replace(account, tier_floor=TierFloor("gold", LOT))

    (fact,) = of_kind(MemberFact, change(granted, account))

    assert (fact.revision, fact.floor_level, fact.floor_until) == (2, "gold", LOT)


def test_a_closed_account_still_has_its_beginning() -> None:
    account = Account(member_id="mem_1", enrolled_at=NOON)
    closed = replace(account, status="closed", ended_at=LATER)

    (fact,) = of_kind(MemberFact, change(closed, account))

    assert (fact.revision, fact.enrolled_at, fact.ended_at) == (3, NOON, LATER)


@pytest.mark.parametrize(
    "record",
    [
        accrual(pending={WAITING: 7}),
        voucher("used", used_at=LATER, used_order=OrderRef("pos", "2")),
        Account(member_id="mem_1", status="closed", enrolled_at=NOON, ended_at=LATER),
    ],
)
def test_an_item_read_from_the_table_makes_the_same_fact_as_its_last_change(
    record: Entry | Account,
) -> None:
    streamed = list(facts_of(change(record, made_at=NOON)))
    rebuilt = list(facts_of(change(record, made_at=LATER)))

    assert [replace(fact, recorded_at=NOON) for fact in rebuilt] == [
        replace(fact, recorded_at=NOON) for fact in streamed
    ]


def test_no_fact_has_room_for_a_voucher_s_code() -> None:
    bought = Redemption(redemption_id="red_1", reward_id="latte", code=CODE)
    changes = (
        change(request("redemption", Holding(lots={LOT: -40}), detail=bought)),
        change(voucher()),
    )

    assert CODE not in str([list(facts_of(by)) for by in changes])
    assert not {"code", "voucher_code"} & {field.name for kind in ALL for field in fields(kind)}


def test_a_message_has_another_revision_for_its_outcome() -> None:
    fates = ("waiting", "sent", "bounced")
    by_fate = [
        of_kind(MessageFact, change(message(state=state, settled_at=LATER, sent_at=NOON)))[0]
        for state in fates
    ]

    assert len({fact.fact_id for fact in by_fate}) == 1
    assert [fact.revision for fact in by_fate] == [1, 2, 3]
    assert [fact.state for fact in by_fate] == list(fates)


def test_a_mail_that_bounced_before_its_sending_was_recorded_counts_as_sent() -> None:
    (fact,) = of_kind(
        MessageFact, change(message(sent_at=None, state="complained", settled_at=LATER))
    )

    assert (fact.sent_at, fact.recorded_at) == (LATER, LATER)


def test_an_answer_to_a_survey_is_without_its_comment() -> None:
    (fact,) = of_kind(
        SurveyFact, change(response(2, order=OrderRef("pos", "1001"), comment="0612345678"))
    )

    assert (fact.score, fact.is_low, fact.source, fact.order_id) == (2, True, "pos", "1001")
    assert "0612345678" not in str(fact)


def test_an_action_has_a_revision_for_its_outcome_and_names_nobody() -> None:
    begun = action(state="begun", action_id="a1", changes=(), results={})
    done = replace(action(points=-5), action_id="a1", began_at=begun.began_at)

    before, after = (of_kind(ActionFact, change(each))[0] for each in (begun, done))

    assert (before.fact_id, before.revision, before.points, before.entry_id) == (
        "a1",
        1,
        None,
        None,
    )
    assert (after.fact_id, after.revision, after.points) == ("a1", 2, -5)
    assert after.staff_member == "bea"


def test_actions_for_no_one_program_are_not_in_the_lake() -> None:
    of_deployment = replace(change(action("service.register")), program_id="*")

    assert list(facts_of(of_deployment)) == []


RECORDS: Final[dict[str, Record]] = {
    "an order's accrual": entry(
        OrderCause("pos", "1001", "accrual"),
        Holding(lots={LOT: 49}, pending={WAITING: 7}),
        detail=Accrual(
            order=order(),
            shares=(Share("base", "1", 56, 4999),),
            parts=(),
            qualifying=Qualifying("2026", 4999),
        ),
    ),
    "a refund": clawback(),
    "an edit": entry(OrderCause("pos", "1001", "edit", "5f2b"), Holding(lots={LOT: 5})),
    "a late order's expiry": entry(OrderCause("pos", "1001", "expiry"), Holding(lots={LOT: -49})),
    "a redemption": request(
        "redemption",
        Holding(lots={LOT: -40}),
        detail=Redemption(redemption_id="red_1", reward_id="latte", code=CODE),
    ),
    "one side of a transfer": entry(RequestCause("r1", "transfer", "out"), Holding(lots={LOT: -3})),
    "an activation": activation(),
    "an expiry": expiry(),
    "an order that was refunded": recorded(
        OrderState(
            quantities={"1": 1},
            amount_minor=250,
            clawed=25,
            taken=(25,),
            counter=1,
            changed_at=NOON,
            order=order(),
            counted={"tuesday": 5},
        )
    ),
    "a guest's order": Placeholder(
        source="pos", order_id="1001", recorded_at=NOON, count=1, order=order(), guest="email#v1#ab"
    ),
    "a member": Account(member_id="mem_1", enrolled_at=NOON, tier_floor=TierFloor("gold", LOT)),
    "a voucher": used_voucher(),
    "a message": message(),
    "an answer about an order": response(2, order=OrderRef("pos", "1001"), period=None),
    "an answer for a period": response(),
    "an action of staff": action(points=10),
    "an award": AWARD,
    "a friend's referral": referral(orders=1, stands=True, given_at=NOON, revision=3),
    "a review that was decided": Review(
        member_id="mem_1",
        opened_at=NOON,
        order=OrderRef("pos", "1001"),
        points=49,
        excesses=(Excess("daily", "orders", 5, 6),),
        held_until=date(2026, 12, 5),
        decision=ReviewDecision(
            verdict="rejected", by="max", decided_at=NOON, reason="Their own card", entry_id="ent_1"
        ),
    ),
    "an offer": Targeting(
        member_id="mem_1",
        offers={
            "oat": Offer(
                offered_at=NOON,
                until=date(2026, 12, 4),
                because=OfferReason("you_bought", thing_kind="sku", thing_id="OAT"),
                chosen_of=3,
            )
        },
    ),
    "a review": CRITIQUE,
    "what an order counts": OrderShare(
        order=OrderRef("pos", "1001"),
        counter="challenge.three",
        occurred_at=NOON,
        tallies={"2026-W47": {"cake": 1, "tea": 1}},
        revision=1,
    ),
}
# The facts of each, as they always were.
PINNED: Final = json.loads((FIXTURES / "pinned" / "facts.json").read_text())


@pytest.mark.parametrize("what", RECORDS)
def test_the_stored_form_of_a_fact_never_changes(what: str) -> None:
    """Its table, id and columns: a lake keeps what was written before the code was renamed."""
    facts = [{"kind": fact.kind} | asdict(fact) for fact in facts_of(change(RECORDS[what]))]

    assert json.loads(json.dumps(facts, default=str)) == PINNED[what]


def test_facts_of_every_kind_are_pinned() -> None:
    assert {fact["kind"] for facts in PINNED.values() for fact in facts} == {
        kind.kind for kind in ALL
    }
