"""Random requests of members, guests, tills, shops and managers."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from loyalty.domain.ledger.account import TierFloor
from tests.simulation import programs
from tests.simulation.drawing.orders import drawn_order, drawn_refund, versions_of
from tests.simulation.requests.common import EMAIL, PHONE
from tests.simulation.requests.members import Erase, Grant, Join, Link, Merge, Note, SignIn
from tests.simulation.requests.orders import Earn, Record, Refund
from tests.simulation.requests.points import Adjust, Give
from tests.simulation.requests.rewards import (
    Cancel,
    Complete,
    GiveCode,
    GiveReward,
    LetGo,
    Redeem,
    Use,
)
from tests.simulation.stories import story
from tests.simulation.world import Request, World

MEMBERS: Final = ("ann", "bob", "cho")
NEWCOMER: Final = "dan"
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Logical:
    """A request that its caller repeats until it is answered."""

    request: Request
    copies: int


def drawn(draw: random.Random, world: World, *, with_erasure: bool) -> list[Logical]:
    members = tuple(world.auditor.accounts)
    requests: list[Request] = []
    for number in range(draw.choice((1, 1, 2, 2, 3))):
        requests += _shopping(draw, world, draw.choice(members), f"o{number}")
    scarce = draw.random() < 0.15
    for number in range(draw.choice((0, 1, 1, 2, 3)) + 2 * scarce):
        requests += _redemption(draw, draw.choice(members), f"k{number}", scarce=scarce)
    for number in range(draw.choice((0, 0, 0, 0, 1, 2))):
        points = draw.choice((1, -1)) * draw.randint(1, 50)
        requests.append(
            Adjust(
                draw.choice(members),
                points,
                f"j{number}",
                below_zero=world.auditor.may_owe and draw.random() < 0.4,
                expiring_on=_some_day(draw, world) if points > 0 and draw.random() < 0.5 else None,
            )
        )
    if len(members) > 1:
        for number in range(draw.choice((0, 0, 0, 0, 1, 2))):
            giver, taker = draw.choice(members), draw.choice(members)
            requests.append(Give(giver, taker, draw.randint(1, 40), f"t{number}"))
        if draw.random() < 0.3:
            loser, survivor = draw.sample(members, 2)
            requests.append(Merge(loser, survivor, "m0"))
            if draw.random() < 0.3:
                requests.append(Merge(survivor, draw.choice(members), "m1"))
    if world.program().document.tiers is not None:
        for _ in range(draw.choice((0, 0, 1, 2))):
            requests.append(Grant(draw.choice(members), _floor(draw, world)))
    if with_erasure:
        requests.append(Erase(draw.choice(members)))
    return sent(draw, requests)


def sent(draw: random.Random, requests: Iterable[Request]) -> list[Logical]:
    return [Logical(request, draw.choice((1, 1, 1, 1, 1, 2, 3))) for request in requests]


def of_guests(draw: random.Random, world: World) -> list[Logical]:
    """Orders of a guest, who then enrolls, or proves to be one member or several."""
    members = tuple(world.auditor.accounts)
    requests: list[Request] = []
    for number in range(draw.choice((1, 1, 2, 3))):
        order = drawn_order(draw, world, f"g{number}")
        known_by = draw.choice(((EMAIL,), (EMAIL,), (EMAIL, PHONE), (PHONE,)))
        if draw.random() < 0.4:
            requests.append(Earn(order, None, known_by))
        else:
            versions = versions_of(draw, order)
            requests += [Record(version, None, known_by) for version in versions]
            order = versions[-1]
        for refunded in range(draw.choice((0, 0, 1, 2))):
            requests.append(Refund(order, drawn_refund(draw, world, order, f"r{refunded}")))
    if draw.random() < 0.7:
        requests.append(Join(NEWCOMER, verified=draw.random() < 0.9))
        if draw.random() < 0.3:
            requests.append(Redeem(NEWCOMER, "for-10", "k-guest"))
        if draw.random() < 0.2:
            requests.append(Merge(NEWCOMER, draw.choice(members), "m-guest"))
    for identity in (EMAIL, PHONE):
        if draw.random() < 0.4:
            requests.append(Link(draw.choice((*members, NEWCOMER)), identity))
    if draw.random() < 0.1:
        requests.append(Erase(draw.choice((*members, NEWCOMER))))
    return sent(draw, requests)


def of_strangers(draw: random.Random, world: World) -> list[Logical]:
    """Addresses that tills type and other people prove, while orders arrive under them."""
    members = tuple(world.auditor.accounts)
    requests: list[Request] = []
    for number in range(draw.choice((1, 2, 3))):
        known_by = draw.choice(((EMAIL,), (PHONE,), (EMAIL, PHONE), (PHONE, EMAIL)))
        order = drawn_order(draw, world, f"s{number}")
        requests.append(Earn(order, None, known_by))
        if draw.random() < 0.3:
            requests.append(Refund(order, drawn_refund(draw, world, order, "r0")))
    requests += [
        Note(member_id, identity)
        for member_id in members
        for identity in (EMAIL, PHONE)
        if draw.random() < 0.5
    ]
    for who in ("pia", "quinn")[: draw.choice((1, 1, 2))]:
        # Again later, maybe under more identities than before.
        requests += [
            SignIn(who, draw.choice(((EMAIL,), (PHONE,), (EMAIL, PHONE))))
            for _ in range(draw.choice((1, 1, 2)))
        ]
    if draw.random() < 0.3:
        requests.append(Join("eve", verified=draw.random() < 0.3))
    if draw.random() < 0.3:
        requests.append(Link(draw.choice(members), draw.choice((EMAIL, PHONE))))
    if draw.random() < 0.2 and len(members) > 1:
        loser, survivor = draw.sample(members, 2)
        requests.append(Merge(loser, survivor, "m-strangers"))
    if draw.random() < 0.1:
        requests.append(Erase(draw.choice(members)))
    return sent(draw, requests)


def _shopping(
    draw: random.Random, world: World, member_id: str, order_id: str
) -> Iterator[Request]:
    """An order, sent once or again for each change, and its refunds."""
    order = drawn_order(draw, world, order_id)
    if draw.random() < 0.12:
        for version in versions_of(draw, order):
            yield Record(version, member_id)
    else:
        if draw.random() < 0.1:
            yield Earn(order, None)
        yield Earn(order, member_id)
    for number in range(draw.choice((0, 0, 1, 1, 2))):
        yield Refund(order, drawn_refund(draw, world, order, f"r{number}"))


def _redemption(
    draw: random.Random, member_id: str, request_id: str, *, scarce: bool
) -> list[Request]:
    reward = f"for-{draw.choice(programs.COSTS)}"
    if scarce or draw.random() < 0.1:
        reward = draw.choice((programs.STOCKED, programs.LIMITED, "dated"))
    redeem = Redeem(member_id, reward, request_id, hold=draw.random() < 0.4)
    requests: list[Request] = [redeem]
    if draw.random() < 0.5:
        requests.append(Cancel(redeem, by_member=request_id == "k0"))
    if redeem.hold and draw.random() < 0.5:
        requests.append(Complete(redeem))
    if draw.random() < 0.3:
        requests.append(Use(redeem, f"{request_id}-use"))
    if draw.random() < 0.1:
        requests.append(Use(redeem, f"{request_id}-again"))
    return requests


def of_presents(draw: random.Random, world: World) -> list[Logical]:
    """Rewards that a manager gives, some of which are scarce, cancelled or used."""
    members = tuple(world.auditor.accounts)
    requests: list[Request] = []
    for number in range(draw.choice((1, 2, 3))):
        reward = draw.choice(("for-30", programs.STOCKED, programs.LIMITED, "dated"))
        given = GiveReward(draw.choice(members), reward, f"p{number}")
        requests.append(given)
        if draw.random() < 0.4:
            requests.append(Cancel(given))
        if draw.random() < 0.4:
            requests.append(Use(given, f"p{number}-use"))
    return sent(draw, requests)


def of_offline_tills(draw: random.Random, world: World) -> list[Logical]:
    """Tills that were offline at the beginning, and report what they gave once they are not."""
    members = tuple(world.auditor.accounts)
    requests: list[Request] = []
    for number in range(draw.choice((1, 1, 2, 3))):
        made_at = world.now + timedelta(minutes=draw.choice((-30, 0, 0, 61, 1441)))
        reward = draw.choice(("for-1", "for-10", "for-10", "dated", programs.STOCKED))
        redeem = Redeem(draw.choice(members), reward, f"l{number}", made_at=made_at)
        requests.append(redeem)
        if draw.random() < 0.3:
            requests.append(Cancel(redeem))
        if draw.random() < 0.3:
            requests.append(Use(redeem, f"l{number}-use"))
    return sent(draw, requests)


def at_levels(draw: random.Random, world: World) -> list[Logical]:
    """Rewards that are for members of a level, or cost them less."""
    members = tuple(world.auditor.accounts)
    requests: list[Request] = []
    for number in range(draw.choice((1, 1, 2, 3))):
        reward = draw.choice((programs.FOR_GOLD, programs.LESS_FOR_GOLD))
        redeem = Redeem(draw.choice(members), reward, f"v{number}")
        requests.append(redeem)
        if draw.random() < 0.3:
            requests.append(Cancel(redeem))
    return sent(draw, requests)


def of_stories(draw: random.Random, world: World) -> list[Logical]:
    """Orders of a storefront that points pay for, with all that becomes of them."""
    members = tuple(world.auditor.accounts)
    requests: list[Request] = []
    for number in range(draw.choice((1, 1, 2))):
        order, other = (drawn_order(draw, world, f"w{number}") for _ in range(2))
        requests += story(draw, order, draw.choice(members), other)
    return sent(draw, requests)


def of_shops(draw: random.Random, logical: Sequence[Logical]) -> list[Logical]:
    """Shops that get the codes of vouchers, and deactivate them when these are cancelled."""
    requests: list[Request] = []
    for redeem in (each.request for each in logical):
        if isinstance(redeem, Redeem) and draw.random() < 0.7:
            requests += [GiveCode(redeem), LetGo(redeem, was_used=draw.random() < 0.3)]
            if draw.random() < 0.5:
                requests.append(Cancel(redeem))
    return sent(draw, requests)


def _floor(draw: random.Random, world: World) -> TierFloor | None:
    if draw.random() < 0.3:
        return None
    return TierFloor(draw.choice(("silver", "gold", "friend")), _some_day(draw, world) + _DAY)


def _some_day(draw: random.Random, world: World) -> date:
    return world.now.astimezone(world.zone).date() + _DAY * draw.randint(-1, 4)
