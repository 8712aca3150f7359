"""The last part of `make run`: a second program with a year of history, and its reports."""

import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from local.checks import expect, require, wait_for
from local.console import Console
from local.deploy import stack_outputs
from local.deployment import Deployment, ProgramClient
from local.home import HOME
from local.year.counter import PROGRAM_ID, document, zone
from local.year.keeping import SavedYear
from local.year.loading import IDENTITY_KEYRING, Place, fill_lake, fill_table
from local.year.making import Span
from loyalty.domain.people.identity import Keyring
from loyalty.edge.console import link
from loyalty.lake import reports

# As many as are tried in half a minute, and the share of orders that come out as they were booked.
TRIED_DAYS = 60
TRUSTED = 0.98


def year_of(now: datetime, *, keyring: Keyring) -> SavedYear:
    """Return the thirteen months and some days that ended yesterday."""
    yesterday = now.astimezone(zone()).date() - timedelta(days=1)
    return SavedYear(span=Span.until(yesterday), keyring=keyring, folder=HOME / "year")


def open_year(
    deployed: Deployment, *, others: str, ahead: subprocess.Popen[bytes], console: Console
) -> str:
    """Load a year into a deployment; return the link to its console.

    `others` is the story's program, which stays in use meanwhile. `ahead` is the process that
    generates the year.
    """
    now = datetime.now(UTC)
    year = year_of(now, keyring=IDENTITY_KEYRING)
    span = year.span
    place = Place.find(deployed.cloud.aws)
    console.heading(f"A year of {document()['name']}, from {span.first:%-d %B %Y} to yesterday")
    with console.line("Let a year pass") as line:
        ahead.wait()
        items = year.items()
        kinds = Counter(item.get("kind") for item in items)
        orders = kinds["accrual"] + kinds["placeholder"]
        line.detail = f"{kinds['account']:,} members, {orders:,} orders"
    with console.line("Bring it to table and lake") as line, ThreadPoolExecutor() as pool:
        # Filling the table is mostly the cloud's work, and filling the lake is ours.
        filled = pool.submit(fill_table, place, items, others=others)
        facts = fill_lake(place, items, program_id=PROGRAM_ID, now=now)
        filled.result()
        line.detail = f"{len(items):,} items, {facts:,} facts"
    with console.line("Every report agrees with it") as line:
        deployed.directory.open_program(PROGRAM_ID)
        # Managers read every report, also that of their colleagues.
        manager = deployed.directory.token("manager", PROGRAM_ID)
        with deployed.client(PROGRAM_ID, manager) as client:
            _begin_hourly_work(deployed)
            agreed = _reports_agree(client, span)
            states = wait_for(
                lambda: _states_of_goals(client), until=all, otherwise=lambda _: "no goal stands"
            )
            line.detail = f"{agreed}; goals at risk: {states.count('at_risk')} of {len(states)}"
            wait_for(
                lambda: _sizes_of_segments(client),
                until=lambda sizes: None not in sizes,
                otherwise=lambda _: "nobody knows who is in segments",
            )
    with (
        console.line("Try twice the stars on its last weeks") as line,
        deployed.client(PROGRAM_ID, manager) as client,
    ):
        line.detail = _try_twice_the_points(client, span)
    return link(deployed.api_url, program_id=PROGRAM_ID, token=manager)


def _try_twice_the_points(client: ProgramClient, span: Span) -> str:
    """Try the document with twice the points on all members, so that there is a trial to open."""
    document = expect(client.get(""), httpx.codes.OK)["document"]
    for rule in document["earning_rules"]:
        rule["points"] *= 2
    first = span.last - timedelta(days=TRIED_DAYS - 1)
    body = {"document": document, "from": first.isoformat(), "to": span.last.isoformat()}
    accepted = expect(client.post("/trials", json=body), httpx.codes.ACCEPTED)
    trial = wait_for(
        lambda: expect(client.get(f"/trials/{accepted['id']}"), httpx.codes.OK),
        until=lambda found: found["state"] in {"done", "failed"},
        otherwise=lambda found: f"the trial is {found['state']}: {found['progress']}",
    )
    require(trial["state"] == "done", f"the trial failed: {trial['reason']}")
    fidelity, gain = trial["answer"]["fidelity"], trial["answer"]["gain"]
    require(
        fidelity["orders_exact"] >= TRUSTED * fidelity["orders"] > 0,
        f"the trial is off by {fidelity['points_off']} of {fidelity['points_booked']} points",
    )
    return f"{gain['points']:,} points more for {fidelity['orders']:,} orders; under Trials"


def _begin_hourly_work(deployed: Deployment) -> None:
    """Begin what the schedule begins every hour: goals are evaluated, and segments computed."""
    aws = deployed.cloud.aws
    aws.functions.invoke(FunctionName=stack_outputs(aws)["CompactionFunctionName"], Payload=b"{}")


def _states_of_goals(client: ProgramClient) -> list[str | None]:
    """The state of each goal; None until it was evaluated."""
    return [item["state"] for item in expect(client.get("/goals"), httpx.codes.OK)["items"]]


def _sizes_of_segments(client: ProgramClient) -> list[int | None]:
    """How many members each segment has; None until a run found them."""
    return [item["members"] for item in expect(client.get("/segments"), httpx.codes.OK)["items"]]


def _reports_agree(client: ProgramClient, span: Span) -> str:
    """Run every report. Figures that several of them contain must agree."""
    answers = {name: _rows(client, name, span) for name in reports.names()}
    (summary,) = answers["summary"]
    owed = sum(row["points"] for row in answers["liability"] if row["state"] != "pending")
    revenue = sum(row["revenue_minor"] for row in answers["sources"])
    empty = [name for name, rows in answers.items() if not rows]
    require(not empty, f"these reports are empty: {', '.join(empty)}")
    require(
        owed == summary["points_outstanding"],
        f"{owed} points are owed and {summary['points_outstanding']} outstanding",
    )
    require(
        revenue == summary["revenue_minor"],
        f"sources have a revenue of {revenue} and the program of {summary['revenue_minor']}",
    )
    return f"{len(answers)} reports; {summary['points_outstanding']:,} points outstanding"


def _rows(client: ProgramClient, name: str, span: Span) -> list[dict[str, Any]]:
    days = {"from": span.shown_from.isoformat(), "to": span.last.isoformat(), "by": "month"}
    answer = expect(client.get(f"/reports/{name}", params=days), httpx.codes.OK)
    names = [column["name"] for column in answer["columns"]]
    return [dict(zip(names, row, strict=True)) for row in answer["rows"]]
