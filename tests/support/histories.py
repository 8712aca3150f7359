"""Random histories of a program: few members, days around a change of clocks, so much coincides."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from loyalty.domain.campaigns.limits import LimitUse
from loyalty.domain.campaigns.offers import Offer, OfferReason
from loyalty.domain.campaigns.targeting import Targeting
from loyalty.domain.changes import Record
from loyalty.domain.earning.awarding import Share
from loyalty.domain.engagement.activities import RecordedActivity
from loyalty.domain.engagement.changes import OrderShare
from loyalty.domain.engagement.referrals import CapSlot, Referral
from loyalty.domain.kernel.calendar import NEVER, midnight
from loyalty.domain.ledger.account import Account, TierFloor
from loyalty.domain.ledger.entries import (
    Accrual,
    Bonus,
    CalendarCause,
    Clawback,
    Detail,
    Entry,
    OrderCause,
    Placeholder,
    Qualifying,
    Redemption,
    Return,
    SharedPart,
)
from loyalty.domain.ledger.holding import Holding, PendingDates
from loyalty.domain.ledger.member_awards import MemberAward
from loyalty.domain.ledger.reviews import Excess, Review, ReviewDecision
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.domain.messaging.messages import Message
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.people.survey_responses import Response
from loyalty.domain.program.document import Program
from loyalty.domain.staff.actions import ActionName, ActionTarget, StaffAction
from loyalty.lake.reports import ReportPeriod
from tests.support.campaigns import campaign
from tests.support.documents import program, reward
from tests.support.ledger import (
    action,
    activity,
    award,
    brought,
    entry,
    message,
    order,
    request,
    response,
    share,
    voucher,
)
from tests.support.reports.recorded import SPENDING

ZONES: Final = tuple(map(ZoneInfo, ("America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC")))
DAYS: Final = st.dates(date(2026, 10, 27), date(2026, 11, 8))
# Half of them on a midnight: that is where a day more or less is decided.
MOMENTS: Final = st.builds(midnight, DAYS, st.sampled_from(ZONES)) | st.integers(0, 18_000).map(
    lambda minutes: datetime(2026, 10, 27, tzinfo=UTC) + timedelta(minutes=minutes)
)
LOTS: Final = DAYS | st.just(NEVER)
POINTS: Final = st.integers(-300, 300)
STARTS: Final = (date(2026, 10, 28), date(2026, 11, 2))
MINOR: Final = st.integers(0, 10_000)
SOURCES: Final = st.sampled_from(["pos", "shop"])
# Those whose budgets have names of their own; `flyer` has one for each day, week or month.
CAMPAIGNS: Final = ("tuesday", "flyer")
BUDGETS: Final = (
    "budget:tuesday#all", "budget:flyer#2026-10-31", "budget:flyer#2026-11-01",
    "budget:flyer#2026-W44", "budget:flyer#2026-W45", "budget:flyer#2026-11", "flyer#2026-11",
)  # fmt: skip
COUNTERS: Final = ("p2025", "p2026", "p24313", "p24321", "p24322", "p0", "p1", "s2026")
CHALLENGES: Final = st.sampled_from(["three", "ten"])
MEMBERS: Final = st.sampled_from(["mem_1", "mem_2", "mem_3"])

type _Make = Callable[[int], Entry]


@st.composite
def histories(draw: st.DrawFn) -> list[Record]:
    """Items as the table may hold them, each under a key of its own."""
    kinds = _accruals() | _clawbacks() | _activations() | _expiries() | _requests()
    entries = draw(st.lists(kinds, max_size=12))
    guests = draw(st.lists(_guests(), max_size=3))
    vouchers = draw(st.lists(_vouchers(), max_size=3))
    messages = draw(st.lists(_messages(), max_size=5))
    responses = draw(st.lists(_responses(), max_size=6))
    actions = draw(st.lists(_actions(), max_size=6))
    awards = draw(st.lists(_awards(), max_size=4))
    friends = draw(st.lists(_friends(), max_size=4))
    offers = draw(_OFFERED)
    makes: list[Callable[[int], Record]] = [
        *entries,
        *guests,
        *vouchers,
        *messages,
        *responses,
        *actions,
        *awards,
        *friends,
    ]
    accounts = [draw(_accounts(member_id)) for member_id in draw(st.sets(MEMBERS))]
    made = [make(number) for number, make in enumerate(makes)]
    reviews = draw(_reviews([each for each in made if isinstance(each, Entry)]))
    return made + accounts + offers + reviews + draw(_SHARES) + draw(_ACTIVITIES)


def _tiers(
    period: str,
    *,
    holds: str,
    rolling_months: int | None,
    keeps_at: int | None,
    one_step_down: bool,
) -> dict[str, Any]:
    """Levels with a policy. After a rolling period comes none for which a level could be kept."""
    is_rolling = period == "rolling_months"
    is_plain = is_rolling and holds == "next_period"
    levels: list[dict[str, Any]] = [
        {"id": "silver", "reached_at": 100, "keeps_at": None if is_plain else keeps_at},
        {"id": "friend", "reached_at": None},
        {"id": "gold", "reached_at": 250},
    ]
    return {
        "basis": "qualifying_points",
        "period": period,
        "rolling_months": rolling_months if is_rolling else None,
        "holds": {"model": holds},
        "one_step_down": one_step_down and not is_plain,
        "levels": [level | {"name": level["id"]} for level in levels],
    }


@st.composite
def documents(draw: st.DrawFn, *, zone: ZoneInfo) -> Program:
    """A program whose days are those of a zone, with or without levels."""
    tiers = None
    if period := draw(
        st.sampled_from([None, "calendar_year", "rolling_months", "membership_year"])
    ):
        tiers = _tiers(
            period,
            holds=draw(st.sampled_from(["next_period", "while_enough", "for_life"])),
            rolling_months=draw(st.sampled_from([None, 2])),
            keeps_at=draw(st.sampled_from([None, 60])),
            one_step_down=draw(st.booleans()),
        )
    value = {"amount_minor": 3, "per_points": 7}
    budgets = {
        "tuesday": draw(st.sampled_from([None, {"points": 500}])),
        "flyer": {"points": 70, "per": draw(st.sampled_from(["day", "week", "month"]))},
    }
    return program(
        campaigns=[
            campaign(
                id=campaign_id,
                limits={"budget": budget},
                holdout=draw(st.sampled_from([None, {"percent": 30}, {"percent": 60}])),
                when=draw(
                    st.sampled_from([{}, *({"starts_on": each.isoformat()} for each in STARTS)])
                ),
            )
            for campaign_id, budget in budgets.items()
        ],
        universal_holdout=draw(st.sampled_from([None, {"percent": 30, "salt": "half"}])),
        economics=draw(st.sampled_from([None, {"gross_margin_percent": 60}])),
        time_zone=zone.key,
        tiers=tiers,
        point_value=draw(st.sampled_from([None, value])),
        rewards=[
            draw(st.sampled_from([reward(), reward(cost_minor=90)])),
            reward(id="five-off", kind="percent_off", percent=draw(st.sampled_from([15, 100]))),
        ],
        claim_days=draw(st.sampled_from([0, 3, 30])),
    )


@st.composite
def periods(draw: st.DrawFn) -> ReportPeriod:
    first = draw(DAYS)
    return ReportPeriod(
        first=first,
        last=first + timedelta(days=draw(st.integers(0, 5))),
        zone=draw(st.sampled_from(ZONES)),
        as_of=draw(MOMENTS),
        by=draw(st.sampled_from(["day", "week", "month"])),
        within_days=draw(st.integers(1, 4)),
    )


@st.composite
def _effects(draw: st.DrawFn, *, pending: bool = True) -> Holding:
    dates = st.builds(PendingDates, DAYS, LOTS)
    return Holding(
        lots=draw(st.dictionaries(LOTS, POINTS, max_size=3)),
        debt=draw(POINTS),
        pending=draw(st.dictionaries(dates, POINTS, max_size=2)) if pending else {},
    )


@st.composite
def _accruals(draw: st.DrawFn) -> _Make:
    effect, minor, when = draw(st.tuples(_effects(), MINOR, _when()))
    shares = tuple(draw(st.lists(_shares(), max_size=3)))
    qualifying = draw(st.none() | _qualifying(st.integers(1, 200)))
    counted = tuple(draw(st.lists(_uses(), max_size=2)))
    source = draw(SOURCES)

    def make(number: int) -> Entry:
        paid = order(
            str(number), amount_minor=minor, occurred_at=when["happened_at"], source=source
        )
        cause = OrderCause(source, paid.order_id, "accrual")
        detail = Accrual(
            order=paid,
            shares=shares,
            parts=(),
            qualifying=qualifying,
            counted=counted,
            campaigns=tuple({each.rule_id for each in shares if each.rule_id in CAMPAIGNS}),
        )
        return entry(cause, effect, detail=detail, **when)

    return make


def _shares() -> st.SearchStrategy[Share]:
    rules = st.sampled_from(["base", "extra", *CAMPAIGNS])
    return st.builds(Share, rules, st.sampled_from(["1", "2"]), st.integers(1, 300), MINOR)


def _uses() -> st.SearchStrategy[LimitUse]:
    return st.builds(LimitUse, st.sampled_from(BUDGETS), POINTS)


def _qualifying(amounts: st.SearchStrategy[int]) -> st.SearchStrategy[Qualifying]:
    """Counters of the years and months around, of years of membership, and of another basis."""
    return st.builds(Qualifying, st.sampled_from(COUNTERS), amounts)


@st.composite
def _clawbacks(draw: st.DrawFn) -> _Make:
    effect, minor, when = draw(st.tuples(_effects(), MINOR, _when()))
    qualifying = draw(st.none() | _qualifying(st.integers(-50, -1)))
    # Some of these orders there are.
    order_id = draw(st.integers(0, 12).map(str))
    counted = tuple(draw(st.lists(_uses(), max_size=2)))
    campaign_points = draw(st.dictionaries(st.sampled_from(CAMPAIGNS), st.integers(-300, -1)))

    def make(number: int) -> Entry:
        detail = Clawback(
            source="pos",
            order_id=order_id,
            refund_id=f"r{number}",
            amount_minor=minor,
            clawed=0,
            owed=0,
            forgiven=0,
            excused=0,
            debt_after=0,
            qualifying=qualifying,
            counted=counted,
            campaign_points=campaign_points,
        )
        cause = OrderCause("pos", order_id, "clawback", f"r{number}")
        return entry(cause, effect, detail=detail, **when)

    return make


@st.composite
def _activations(draw: st.DrawFn) -> _Make:
    dates = draw(st.builds(PendingDates, DAYS, LOTS))
    points, when = draw(st.tuples(st.integers(1, 300), _when()))
    effect = Holding(lots={dates.expires_on: points}, pending={dates: -points})
    return lambda number: entry(CalendarCause("mem_1", "activation", dates, number), effect, **when)


@st.composite
def _expiries(draw: st.DrawFn) -> _Make:
    lot, points, when = draw(st.tuples(LOTS, st.integers(1, 300), _when()))
    effect = Holding(lots={lot: -points})
    return lambda number: entry(CalendarCause("mem_1", "expiry", (lot,), number), effect, **when)


@st.composite
def _requests(draw: st.DrawFn) -> _Make:
    kind = draw(st.sampled_from([*SPENDING, "adjustment", "bonus", "transfer", "merge", "import"]))
    is_spending = kind in SPENDING
    effect, when = draw(st.tuples(_effects(pending=not is_spending), _when()))
    redemption_id = draw(st.sampled_from(["red_1", "red_2"]))
    detail: Detail = None
    match kind:
        case "redemption":
            detail = Redemption(redemption_id=redemption_id, reward_id="latte", code="C")
        case "bonus":
            detail = Bonus(given_for="birthday")
        case "return":
            detail = Return(redemption_id=redemption_id, why="cancelled")
        case "contribution":
            detail = SharedPart(redemption_id=redemption_id, spent_by="mem_2")
    return lambda number: request(kind, effect, request_id=str(number), detail=detail, **when)


@st.composite
def _guests(draw: st.DrawFn) -> Callable[[int], Placeholder]:
    minor, paid_at, source = draw(st.tuples(MINOR, MOMENTS, SOURCES))
    guest = draw(st.sampled_from(["", "email#1#ab", "email#1#cd"]))

    def make(number: int) -> Placeholder:
        paid = order(str(number), amount_minor=minor, occurred_at=paid_at, source=source)
        return Placeholder(
            source=source,
            order_id=str(number),
            recorded_at=paid_at,
            count=1,
            order=paid,
            guest=guest,
        )

    return make


@st.composite
def _vouchers(draw: st.DrawFn) -> Callable[[int], Voucher]:
    issued_at, ends_at = draw(st.tuples(MOMENTS, st.none() | MOMENTS))
    state = draw(st.sampled_from(["held", "issued", "used", "cancelled", "expired"]))
    # Some of these orders there are.
    order_id = draw(st.none() | st.integers(0, 12).map(str))
    parts = {
        "reward_id": draw(st.sampled_from(["latte", "five-off", "gone"])),
        "points": draw(st.integers(1, 300)),
        "amount_minor": draw(st.none() | MINOR),
        "issued_at": issued_at,
        "held_until": ends_at if state == "held" else None,
        "expires_at": ends_at if state == "issued" else None,
        "used_order": OrderRef("pos", order_id) if state == "used" and order_id else None,
    }
    return lambda number: voucher(state, redemption_id=f"red_{number}", **parts)


@st.composite
def _friends(draw: st.DrawFn) -> Callable[[int], Referral]:
    state: Any = draw(st.sampled_from(["claimed", "held", "refused"]))
    stands = state == "claimed" and draw(st.booleans())
    parts: dict[str, Any] = {
        "state": state,
        "claimed_at": draw(MOMENTS),
        "stands": stands,
        "given_at": draw(MOMENTS) if stands or draw(st.booleans()) else None,
        "slot": draw(st.sampled_from([None, CapSlot("mem_1", "2026-11")])),
    }
    return lambda number: brought(number, **parts)


@st.composite
def _awards(draw: st.DrawFn) -> Callable[[int], MemberAward]:
    parts: dict[str, Any] = {
        "member_id": draw(MEMBERS),
        "rule_id": draw(CHALLENGES),
        "points": draw(st.integers(0, 100)),
        "reward_id": draw(st.sampled_from([None, "latte"])),
        "stands": draw(st.booleans()),
        "reward_kept": draw(st.booleans()),
        "given_at": draw(MOMENTS),
    }
    return lambda number: award(number, **parts)


@st.composite
def _reviews(draw: st.DrawFn, entries: list[Entry]) -> list[Record]:
    """Reviews of which some rejections took points back."""
    taken = [each.id for each in entries if each.kind == "clawback"]
    verdicts: Any = st.sampled_from(["released", "rejected", None])
    found: list[Record] = []
    for number, verdict in enumerate(draw(st.lists(verdicts, max_size=4))):
        opened_at = draw(MOMENTS)
        decision = ReviewDecision(
            verdict=verdict,
            by="max",
            decided_at=opened_at + timedelta(seconds=draw(st.integers(0, 10**6))),
            reason="",
            entry_id=draw(st.sampled_from([None, *taken])),
        )
        excesses = (Excess("daily", "orders", 5, 6), Excess("points", "points", 50, 60))
        found.append(
            Review(
                member_id="mem_1",
                opened_at=opened_at,
                order=OrderRef("pos", str(number)),
                points=number + 1,
                excesses=excesses[: draw(st.integers(1, 2))],
                held_until=draw(st.none() | DAYS),
                decision=decision if verdict else None,
            )
        )
    return found


# Of the campaigns that orders get points of; a member has one offer of each.
_OFFERED: Final = st.dictionaries(
    MEMBERS,
    st.dictionaries(
        st.sampled_from(CAMPAIGNS),
        st.tuples(MOMENTS, DAYS, st.sampled_from(["in_turn", "by_lot"])),
        min_size=1,
    ),
    max_size=3,
).map(lambda drawn: [_targeting(*each) for each in drawn.items()])


def _targeting(member_id: str, offers: dict[str, tuple[datetime, date, Any]]) -> Targeting:
    return Targeting(
        member_id=member_id,
        offers={
            name: Offer(offered_at=offered_at, until=until, because=OfferReason(kind), chosen_of=2)
            for name, (offered_at, until, kind) in offers.items()
        },
    )


# Some of these orders there are. No two shares lie under the same key.
_SHARES: Final = st.lists(
    st.tuples(st.integers(0, 12).map(str), CHALLENGES, st.integers(0, 3), MOMENTS),
    max_size=6,
    unique_by=lambda each: each[:2],
).map(lambda drawn: [_share(*each) for each in drawn])


def _share(order_id: str, rule_id: str, amount: int, occurred_at: datetime) -> OrderShare:
    return share(order_id, amount, rule_id=rule_id, occurred_at=occurred_at)


# No two activities lie under the same key.
_ACTIVITIES: Final = st.lists(
    st.tuples(
        st.integers(0, 12).map(str),
        st.sampled_from(["review", "visit"]),
        MEMBERS,
        st.sampled_from(["awarded", "limited", "waiting", "retracted"]),
        MOMENTS,
    ),
    max_size=6,
    unique_by=lambda each: each[0],
).map(lambda drawn: [_activity(*each) for each in drawn])


def _activity(
    activity_id: str, kind: str, member_id: str, state: Any, recorded_at: datetime
) -> RecordedActivity:
    return activity(
        activity_id, kind, member_id=member_id, state=state, first_recorded_at=recorded_at
    )


@st.composite
def _messages(draw: st.DrawFn) -> Callable[[int], Message]:
    state: Any = draw(
        st.sampled_from(["waiting", "sent", "sent", "dropped", "bounced", "complained"])
    )
    written_at, settled_at = draw(st.tuples(MOMENTS, MOMENTS))
    parts: dict[str, Any] = {
        "member_id": draw(MEMBERS),
        "state": state,
        "sent_at": None if state in {"waiting", "dropped"} else settled_at,
        "settled_at": None if state == "waiting" else settled_at,
        "written_at": written_at,
    }
    kind = draw(st.sampled_from(["welcome", "lapsed"]))
    # No two lie under the same key.
    return lambda number: message(kind, day=date(2026, 11, 1) + timedelta(days=number), **parts)


@st.composite
def _responses(draw: st.DrawFn) -> Callable[[int], Response]:
    kind: Any = draw(st.sampled_from(["nps", "csat"]))
    score = draw(st.integers(0, 10) if kind == "nps" else st.integers(1, 5))
    parts: dict[str, Any] = {
        "survey_id": draw(st.sampled_from(["visit", "recommend"])),
        "survey_kind": kind,
        "member_id": draw(MEMBERS),
        "answered_at": draw(MOMENTS),
        "is_low": draw(st.booleans()),
    }
    return lambda number: response(score, period=None, order=OrderRef("pos", str(number)), **parts)


@st.composite
def _actions(draw: st.DrawFn) -> Callable[[int], StaffAction]:
    """Some are one request that was sent twice: they have one entry."""
    points = draw(st.none() | POINTS)
    entry_id = draw(st.sampled_from([None, "ent_1", "ent_2"]))
    target = ActionTarget("member", draw(MEMBERS | st.just("")))
    parts = {
        "by": draw(st.sampled_from(["bea", "eve"])),
        "began_at": draw(MOMENTS),
        "state": draw(st.sampled_from(["begun", "done", "done", "refused", "failed"])),
        "target": draw(st.sampled_from([target, ActionTarget("program", "bean")])),
        "results": {"entry": entry_id} if entry_id else {},
    }
    name: ActionName = draw(st.sampled_from(["points.adjust", "member.look_up"]))
    return lambda number: action(name, points=points, action_id=f"{number:016x}", **parts)


@st.composite
def _accounts(draw: st.DrawFn, member_id: str) -> Account:
    status: Any = draw(st.sampled_from(["active", "active", "closed", "merged"]))
    enrolled_at, ended_at = draw(st.tuples(MOMENTS, MOMENTS))
    floor = st.builds(TierFloor, st.sampled_from(["silver", "gold", "gone"]), DAYS)
    return Account(
        member_id=member_id,
        status=status,
        enrolled_at=enrolled_at,
        ended_at=None if status == "active" else ended_at,
        into=draw(MEMBERS.filter(lambda other: other != member_id)) if status == "merged" else None,
        tier_floor=draw(st.none() | floor),
    )


def _when() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"member_id": MEMBERS, "happened_at": MOMENTS, "recorded_at": MOMENTS}
    )
