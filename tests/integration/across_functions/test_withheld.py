"""Members who are held out of a campaign learn of it by no route, whoever asks for them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from functions.campaigns.handler import handler as campaigns
from loyalty.domain.campaigns.holdouts import held_out_of
from loyalty.domain.campaigns.offers import Offer, OfferReason
from loyalty.domain.campaigns.targeting import Targeting
from loyalty.domain.program.document import PublishedProgram
from loyalty.table.books import TableBooks
from loyalty.table.engine import DynamoEngine
from loyalty.table.programs import TablePrograms
from loyalty.table.targeting import TableTargeting
from tests.integration.across_functions.test_matrix import (
    CALLERS,
    DOCUMENT,
    OPERATIONS,
    OWN_ID,
    RULES,
    VICTIM,
    World,
    ask_as,
    made,
    targets,
)
from tests.integration.conftest import REGION
from tests.support import cold, till
from tests.support.documents import published
from tests.support.http import Answer, Claims, call, person, service
from tests.support.snapshot import Snapshot

# Nothing else in the program is called so.
MARK: Final = "zanzibar"
HIMSELF: Final = person("caller")
NOW: Final = datetime(2026, 11, 21, 9, tzinfo=UTC)
# A service reads the whole document, as it was published.
OF_DOCUMENTS: Final = {("read_program", "service")}
# A person gets all that is stored of them, also of before they were held out.
OF_PERSONS: Final = {("export_member", "member"), ("export_member", "service")}


@pytest.fixture
def world() -> World:
    populated = made()
    populated.put_back()
    return populated


def tempting(salt: str) -> PublishedProgram:
    """A program with campaigns of every kind of which half the members are held out."""
    alike: dict[str, Any] = {
        "name": "Zanzibar week",
        "effect": {"kind": "fixed", "points": 500},
        "holdout": {"percent": 50, "salt": salt},
    }
    further: list[dict[str, Any]] = [
        {"id": f"{MARK}-week"},
        {"id": f"{MARK}-club", "activation": "join"},
        {"id": f"{MARK}-offer", "activation": "offer"},
        {"id": f"{MARK}-over", "when": {"ends_on": "2026-11-01"}},
        {"id": f"{MARK}-gold", "for": {"fact": "member_days", "at_least": 90}},
    ]
    parts = dict(DOCUMENT)
    parts["campaigns"] = [*parts["campaigns"], *(alike | each for each in further)]
    return published(version=2, **parts)


def holding_out(*members: str, but: tuple[str, ...] = ()) -> PublishedProgram:
    """Such a program that holds out exactly these of some members."""
    for number in range(1000):
        found = tempting(f"s{number}")
        held = {each for each in (*members, *but) if held_out_of(found, each)}
        if held == set(members):
            return found
    raise AssertionError("no salt holds out these members")


def put_in_force(engine: DynamoEngine, program: PublishedProgram) -> None:
    TablePrograms(engine).publish(program)
    # Functions remember the version in force for some seconds.
    cold.forget()


def of_member(member_id: str, *, as_: Claims = till.CASHIER) -> Answer:
    return call(campaigns, "GET", f"{till.PROGRAM}/members/{member_id}/campaigns", as_=as_)


def offered_to(engine: DynamoEngine, *members: str) -> None:
    """Offer it to members, as if they had not been held out of it then."""
    mine = Offer(offered_at=NOW, until=NOW.date(), because=OfferReason("in_turn"), chosen_of=1)
    keeper = TableTargeting(engine, program_id="bean")
    books = TableBooks(engine, program_id="bean", zone=ZoneInfo("Europe/Paris"))
    for member_id in members:
        read = books.participant(member_id, targeting=True).targeting
        empty = read or Targeting(member_id=member_id)
        keeper.keep_offers(read, replace(empty, offers={f"{MARK}-offer": mine}))


def joining(member_id: str, to: str = "PUT") -> Answer:
    path = f"{till.PROGRAM}/members/{member_id}/campaigns/{MARK}-club"
    return call(campaigns, to, path, as_=till.CASHIER)


def answered(world: World) -> Iterator[tuple[str, str, Answer]]:
    """Every route that a member may use for themselves, or a service for a member."""
    before = replace(world, resources=Snapshot(region=REGION))
    for operation, rule in RULES.items():
        callers = [("member", OWN_ID)] if rule.own or "member" in rule.roles else []
        callers += [("service", VICTIM)] if "service" in rule.roles else []
        for name, whose in callers:
            if OPERATIONS[operation]["method"] != "GET":
                before.put_back()
            about = whose if whose in targets(operation) else None
            yield operation, name, ask_as(world, operation, CALLERS[name], about)


def shown(world: World) -> set[tuple[str, str]]:
    return {
        (operation, name)
        for operation, name, answer in answered(world)
        if MARK in answer.text.lower() and (operation, name) not in OF_DOCUMENTS | OF_PERSONS
    }


def test_no_route_shows_a_campaign_to_who_is_held_out(world: World, engine: DynamoEngine) -> None:
    put_in_force(engine, holding_out(*set(world.members.values())))
    offered_to(engine, world.members[VICTIM], world.members[OWN_ID])
    for member_id, order_id in ((world.members[VICTIM], "1"), (world.members[OWN_ID], "3")):
        corrected = till.order(60_000, order_id=order_id, member_id=member_id)
        assert till.correct_order(corrected).status == 200
        till.earn(member_id, 50_000, order_id=f"{order_id}-again")

    assert shown(world) == set()


def test_the_same_routes_show_it_to_others(world: World, engine: DynamoEngine) -> None:
    members = tuple(set(world.members.values()))
    put_in_force(engine, holding_out("mem_nobody", but=members))
    offered_to(engine, world.members[VICTIM], world.members[OWN_ID])
    till.earn(world.members[VICTIM], 50_000, order_id="1-again")

    found = {operation for operation, _ in shown(world)}

    assert found >= {"list_member_campaigns", "list_member_offers", "explain_balance"}


@pytest.mark.usefixtures("program")
def test_staff_see_why_an_order_got_nothing_and_members_do_not(engine: DynamoEngine) -> None:
    held, free = till.enroll_oneself(HIMSELF), till.enroll()
    put_in_force(engine, holding_out(held, but=(free,)))
    for member_id in (held, free):
        till.earn(member_id, 4999, order_id=member_id)

    seen = {
        who: {each["id"]: each for each in till.explain_order(held, as_=as_).body["campaigns"]}
        for who, as_ in (("cashier", till.CASHIER), ("member", HIMSELF), ("shop", service("bean")))
    }

    assert {who: f"{MARK}-week" in each for who, each in seen.items()} == {
        "cashier": True,
        "member": False,
        "shop": False,
    }
    assert not any(name.startswith(MARK) for name in seen["member"])
    week = seen["cashier"][f"{MARK}-week"]
    assert (week["applies"], week["points"]) == (False, 0)
    assert week["text"] == "It is withheld from this member, to measure what it brings."
    assert {"fact": "held_out", "holds": False, "text": week["text"]} in week["findings"]
    given = till.explain_order(free, as_=till.CASHIER).body["campaigns"]
    assert {each["id"]: each["points"] for each in given}[f"{MARK}-week"] == 500


@pytest.mark.usefixtures("program")
def test_who_is_held_out_is_refused_as_if_there_were_no_such_campaign(engine: DynamoEngine) -> None:
    held, free = till.enroll(), till.enroll("bob@example.com")
    put_in_force(engine, holding_out(held, but=(free,)))

    for answers in (
        {who: of_member(who).body["items"] for who in (held, free)},
        {who: till.quote(till.order(member_id=who)).body["campaigns"] for who in (held, free)},
    ):
        ids = {who: [each["id"] for each in found] for who, found in answers.items()}
        assert [each for each in ids[held] if MARK in each] == []
        assert f"{MARK}-club" in ids[free]
    for to in ("PUT", "DELETE"):
        refusal = joining(held, to)
        assert (refusal.status, refusal.body["detail"]) == (404, "There is no such campaign")
    assert joining(free).status == 200


@pytest.mark.usefixtures("program")
def test_who_joined_before_and_is_held_out_now_gets_nothing_and_may_leave(
    engine: DynamoEngine,
) -> None:
    ana = till.enroll()
    put_in_force(engine, holding_out("mem_nobody", but=(ana,)))
    assert joining(ana).status == 200
    after = holding_out(ana)
    put_in_force(engine, published(version=3, **after.document.model_dump(mode="json")))

    assert till.earn(ana, 4999).body["entry"]["breakdown"][-1]["rule_id"] == "base"
    assert joining(ana).status == 404
    assert joining(ana, "DELETE").status == 204


@pytest.mark.usefixtures("program")
def test_a_guest_is_promised_nothing_that_may_be_withheld_from_them(engine: DynamoEngine) -> None:
    put_in_force(engine, tempting("s"))
    quoted = till.quote(till.order(4999)).body

    assert not [each for each in quoted["campaigns"] if MARK in each["id"]]
    assert {share["rule_id"] for share in quoted["breakdown"]} == {"base"}
