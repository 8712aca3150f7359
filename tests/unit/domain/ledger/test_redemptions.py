"""Redemptions: the cost of a reward, who may redeem it, and its voucher."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.campaigns.member_facts import MemberFacts
from loyalty.domain.kernel.errors import ValidationFailed
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.ledger.postings import Posting
from loyalty.domain.ledger.redemptions import (
    NEVER_OPENS,
    REDEMPTIONS_A_DAY_MAX,
    LateRedemption,
    Price,
    price,
    redeem,
    why_not,
    window_for,
)
from loyalty.domain.ledger.stock import unit_of
from loyalty.domain.ledger.vouchers import Voucher
from loyalty.domain.program.rewards import Reward
from tests.support.accounts import account, effect_of
from tests.support.documents import published, reward

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TODAY = date(2026, 11, 21)
SOON, LATER = date(2026, 11, 25), date(2027, 3, 1)
PAYING = {"amount_minor": None, "pay": {"points": 10, "minor": 100, "order_percent_max": 50}}


def program_with(*, levels: dict[str, Any] | None = None, **parts: Any) -> Any:
    rewards = [reward(**parts)]
    return published(time_zone="UTC", rewards=rewards, reinstate_days=14, tiers=levels)


def latte(**parts: Any) -> Reward:
    found = program_with(**parts).document.reward("latte")
    assert isinstance(found, Reward)
    return found


def redeemed(
    held: Account,
    *,
    hold: bool = False,
    late: LateRedemption | None = None,
    levels: dict[str, Any] | None = None,
    **parts: Any,
) -> Posting:
    program = program_with(levels=levels, **parts)
    return redeem(
        program.document.rewards[0],
        account=held,
        price=Price(40, None),
        program=program,
        request_id="r1",
        fingerprint="f",
        code="CODE",
        stock=unit_of("latte", parts["stock"], shard=0) if "stock" in parts else None,
        hold=hold,
        now=NOW,
        late=late,
    )


def issued(posting: Posting) -> Voucher:
    assert posting.issues is not None
    return posting.issues


def refusal(
    held: Account, *, is_sold_out: bool = False, late: LateRedemption | None = None, **parts: Any
) -> str | None:
    found = why_not(
        latte(**parts),
        held,
        points=40,
        level=None,
        program=program_with(**parts),
        now=NOW,
        is_sold_out=is_sold_out,
        facts=MemberFacts(occurred_at=NOW),
        late=late,
    )
    return found.code if found else None


def test_a_redemption_spends_the_points_that_expire_soonest() -> None:
    posting = redeemed(account({SOON: 30, LATER: 100}))

    assert effect_of(posting) == Holding(lots={SOON: -30, LATER: -10})
    assert issued(posting).slices == {SOON: 30, LATER: 10}


def test_a_hold_waits_for_as_long_as_the_program_says() -> None:
    voucher = issued(redeemed(account({LATER: 40}), hold=True))

    assert (voucher.state, voucher.held_until) == ("held", NOW + timedelta(minutes=15))


@pytest.mark.parametrize(
    ("parts", "exactly", "revision"),
    [
        ({}, {}, None),
        ({"tiers": ["gold"]}, {"s2026": 70}, 3),
        ({"tier_costs": {"gold": 30}}, {"s2026": 70}, 3),
        (
            {"opens": [{"at": "2026-11-21", "for": {"fact": "tier", "is_in": ["gold"]}}]},
            {"s2026": 70},
            3,
        ),
        ({"opens": [{"at": "2026-11-21"}]}, {}, None),
    ],
)
def test_a_redemption_relies_on_the_level_only_if_it_depends_on_it(
    parts: dict[str, Any], exactly: dict[str, int], revision: int | None
) -> None:
    level = {"id": "gold", "name": "Gold", "reached_at": 50}
    levels = {"basis": "spend", "period": "calendar_year", "levels": [level]}
    gold = account({LATER: 40}, qualifying={"s2026": 70}, tier_revision=3)

    change = redeemed(gold, levels=levels, **parts).changes[0]

    assert (change.qualifying_exactly, change.tier_revision_seen) == (exactly, revision)
    assert not change.revises_tier


class TestARedemptionThatIsReportedLate:
    LATE = LateRedemption(
        made_at=NOW - timedelta(days=2),
        program=published(time_zone="UTC", version=1, rewards=[reward()]),
        lapsed={TODAY - timedelta(days=1): 30},
    )

    def test_takes_the_points_that_expired_since_first(self) -> None:
        posting = redeemed(account({LATER: 100}), late=self.LATE, voucher_days=1)

        lapsed = TODAY - timedelta(days=1)
        assert [dict(each.effect.lots) for each in posting.entries] == [
            {lapsed: -30, LATER: -10},
            {lapsed: 30},
        ]
        assert effect_of(posting) == Holding(lots={LATER: -10})
        assert posting.changes[0].entries_seen is not None
        assert issued(posting).issued_at == self.LATE.made_at
        assert issued(posting).expires_at == datetime(2026, 11, 21, tzinfo=UTC)

    def test_is_judged_by_its_own_time(self) -> None:
        over: dict[str, Any] = {"available_until": "2026-11-20"}

        assert refusal(account({LATER: 40}), **over) == "reward_unavailable"
        assert refusal(account({LATER: 10}), late=self.LATE, **over) is None
        assert refusal(account({LATER: 9}), late=self.LATE, **over) == "insufficient_points"


@pytest.mark.parametrize(
    ("held", "parts", "code"),
    [
        (account({LATER: 40}), {}, None),
        (account({LATER: 39}), {}, "insufficient_points"),
        (account({LATER: 40}), {"stock": 5}, "out_of_stock"),
        (account({LATER: 40}, redeemed={"latte": 1}), {"per_member_max": 1}, "limit_reached"),
        (
            account({LATER: 40}, redeemed={"redemptions#2026-11-21": REDEMPTIONS_A_DAY_MAX}),
            {},
            "limit_reached",
        ),
        (
            account({LATER: 40}, redeemed={"redemptions#2026-11-20": REDEMPTIONS_A_DAY_MAX}),
            {},
            None,
        ),
        (account({LATER: 40}), {"available_until": "2026-11-20"}, "reward_unavailable"),
    ],
)
def test_a_reward_is_refused_for_the_first_rule_in_the_way(
    held: Account, parts: dict[str, Any], code: str | None
) -> None:
    assert refusal(held, is_sold_out=code == "out_of_stock", **parts) == code


def test_a_reward_with_a_fixed_price_takes_no_points_of_the_members_choice() -> None:
    assert price(latte(), None, points=None, order_minor=None) == Price(40, None)
    with pytest.raises(ValidationFailed):
        price(latte(), None, points=40, order_minor=None)


def paying(*, cost_points: int, **pay: Any) -> Reward:
    return latte(kind="amount_off", cost_points=cost_points, pay=pay)


@given(
    amount_minor=st.integers(1, 50),
    per_points=st.integers(1, 50),
    cost_points=st.integers(1, 300),
    amount_minor_max=st.none() | st.integers(1, 500),
    wish=st.tuples(st.integers(1, 1000), st.integers(0, 2000)),
)
def test_points_as_money_give_no_voucher_of_nothing_and_swallow_no_point(
    amount_minor: int,
    per_points: int,
    cost_points: int,
    amount_minor_max: int | None,
    wish: tuple[int, int],
) -> None:
    points, order_minor = wish
    reward = paying(
        cost_points=cost_points,
        amount_minor=amount_minor,
        per_points=per_points,
        amount_minor_max=amount_minor_max,
        order_percent_max=80,
    )
    try:
        paid = price(reward, None, points=points, order_minor=order_minor)
    except ValidationFailed:
        return

    assert paid.amount_minor is not None
    assert 0 < paid.amount_minor <= min(order_minor * 80 // 100, amount_minor_max or order_minor)
    assert 0 < paid.points <= points
    # One point fewer would be worth less, and all that were meant would not be worth more.
    assert (paid.points - 1) * amount_minor // per_points < paid.amount_minor
    assert points * amount_minor // per_points == paid.amount_minor


class TestEarlyAccess:
    """A reward that opens for gold at 10, for a segment at 11, and for everybody at 13, in UTC."""

    OPENS = (
        {"at": "2026-11-21T10:00:00Z", "for": {"fact": "tier", "is_in": ["gold"]}},
        {"at": "2026-11-21T11:00:00Z", "for": {"fact": "locale", "is_in": ["fr"]}},
        {"at": "2026-11-21T13:00:00Z"},
    )

    @pytest.mark.parametrize(
        ("now", "facts", "is_open"),
        [
            ("09:59:59", {"tier": "gold", "locale": "fr"}, False),
            ("10:00:00", {"tier": "gold"}, True),
            ("10:00:00", {"tier": "silver"}, False),
            ("10:59:59", {"locale": "fr"}, False),
            ("11:00:00", {"locale": "fr-CA"}, True),
            ("12:59:59", {}, False),
            ("13:00:00", {}, True),
        ],
    )
    def test_it_opens_at_the_earliest_moment_that_is_for_the_member(
        self, now: str, facts: dict[str, Any], is_open: bool
    ) -> None:
        moment = datetime.fromisoformat(f"2026-11-21T{now}Z")
        opens_at, _ = window_for(
            latte(opens=self.OPENS), MemberFacts(occurred_at=moment, **facts), zone=ZoneInfo("UTC")
        )

        assert (opens_at <= moment) is is_open

    def test_it_never_opens_for_a_member_whom_no_step_is_for(self) -> None:
        moment = datetime(2026, 11, 21, 12, tzinfo=UTC)
        facts = MemberFacts(occurred_at=moment, tier="silver")
        held = account({LATER: 100})

        opens_at, _ = window_for(latte(opens=self.OPENS[:2]), facts, zone=ZoneInfo("UTC"))

        assert opens_at == NEVER_OPENS
        assert refusal(held, opens=self.OPENS[:2]) == refusal(held, opens=self.OPENS[2:])
        assert refusal(held, opens=self.OPENS[2:]) == "reward_unavailable"

    @pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Europe/Paris", "America/Los_Angeles"])
    def test_a_day_opens_at_the_programs_midnight(self, zone: str) -> None:
        facts = MemberFacts(occurred_at=NOW)

        opens_at, _ = window_for(latte(opens=[{"at": "2026-10-25"}]), facts, zone=ZoneInfo(zone))

        assert opens_at.astimezone(ZoneInfo(zone)).isoformat()[:19] == "2026-10-25T00:00:00"
