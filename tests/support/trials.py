"""People as a trial reads them, from the items of a table."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from loyalty.domain.facts import EntryFact, Fact, MemberFact, OrderFact, OrderStateFact, facts_of
from loyalty.domain.orders.order import OrderRef
from loyalty.domain.program.document import PublishedProgram
from loyalty.domain.trials.happenings import PersonFacts
from loyalty.domain.trials.rules import Versions
from loyalty.table.changes import change_told_again
from loyalty.table.operations import Item


def facts_in(items: Iterable[Item], *, now: datetime) -> list[Fact]:
    """All facts of a table, as a rebuild of the lake finds them, each in its last revision."""
    latest: dict[tuple[str, str], Fact] = {}
    for item in items:
        change = change_told_again(item, made_at=now)
        for fact in facts_of(change) if change else ():
            before = latest.get((fact.kind, fact.fact_id))
            if before is None or before.revision < fact.revision:
                latest[fact.kind, fact.fact_id] = fact
    return list(latest.values())


def versions_of(*programs: PublishedProgram) -> Versions:
    """Versions of a program that are all known."""
    by_number = {each.version: each for each in programs}
    return Versions(
        [(each.version, each.published_at) for each in programs], read=by_number.__getitem__
    )


def people_of(facts: Iterable[Fact]) -> list[PersonFacts]:
    """Facts by person: by the member whom a member has become by merges."""
    facts = list(facts)
    members = {each.fact_id: each for each in facts if isinstance(each, MemberFact)}
    states = {
        OrderRef(each.source, each.order_id): each
        for each in facts
        if isinstance(each, OrderStateFact)
    }

    def heir(member_id: str) -> str:
        into = members[member_id].into if member_id in members else None
        return heir(into) if into else member_id

    grouped: defaultdict[str, list[Fact]] = defaultdict(list)
    for each in facts:
        if isinstance(each, MemberFact):
            grouped[heir(each.fact_id)].append(each)
        elif isinstance(each, EntryFact | OrderFact) and each.member_id:
            grouped[heir(each.member_id)].append(each)
    return [_person(each, states) for each in grouped.values()]


def _person(facts: list[Fact], states: dict[OrderRef, OrderStateFact]) -> PersonFacts:
    orders = {OrderRef(e.source, e.order_id): e for e in facts if isinstance(e, OrderFact)}
    return PersonFacts(
        members=[each for each in facts if isinstance(each, MemberFact)],
        entries=[each for each in facts if isinstance(each, EntryFact)],
        orders=orders,
        states={ref: states[ref] for ref in orders if ref in states},
    )
