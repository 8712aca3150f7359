"""What a program document may say, and how every mistake in it is named."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from loyalty.domain.earning.expiry import expires_on
from loyalty.domain.program.document import Program, PublishedProgram
from loyalty.domain.program.expiry_policies import AfterEarningExpiry
from loyalty.domain.program.kinds import LOTS_MAX
from loyalty.domain.program.publication import faults, lots_open_max
from tests.support.documents import PUBLISHED_AT, document, program, reward, rule

FRENCH = {"for": {"fact": "locale", "is_in": ["fr"]}}
EARLY = {"for": {"fact": "tier", "is_in": ["gold"]}}


def places(**parts: Any) -> dict[str, str]:
    return {fault.pointer: fault.code for fault in faults(program(**parts))}


def test_the_example_is_sound() -> None:
    assert faults(program()) == ()


def test_a_document_reads_back_from_its_canonical_form_unchanged() -> None:
    original = program(rewards=[reward(available_from="2026-11-30T08:00:00+02:00")])

    assert Program.model_validate_json(original.canonical()) == original


def test_the_canonical_form_writes_every_default_out() -> None:
    terse = document()
    del terse["pending_days"], terse["clawback"]

    written = Program.model_validate(terse).canonical()

    assert '"pending_days":0' in written
    assert '"clawback":"within_balance"' in written


@pytest.mark.parametrize("number", [1.0, "1", True, -1, 91, 10**400, None])
def test_days_are_strict_integers_within_bounds(number: object) -> None:
    with pytest.raises(ValidationError):
        program(pending_days=number)


@pytest.mark.parametrize(
    "parts",
    [
        {"nickname": "B&L"},
        {"points": {"one": "bean", "many": "beans", "few": "beans"}},
        {"rewards": [reward(cost=40)]},
        {"earning_rules": [rule(when={"from": "2026-11-30"})]},
        {"expiry": {"model": "never", "months": 12}},
    ],
)
def test_unknown_fields_are_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        program(**parts)


@pytest.mark.parametrize(
    "moment",
    ["2026-11-30", "2026-11-30T08:00:00Z", "2026-11-30T08:00:00.5+05:30", "2024-02-29"],
)
def test_a_reward_opens_on_a_day_or_at_a_time(moment: str) -> None:
    assert program(rewards=[reward(available_from=moment)]).rewards[0].available_from


@pytest.mark.parametrize(
    "moment",
    [
        "2026-02-30", "2026-11-30T08:00:00", "2026-11-30 08:00:00Z", "20261130", "tomorrow",
        1_795_255_200, 1.5, True, "0001-01-01T00:00:00+10:00", "2026-11-30T25:00:00Z",
    ],
)  # fmt: skip
def test_a_moment_in_any_other_form_is_refused(moment: object) -> None:
    with pytest.raises(ValidationError):
        program(rewards=[reward(available_from=moment)])


@pytest.mark.parametrize(
    ("parts", "place", "code"),
    [
        ({"time_zone": "Europe/Atlantis"}, "/time_zone", "unknown_time_zone"),
        ({"time_zone": "../etc/passwd"}, "/time_zone", "unknown_time_zone"),
        ({"time_zone": "Factory"}, "/time_zone", "unknown_time_zone"),
        ({"time_zone": ""}, "/time_zone", "unknown_time_zone"),
        ({"currency": "EUX"}, "/currency", "unknown_currency"),
        ({"currency": "XXX"}, "/currency", "unknown_currency"),
        ({"rewards": [reward(), reward()]}, "/rewards/1/id", "duplicate_id"),
        ({"earning_rules": [rule(), rule()]}, "/earning_rules/1/id", "duplicate_id"),
        ({"expiry": {"model": "after_earning"}}, "/expiry", "months_or_days"),
        (
            {"expiry": {"model": "after_earning", "months": 1, "days": 30}},
            "/expiry",
            "months_or_days",
        ),
        (
            {"expiry": {"model": "after_earning", "months": 12, "round_to": "none"}},
            "/expiry",
            "too_many_lots",
        ),
        ({"expiry": {"model": "fixed_date", "month": 2, "day": 30}}, "/expiry/day", "no_such_day"),
        (
            {"rewards": [reward(available_from="2026-12-01", available_until="2026-11-30")]},
            "/rewards/0/available_until",
            "empty_window",
        ),
        (
            {"rewards": [reward(available_from="2026-12-01", opens=[{"at": "2026-12-02"}])]},
            "/rewards/0/available_from",
            "contradiction",
        ),
        (
            {"rewards": [reward(available_until="2026-12-01", opens=[{"at": "2026-12-02"}])]},
            "/rewards/0/opens/0/at",
            "empty_window",
        ),
        (
            {"rewards": [reward(opens=[{"at": "2026-12-02"}, FRENCH | {"at": "2026-12-03"}])]},
            "/rewards/0/opens/1/at",
            "opens_later",
        ),
        (
            {"rewards": [reward(opens=[EARLY | {"at": "2026-12-03"}])]},
            "/rewards/0/opens/0/for/is_in/0",
            "unknown_level",
        ),
        (
            {"rewards": [reward(pay={"amount_minor": 1, "per_points": 1})]},
            "/rewards/0/pay",
            "not_for_kind",
        ),
        (
            {"transfers": {"points_min": 10, "points_max": 9}},
            "/transfers/points_max",
            "contradiction",
        ),
        (
            {"earning_rules": [rule(expiry={"model": "after_earning"})]},
            "/earning_rules/0/expiry",
            "months_or_days",
        ),
        (
            {"earning_rules": [rule(expiry={"model": "fixed_date", "month": 4, "day": 31})]},
            "/earning_rules/0/expiry/day",
            "no_such_day",
        ),
        (
            {"inactivity": {"months": 12, "activities": ["order", "redemption", "order"]}},
            "/inactivity/activities/2",
            "duplicate_activity",
        ),
        (
            {"inactivity": {"months": 12, "activities": ["survey"]}, "surveys": []},
            "/inactivity/activities/0",
            "contradiction",
        ),
        (
            {"expiry_by_source": {"survey": {"model": "never"}}, "surveys": []},
            "/expiry_by_source/survey",
            "contradiction",
        ),
        (
            {"expiry_by_source": {"transfer": {"model": "never"}}, "transfers": None},
            "/expiry_by_source/transfer",
            "contradiction",
        ),
        (
            {"expiry_by_source": {"bonus": {"model": "after_earning"}}},
            "/expiry_by_source/bonus",
            "months_or_days",
        ),
        (
            {
                "expiry": {"model": "after_earning", "months": 48},
                "earning_rules": [rule(expiry={"model": "after_earning", "months": 24})],
            },
            "/earning_rules/0/expiry",
            "too_many_lots",
        ),
        (
            {
                "rewards": [
                    reward(
                        kind="amount_off",
                        cost_minor=90,
                        pay={"amount_minor": 1, "per_points": 1},
                    )
                ]
            },
            "/rewards/0/cost_minor",
            "contradiction",
        ),
        ({"rewards": [reward(percent=10)]}, "/rewards/0/percent", "not_for_kind"),
        ({"rewards": [reward(amount_minor=10)]}, "/rewards/0/amount_minor", "not_for_kind"),
        (
            {"earning_rules": [rule(when={"starts_on": "2026-12-01", "ends_on": "2026-11-30"})]},
            "/earning_rules/0/when/ends_on",
            "empty_window",
        ),
        (
            {"earning_rules": [rule(include_skus=["A"], exclude_skus=["B", "A"])]},
            "/earning_rules/0/exclude_skus/1",
            "contradiction",
        ),
        (
            {"earning_rules": [rule(exclude_categories=["tip"], also_earn_on=["tip"])]},
            "/earning_rules/0/also_earn_on/0",
            "contradiction",
        ),
    ],
)
def test_contradictions_are_named_with_their_place(
    parts: dict[str, Any], place: str, code: str
) -> None:
    assert places(**parts) == {place: code}


def test_every_mistake_is_named_at_once() -> None:
    found = places(time_zone="Mars", currency="QQQ", rewards=[reward(), reward(percent=3)])

    assert set(found) == {"/time_zone", "/currency", "/rewards/1/id", "/rewards/1/percent"}


@pytest.mark.parametrize(
    ("policy", "lots"),
    [
        ({"months": 59}, 60),
        ({"days": 59, "round_to": "none"}, 60),
        ({"days": 413, "round_to": "week"}, 60),
    ],
)
def test_the_longest_policies_that_open_sixty_lots_are_allowed(
    policy: dict[str, Any], lots: int
) -> None:
    expiry = {"model": "after_earning", **policy}

    assert lots_open_max(AfterEarningExpiry.model_validate(expiry)) == lots
    assert places(expiry=expiry) == {}
    longer = expiry | {unit: length + 1 for unit, length in policy.items() if unit != "round_to"}
    assert places(expiry=longer) == {"/expiry": "too_many_lots"}


@given(
    length=st.one_of(
        st.integers(1, LOTS_MAX).map(lambda months: {"months": months}),
        st.integers(1, 31 * LOTS_MAX).map(lambda days: {"days": days}),
    ),
    round_to=st.sampled_from(["month", "week", "none"]),
    today=st.dates(date(2020, 1, 1), date(2040, 1, 1)),
)
def test_a_member_who_earns_every_day_never_has_more_lots_open_than_counted(
    length: dict[str, int], round_to: str, today: date
) -> None:
    policy = AfterEarningExpiry.model_validate(
        {"model": "after_earning", "round_to": round_to, **length}
    )
    counted = lots_open_max(policy)
    assume(counted <= LOTS_MAX)

    days = (today - timedelta(days=n) for n in range(31 * LOTS_MAX + 40))
    lots = {expires_on(policy, available_on=day) for day in days}

    assert len({lot for lot in lots if lot >= today}) <= counted


@pytest.mark.parametrize("moment", ["2026-11-29T23:00:00+00:00", "2026-12-24T22:59:59+00:00"])
def test_both_days_of_a_window_belong_to_it_in_the_programs_time_zone(moment: str) -> None:
    assert is_open_in_paris(datetime.fromisoformat(moment))


@pytest.mark.parametrize("moment", ["2026-11-29T22:59:59+00:00", "2026-12-24T23:00:00+00:00"])
def test_a_window_is_closed_on_the_days_around_it(moment: str) -> None:
    assert not is_open_in_paris(datetime.fromisoformat(moment))


def is_open_in_paris(now: datetime) -> bool:
    (tree,) = program(
        rewards=[reward(available_from="2026-11-30", available_until="2026-12-24")]
    ).rewards
    return tree.is_open(now=now, zone=ZoneInfo("Europe/Paris"))


def test_a_window_that_ends_at_a_time_ends_just_before_it() -> None:
    (tree,) = program(rewards=[reward(available_until="2026-12-24T12:00:00+01:00")]).rewards
    noon = datetime(2026, 12, 24, 11, tzinfo=UTC)

    assert tree.is_open(now=noon - timedelta(microseconds=1), zone=ZoneInfo("Asia/Tokyo"))
    assert not tree.is_open(now=noon, zone=ZoneInfo("Asia/Tokyo"))


def test_days_are_in_the_programs_time_zone() -> None:
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)

    assert program(time_zone="Europe/Paris").today(late) == date(2026, 12, 1)
    assert program(time_zone="America/New_York").today(late) == date(2026, 11, 30)


def test_nothing_expires_by_inactivity_before_a_full_period_since_it_was_switched_on() -> None:
    switched_on = PublishedProgram(
        program_id="bean",
        version=2,
        published_at=PUBLISHED_AT,
        document=program(inactivity={"months": 6}),
        inactivity_since=date(2026, 11, 1),
    )

    assert switched_on.lapses_after(date(2020, 1, 1)) == date(2027, 5, 1)
    assert switched_on.lapses_after(date(2026, 12, 31)) == date(2027, 6, 30)


def test_two_translations_of_one_locale_are_refused() -> None:
    words = {"one": "grain", "many": "grains"}
    points = {"one": "bean", "many": "beans", "translations": {"fr-CA": words, "fr-ca": words}}
    names = {"fr": {"name": "Café au lait"}, "FR": {"name": "Café"}}

    found = places(points=points, rewards=[reward(translations=names)])

    assert found == {
        "/points/translations/fr-ca": "duplicate_locale",
        "/rewards/0/translations/FR": "duplicate_locale",
    }
