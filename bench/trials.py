"""The processor time of a trial of all members: a million orders, each decided in two worlds."""

import time
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from zoneinfo import ZoneInfo

from bench.figures import Figure
from loyalty.domain.facts import EntryFact, Fact, MemberFact, OrderFact, facts_of
from loyalty.domain.orders.order import Order, OrderRef
from loyalty.domain.program.document import Program
from loyalty.domain.trials.happenings import PersonFacts
from loyalty.domain.trials.sums import TrialSums, added_up
from loyalty.domain.trials.trial import Trial, try_on
from loyalty.lake import sql_views
from loyalty.lake.mirror import Mirror
from loyalty.lake.objects import Lake
from loyalty.lake.trial_parts import Divided, divide, part_files, people_of_part
from loyalty.lake.trial_people import COLUMNS, KINDS
from tests.support.bucket import Bucket
from tests.support.campaigns import campaign, with_campaigns
from tests.support.documents import program, published, rule
from tests.support.ledger import accrual, change
from tests.support.orders import line, order
from tests.support.trials import versions_of

PEOPLE: Final = 500
COPIES: Final = 100
ORDERS_EACH: Final = 20
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
    """Try a document with levels, and a campaign with a cap, on a million orders of two lines.

    As the deployed function does: all people are divided into parts, and each part is read and
    tried. Seconds are of processors: how many there are decides how long it takes.
    """
    trial = _trial()
    with TemporaryDirectory(prefix="trials-") as name:
        lake, parts = Path(name) / "lake", Path(name) / "parts"
        orders = _draw(lake)
        parts.mkdir()
        started = time.process_time()
        divided = _divide(lake, parts, document=trial.proposed.document)
        seconds = time.process_time() - started
        yield Figure(
            bench="divide people", figure=f"{orders} orders", value=seconds, unit="core-seconds"
        )
        sums = TrialSums()
        started = time.process_time()
        for part in range(divided.parts):
            with people_of_part(_alone(parts, part)) as people:
                sums = added_up((sums, *(try_on(person, trial) for person in people)))
        seconds = time.process_time() - started
    if (sums.fidelity.orders, sums.members) != (orders, divided.people):
        raise AssertionError("a trial that leaves out orders measures nothing")
    yield Figure(
        bench="try a document", figure=f"{orders} orders", value=seconds, unit="core-seconds"
    )


def _trial() -> Trial:
    rules = [rule(), rule(id="coffee", points=1, include_categories=["bean"])]
    in_force = replace(
        published(earning_rules=rules, tiers=TIERS), published_at=FIRST - timedelta(days=30)
    )
    capped = campaign(
        id="capped",
        effect={"kind": "fixed", "points": 20},
        limits={"per_member": {"points": 100, "per": "month"}},
    )
    return Trial(
        proposed=replace(
            in_force,
            version=2,
            document=with_campaigns(capped, earning_rules=rules, tiers=TIERS),
        ),
        versions=versions_of(in_force),
        first=date(2026, 1, 1),
        last=date(2026, 12, 31),
    )


def _draw(folder: Path) -> int:
    """Write the facts of some people as the lake has them, each many times under other ids.

    Returns the number of orders.
    """
    bucket = Bucket()
    people = [_person(number) for number in range(PEOPLE)]
    facts = [f for each in people for f in (*each.members, *each.entries, *each.orders.values())]
    Lake(bucket.client, bucket="lake").write(facts, name="drawn")
    few = Mirror(bucket.client, bucket="lake", root=folder / "few").fetch("bean", COLUMNS)
    with sql_views.connection(
        few, kinds=COLUMNS, document=program(), zone=ZoneInfo("UTC"), until=date(2026, 12, 31)
    ) as connected:
        for kind in KINDS:
            into = few / f"{kind.kind}.parquet"
            connected.execute(
                f"COPY ({_copied(kind)}) TO '{into}' (FORMAT parquet)"
            )  # our own names
            target = folder / kind.kind / f"2026-01~{kind.kind}.parquet"
            target.parent.mkdir()
            into.rename(target)
    return sum(len(each.orders) for each in people) * COPIES


def _copied(kind: type[Fact]) -> str:
    """A query for the facts of a kind, each many times under other ids."""
    columns = {field.name for field in fields(kind)}
    ids = [name for name in ("fact_id", "member_id", "order_id") if name in columns]
    copied: dict[str, str] = {name: f"{name} || '-' || copy" for name in ids}
    for number, name in sql_views.numbers(kind).items():
        if name in copied:
            copied[number] = f"number_of({copied[name]})"
    replaced = ", ".join(f"{value} AS {name}" for name, value in copied.items())
    return (
        f"SELECT * EXCLUDE (copy) REPLACE ({replaced}) "  # noqa: S608  # our own names
        f"FROM {kind.kind}, range({COPIES}) AS copies(copy)"
    )


def _divide(lake: Path, parts: Path, *, document: Program) -> Divided:
    with sql_views.connection(
        lake, kinds=COLUMNS, document=document, zone=ZoneInfo("UTC"), until=date(2026, 12, 31)
    ) as connected:
        # The engine writes nowhere else.
        inside = lake / "parts"
        inside.mkdir()
        divided = divide(connected, inside)
    for path in inside.iterdir():
        path.rename(parts / path.name)
    return divided


def _alone(parts: Path, part: int) -> Path:
    """A folder with the files of one part, as a function fetches them."""
    folder = parts / f"{part}"
    folder.mkdir()
    for kind, path in part_files(parts, part).items():
        path.rename(folder / f"{kind}.parquet")
    return folder


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
