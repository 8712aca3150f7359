"""The processor time of a trial: a million orders, each decided in two worlds."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

from bench.figures import Figure
from loyalty.domain.facts import EntryFact, MemberFact, OrderFact, facts_of
from loyalty.domain.orders.order import Order, OrderRef
from loyalty.domain.trials.happenings import PersonFacts
from loyalty.domain.trials.sums import TrialSums, added_up
from loyalty.domain.trials.trial import Trial, try_on
from tests.support.campaigns import campaign, with_campaigns
from tests.support.documents import published, rule
from tests.support.ledger import accrual, change
from tests.support.orders import line, order
from tests.support.trials import versions_of

PEOPLE: Final = 50_000
ORDERS_EACH: Final = 20
# How many people are added up at once, as a part of a trial does.
AT_ONCE: Final = 500
FIRST: Final = datetime(2026, 1, 5, 12, tzinfo=UTC)
TIERS: Final = {
    "basis": "spend",
    "period": "calendar_year",
    "levels": [
        {"id": "silver", "name": "Silver", "reached_at": 30_000},
        {"id": "gold", "name": "Gold", "reached_at": 60_000},
    ],
}


def trials() -> Iterator[Figure]:
    """Try a document with levels, and a campaign with a cap, on a million orders of two lines."""
    rules = [rule(), rule(id="coffee", points=1, include_categories=["bean"])]
    in_force = replace(
        published(earning_rules=rules, tiers=TIERS), published_at=FIRST - timedelta(days=30)
    )
    capped = campaign(
        id="capped",
        effect={"kind": "fixed", "points": 20},
        limits={"per_member": {"points": 100, "per": "month"}},
    )
    trial = Trial(
        proposed=replace(
            in_force,
            version=2,
            document=with_campaigns(capped, earning_rules=rules, tiers=TIERS),
        ),
        versions=versions_of(in_force),
        first=date(2026, 1, 1),
        last=date(2026, 12, 31),
    )
    sums, orders = TrialSums(), 0
    seconds = 0.0
    for begins in range(0, PEOPLE, AT_ONCE):
        people = [_person(number) for number in range(begins, begins + AT_ONCE)]
        started = time.process_time()
        sums = added_up((sums, *(try_on(person, trial) for person in people)))
        seconds += time.process_time() - started
        orders += sum(len(person.orders) for person in people)
    if sums.fidelity.orders != orders:
        raise AssertionError("a trial that leaves out orders measures nothing")
    yield Figure(
        bench="try a document", figure=f"{orders} orders", value=seconds, unit="core-seconds"
    )


def _person(number: int) -> PersonFacts:
    """A member with an order every other week."""
    member_id = f"mem_{number}"
    bought = [_order(number, nth) for nth in range(ORDERS_EACH)]
    facts = [
        fact
        for each in bought
        for fact in facts_of(
            change(replace(accrual(each, recorded_at=each.occurred_at), member_id=member_id))
        )
    ]
    return PersonFacts(
        members=[
            MemberFact(
                fact_id=member_id,
                program_id="bean",
                recorded_at=FIRST - timedelta(days=1),
                status="active",
                enrolled_at=FIRST - timedelta(days=1),
                ended_at=None,
                into=None,
                floor_level=None,
                floor_until=None,
            )
        ],
        entries=[each for each in facts if isinstance(each, EntryFact)],
        orders={OrderRef(e.source, e.order_id): e for e in facts if isinstance(e, OrderFact)},
        states={},
    )


def _order(number: int, nth: int) -> Order:
    return order(
        line(1_999, "1", category="bean", sku="BEANS"),
        line(450 + number % 100, "2", category="drink"),
        order_id=f"{number}-{nth}",
        occurred_at=FIRST + timedelta(days=14 * nth, seconds=number % 3600),
    )
