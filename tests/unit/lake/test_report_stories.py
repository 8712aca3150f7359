"""Each report on one small story, with answers worked out by hand.

Ana enrolls on 5 October. She buys for 50 € the next day (50 points), is given 30 points that last
until 15 November, buys for 60 € on 3 November (60), spends 40 on a latte on the 4th and uses it the
next day with an order of 20 € (20). Ben enrolls on 2 November, buys for 10 € on the 9th (10) and
returns half of it on the 12th. Of Ana's 60 €, 10 are a gift card, which earns nothing, and the code
of a flyer gives her 10 points; of Ben's 10 € it is 2 and 2, and half of these come back. Cleo is a
member from the 10th to the 20th. A guest buys for 7 € on the 7th and for 9 € on the 14th. Ana and
Ben are welcomed an hour before they buy in November, Cleo's welcome bounces, and on the 20th it is
too late to tell Ana what was written. Asked whether they would recommend it, Ana says 7 on the 3rd
in the morning and 9 on the 4th, Ben 3 on the 10th, and Cleo 8 on the 11th. Bea gives Ana 30 points
on the 3rd, sends that request again on the 4th, and takes 5 from Ben on the 5th; on the 6th she may
not give more, and an export of hers does not report its end. On the 2nd, the flyer was offered to
Ana until the 8th, and drawn for Ben until the 7th, two days before he buys. Eve looks Ben up in
October. Each order of November counts for a challenge, which gives Ana a latte and 50 points on the
5th and Ben the same on the 9th, until his refund. Order ana-2 was one too many and is released
after a day and a half, ben-1 is still held, and Max rejected what a watch found of Cleo. On the 6th
of November Ana and Ben bring four friends, of whom two buy and one keeps it; another one claimed in
October. It is 10 December.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from loyalty.domain.campaigns.limits import LimitUse
from loyalty.domain.campaigns.offers import Offer, OfferReason
from loyalty.domain.campaigns.targeting import Targeting
from loyalty.domain.changes import Record
from loyalty.domain.earning.awarding import Share
from loyalty.domain.engagement.referrals import CapSlot
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.entries import (
    Accrual,
    CalendarCause,
    Clawback,
    Detail,
    Edit,
    Entry,
    OrderCause,
    Placeholder,
    Qualifying,
    Redemption,
)
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.reviews import Excess, Review, ReviewDecision, WatchFinding
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.staff.actions import ActionTarget
from loyalty.lake import columns, reports
from loyalty.lake.mirror import Mirror
from tests.support.campaigns import campaign
from tests.support.documents import program, reward
from tests.support.lake import NOVEMBER, PARIS, Home, Row
from tests.support.ledger import (
    action,
    activity,
    award,
    brought,
    change,
    entry,
    message,
    order,
    request,
    response,
    share,
    voucher,
)

PROGRAM: Final = program(
    tiers={
        "basis": "qualifying_points",
        "period": "calendar_year",
        "levels": [{"id": "silver", "name": "Silver", "reached_at": 100}],
    },
    point_value={"amount_minor": 2, "per_points": 1},
    rewards=[reward(amount_minor=350)],
    campaigns=[
        campaign(
            id="flyer", name="Flyer", limits={"budget": {"points": 100}}, holdout={"percent": 50}
        )
    ],
    economics={"gross_margin_percent": 60},
)
OCTOBER_LOT: Final = date(2027, 10, 31)
NOVEMBER_LOT: Final = date(2027, 11, 30)
NOVEMBER_2026: Final = replace(NOVEMBER, as_of=datetime(2026, 12, 10, 9, tzinfo=UTC))
BOTH_MONTHS: Final = replace(NOVEMBER_2026, first=date(2026, 10, 1))


def noon(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


def bought(
    member_id: str, order_id: str, moment: datetime, euros: int, lot: date, *, flyer: int = 0
) -> Entry:
    """One point for each euro, but for a gift card of as many euros as the flyer gives points."""
    paid = order(order_id, amount_minor=euros * 100, occurred_at=moment)
    goods = euros - flyer
    shares = [Share("base", "1", goods, goods * 100), Share("flyer", "1", flyer, goods * 100)]
    return entry(
        OrderCause("pos", order_id, "accrual"),
        Holding(lots={lot: euros}),
        member_id=member_id,
        happened_at=moment,
        recorded_at=moment,
        detail=Accrual(
            order=paid,
            shares=tuple(share for share in shares if share.points),
            parts=(),
            qualifying=Qualifying("p2026", euros),
            counted=(LimitUse("budget:flyer#all", flyer),) if flyer else (),
            campaigns=("flyer",) if flyer else (),
        ),
    )


def movement(
    kind: str, member_id: str, moment: datetime, effect: Holding, detail: Detail = None
) -> Entry:
    return request(
        kind,
        effect,
        request_id=f"{kind}-{moment:%m-%d}",
        member_id=member_id,
        happened_at=moment,
        recorded_at=moment,
        detail=detail,
    )


def refunded(
    member_id: str, order_id: str, moment: datetime, euros: int, lot: date, *, flyer: int
) -> Entry:
    detail = Clawback(
        source="pos",
        order_id=order_id,
        refund_id="r1",
        amount_minor=euros * 100,
        clawed=euros,
        owed=0,
        forgiven=0,
        excused=0,
        debt_after=0,
        qualifying=Qualifying("p2026", -euros),
        counted=(LimitUse("budget:flyer#all", -flyer),),
        campaign_points={"flyer": -flyer},
    )
    cause = OrderCause("pos", order_id, "clawback", "r1")
    effect = Holding(lots={lot: -euros})
    return entry(
        cause, effect, member_id=member_id, happened_at=moment, recorded_at=moment, detail=detail
    )


def of_ana() -> Iterator[Record]:
    yield Account(member_id="ana", enrolled_at=noon(10, 5))
    yield bought("ana", "ana-1", noon(10, 6), 50, OCTOBER_LOT)
    lasts_until = date(2026, 11, 15)
    yield movement("bonus", "ana", noon(10, 7), Holding(lots={lasts_until: 30}))
    ended_at = datetime(2026, 11, 15, 23, tzinfo=UTC)
    yield entry(
        CalendarCause("ana", "expiry", (lasts_until,), 3),
        Holding(lots={lasts_until: -30}),
        member_id="ana",
        happened_at=ended_at,
        recorded_at=noon(11, 16),
    )
    yield bought("ana", "ana-2", noon(11, 3), 60, NOVEMBER_LOT, flyer=10)
    latte = Redemption(redemption_id="red_1", reward_id="latte", code="C")
    spent = Holding(lots={OCTOBER_LOT: -40})
    yield movement("redemption", "ana", noon(11, 4), spent, detail=latte)
    yield voucher(
        "used",
        member_id="ana",
        issued_at=noon(11, 4),
        used_at=noon(11, 5),
        used_order=OrderRef("pos", "ana-3"),
    )
    yield bought("ana", "ana-3", noon(11, 5), 20, NOVEMBER_LOT)


def of_others() -> Iterator[Record]:
    yield Account(member_id="ben", enrolled_at=noon(11, 2))
    yield bought("ben", "ben-1", noon(11, 9), 10, NOVEMBER_LOT, flyer=2)
    yield refunded("ben", "ben-1", noon(11, 12), 5, NOVEMBER_LOT, flyer=1)
    yield Account(
        member_id="cleo", status="closed", enrolled_at=noon(11, 10), ended_at=noon(11, 20)
    )
    for order_id, day, amount_minor in (("g-1", 7, 700), ("g-2", 14, 900)):
        paid = order(order_id, amount_minor=amount_minor, occurred_at=noon(11, day))
        yield Placeholder(
            source="pos",
            order_id=order_id,
            recorded_at=noon(11, day),
            count=1,
            order=paid,
            guest="email#1#ab",
        )


def of_messages() -> Iterator[Record]:
    for member_id, day in (("ana", 3), ("ben", 9)):
        yield message("welcome", member_id=member_id, sent_at=noon(11, day) - timedelta(hours=1))
    yield message("welcome", member_id="cleo", sent_at=noon(11, 10), state="bounced")
    yield message("lapsed", member_id="ana", sent_at=None, state="dropped", settled_at=noon(11, 20))


def of_surveys() -> Iterator[Record]:
    for member_id, score, day in (("ana", 7, 3), ("ana", 9, 4), ("ben", 3, 10), ("cleo", 8, 11)):
        moment = noon(11, day) - timedelta(hours=3)
        about = OrderRef("pos", f"{member_id}-{day}")
        yield response(score, member_id=member_id, answered_at=moment, order=about, period=None)


def of_staff() -> Iterator[Record]:
    ana, ben = (ActionTarget("member", each) for each in ("ana", "ben"))
    given: dict[str, Any] = {"points": 30, "target": ana, "results": {"entry": "ent_gift"}}
    yield action(began_at=noon(11, 3), **given)
    yield action(began_at=noon(11, 4), **given)
    yield action(began_at=noon(11, 5), points=-5, target=ben)
    yield action(began_at=noon(11, 6), target=ben, state="refused", code="limit_reached")
    report = ActionTarget("report_export", "exp_1")
    yield action("report.export", began_at=noon(11, 6), target=report, state="begun")
    yield action("member.look_up", began_at=noon(10, 31), by="eve", target=ben)


def of_offers() -> Iterator[Record]:
    chosen, drawn = OfferReason("in_turn"), OfferReason("by_lot")
    for member_id, last, because in (("ana", 8, chosen), ("ben", 7, drawn)):
        until = date(2026, 11, last)
        flyer = Offer(offered_at=noon(11, 2), until=until, because=because, chosen_of=1)
        yield Targeting(member_id=member_id, offers={"flyer": flyer})


def of_reviews() -> Iterator[Record]:
    too_many = (Excess("daily", "orders", 1, 2),)
    released = ReviewDecision(
        verdict="released", by="max", decided_at=noon(11, 5) - timedelta(hours=12), reason="ok"
    )
    for member_id, name, opened_at, points, decision in (
        ("ana", "ana-2", noon(11, 3), 70, released),
        ("ben", "ben-1", noon(11, 9), 12, None),
    ):
        yield Review(
            member_id=member_id,
            opened_at=opened_at,
            order=OrderRef("pos", name),
            points=points,
            excesses=too_many,
            held_until=date(2026, 11, 23),
            decision=decision,
        )
    yield Review(
        member_id="cleo",
        opened_at=noon(11, 12),
        finding=WatchFinding("farming", "forgiven", 2, 3, "2026-11"),
        decision=ReviewDecision(
            verdict="rejected", by="max", decided_at=noon(11, 13), reason="Three times"
        ),
    )


def of_challenges() -> Iterator[Record]:
    for order_id, day in (("ana-2", 3), ("ana-3", 5), ("ben-1", 9)):
        yield share(order_id, occurred_at=noon(11, day))
    yield award(1, member_id="ana", given_at=noon(11, 5), reward_id="latte")
    yield award(1, member_id="ben", given_at=noon(11, 9), stands=False, step=2, reward_id="latte")


def of_activities() -> Iterator[Record]:
    yield activity("1", member_id="ana", first_recorded_at=noon(11, 5))
    yield activity("2", member_id="ana", first_recorded_at=noon(11, 6), state="limited")
    yield activity("3", member_id="ben", first_recorded_at=noon(11, 7), state="retracted")
    yield activity("4", "visit", member_id="ben", first_recorded_at=noon(12, 7))


def of_friends() -> Iterator[Record]:
    day = noon(11, 6)
    yield brought(1, referrer_id="ana", claimed_at=day)
    slot = CapSlot("ana", "2026-11")
    yield brought(2, referrer_id="ana", claimed_at=day, stands=True, given_at=day, slot=slot)
    yield brought(3, referrer_id="ana", claimed_at=day, given_at=day)
    yield brought(4, referrer_id="ben", claimed_at=day, state="refused", reason="not_new")
    yield brought(5, referrer_id="ben", claimed_at=noon(10, 6))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("home"))
    of_members = (*of_ana(), *of_others(), *of_challenges(), *of_activities(), *of_offers())
    cases = (*of_reviews(), *of_friends())
    records = (*of_members, *of_messages(), *of_surveys(), *of_staff(), *cases)
    home.write([change(item) for item in records], name="story")
    return home


STORY: Final[dict[str, tuple[Any, list[Row]]]] = {
    "actions": (
        NOVEMBER_2026,
        [
            {
                "person": "bea",
                "action": "points.adjust",
                "done": 3,
                "refused": 1,
                "unfinished": 0,
                "members": 2,
                "points_added": 30,
                "points_taken": 5,
            },
            {
                "person": "bea",
                "action": "report.export",
                "done": 0,
                "refused": 0,
                "unfinished": 1,
                "members": 0,
                "points_added": 0,
                "points_taken": 0,
            },
        ],
    ),
    "summary": (
        NOVEMBER_2026,
        [
            {
                "members": 2,
                "new_members": 2,
                "active_members": 2,
                "orders": 3,
                "revenue_minor": 6000 + 2000 + 1000 - 500,
                "guest_orders": 2,
                "guest_revenue_minor": 700 + 900,
                "redemptions": 1,
                "points_earned": 60 + 20 + 10,
                "points_redeemed": 40,
                "points_clawed_back": 5,
                "points_expired": 30,
                "points_adjusted": 0,
                "points_pending": 0,
                "points_outstanding": (50 + 60 + 20 - 40) + (10 - 5),
                "redemption_rate": 0.444444,
                "liability_minor": 2 * 95,
            }
        ],
    ),
    "trend": (
        # 1 November is a Sunday.
        replace(NOVEMBER_2026, by="week"),
        [
            {"starts_on": "2026-11-01", "members": 1, "orders": 0, "points_outstanding": 50 + 30},
            {"starts_on": "2026-11-02", "members": 2, "orders": 2, "points_outstanding": 120},
            {"starts_on": "2026-11-09", "members": 3, "orders": 1, "points_outstanding": 125},
            {"starts_on": "2026-11-16", "members": 2, "orders": 0, "points_outstanding": 95},
            {"starts_on": "2026-11-23", "members": 2, "orders": 0, "points_outstanding": 95},
            {"starts_on": "2026-11-30", "members": 2, "orders": 0, "points_outstanding": 95},
        ],
    ),
    "members": (
        BOTH_MONTHS,
        [
            {
                "starts_on": "2026-10-01",
                "members": 1,
                "new_members": 1,
                "ended_members": 0,
                "active_members": 1,
                "active_rate": 1.0,
                "new_buyers": 1,
                "returning_buyers": 0,
            },
            {
                "starts_on": "2026-11-01",
                "members": 2,
                "new_members": 2,
                "ended_members": 1,
                "active_members": 2,
                "active_rate": 1.0,
                "new_buyers": 1,
                "returning_buyers": 1,
            },
        ],
    ),
    "retention": (
        BOTH_MONTHS,
        [
            {"cohort": "2026-10-01", "month_number": 0, "members": 1, "retention": 1.0},
            {"cohort": "2026-10-01", "month_number": 1, "members": 1, "retention": 1.0},
            {"cohort": "2026-11-01", "month_number": 0, "members": 2, "retention": 0.5},
        ],
    ),
    "repeat": (
        BOTH_MONTHS,
        [
            {
                "who": "members",
                "orders": 1,
                "customers": 2,
                "repeat_rate": 0.5,
                "days_median": 28,
                "had_time": 2,
                "came_back": 0,
                "came_back_rate": 0.0,
            },
            {
                "who": "members",
                "orders": 2,
                "customers": 1,
                "repeat_rate": 1.0,
                "days_median": 2,
                "had_time": 1,
                "came_back": 1,
                "came_back_rate": 1.0,
            },
            {"who": "members", "orders": 3, "customers": 1, "repeat_rate": 0.0, "had_time": 1},
            {
                "who": "guests",
                "orders": 1,
                "customers": 1,
                "repeat_rate": 1.0,
                "days_median": 7,
                "had_time": 1,
                "came_back": 1,
            },
            {"who": "guests", "orders": 2, "customers": 1, "repeat_rate": 0.0, "had_time": 1},
        ],
    ),
    "lifetime_value": (
        BOTH_MONTHS,
        [
            {
                "who": "members",
                "cohort": "2026-10-01",
                "level": "silver",
                "customers": 1,
                "buyers": 1,
                "orders": 3,
                "revenue_minor": 13000,
                "value_minor": 13000.0,
                "orders_per_customer": 3.0,
                "order_value_minor": 4333.333333,
            },
            {
                "who": "members",
                "cohort": "2026-11-01",
                "level": None,
                "customers": 2,
                "buyers": 1,
                "orders": 1,
                "revenue_minor": 500,
                "value_minor": 250.0,
                "orders_per_customer": 0.5,
                "order_value_minor": 500.0,
            },
            {
                "who": "guests",
                "cohort": "2026-11-01",
                "level": None,
                "customers": 1,
                "buyers": 1,
                "orders": 2,
                "revenue_minor": 1600,
                "value_minor": 1600.0,
                "orders_per_customer": 2.0,
                "order_value_minor": 800.0,
            },
        ],
    ),
    "segments": (
        # Of two, the lower scores 1 and the higher 1 + 5 * 1 / 2 = 3.
        NOVEMBER_2026,
        [
            {
                "segment": "about_to_sleep",
                "members": 1,
                "share": 0.5,
                "orders": 1,
                "revenue_minor": 500,
                "revenue_share": 0.058824,
                "recency_days": 21.0,
                "frequency": 1.0,
                "monetary_minor": 500.0,
                "monetary_score": 1.0,
            },
            {
                "segment": "at_risk",
                "members": 1,
                "share": 0.5,
                "orders": 2,
                "revenue_minor": 8000,
                "revenue_share": 0.941176,
                "recency_days": 25.0,
                "frequency": 2.0,
                "monetary_minor": 8000.0,
                "monetary_score": 3.0,
            },
        ],
    ),
    "liability": (
        NOVEMBER_2026,
        [
            {"state": "available", "expires_in": "2027-10-01", "points": 10, "worth_minor": 20},
            {"state": "available", "expires_in": "2027-11-01", "points": 85, "worth_minor": 170},
        ],
    ),
    "liability_age": (
        NOVEMBER_2026,
        [
            {"age_months": 0, "points": 85, "share": 0.894737, "worth_minor": 170},
            {"age_months": 1, "points": 10, "share": 0.105263, "worth_minor": 20},
        ],
    ),
    "breakage": (
        NOVEMBER_2026,
        [
            {"expires_in": "2026-11-01", "issued_points": 30, "expired_points": 30},
            {"expires_in": "2027-10-01", "issued_points": 50, "redeemed_points": 40},
            {"expires_in": "2027-11-01", "issued_points": 90, "clawed_back_points": 5},
        ],
    ),
    "redemption": (
        BOTH_MONTHS,
        [
            {
                "cohort": "2026-10-01",
                "members": 1,
                "earners": 1,
                "redeemers": 1,
                "days_median": 30,
                "points_earned": 50 + 30 + 60 + 20,
                "points_redeemed": 40,
                "redemption_rate": 0.25,
            },
            {
                "cohort": "2026-11-01",
                "members": 2,
                "earners": 1,
                "redeemers": 0,
                "days_median": None,
                "points_earned": 10,
                "points_redeemed": 0,
                "redemption_rate": 0.0,
            },
        ],
    ),
    "rewards": (
        NOVEMBER_2026,
        [
            {
                "reward_id": "latte",
                "redeemed": 1,
                "granted": 0,
                "used": 1,
                "open": 0,
                "expired": 0,
                "cancelled": 0,
                "used_rate": 1.0,
                "points": 40,
                "points_worth_minor": 80,
                "cost_minor": 350,
                "orders": 1,
                "order_revenue_minor": 2000,
            }
        ],
    ),
    "messages": (
        NOVEMBER_2026,
        [
            {
                "message_kind": "welcome",
                "sent": 3,
                "bounced": 1,
                "complained": 0,
                "dropped": 0,
                "reached": 2,
                "buyers": 2,
                "buyer_rate": 1.0,
                "orders": 3,
                "revenue_minor": 6000 + 2000 + 1000 - 500,
                "redeemers": 1,
                "redeemer_rate": 0.5,
                "redemptions": 1,
            },
            {
                "message_kind": "lapsed",
                "sent": 0,
                "dropped": 1,
                "reached": 0,
                "buyers": 0,
                "buyer_rate": None,
                "revenue_minor": 0,
            },
        ],
    ),
    "offers": (
        NOVEMBER_2026,
        [
            {
                "campaign_id": "flyer",
                "chosen": chosen,
                "offered": 1,
                "members": 1,
                "used": used,
                "use_rate": float(used),
                "orders": used,
                "points": 10 * used,
                "recovered": 0,
                "points_left": 10 * used,
                "cost_minor": 20 * used,
                "revenue_minor": 6000 * used,
            }
            for chosen, used in (("by_lot", 0), ("chosen", 1))
        ],
    ),
    "activities": (
        NOVEMBER_2026,
        [
            {
                "activity": "review",
                "source": "reviews",
                "recorded": 3,
                "retracted": 1,
                "limited": 1,
                "standing": 1,
                "members": 1,
                "points": 20,
            }
        ],
    ),
    "challenges": (
        NOVEMBER_2026,
        [
            {
                "challenge_id": "three",
                "orders": 3,
                "members": 2,
                "revenue_minor": 6000 + 2000 + 1000,
                "completed": 2,
                "undone": 1,
                "standing": 1,
                "points": 100,
                "points_back": 50,
                "vouchers": 2,
                "vouchers_back": 1,
            }
        ],
    ),
    "reviews": (
        NOVEMBER_2026,
        [
            {
                "rule_id": "daily",
                "opened_by": "safeguard",
                "opened": 2,
                "open": 1,
                "released": 1,
                "rejected": 0,
                "rejected_rate": 0.0,
                "wait_days": 1.5,
                "points": 82,
                "points_held": 82,
                "points_taken": 0,
            },
            {
                "rule_id": "farming",
                "opened_by": "watch",
                "opened": 1,
                "open": 0,
                "released": 0,
                "rejected": 1,
                "rejected_rate": 1.0,
                "wait_days": 1.0,
                "points": 0,
                "points_held": 0,
                "points_taken": 0,
            },
        ],
    ),
    "referrals": (
        NOVEMBER_2026,
        [
            {"step": "claimed", "friends": 4, "of_all": 1.0, "paid": 1},
            {"step": "accepted", "friends": 3, "of_all": 0.75, "paid": 1},
            {"step": "bought", "friends": 2, "of_all": 0.5, "paid": 1},
            {"step": "standing", "friends": 1, "of_all": 0.25, "paid": 1},
            {"step": "held", "friends": 0, "of_all": 0.0, "paid": 0},
            {"step": "refused", "friends": 1, "of_all": 0.25, "paid": 0},
        ],
    ),
    "surveys": (
        NOVEMBER_2026,
        [
            {
                "survey_id": "recommend",
                "survey_kind": "nps",
                "starts_on": "2026-11-01",
                "answers": 4,
                "top": 1,
                "middle": 2,
                "bottom": 1,
                "low": 1,
                "mean": 6.75,
                "nps": 0.0,
                "csat": None,
                "score_3": 1,
                "score_6": 0,
                "score_7": 1,
                "score_8": 1,
                "score_9": 1,
            }
        ],
    ),
    "promoters": (
        # Ana's last answer counts: after it she buys for 20 €, before it she had for 110 €. Ben
        # returns half of his 10 € after his, Cleo never buys.
        NOVEMBER_2026,
        [
            {
                "band": "promoters",
                "members": 1,
                "share": 0.333333,
                "returned": 1,
                "return_rate": 1.0,
                "orders": 1,
                "revenue_minor": 2000,
                "value_minor": 2000.0,
                "ever_orders": 3,
                "ever_minor": 13000,
            },
            {"band": "passives", "members": 1, "returned": 0, "value_minor": 0.0, "ever_minor": 0},
            {
                "band": "detractors",
                "members": 1,
                "returned": 0,
                "return_rate": 0.0,
                "orders": 0,
                "revenue_minor": -500,
                "ever_orders": 1,
                "ever_minor": 500,
            },
        ],
    ),
    "earning_rules": (
        NOVEMBER_2026,
        [
            {
                "rule_id": "base",
                "kind": "rule",
                "orders": 3,
                "members": 2,
                "points": 50 + 20 + 8,
                "points_share": 0.866667,
                "revenue_minor": 7800,
                "revenue_share": 0.866667,
                "points_rate": 0.01,
            },
            {
                "rule_id": "flyer",
                "kind": "campaign",
                "orders": 2,
                "members": 2,
                "points": 10 + 2,
                "points_share": 0.133333,
                "revenue_minor": 5800,
                "revenue_share": 0.644444,
                "points_rate": 0.002069,
            },
        ],
    ),
    "campaigns": (
        NOVEMBER_2026,
        [
            {
                "campaign_id": "flyer",
                "orders": 2,
                "members": 2,
                "points": 10 + 2,
                "recovered": 1,
                "points_left": 11,
                "cost_minor": 22,
                "budget": 100,
                "budget_used": 11,
                "revenue_minor": 6000 + 1000 - 500,
                "order_minor": 3250,
                "other_orders": 1,
                "other_revenue_minor": 2000,
                "other_order_minor": 2000,
            }
        ],
    ),
    "campaign_uplift": (
        # The lots of Ana and Cleo are 2,436 and 2,421, Ben's is 8,704; Ana was there before.
        NOVEMBER_2026,
        [
            {
                "campaign_id": "flyer",
                "state": "running",
                "members": 0,
                "held_out": 1,
                "left_out": 0,
                "effect": "too_few",
                "uplift_minor": None,
                "low_minor": None,
                "high_minor": None,
                "orders_uplift": None,
                "orders_low": None,
                "orders_high": None,
                "active_uplift": None,
                "active_low": None,
                "active_high": None,
                "points": 0,
                "cost_minor": 0,
                "net_cost_minor": None,
                "extra_minor": None,
                "margin_minor": None,
                "break_even": None,
                "outcome": "not_proven",
            }
        ],
    ),
    "tiers": (
        NOVEMBER_2026,
        [
            {"level_before": "new", "level_after": "none", "movement": "joined", "members": 1},
            {"level_before": "none", "level_after": "silver", "movement": "up", "members": 1},
        ],
    ),
    "guests": (
        # An order can be claimed for 30 days: since 10 November.
        NOVEMBER_2026,
        [
            {
                "orders_each": 2,
                "guests": 1,
                "orders": 2,
                "revenue_minor": 1600,
                "value_minor": 1600.0,
                "claimable_guests": 1,
                "claimable_orders": 1,
            }
        ],
    ),
    "sources": (
        NOVEMBER_2026,
        [
            {
                "source": "pos",
                "orders": 3,
                "revenue_minor": 8500,
                "refunded_minor": 500,
                "order_value_minor": 2833.333333,
                "guest_orders": 2,
                "guest_revenue_minor": 1600,
                "member_share": 0.6,
                "points_earned": 90,
            }
        ],
    ),
    "top_members": (
        NOVEMBER_2026,
        [
            {
                "member_id": "ana",
                "level": "silver",
                "orders": 2,
                "revenue_minor": 8000,
                "last_order_on": "2026-11-05",
                "points": 90,
            },
            {
                "member_id": "ben",
                "level": None,
                "orders": 1,
                "revenue_minor": 500,
                "last_order_on": "2026-11-09",
                "points": 5,
            },
        ],
    ),
    "at_risk_members": (
        # By 9 December she is silent for 34 days, more than twice her usual 15.
        replace(NOVEMBER_2026, last=date(2026, 12, 9)),
        [
            {
                "member_id": "ana",
                "orders": 3,
                "revenue_minor": 13000,
                "last_order_on": "2026-11-05",
                "usual_gap_days": 15.0,
                "silent_days": 34,
            }
        ],
    ),
}


@pytest.mark.parametrize("name", reports.names())
def test_a_report_tells_the_story(home: Home, name: str) -> None:
    period, expected = STORY[name]

    rows = home.rows(name, period, document=PROGRAM)

    assert [
        {column: row[column] for column in expected}
        for row, expected in zip(rows, expected, strict=True)
    ] == expected


@pytest.mark.parametrize("name", reports.names())
@pytest.mark.usefixtures("by_columns")
def test_a_report_reads_no_column_but_those_that_are_fetched_for_it(
    home: Home, tmp_path: Any, name: str
) -> None:
    folded, report = Home(tmp_path), reports.report(name)
    folded.bucket.objects = dict(home.bucket.objects)
    folded.fold(now=datetime(2027, 1, 9, tzinfo=UTC))
    mirror = Mirror(folded.bucket.client, bucket="lake", root=tmp_path / "mirror")

    facts = mirror.fetch("bean", report.reads, columns=columns.read_by(name))
    answer = reports.run(report, BOTH_MONTHS, facts=facts, document=PROGRAM)

    whole = reports.run(report, BOTH_MONTHS, facts=folded.fetch(), document=PROGRAM)
    assert answer == whole


def edited(order_id: str, moment: datetime, *, loses: int, flyer: int) -> Entry:
    """A change of an order's content: what it is worth less, and what the flyer gives more."""
    detail = Edit(
        order=order(order_id),
        parts=(),
        amount_minor=-loses,
        clawed=0,
        owed=0,
        forgiven=0,
        excused=0,
        debt_after=0,
        campaign_points={"flyer": flyer},
    )
    cause = OrderCause("pos", order_id, "edit", f"{moment:%m-%d}")
    return entry(cause, Holding(), member_id="ana", happened_at=moment, detail=detail)


def test_a_campaign_s_orders_are_counted_with_all_their_changes(tmp_path: Path) -> None:
    """Two changes give and take, in other months, and a merged member is one with her heir."""
    home = Home(tmp_path)
    records: list[Record] = [
        Account(member_id="ana", enrolled_at=noon(10, 5)),
        Account(
            member_id="old",
            status="merged",
            enrolled_at=noon(10, 5),
            ended_at=noon(10, 9),
            into="ana",
        ),
        bought("ana", "1", noon(11, 3), 60, NOVEMBER_LOT, flyer=10),
        edited("1", noon(12, 3), loses=-500, flyer=5),
        edited("1", noon(12, 5), loses=1000, flyer=-7),
        bought("old", "2", noon(11, 4), 20, NOVEMBER_LOT, flyer=2),
        bought("ana", "3", noon(11, 5), 10, NOVEMBER_LOT),
        edited("3", noon(11, 6), loses=100, flyer=3),
        bought("ana", "4", noon(12, 1), 30, NOVEMBER_LOT, flyer=9),
    ]
    home.write([change(item) for item in records], name="all")

    (row,) = home.rows("campaigns", NOVEMBER_2026, document=PROGRAM)

    assert (row["orders"], row["members"], row["other_orders"]) == (3, 1, 0)
    assert (row["points"], row["recovered"]) == (10 + 5 + 2 + 3, 7)
    assert row["revenue_minor"] == (6000 + 500 - 1000) + 2000 + (1000 - 100)
    assert (row["order_minor"], row["other_order_minor"]) == (2800, None)
    assert row["budget_used"] == 10 + 2 + 9, "the whole campaign's, whatever the period"


@pytest.mark.parametrize(
    ("per", "period"),
    [("day", "2026-11-30"), ("week", "2026-W49"), ("month", "2026-11"), ("year", "2026")],
)
def test_a_budget_is_that_of_the_last_day(tmp_path: Path, per: str, period: str) -> None:
    home = Home(tmp_path)
    used = (LimitUse(f"budget:flyer#{period}", 7), LimitUse("budget:flyer#2026-10", 9))
    sold = bought("ana", "1", noon(11, 3), 60, NOVEMBER_LOT, flyer=10)
    assert isinstance(sold.detail, Accrual)
    home.write([change(replace(sold, detail=replace(sold.detail, counted=used)))], name="all")
    flyer = campaign(id="flyer", limits={"budget": {"amount_minor": 50, "per": per}})
    document = program(campaigns=[flyer], point_value={"amount_minor": 2, "per_points": 1})

    (row,) = home.rows("campaigns", NOVEMBER_2026, document=document)

    assert (row["budget"], row["budget_used"]) == (25, 7)


def test_what_comes_after_the_days_is_not_put_down_to_a_message(home: Home) -> None:
    """Ana's orders are 1 and 49 hours after her welcome, Ben's return is three days after his."""
    two_days = replace(NOVEMBER_2026, within_days=2)

    welcomes = home.rows("messages", two_days, document=PROGRAM)[0]

    assert (welcomes["orders"], welcomes["revenue_minor"]) == (2, 6000 + 1000)
    assert (welcomes["buyers"], welcomes["redemptions"]) == (2, 1)


def test_nobody_is_at_risk_within_their_own_rhythm(home: Home) -> None:
    assert home.rows("at_risk_members", NOVEMBER_2026, document=PROGRAM) == []


def test_who_was_merged_is_one_person_with_the_other(home: Home, tmp_path: Any) -> None:
    """Dan was Ana's second card: his orders are hers, and his cohort is."""
    merged = Home(tmp_path)
    dan = Account(
        member_id="dan",
        status="merged",
        into="ana",
        enrolled_at=noon(11, 2),
        ended_at=noon(11, 25),
    )
    his = bought("dan", "dan-1", noon(11, 24), 30, NOVEMBER_LOT)
    merged.write([change(item) for item in (*of_ana(), dan, his)], name="merged")

    (top,) = merged.rows("top_members", NOVEMBER_2026, document=PROGRAM)
    (october, november) = merged.rows("retention", BOTH_MONTHS, document=PROGRAM)

    assert (top["member_id"], top["orders"], top["revenue_minor"]) == ("ana", 3, 11000)
    assert (october["members"], november["members"]) == (1, 1)
    assert merged.answer(NOVEMBER_2026)["active_members"] == 1


def test_a_forecast_follows_what_became_of_points_that_old(tmp_path: Any) -> None:
    """On 2 October there were 100 that lasted to its end, and 60 expired; of November's 50, 30."""
    home = Home(tmp_path)
    october, november = date(2026, 10, 31), date(2026, 11, 30)
    items = (
        movement("bonus", "ana", noon(10, 1), Holding(lots={october: 100})),
        movement("redemption", "ana", noon(10, 20), Holding(lots={october: -40})),
        movement("bonus", "ana", noon(11, 1), Holding(lots={november: 50})),
    )
    home.write([change(item) for item in items], name="1-3")
    period = replace(NOVEMBER_2026, as_of=noon(11, 2), last=date(2026, 11, 2), zone=PARIS)

    (row,) = home.rows("breakage", period, document=PROGRAM)

    assert (row["status"], row["outstanding_points"]) == ("forecast", 50)
    assert (row["forecast_points"], row["breakage_rate"], row["forecast_minor"]) == (30, 0.6, 60)
