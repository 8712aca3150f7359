"""Random programs with campaigns, and what is kept of random orders after random refunds."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from hypothesis import strategies as st

from loyalty.domain.campaigns.member_facts import MemberFacts
from loyalty.domain.kernel.errors import Fault
from loyalty.domain.orders.order import Order, Tender
from loyalty.domain.program import campaign_checks
from loyalty.domain.program.document import Program
from tests.support.documents import program, rule
from tests.support.orders import NOON, line, order

# What is known of a member who buys now and then.
REGULAR: Final = MemberFacts(
    occurred_at=NOON,
    orders=2,
    bought_on=date(2026, 9, 22),
    enrolled_on=date(2026, 11, 1),
    tier="gold",
    birthday=date(1990, 11, 23),
    locale="fr-CA",
    attributes={"roast": "dark"},
    consents=frozenset({"email"}),
)

CATEGORIES: Final = ("drink", "bean", "merch", "shipping")
SKUS: Final = ("S1", "S2", "S3")
WELCOME: Final = {"id": "welcome", "name": "Welcome", "effect": {"kind": "fixed", "points": 10}}

# The largest bound that random conditions have for each fact.
_SCALES: Final[Mapping[str, int]] = {
    "amount": 9000,
    "dearest_line": 6000,
    "unit_price": 2000,
    "units": 8,
    "distinct_skus": 3,
}


def campaign(**parts: Any) -> dict[str, Any]:
    return WELCOME | parts


def with_campaigns(*campaigns: dict[str, Any], **parts: Any) -> Program:
    """A program whose only rule gives a point for each major unit, and these campaigns."""
    return program(**{"earning_rules": [rule()], "campaigns": list(campaigns)} | parts)


def some(values: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    """Often none of some values."""
    return st.one_of(st.just([]), st.lists(st.sampled_from(values), max_size=2, unique=True))


SELECTORS: Final = st.fixed_dictionaries(
    {},
    optional={
        "categories": some(("drink", "bean")),
        "not_categories": some(("merch",)),
        "skus": some(SKUS),
        "tags": some(("sale",)),
        "also_charges": some(("shipping",)),
    },
)


@st.composite
def measures(draw: st.DrawFn) -> dict[str, Any]:
    fact = draw(st.sampled_from(sorted(_SCALES)))
    suffix = "" if fact in {"units", "distinct_skus"} else "_minor"
    condition: dict[str, Any] = {
        "fact": fact,
        "of": draw(SELECTORS),
        "read": draw(st.sampled_from(["kept", "kept", "bought"])),
    }
    lowest = draw(st.integers(0, _SCALES[fact]))
    if draw(st.sampled_from([True, True, True, False])):
        condition[f"at_least{suffix}"] = lowest
    if len(condition) == 3 or draw(st.sampled_from([True, False, False, False])):
        condition[f"at_most{suffix}"] = draw(st.integers(lowest, _SCALES[fact]))
    return condition


CIRCUMSTANCES: Final = st.sampled_from(
    [
        {"fact": "channel", "is_in": ["app"]},
        {"fact": "tender", "is_in": ["card"]},
        {"fact": "code", "is_in": ["flyer"]},
        {"fact": "source", "is_in": ["pos"]},
    ]
)
CONDITIONS: Final = st.recursive(
    measures() | measures() | CIRCUMSTANCES,
    lambda parts: (
        st.fixed_dictionaries({"all": st.lists(parts, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"any": st.lists(parts, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"not": parts})
    ),
    max_leaves=5,
)
EFFECTS: Final = st.one_of(
    st.fixed_dictionaries({"kind": st.just("multiply"), "percent": st.integers(101, 500)}),
    st.fixed_dictionaries(
        {
            "kind": st.just("rate"),
            "points": st.integers(1, 5),
            "per_minor": st.integers(20, 400),
            "rounding": st.sampled_from(["floor", "half_up", "ceil"]),
            "tenders": some(("card", "cash")),
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("fixed"),
            "points": st.integers(1, 300),
            "on_refund": st.sampled_from(["requalify", "in_proportion"]),
        }
    ),
    st.fixed_dictionaries(
        {"kind": st.just("per_unit"), "points": st.integers(1, 9), "every": st.integers(1, 3)}
    ),
    st.tuples(st.integers(0, 3000), st.integers(3001, 9000)).map(
        lambda steps: {
            "kind": "steps",
            "steps": [
                {"at_least_minor": steps[0], "points": 10},
                {"at_least_minor": steps[1], "points": 90},
            ],
        }
    ),
)
LIMITS: Final = st.fixed_dictionaries(
    {},
    optional={
        "per_order": st.integers(1, 200),
        "per_member": st.fixed_dictionaries(
            {"per": st.just("month")},
            optional={"points": st.integers(20, 400), "orders": st.integers(1, 2)},
        ).filter(lambda limit: len(limit) > 1),
        "budget": st.fixed_dictionaries({"points": st.integers(50, 900)}),
    },
)


@st.composite
def programs(draw: st.DrawFn, *, campaigns_max: int = 4) -> Program:
    """A program that could be published: its campaigns have no faults."""
    sound = []
    for number in range(draw(st.integers(1, campaigns_max))):
        one = campaign(
            id=f"c{number}",
            lines=draw(SELECTORS),
            effect=draw(EFFECTS),
            group=draw(st.sampled_from([None, None, "best", "first"])),
            limits=draw(LIMITS),
            qualifies=draw(st.booleans()),
            pending_days=draw(st.sampled_from([None, 0, 14])),
            **{"if": draw(st.none() | CONDITIONS)},
        )
        if not campaign_faults(_with_groups(one)):
            sound.append(one)
    rules = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "per_minor": st.integers(50, 500),
                    "rounding": st.sampled_from(["floor", "half_up", "ceil"]),
                    "whole_steps": st.booleans(),
                    "exclude_categories": st.sampled_from([[], ["merch"]]),
                    "tenders": some(("card",)),
                }
            ),
            max_size=2,
        )
    )
    return _with_groups(
        *sound,
        earning_rules=[rule(id=f"r{number}", **each) for number, each in enumerate(rules)],
        campaign_points_per_order_max=draw(st.none() | st.integers(20, 400)),
    )


def campaign_faults(program: Program) -> tuple[Fault, ...]:
    """The faults of a program's campaigns only; all others take long to look for."""
    checks = campaign_checks.checks(program, program.campaigns)
    return tuple(fault for check in checks for fault in check)


def _with_groups(*campaigns: dict[str, Any], **parts: Any) -> Program:
    groups = [{"id": each, "choose": each} for each in ("best", "first")]
    return with_campaigns(*campaigns, campaign_groups=groups, **parts)


@st.composite
def orders(draw: st.DrawFn) -> Order:
    lines = [
        line(
            draw(st.sampled_from([0, 1]) | st.integers(0, 999) | st.integers(0, 9999)),
            str(number),
            quantity=draw(st.integers(1, 5)),
            category=draw(st.sampled_from([None, *CATEGORIES])),
            sku=draw(st.sampled_from([None, *SKUS])),
            tags=tuple(draw(some(("sale",)))),
        )
        for number in range(draw(st.integers(1, 4)))
    ]
    tenders = draw(st.lists(st.tuples(st.sampled_from(["card", "cash"]), st.integers(1, 5000))))
    return replace(
        order(*lines),
        channel=draw(st.sampled_from([None, "app"])),
        codes=tuple(draw(some(("FLYER",)))),
        tenders=tuple(Tender(*each) for each in dict(tenders).items()),
    )


@st.composite
def shrinking(draw: st.DrawFn, bought: Order) -> list[Order]:
    """What is kept of an order after each of a few refunds: never more than before."""
    remaining = [bought]
    for _ in range(draw(st.integers(1, 4))):
        remaining.append(
            replace(
                bought,
                lines=tuple(
                    replace(
                        each,
                        amount_minor=draw(st.integers(0, each.amount_minor)),
                        quantity=draw(st.integers(0, each.quantity)),
                    )
                    for each in remaining[-1].lines
                ),
            )
        )
    return remaining


def nothing_of(bought: Order) -> Order:
    """The order once everything of it was refunded."""
    return replace(
        bought, lines=tuple(replace(each, amount_minor=0, quantity=0) for each in bought.lines)
    )
