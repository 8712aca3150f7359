"""True stories of a storefront's orders: bought, paid with points, changed, refunded and undone."""

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.orders.order import Order, fingerprint
from tests.simulation import naive, programs
from tests.simulation.auditing.seen import Violation
from tests.simulation.requests.rewards import Redeem
from tests.simulation.requests.shops import TellOrder, TellRefund
from tests.simulation.world import Request, World

_SECOND: Final = timedelta(seconds=1)
# What the redemption says the order costs; how much points may pay of it is not what is tried.
_MUCH: Final = 10_000


def story(draw: random.Random, order: Order, member_id: str, other: Order) -> list[Request]:
    """An order that points pay for, and what becomes of it; `other` has the goods of a change."""
    redeem = Redeem(
        member_id,
        programs.PAYING,
        f"k-{order.order_id}",
        points=draw.randint(1, 40),
        order_minor=_MUCH,
    )
    requests: list[Request] = [redeem] if draw.random() < 0.8 else []
    of = (redeem,) if requests else ()
    refunds: tuple[RequestedRefund, ...] = ()
    now = replace(order, told_at=order.occurred_at)
    requests.append(TellOrder(now, member_id, refunds, of))
    for number in range(1, draw.choice((2, 3, 4, 5))):
        now = replace(now, told_at=order.occurred_at + number * _SECOND)
        match draw.choice(("refund", "refund", "withdraw", "withdraw", "change", "cancel")):
            case "refund" | "cancel" as what if not any(each.whole for each in refunds):
                made = _refund(draw, now, f"r{number}", whole=what == "cancel")
                refunds = (*refunds, made)
                if draw.random() < 0.4:
                    requests.append(TellRefund(now, member_id, made))
            case "withdraw" if refunds:
                gone = draw.choice(refunds)
                refunds = tuple(each for each in refunds if each is not gone)
            case _:
                now = replace(now, lines=draw.choice((order, other)).lines)
        requests.append(TellOrder(now, member_id, refunds, of))
    return requests


def _refund(draw: random.Random, order: Order, refund_id: str, *, whole: bool) -> RequestedRefund:
    """A refund that its shop may withdraw."""
    amounts_minor = (
        {} if whole else {line.line_id: draw.randint(0, line.amount_minor) for line in order.lines}
    )
    told_at = order.told_at or order.occurred_at
    return RequestedRefund(
        refund_id=refund_id,
        occurred_at=told_at,
        amounts_minor=amounts_minor,
        whole=whole,
        is_revocable=True,
        fingerprint=fingerprint(refund_id, amounts_minor, whole, told_at.isoformat()),
    )


def check_stories(world: World, requests: Iterable[Request]) -> None:
    """Of every order the last that was told is in force, with the refunds that stand."""
    last = {each.cause: each for each in requests if isinstance(each, TellOrder)}
    for key, latest in last.items():
        if key not in world.table.items:
            raise Violation(f"{latest.name} was told, and is not on file")
        accrual: Any = world.table.items[key]
        state = world.auditor.orders[tuple(key.pk.split("#")[3:5])].state or {}
        lines = state.get("order", accrual["order"])["lines"]
        if [line[4] for line in lines] != [each.amount_minor for each in latest.order.lines]:
            raise Violation(f"{key} is not what was told of it last")
        standing = {refund[0] for refund in state.get("revocable", ())}
        if standing != {each.refund_id for each in latest.refunds}:
            raise Violation(f"{key} has the refunds {standing}, not those of {latest.name}")


def check_paid_points(world: World) -> None:
    """What refunds return of the points that paid follows from the order as it stands."""
    for key, item in world.table.items.items():
        voucher: Any = item
        about = voucher.get("about", {}) if key.sk == "VOUCHER" else {}
        if not about.get("pays") or voucher["state"] != "used" or "used_order" not in about:
            continue
        source, order_id = about["used_order"]
        order = world.auditor.orders[source, order_id]
        accrual: Any = next(
            each
            for name, each in world.table.items.items()
            if name.sk == "ENTRY#accrual" and name.pk.endswith(f"#{source}#{order_id}")
        )
        lines = (order.state or {}).get("order", accrual["order"])["lines"]
        due = naive.points_back(voucher["points"], lines, naive.Refunds.of(order.state))
        returned = about.get("returned", 0)
        if not returned - about.get("return_forgiven", 0) <= due <= returned:
            raise Violation(f"{key} returned {returned} points, and {due} are due")
