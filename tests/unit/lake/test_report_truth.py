"""What must hold of any lake: reports are what plain arithmetic says, and agree with each other."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from loyalty.domain.changes import Record
from loyalty.domain.kernel.calendar import midnight
from loyalty.domain.ledger.account import Account
from loyalty.domain.messaging.messages import Message
from loyalty.domain.people.survey_responses import Response
from loyalty.lake import reports
from loyalty.lake.day_sums import DAILY
from loyalty.lake.reports import ReportPeriod
from tests.support.documents import program
from tests.support.histories import documents, histories, periods
from tests.support.lake import Home, Row
from tests.support.ledger import change, message, response
from tests.support.recomputed import Recomputed

# Each example writes a lake and asks the engine, a tenth of a second: shrinking would take minutes.
thorough: Final = settings(
    max_examples=4,
    deadline=None,
    phases=set(Phase) - {Phase.shrink, Phase.explain},
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# Random histories, each loaded into a report engine; takes a minute of processor time.
pytestmark = pytest.mark.slow

FLOWS: Final = (
    "new_members",
    "orders",
    "revenue_minor",
    "guest_orders",
    "guest_revenue_minor",
    "redemptions",
    "points_earned",
    "points_redeemed",
    "points_clawed_back",
    "points_expired",
    "points_adjusted",
)
# Reports that read sums of the months that are closed, and moments at which all months are.
OF_SUMS: Final = [name for name in reports.names() if DAILY in reports.report(name).reads]
LONG_AFTER: Final = datetime(2028, 1, 9, tzinfo=UTC)
STOCKS: Final = ("members", "points_pending", "points_outstanding")
SCORES: Final = tuple(f"score_{score}" for score in range(11))
MEMBERS: Final = ("mem_1", "mem_2", "mem_3")


@pytest.fixture
def new_home(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A home for each example."""

    def new_home(items: Sequence[Record]) -> Home:
        home = Home(tmp_path_factory.mktemp("home"))
        home.write([change(item) for item in items], name="all")
        return home

    return new_home


@thorough
@given(items=histories(), period=periods(), data=st.data())
def test_every_report_is_what_plain_arithmetic_says(
    new_home: Any, items: list[Record], period: ReportPeriod, data: st.DataObject
) -> None:
    document = data.draw(documents(zone=period.zone))
    home, recomputed = new_home(items), Recomputed(items, period, document)

    for name in reports.names():
        assert home.rows(name, period, document=document) == recomputed.rows(name), name

    home.fold(now=LONG_AFTER)
    home.sum_up(document, now=LONG_AFTER)
    for name in OF_SUMS:
        assert home.rows(name, period, document=document) == recomputed.rows(name), name


@thorough
@given(items=histories(), period=periods())
def test_what_changed_over_a_period_is_what_flowed_in_it(
    new_home: Any, items: list[Record], period: ReportPeriod
) -> None:
    day_before = period.first - timedelta(days=1)
    home = new_home(items)

    after = home.answer(period)
    before = home.answer(replace(period, first=day_before, last=day_before))

    assert _held(after) - _held(before) == (
        after["points_earned"]
        - after["points_clawed_back"]
        - after["points_redeemed"]
        - after["points_expired"]
        + after["points_adjusted"]
    )


@thorough
@given(items=histories(), period=periods())
def test_reports_agree(new_home: Any, items: list[Record], period: ReportPeriod) -> None:
    home = new_home(items)

    summary, trend = home.answer(period), home.rows("trend", period)
    sources, liability = home.rows("sources", period), home.rows("liability", period)
    members, tiers = home.rows("members", period), home.rows("tiers", period)

    assert {name: _sum(trend, name) for name in FLOWS} == {name: summary[name] for name in FLOWS}
    assert {name: trend[-1][name] for name in STOCKS} == {name: summary[name] for name in STOCKS}
    for name in ("orders", "revenue_minor", "guest_orders", "guest_revenue_minor"):
        assert _sum(sources, name) == summary[name]
    held = {state: _sum(_only(liability, state=state), "points") for state in ("debt", "available")}
    assert held["available"] + held["debt"] == summary["points_outstanding"]
    assert _sum(_only(liability, state="pending"), "points") == summary["points_pending"]
    assert _sum(members, "new_members") == summary["new_members"]
    left = _sum(_only(tiers, level_after="gone"), "members")
    assert members[-1]["members"] == summary["members"] == _sum(tiers, "members") - left


@thorough
@given(items=histories(), period=periods())
def test_every_message_that_was_sent_or_dropped_in_a_period_is_of_one_kind(
    new_home: Any, items: list[Record], period: ReportPeriod
) -> None:
    rows = new_home(items).rows("messages", period)

    mails = [each for each in items if isinstance(each, Message)]
    settled = [each for each in mails if _is_in(period, each.sent_at or each.settled_at)]
    assert _sum(rows, "sent") + _sum(rows, "dropped") == len(settled)
    assert _sum(rows, "sent") == sum(each.sent_at is not None for each in settled)
    for row in rows:
        assert row["reached"] <= row["sent"] - row["bounced"]
        assert max(row["buyers"], row["redeemers"]) <= row["reached"]


@thorough
@given(items=histories(), period=periods())
def test_what_follows_a_message_to_everybody_is_all_that_members_did(
    new_home: Any, items: list[Record], period: ReportPeriod
) -> None:
    """From the period's first moment on; other messages of the kind only share it out."""
    ever_after = replace(period, last=period.last + timedelta(days=300), within_days=365)
    moment = midnight(period.first, period.zone)
    sent = [message("birthday", sent_at=moment, member_id=member) for member in MEMBERS]
    home = new_home([*items, *sent])

    (row,) = _only(home.rows("messages", ever_after), message_kind="birthday")
    summary, rewards = home.answer(ever_after), home.rows("rewards", ever_after)

    assert (row["orders"], row["revenue_minor"]) == (summary["orders"], summary["revenue_minor"])
    assert row["redemptions"] == _sum(rewards, "redeemed") - _sum(rewards, "cancelled")
    assert row["buyers"] <= summary["active_members"]


@thorough
@given(items=histories(), period=periods())
def test_every_answer_of_a_period_is_in_one_step_one_band_and_one_score(
    new_home: Any, items: list[Record], period: ReportPeriod
) -> None:
    rows = new_home(items).rows("surveys", period)

    answers = [each for each in items if isinstance(each, Response)]
    given = [each for each in answers if _is_in(period, each.answered_at)]
    assert _sum(rows, "answers") == len(given)
    assert _sum(rows, "low") == sum(each.is_low for each in given)
    for row in rows:
        assert row["answers"] == row["top"] + row["middle"] + row["bottom"]
        assert row["answers"] == sum(_sum([row], score) for score in SCORES)


@thorough
@given(items=histories(), period=periods())
def test_groups_of_promoters_are_those_who_answered(
    new_home: Any, items: list[Record], period: ReportPeriod
) -> None:
    home = new_home(items)
    heir = Recomputed(items, period, program()).heir

    promoters, surveys = home.rows("promoters", period), home.rows("surveys", period)

    answered: dict[tuple[str, str], set[str]] = {}
    for each in items:
        if isinstance(each, Response) and _is_in(period, each.answered_at):
            people = answered.setdefault((each.survey_id, each.survey_kind), set())
            people.add(heir(each.member_id))
    for (survey_id, kind), people in answered.items():
        groups = _only(promoters, survey_id=survey_id, survey_kind=kind)
        steps = _only(surveys, survey_id=survey_id, survey_kind=kind)
        assert _sum(groups, "members") == len(people) <= _sum(steps, "answers")
        shares = [float(row["share"] or 0) for row in groups]
        assert sum(shares) == pytest.approx(1, abs=len(groups) * 1e-6)
    assert {(row["survey_id"], row["survey_kind"]) for row in promoters} == answered.keys()


@thorough
@given(items=histories(), period=periods(), scores=st.tuples(*[st.integers(0, 10)] * 3))
def test_where_everybody_answers_promoters_and_detractors_brought_in_the_lifetime_value(
    new_home: Any, items: list[Record], period: ReportPeriod, scores: tuple[int, ...]
) -> None:
    since_ever = replace(period, first=date(2026, 1, 1))
    heir = Recomputed(items, period, program()).heir
    accounts = {each.member_id: each for each in items if isinstance(each, Account)}
    until = midnight(period.last + timedelta(days=1), period.zone)
    cohorts = [
        member
        for member in accounts
        if (became := accounts.get(heir(member)))
        and became.status != "merged"
        and became.enrolled_at is not None
        and became.enrolled_at < until
    ]
    moment = midnight(period.last, period.zone)
    answers = [
        response(score, survey_id="everybody", member_id=member, answered_at=moment)
        for member, score in zip(cohorts, scores, strict=False)
    ]
    home = new_home([*items, *answers])

    groups = _only(home.rows("promoters", since_ever), survey_id="everybody")
    members = _only(home.rows("lifetime_value", since_ever), who="members")

    for ours, theirs in (
        ("members", "customers"),
        ("ever_orders", "orders"),
        ("ever_minor", "revenue_minor"),
    ):
        assert _sum(groups, ours) == _sum(members, theirs)


@thorough
@given(items=histories(), period=periods(), cuts=st.lists(st.integers(0, 19), max_size=4))
def test_a_stream_read_three_times_in_other_batches_changes_nothing(
    new_home: Any, items: list[Record], period: ReportPeriod, cuts: list[int]
) -> None:
    home = new_home(items)
    once = home.answer(period)
    changes = [change(item) for item in items]
    ends = sorted({*cuts, len(changes)})

    for start, end in zip([0, *ends], ends, strict=False):
        home.write(changes[start:end], name=f"{start}-{end}")
    home.write(changes[::-1], name="backwards")

    assert home.answer(period) == once


def _is_in(period: ReportPeriod, moment: datetime | None) -> bool:
    if moment is None:
        return False
    return period.first <= moment.astimezone(period.zone).date() <= period.last


def _held(answer: dict[str, Any]) -> int:
    held: int = answer["points_outstanding"] + answer["points_pending"]
    return held


def _sum(rows: list[Row], name: str) -> int:
    return sum(int(row[name] or 0) for row in rows)


def _only(rows: list[Row], **values: str) -> list[Row]:
    return [row for row in rows if all(row[name] == value for name, value in values.items())]
