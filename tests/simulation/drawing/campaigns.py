"""Random campaigns: programs with them, the members they are for, and orders that they read."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from loyalty.domain.orders.order import Order, Tender
from loyalty.domain.people.member import Consent, Profile
from loyalty.domain.program.campaigns import Campaign
from loyalty.domain.program.document import PointValue, PublishedProgram, bind_segments
from loyalty.domain.program.holdouts import UniversalHoldout
from loyalty.domain.program.segments import Segment
from tests.simulation import programs
from tests.simulation.drawing.orders import drawn_order, drawn_refund, versions_of
from tests.simulation.drawing.requests import Logical, sent
from tests.simulation.requests.campaigns import JoinCampaign, LeaveCampaign
from tests.simulation.requests.orders import Arrival, Earn, Record, Refund
from tests.simulation.requests.rewards import Redeem
from tests.simulation.world import Newcomer, Request, World

_DAY: Final = timedelta(days=1)

# Conditions that no refund makes true, because they are published in programs.
_ORDERS: Final[tuple[dict[str, Any], ...]] = (
    {"fact": "amount", "at_least_minor": 10},
    {"fact": "amount", "at_least_minor": 40},
    {"fact": "amount", "at_least_minor": 10, "of": {"categories": ["coffee"]}},
    {"fact": "amount", "at_most_minor": 70, "read": "bought"},
    {"fact": "units", "at_least": 2},
    {"fact": "units", "at_least": 1, "of": {"tags": ["sale"], "brands": ["house"]}},
    {"fact": "distinct_skus", "at_least": 2},
    {"fact": "dearest_line", "at_least_minor": 25},
    {"fact": "unit_price", "at_least_minor": 10},
)
_CIRCUMSTANCES: Final[tuple[dict[str, Any], ...]] = (
    {"fact": "channel", "is_in": ["app"]},
    {"fact": "source", "is_in": ["till"]},
    {"fact": "location", "is_in": ["north"]},
    {"fact": "tender", "is_in": ["card"]},
    {"fact": "code", "is_in": ["flyer"]},
)
_MEMBERS: Final[tuple[dict[str, Any], ...]] = (
    {"fact": "first_order"},
    {"fact": "first_order"},
    {"fact": "order_number", "is": 2},
    {"fact": "order_number", "every": 2},
    {"fact": "order_number", "at_least": 2},
    {"fact": "order_number", "at_most": 2},
    {"fact": "days_since_order", "at_least": 1},
    {"fact": "days_since_order", "at_most": 1},
    {"fact": "member_days", "at_most": 0},
    {"fact": "tier", "is_in": ["silver", "gold"]},
    {"fact": "attribute", "name": "team", "is_in": ["red"]},
    {"fact": "birthday", "on": "day"},
    {"fact": "birthday", "on": "week"},
    {"fact": "birthday", "on": "month"},
    {"fact": "locale", "is_in": ["fr"]},
    {"fact": "consent", "name": "email"},
    {"fact": "segment", "is_in": ["reds"]},
    {"fact": "segment", "is_in": ["reds", "quiet"]},
)
_SEGMENTS: Final[tuple[dict[str, Any], ...]] = (
    {"id": "reds", "name": "Reds", "who": {"fact": "attribute", "name": "team", "is_in": ["red"]}},
    {
        "id": "quiet",
        "name": "Quiet",
        "who": {
            "all": [
                {"fact": "days_since_order", "at_least": 1},
                {"not": {"fact": "consent", "name": "email"}},
            ]
        },
    },
)
_EFFECTS: Final[tuple[dict[str, Any], ...]] = (
    {"kind": "multiply", "percent": 150},
    {"kind": "multiply", "percent": 333},
    {"kind": "rate", "points": 1, "per_minor": 3},
    {"kind": "rate", "points": 2, "per_minor": 7, "rounding": "ceil", "tenders": ["card"]},
    {"kind": "fixed", "points": 7},
    {"kind": "fixed", "points": 25},
    {"kind": "fixed", "points": 20, "on_refund": "in_proportion"},
    {"kind": "per_unit", "points": 3},
    {"kind": "per_unit", "points": 10, "every": 2},
    {
        "kind": "steps",
        "steps": [{"at_least_minor": 10, "points": 4}, {"at_least_minor": 45, "points": 30}],
    },
)
_LINES: Final[tuple[dict[str, Any], ...]] = (
    {"categories": ["coffee"]},
    {"not_categories": ["tea"]},
    {"skus": ["S1"], "tags": ["sale"]},
    {"lists": ["few"]},
    {"not_skus": ["S2"], "also_charges": ["tax"]},
)
_PER_MEMBER: Final[tuple[dict[str, Any] | None, ...]] = (
    None,
    None,
    {"points": 20},
    {"points": 30, "per": "month"},
    {"points": 15, "per": "day"},
    {"orders": 1},
    {"orders": 1, "per": "week"},
    {"orders": 2, "points": 25, "per": "year"},
    {"points": 12, "per": "order"},
)
_BUDGETS: Final[tuple[dict[str, Any] | None, ...]] = (
    None,
    {"points": 5},
    {"points": 33},
    {"points": 60, "per": "month"},
    {"points": 40, "per": "day"},
    {"points": 200, "per": "year"},
    {"amount_minor": 25, "per": "week"},
)
_HOLDOUTS: Final[tuple[dict[str, Any] | None, ...]] = (
    None,
    {"percent": 20},
    {"percent": 50},
    {"percent": 50, "salt": "another"},
)


def with_campaigns(
    draw: random.Random, versions: Sequence[PublishedProgram], *, now: datetime
) -> list[PublishedProgram]:
    """The versions of a program with campaigns, often one more that changes them in mid-history."""
    day = now.astimezone(versions[0].document.zone).date()
    is_tiered = versions[0].document.tiers is not None
    campaigns = [
        _campaign(draw, f"c{number}", day, is_tiered=is_tiered)
        for number in range(draw.choice((1, 2, 3, 4)))
    ]
    most = draw.choice((None, None, None, 40))
    everywhere = draw.choice((None, None, None, UniversalHoldout(percent=40, salt="half")))
    found: list[PublishedProgram] = []
    for each in versions:
        found.append(_published(each, campaigns, most, everywhere))
        campaigns = _revised(draw, campaigns, day, is_tiered=is_tiered)
    if len(found) == 1 and draw.random() < 0.6:
        later = now + timedelta(hours=draw.choice((0, 0, 1, 12)))
        again = replace(found[0], version=2, published_at=later)
        found.append(_published(again, campaigns, most, everywhere))
    return found


def newcomer(draw: random.Random, world: World) -> Newcomer:
    """A member who was there from the beginning; the orders of some were never counted."""
    day = world.now.astimezone(world.zone).date()
    birthday = (day + _DAY * draw.choice((0, 0, 1, 4, 20))).replace(year=1988)
    before, after = (world.now + _DAY * days for days in (-3, 1))
    return Newcomer(
        orders=draw.choice((0, 0, 0, 0, 0, None)),
        profile=Profile(
            locale=draw.choice((None, "fr", "fr-CA", "de")),
            birthday=draw.choice((None, birthday)),
            attributes=draw.choice(({}, {"team": "red"}, {"team": "blue"})),
        ),
        consents={"email": Consent(draw.random() < 0.5, before)} if draw.random() < 0.7 else {},
        joined={
            f"c{number}": draw.choice((before, before, after))
            for number in range(5)
            if draw.random() < 0.6
        },
    )


def of_campaigns(draw: random.Random, world: World) -> list[Logical]:
    """More orders than usual, which meet in limits, change and are refunded; joining."""
    members = tuple(world.auditor.accounts)
    requests: list[Request] = []
    for number in range(draw.choice((1, 2, 3, 5))):
        order, member_id = drawn_order(draw, world, f"c{number}"), draw.choice(members)
        if draw.random() < 0.4:
            versions = versions_of(draw, order)
            requests += [Record(version, member_id) for version in versions]
            order = versions[-1]
        else:
            requests.append(Earn(order, member_id))
        for refunded in range(draw.choice((0, 0, 1, 2))):
            requests.append(Refund(order, drawn_refund(draw, world, order, f"r{refunded}")))
        if draw.random() < 0.2:
            requests.append(Redeem(member_id, "for-30", f"c{number}"))
    for _ in range(draw.choice((0, 0, 1, 2))):
        takes_part = draw.choice((JoinCampaign, JoinCampaign, LeaveCampaign))
        requests.append(takes_part(draw.choice(members), f"c{draw.randrange(4)}"))
    return sent(draw, requests)


def dressed(seed: int, logical: Logical) -> Logical:
    """A request whose order says more: where, how and by what code it was bought, and what.

    Each version of an order says the same whenever it is sent.
    """
    request = logical.request
    if not isinstance(request, Arrival):
        return logical
    order = request.order
    draw = random.Random(f"what {order.order_id} says at {order.told_at} in {seed}")
    return Logical(replace(request, order=_dressed(draw, order)), logical.copies)


def _dressed(draw: random.Random, order: Order) -> Order:
    paid = {"card": draw.randint(1, 50), "cash": draw.randint(1, 50)}
    kinds = draw.choice(((), ("card",), ("cash",), ("card", "cash")))
    lines = tuple(
        replace(
            line,
            sku=draw.choice((None, "S1", "S2", "S3")),
            brand=draw.choice((None, None, "house")),
            tags=draw.choice(((), (), ("sale",))),
        )
        for line in order.lines
    )
    return replace(
        order,
        lines=lines,
        channel=draw.choice((None, "app")),
        location=draw.choice((None, "north", "south")),
        tenders=tuple(Tender(kind, paid[kind]) for kind in kinds),
        codes=draw.choice(((), ("FLYER",))),
    )


def _published(
    version: PublishedProgram,
    campaigns: Sequence[Mapping[str, Any]],
    most: int | None,
    universal_holdout: UniversalHoldout | None,
) -> PublishedProgram:
    document = programs.changed(
        version.document,
        {
            "campaigns": tuple(map(Campaign.model_validate, campaigns)),
            "campaign_groups": programs.CAMPAIGN_GROUPS,
            "campaign_points_per_order_max": most,
            "universal_holdout": universal_holdout,
            "lists": {"few": ("S1", "S3")},
            "segments": tuple(map(Segment.model_validate, _SEGMENTS)),
            "point_value": PointValue(amount_minor=1, per_points=2),
        },
    )
    bind_segments(document)
    return replace(version, document=document)


def _campaign(draw: random.Random, name: str, day: date, *, is_tiered: bool) -> dict[str, Any]:
    campaign: dict[str, Any] = {"id": name, "name": name, "effect": draw.choice(_EFFECTS)}
    if draw.random() < 0.3:
        campaign["when"] = _window(draw, day)
    if draw.random() < 0.45:
        campaign["for"] = _for(draw, is_tiered=is_tiered)
    if draw.random() < 0.45:
        campaign["if"] = _if(draw)
    if draw.random() < 0.3:
        campaign["lines"] = draw.choice(_LINES)
    if draw.random() < 0.15:
        campaign["activation"] = "join"
    campaign["group"] = draw.choice((None, None, "best", "first"))
    campaign["qualifies"] = draw.random() < 0.4
    campaign["pending_days"] = draw.choice((None, None, 0, 1, 2))
    campaign["expiry"] = draw.choice((None, None, {"model": "after_earning", "days": 2}))
    campaign["limits"] = _limits(draw)
    if draw.random() < 0.3:
        campaign["holdout"] = draw.choice(_HOLDOUTS)
    return campaign


def _limits(draw: random.Random) -> dict[str, Any]:
    return {
        "per_order": draw.choice((None, None, None, 15)),
        "per_member": draw.choice(_PER_MEMBER),
        "budget": draw.choice(_BUDGETS) if draw.random() < 0.7 else None,
    }


def _revised(
    draw: random.Random, campaigns: Sequence[dict[str, Any]], day: date, *, is_tiered: bool
) -> list[dict[str, Any]]:
    """What a later version makes of campaigns: it raises or lowers limits, ends one, adds one."""
    revised: list[dict[str, Any]] = []
    for each in campaigns:
        match draw.choice(("limits", "limits", "budget", "effect", "holdout", "same", "gone")):
            case "limits":
                revised.append(each | {"limits": _limits(draw)})
            case "budget":
                points = draw.choice((1, 20, 50, 300))
                per = (each["limits"]["budget"] or {}).get("per", "campaign")
                limits = each["limits"] | {"budget": {"points": points, "per": per}}
                revised.append(each | {"limits": limits})
            case "effect":
                revised.append(each | {"effect": draw.choice(_EFFECTS)})
            case "holdout":
                revised.append(each | {"holdout": draw.choice(_HOLDOUTS)})
            case "same":
                revised.append(each)
    if draw.random() < 0.3:
        revised.append(_campaign(draw, "c4", day, is_tiered=is_tiered))
    return revised


def _window(draw: random.Random, day: date) -> dict[str, Any]:
    first, last = (day + _DAY * draw.randint(low, low + 2) for low in (-2, 0))
    match draw.choice(("dates", "weekdays", "hours", "night")):
        case "dates":
            return {"starts_on": first.isoformat(), "ends_on": last.isoformat()}
        case "weekdays":
            return {"weekdays": draw.sample(["mon", "tue", "wed", "thu", "fri", "sat", "sun"], 4)}
        case "hours":
            return {"hours": [{"from": "00:00", "until": "13:00"}]}
        case _:
            hours = [{"from": "22:30", "until": "12:30"}]
            return {"starts_on": first.isoformat(), "hours": hours}


def _for(draw: random.Random, *, is_tiered: bool) -> dict[str, Any]:
    def leaf() -> dict[str, Any]:
        fact = draw.choice(_MEMBERS)
        return fact if is_tiered or fact["fact"] != "tier" else {"fact": "first_order"}

    match draw.choice(("one", "one", "one", "not", "all", "any")):
        case "one":
            return leaf()
        case "not":
            return {"not": leaf()}
        case composite:
            return {composite: [leaf(), {"not": leaf()}, leaf()][: draw.choice((2, 3))]}


def _if(draw: random.Random) -> dict[str, Any]:
    match draw.choice(("one", "one", "circumstance", "not", "all", "any")):
        case "one":
            return draw.choice(_ORDERS)
        case "circumstance":
            return draw.choice(_CIRCUMSTANCES)
        case "not":
            return {"not": draw.choice(_CIRCUMSTANCES)}
        case composite:
            return {composite: [draw.choice(_ORDERS), draw.choice((*_ORDERS, *_CIRCUMSTANCES))]}
