"""Reminders: each sent once, in time, outside of quiet hours, only with consent."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loyalty.domain.campaigns.holdouts import held_out_of
from loyalty.domain.earning.expiry import expires_on
from loyalty.domain.kernel.calendar import NEVER, midnight
from loyalty.domain.ledger.account import Account, TierFloor
from loyalty.domain.ledger.holding import Holding
from loyalty.domain.messaging.correspondence import (
    Correspondence,
    Stopped,
    Written,
    address_digest,
    address_of,
    may_write,
)
from loyalty.domain.messaging.messages import Message
from loyalty.domain.messaging.occasions import Person, birthday_bonus
from loyalty.domain.messaging.quiet_hours import end_of_quiet, is_quiet
from loyalty.domain.messaging.reminders import (
    HORIZON_DAYS_MAX,
    Decision,
    HeldBack,
    decide,
    horizon_days,
)
from loyalty.domain.people.identity import Identity
from loyalty.domain.people.member import Consent, Member, Profile
from loyalty.domain.program.document import PublishedProgram
from loyalty.domain.program.messages import QuietHours
from loyalty.domain.recommendations.ending import PaidReward
from tests.support.campaigns import campaign
from tests.support.documents import published, reward
from tests.support.ledger import voucher

PARIS: Final = ZoneInfo("Europe/Paris")
# Whole, half and three quarter hours, and daylight saving that moves by half an hour.
ZONES: Final = [
    "Europe/Paris",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Chatham",
]
# Ten in the morning in Paris.
NOW: Final = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
TODAY: Final = date(2026, 11, 21)
ENROLLED: Final = datetime(2025, 5, 17, 10, 0, tzinfo=UTC)
ANA: Final = Identity("email", "ana@example.com")
NOTHING: Final = Correspondence(member_id="mem_1")


LAPSED: Final = {
    "id": "lapsed",
    "name": "Lapsed",
    "who": {"fact": "orders", "days": 60, "at_most": 0},
}


def member(**parts: Any) -> Member:
    sent: dict[str, Any] = {
        "member_id": "mem_1",
        "enrolled_at": ENROLLED,
        "enrolled_by": "",
        "consents": {"email": Consent(given=True, given_at=ENROLLED)},
        "identities": {ANA: True},
    }
    return Member(**sent | parts)


def person(
    lots: Mapping[date, int] | None = None, *, who: Member | None = None, **parts: Any
) -> Person:
    holding = Holding(lots=lots or {})
    account = Account(member_id="mem_1", enrolled_at=ENROLLED, holding=holding, **parts)
    return Person(member=who or member(), account=account)


def program(zone: str = "Europe/Paris", **reminders: Any) -> PublishedProgram:
    return published(time_zone=zone, reminders=reminders)


def sent(decision: Decision) -> list[str]:
    return [message.kind for message in decision.messages]


def only(decision: Decision) -> Message:
    (message,) = decision.messages
    return message


class TestPointsThatExpire:
    STAGES: Final = {"days_before": [30, 7]}

    def test_one_message_covers_all_lots_of_a_day(self) -> None:
        lots = {TODAY + timedelta(days=days): days for days in (5, 7, 30, 31)}

        message = only(
            decide(person(lots), NOTHING, program=program(points_expiring=self.STAGES), now=NOW)
        )

        assert (message.points, message.about) == (5, TODAY + timedelta(days=5))
        assert [row.points for row in message.rows] == [5, 7, 30]

    def test_a_missed_stage_is_replaced_by_the_current_one(self) -> None:
        rules = program(points_expiring=self.STAGES)
        ana = person({TODAY + timedelta(days=6): 10})

        first = decide(ana, NOTHING, program=rules, now=NOW)
        again = decide(ana, first.after, program=rules, now=NOW + timedelta(minutes=1))

        assert sent(first) == ["points_expiring"]
        assert sent(again) == []

    def test_points_without_a_date_cause_no_message(self) -> None:
        rules = program(points_expiring=self.STAGES)

        assert sent(decide(person({NEVER: 10}), NOTHING, program=rules, now=NOW)) == []

    def test_reminders_of_inactivity_count_from_the_members_last_activity(self) -> None:
        rules = published(
            inactivity={"months": 6},
            reminders={"points_expiring": {"days_before": [10]}},
            inactivity_since=date(2026, 1, 1),
        )
        ana = person({NEVER: 10}, active_on=date(2026, 5, 27))

        message = only(decide(ana, NOTHING, program=rules, now=NOW))

        assert message.about == date(2026, 11, 27)

    @given(
        st.sampled_from(ZONES),
        st.dictionaries(st.integers(0, 90), st.integers(1, 500), min_size=1, max_size=6),
        st.lists(st.integers(1, 60), min_size=1, max_size=4, unique=True),
        st.lists(st.integers(1, 10_000), max_size=25),
        st.booleans(),
    )
    def test_each_stage_of_each_lot_is_reminded_of_at_most_once_whenever_members_are_checked(
        self,
        zone: str,
        lots: dict[int, int],
        stages: list[int],
        pauses: list[int],
        punctual: bool,
    ) -> None:
        rules = published(
            time_zone=zone,
            expiry={"model": "after_earning", "months": 12},
            reminders={"points_expiring": {"days_before": stages}},
            messages={"per_week_max": 50},
        )
        start = rules.document.today(NOW)
        correspondence, now = NOTHING, NOW
        ana = person({start + timedelta(days=days): points for days, points in lots.items()})
        seen: Counter[tuple[date, int]] = Counter()
        days: Counter[date] = Counter()

        for pause in [0, *pauses]:
            now += timedelta(minutes=pause)
            if punctual and correspondence.look_at:
                now = max(correspondence.look_at, NOW)
            decision = decide(ana, correspondence, program=rules, now=now)
            for message in decision.messages:
                days[message.day] += 1
                for row in message.rows:
                    left = (row.day - message.day).days
                    seen[row.day, min(stage for stage in stages if stage >= left)] += 1
            assert decision.after.look_at is not None
            assert decision.after.look_at > now
            correspondence = decision.after

        assert max(seen.values(), default=1) == 1
        assert max(days.values(), default=1) == 1

    @given(
        st.sampled_from(ZONES),
        st.dictionaries(st.integers(1, 60), st.integers(1, 500), min_size=1, max_size=5),
        st.lists(st.integers(1, 60), min_size=1, max_size=4, unique=True),
    )
    def test_a_member_checked_when_due_is_reminded_on_the_day_of_every_stage(
        self, zone: str, lots: dict[int, int], stages: list[int]
    ) -> None:
        rules = published(
            time_zone=zone,
            expiry={"model": "after_earning", "months": 12},
            reminders={"points_expiring": {"days_before": stages}},
            messages={"per_week_max": 50},
        )
        start = rules.document.today(NOW)
        ana = person({start + timedelta(days=days): points for days, points in lots.items()})
        ends = start + timedelta(days=max(lots))
        correspondence, now, when = NOTHING, NOW, set[tuple[date, int]]()

        while rules.document.today(now) <= ends:
            decision = decide(ana, correspondence, program=rules, now=now)
            when |= {
                (row.day, (row.day - message.day).days)
                for message in decision.messages
                for row in message.rows
            }
            correspondence, now = decision.after, decision.after.look_at or NOW

        for days in lots:
            last = start + timedelta(days=days)
            for stage in stages:
                if stage < days:
                    assert (last, stage) in when

    @given(
        st.sampled_from(
            [
                {"model": "after_earning", "months": 1, "round_to": "none"},
                {"model": "after_earning", "days": 20, "round_to": "none"},
                {"model": "after_earning", "days": 20, "round_to": "week"},
                {"model": "fixed_date", "month": 12, "day": 31},
            ]
        ),
        st.lists(st.integers(1, 19), min_size=1, max_size=3, unique=True),
        st.integers(0, 400),
    )
    def test_points_that_are_earned_right_after_a_check_miss_no_stage(
        self, expiry: dict[str, Any], stages: list[int], later: int
    ) -> None:
        rules = published(
            expiry=expiry, reminders={"points_expiring": {"days_before": stages}}
        ).document
        looked_on = TODAY + timedelta(days=later)
        earned_on = looked_on

        again_on = looked_on + timedelta(days=horizon_days(rules, today=looked_on))

        last = expires_on(rules.expiry, available_on=earned_on)
        coming = [last - timedelta(days=stage) for stage in stages]
        assert all(again_on <= day for day in coming if day > earned_on)


class TestOtherOccasions:
    def test_a_voucher_is_reminded_of_before_it_expires_but_not_when_just_issued(self) -> None:
        rules = program(voucher_expiring={"days_before": 3})
        old = voucher(
            issued_at=NOW - timedelta(days=30), expires_at=midnight(date(2026, 11, 25), PARIS)
        )
        young = voucher(redemption_id="red_2", issued_at=NOW, expires_at=NOW + timedelta(days=2))
        ana = replace(person(), vouchers=(young, old))

        first = decide(ana, NOTHING, program=rules, now=NOW)
        again = decide(ana, first.after, program=rules, now=NOW + timedelta(days=1))

        assert only(first).about == date(2026, 11, 24)
        assert [row.label for row in only(first).rows] == ["Latte"]
        assert sent(again) == []

    @pytest.mark.parametrize(("locale", "name"), [("fr-FR", "Café au lait"), ("de", "Latte")])
    def test_a_reward_has_the_name_of_the_members_language(self, locale: str, name: str) -> None:
        latte = reward(translations={"fr": {"name": "Café au lait"}})
        rules = published(reminders={"voucher_expiring": {"days_before": 3}}, rewards=[latte])
        old = voucher(
            issued_at=NOW - timedelta(days=30), expires_at=midnight(date(2026, 11, 25), PARIS)
        )
        ana = replace(member(), profile=replace(member().profile, locale=locale))

        decision = decide(
            replace(person(who=ana), vouchers=(old,)), NOTHING, program=rules, now=NOW
        )

        assert [row.label for row in only(decision).rows] == [name]

    @pytest.mark.parametrize("state", ["used", "cancelled", "expired", "held"])
    def test_a_voucher_that_is_no_longer_issued_is_not_reminded_of(self, state: str) -> None:
        rules = program(voucher_expiring={"days_before": 3})
        gone = voucher(
            state,
            issued_at=NOW - timedelta(days=30),
            expires_at=NOW + timedelta(days=2),
            held_until=NOW + timedelta(days=1),
        )

        ana = replace(person(), vouchers=(gone,))

        assert sent(decide(ana, NOTHING, program=rules, now=NOW)) == []

    def test_a_reminder_of_a_levels_end_says_what_is_missing_to_keep_it(self) -> None:
        levels = [{"id": "silver", "name": "Silver", "reached_at": 500}]
        rules = published(
            tiers={"basis": "orders", "period": "calendar_year", "levels": levels},
            reminders={"tier_ending": {"days_before": 45}},
        )
        ana = person(qualifying={"o2025": 700, "o2026": 480})

        message = only(decide(ana, NOTHING, program=rules, now=NOW))

        assert (message.level, message.missing) == ("Silver", 20)
        assert message.about == date(2026, 12, 31)

    def test_a_level_that_is_already_kept_causes_no_message(self) -> None:
        levels = [{"id": "silver", "name": "Silver", "reached_at": 500}]
        rules = published(
            tiers={"basis": "orders", "period": "calendar_year", "levels": levels},
            reminders={"tier_ending": {"days_before": 45}},
        )
        level_kept = person(qualifying={"o2025": 700, "o2026": 500})
        granted = person(
            qualifying={"o2026": 700}, tier_floor=TierFloor("silver", date(2026, 11, 30))
        )

        assert sent(decide(level_kept, NOTHING, program=rules, now=NOW)) == []
        assert sent(decide(granted, NOTHING, program=rules, now=NOW)) == []

    @pytest.mark.parametrize(
        ("birthday", "day"),
        [
            (date(1990, 11, 21), date(2026, 11, 21)),
            (date(2000, 2, 29), date(2027, 2, 28)),
            (date(2000, 2, 29), date(2028, 2, 29)),
        ],
    )
    def test_a_birthday_message_is_sent_on_the_day_even_for_a_leap_day(
        self, birthday: date, day: date
    ) -> None:
        rules = program(birthday={})
        ana = person(who=member(profile=Profile(birthday=birthday)))
        morning = datetime.combine(day, time(10), PARIS)

        before = decide(ana, NOTHING, program=rules, now=morning - timedelta(days=1))
        on_the_day = decide(ana, before.after, program=rules, now=morning)

        assert sent(before) == []
        assert sent(on_the_day) == ["birthday"]

    def test_a_birthday_message_is_sent_once_a_year_even_if_the_birthday_is_changed(self) -> None:
        rules = program(birthday={"bonus_points": 20})
        ana = person(who=member(profile=Profile(birthday=date(1990, 11, 20))))
        moved = person(who=member(profile=Profile(birthday=date(1990, 12, 24))))

        first = decide(ana, NOTHING, program=rules, now=NOW)
        christmas = datetime(2026, 12, 24, 9, tzinfo=UTC)
        again = decide(moved, first.after, program=rules, now=christmas)
        next_year = decide(moved, again.after, program=rules, now=christmas.replace(year=2027))

        assert (sent(first), sent(again), sent(next_year)) == (
            ["birthday"],
            [],
            ["birthday"],
        )

    def test_a_birthday_bonus_is_given_once_even_to_members_who_get_no_mail(self) -> None:
        rules = program(birthday={"bonus_points": 20})
        ana = person(who=member(profile=Profile(birthday=date(1990, 11, 21)), consents={}))

        present = birthday_bonus(ana, NOTHING, rules.document, today=TODAY)
        after = decide(ana, NOTHING, program=rules, now=NOW)

        assert present is not None
        assert present.points == 20
        assert sent(after) == []
        assert birthday_bonus(ana, after.after, rules.document, today=TODAY) is None

    @pytest.mark.parametrize(("days", "points"), [(9, [0]), (10, [20])])
    def test_a_birthday_bonus_can_require_some_days_of_membership(
        self, days: int, points: list[int]
    ) -> None:
        rules = program(birthday={"bonus_points": 20, "min_member_days": 10})
        ana = person(
            who=member(
                profile=Profile(birthday=date(1990, 11, 21)), enrolled_at=NOW - timedelta(days=days)
            )
        )

        written = decide(ana, NOTHING, program=rules, now=NOW)

        assert [message.points for message in written.messages] == points
        given = birthday_bonus(ana, NOTHING, rules.document, today=TODAY)
        assert (given.points if given else 0) == points[0]

    @pytest.mark.parametrize(("has_bought", "points"), [(False, 0), (True, 20)])
    def test_a_birthday_bonus_can_require_a_first_order(
        self, has_bought: bool, points: int
    ) -> None:
        rules = program(birthday={"bonus_points": 20, "after_first_order": True})
        ana = person(who=member(profile=Profile(birthday=date(1990, 11, 21))))

        given = birthday_bonus(
            replace(ana, has_bought=has_bought), NOTHING, rules.document, today=TODAY
        )

        assert (given.points if given else 0) == points

    def test_a_birthday_before_enrollment_causes_no_message(self) -> None:
        rules = program(birthday={"bonus_points": 20})
        new = member(profile=Profile(birthday=date(1990, 11, 20)), enrolled_at=NOW)

        assert birthday_bonus(person(who=new), NOTHING, rules.document, today=TODAY) is None

    def test_a_new_member_is_welcomed_once_and_an_old_member_is_not(self) -> None:
        rules = program(welcome={})
        new = person(who=member(enrolled_at=NOW))

        first = decide(new, NOTHING, program=rules, now=NOW)

        assert sent(first) == ["welcome"]
        for days in range(20):
            later = decide(new, first.after, program=rules, now=NOW + timedelta(days=days))
            assert sent(later) == []
            first = later
        assert sent(decide(person(), NOTHING, program=rules, now=NOW)) == []

    def test_a_lapsed_member_gets_one_message_until_they_buy_again(self) -> None:
        rules = program(lapsed={"after_days": 60})
        quiet = replace(NOTHING, bought_on=TODAY - timedelta(days=60))

        first = decide(person(), quiet, program=rules, now=NOW)
        again = decide(person(), first.after, program=rules, now=NOW + timedelta(days=10))
        bought = replace(again.after, bought_on=TODAY + timedelta(days=10))
        later = decide(person(), bought, program=rules, now=NOW + timedelta(days=70))

        assert (sent(first), sent(again), sent(later)) == (["lapsed"], [], ["lapsed"])

    def test_a_member_who_enters_a_segment_gets_one_message_until_they_enter_it_again(self) -> None:
        rules = published(
            segments=[LAPSED, LAPSED | {"id": "other"}],
            reminders={"segment_entered": [{"segment": "lapsed", "again_after_days": 30}]},
        )
        entered = replace(person(), entered={"lapsed": NOW, "other": NOW})

        first = decide(entered, NOTHING, program=rules, now=NOW)
        again = decide(entered, first.after, program=rules, now=NOW + timedelta(days=10))
        back = replace(entered, entered={"lapsed": NOW + timedelta(days=20)})
        too_soon = decide(back, again.after, program=rules, now=NOW + timedelta(days=20))
        later = NOW + timedelta(days=31)
        back = replace(entered, entered={"lapsed": later})
        at_last = decide(back, too_soon.after, program=rules, now=later)

        assert [sent(each) for each in (first, again, too_soon, at_last)] == [
            ["segment_entered"],
            [],
            [],
            ["segment_entered"],
        ]
        assert first.messages[0].segment == "lapsed"
        assert sent(decide(person(), NOTHING, program=rules, now=NOW)) == []
        long_ago = replace(person(), entered={"lapsed": NOW - timedelta(days=15)})
        assert sent(decide(long_ago, NOTHING, program=rules, now=NOW)) == []

    @pytest.mark.parametrize("percent", [10, 90])
    def test_who_is_held_out_of_a_campaign_is_told_of_no_segment_that_announces_it(
        self, percent: int
    ) -> None:
        held = {"percent": percent, "salt": "s"}
        rules = published(
            segments=[LAPSED],
            campaigns=[campaign(holdout=held)],
            reminders={"segment_entered": [{"segment": "lapsed", "announces": "welcome"}]},
        )
        entered = replace(person(), entered={"lapsed": NOW})

        is_held = bool(held_out_of(rules, "mem_1"))

        assert is_held is (percent == 90)
        assert bool(decide(entered, NOTHING, program=rules, now=NOW).messages) is not is_held


class TestRecipients:
    def test_only_members_who_consent_and_have_not_declined_the_kind_get_a_message(self) -> None:
        yes, no = Consent(given=True, given_at=NOW), Consent(given=False, given_at=NOW)

        assert may_write(member(), NOTHING, "lapsed")
        assert not may_write(member(consents={}), NOTHING, "lapsed")
        assert not may_write(member(consents={"email": no}), NOTHING, "lapsed")
        assert not may_write(member(consents={"email": yes, "lapsed": no}), NOTHING, "lapsed")
        assert may_write(member(consents={"email": yes, "lapsed": no}), NOTHING, "welcome")
        assert not may_write(member(identities={}), NOTHING, "lapsed")

    def test_mail_stops_after_a_bounce_until_the_address_changes(self) -> None:
        stopped = replace(
            NOTHING, stopped=Stopped("bounced", address_digest("mem_1", "Ana@example.com"), NOW)
        )
        moved = member(identities={Identity("email", "ana@example.org"): False})

        assert not may_write(member(), stopped, "lapsed")
        assert may_write(moved, stopped, "lapsed")

    def test_a_proven_address_comes_first(self) -> None:
        both = {Identity("email", "a@example.com"): False, ANA: True}

        assert address_of(member(identities=both)) == "ana@example.com"

    def test_a_message_without_consent_is_sent_after_consent_if_it_is_not_too_late(self) -> None:
        rules = program(points_expiring={"days_before": [30]})
        lots = {TODAY + timedelta(days=20): 10}

        silent = decide(person(lots, who=member(consents={})), NOTHING, program=rules, now=NOW)
        later = decide(person(lots), silent.after, program=rules, now=NOW + timedelta(days=5))

        assert (sent(silent), sent(later)) == ([], ["points_expiring"])


class TestWhen:
    def test_messages_due_in_quiet_hours_are_sent_afterwards(self) -> None:
        rules = program(welcome={})
        night = datetime(2026, 11, 21, 23, 30, tzinfo=PARIS)
        ana = person(who=member(enrolled_at=night))

        silent = decide(ana, NOTHING, program=rules, now=night)
        morning = silent.after.look_at
        assert morning is not None

        assert sent(silent) == []
        assert silent.held_back == (HeldBack("welcome", "quiet_hours", morning),)
        assert morning == datetime(2026, 11, 22, 8, 0, tzinfo=PARIS)
        assert sent(decide(ana, silent.after, program=rules, now=morning)) == ["welcome"]

    def test_a_weeks_limit_lets_expiry_messages_go_first(self) -> None:
        rules = published(
            reminders={"points_expiring": {}, "birthday": {}, "lapsed": {"after_days": 60}},
            messages={"per_week_max": 2},
        )
        ana = person({TODAY + timedelta(days=7): 10}, who=member(profile=Profile(birthday=TODAY)))
        quiet = replace(NOTHING, bought_on=TODAY - timedelta(days=70))

        first = decide(ana, quiet, program=rules, now=NOW)
        then = first.after.look_at
        assert then is not None
        later = decide(ana, first.after, program=rules, now=then)

        assert sent(first) == ["points_expiring", "birthday"]
        assert first.held_back == (HeldBack("lapsed", "weekly_limit", then),)
        assert then == datetime(2026, 11, 28, 8, 0, tzinfo=PARIS)
        assert sent(later) == ["lapsed"]

    def test_a_second_message_of_a_kind_waits_for_another_day(self) -> None:
        rules = program(points_expiring={"days_before": [30]})
        correspondence = replace(NOTHING, written=(Written(TODAY, "points_expiring"),))
        ana = person({TODAY + timedelta(days=7): 10})

        silent = decide(ana, correspondence, program=rules, now=NOW)

        morning = datetime(2026, 11, 22, 8, 0, tzinfo=PARIS)
        assert sent(silent) == []
        assert silent.held_back == (HeldBack("points_expiring", "one_a_day", morning),)
        assert silent.after.look_at == morning

    def test_a_message_that_the_member_does_not_want_is_not_held_back(self) -> None:
        night = datetime(2026, 11, 21, 23, 30, tzinfo=PARIS)
        ana = person(who=member(enrolled_at=night, consents={}))

        assert decide(ana, NOTHING, program=program(welcome={}), now=night).held_back == ()

    def test_checking_a_member_without_changes_writes_nothing(self) -> None:
        first = decide(person(), NOTHING, program=program(welcome={}), now=NOW)

        again = decide(
            person(), first.after, program=program(welcome={}), now=NOW + timedelta(days=1)
        )

        assert again.after == first.after
        assert first.after.look_at == midnight(
            TODAY + timedelta(days=HORIZON_DAYS_MAX), PARIS
        ) + timedelta(hours=8)

    @given(
        st.sampled_from(ZONES),
        st.integers(0, 700 * 24 * 60),
        st.times(),
        st.times(),
    )
    def test_the_waking_hour_is_the_first_moment_that_is_not_quiet(
        self, zone_name: str, minutes_later: int, starts_at: time, ends_at: time
    ) -> None:
        zone = ZoneInfo(zone_name)
        starts_at, ends_at = (
            each.replace(second=0, microsecond=0) for each in (starts_at, ends_at)
        )
        assume(starts_at != ends_at)
        moment = NOW + timedelta(minutes=minutes_later)
        quiet = QuietHours(starts_at=starts_at, ends_at=ends_at)

        awake = end_of_quiet(moment, quiet, zone)

        assert awake >= moment
        assert not is_quiet(awake, quiet, zone)
        minutes = int((awake - moment) / timedelta(minutes=1))
        is_skipped = minutes and awake.astimezone(zone).time() != ends_at
        assert is_skipped or all(
            is_quiet(moment + timedelta(minutes=minute), quiet, zone)
            for minute in range(0, minutes, 7)
        )

    @pytest.mark.parametrize(
        ("moment", "awake"),
        [
            # The clock goes from 02:00 to 03:00: 02:30 is called 03:30.
            ("2027-03-28T00:30:00+00:00", "2027-03-28T01:30:00+00:00"),
            # The clock goes from 03:00 back to 02:00: 02:30 comes twice, and so does quiet.
            ("2026-10-25T00:15:00+00:00", "2026-10-25T00:30:00+00:00"),
            ("2026-10-25T01:15:00+00:00", "2026-10-25T01:30:00+00:00"),
        ],
    )
    def test_quiet_hours_end_once_even_if_that_hour_is_skipped_or_comes_twice(
        self, moment: str, awake: str
    ) -> None:
        quiet = QuietHours(starts_at=time(21), ends_at=time(2, 30))

        found = end_of_quiet(datetime.fromisoformat(moment), quiet, PARIS)

        assert found == datetime.fromisoformat(awake)


def test_who_loses_points_soon_is_told_what_they_pay_for_unless_they_object() -> None:
    document = published(
        reminders={"points_expiring": {"days_before": [7]}}, rewards=[reward(cost_points=40)]
    )
    lots = {TODAY + timedelta(days=7): 40, TODAY + timedelta(days=300): 500}
    no = Consent(given=False, given_at=ENROLLED)
    objecting = member(consents={**member().consents, "personalization": no})

    helped = decide(person(lots), NOTHING, program=document, now=NOW)
    spared = decide(person(lots, who=objecting), NOTHING, program=document, now=NOW)

    assert [each.pays_for for each in helped.messages] == [PaidReward("latte", 40)]
    assert [each.pays_for for each in spared.messages] == [None]
