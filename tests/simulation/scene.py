"""Short builders for directed histories: one program, one time zone, a few members."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from loyalty.domain.ledger.account import Account, view
from loyalty.domain.ledger.entries import Entry, RequestedRefund
from loyalty.domain.orders.order import Line, Order, fingerprint
from loyalty.domain.program.expiry_policies import (
    AfterEarningExpiry,
    Expiry,
)
from loyalty.table import records
from tests.simulation import programs
from tests.simulation.requests.orders import Earn, Refund
from tests.simulation.requests.rewards import Redeem
from tests.simulation.requests.sweeps import Sweep
from tests.simulation.world import Answer, Call, Newcomer, Read, Request, World, Write

NOON: Final = datetime(2026, 3, 10, 12, tzinfo=UTC)
TODAY: Final = NOON.date()
DAY: Final = timedelta(days=1)
SECOND: Final = timedelta(seconds=1)


# A world, and the request that comes next in it.
type Stage = Callable[[], tuple[World, Request]]


def living(days: int) -> Expiry:
    """An expiry by which points can be spent on their day and this many days after it."""
    return AfterEarningExpiry(model="after_earning", days=days, round_to="none")


FOR_EVER: Final = programs.EXPIRIES[-1]


def scene(
    *members: str,
    expiry: Expiry = FOR_EVER,
    now: datetime = NOON,
    zone: str = "UTC",
    clawback: str = "unlimited",
    inactivity_since: date | None = None,
    **fields: Any,
) -> World:
    """A world whose program has been in force for a long time."""
    document = programs.document(zone, expiry=expiry, clawback=clawback, **fields)
    since = inactivity_since
    program = programs.published(document, published_at=now - 90 * DAY, inactivity_since=since)
    world = World(program, now=now)
    world.enroll(*(members or ("ann",)), newcomer=lambda: Newcomer(orders=0))
    return world


def order(
    name: str,
    *amounts_minor: int,
    occurred_at: datetime = NOON,
    quantity: int = 1,
    source: str = "till",
) -> Order:
    """An order of lines l0, l1, …; one minor unit earns one point."""
    lines = tuple(
        Line(line_id=f"l{number}", sku=None, category=None, quantity=quantity, amount_minor=amount)
        for number, amount in enumerate(amounts_minor)
    )
    return Order(source=source, order_id=name, occurred_at=occurred_at, lines=lines)


def shop_order(
    name: str, *amounts_minor: int, seconds: int = 0, tax_percent: int = 0, quantity: int = 1
) -> Order:
    """An order as a storefront sends it, this long after it was made, with what was paid."""
    it = order(name, *amounts_minor, quantity=quantity)
    lines = tuple(
        replace(line, gross_minor=line.amount_minor * (100 + tax_percent) // 100)
        for line in it.lines
    )
    return replace(it, lines=lines, told_at=NOON + seconds * SECOND)


def refund(
    of: Order,
    name: str = "r1",
    *,
    amount: int = 0,
    units: dict[str, int] | None = None,
    money: dict[str, int] | None = None,
) -> Refund:
    """A refund of the whole order, or of an amount, of units, or of lines' money if given."""
    requested_refund = RequestedRefund(
        refund_id=name,
        occurred_at=of.occurred_at,
        quantities=units or {},
        amounts_minor=money or {},
        amount_minor=amount,
        whole=not (amount or units or money),
        fingerprint=fingerprint(name, amount, units, money),
    )
    return Refund(of, requested_refund)


def earned(world: World, points: int, *, by: str = "ann", name: str = "") -> Order:
    """An order that is recorded now and earns this many points."""
    it = order(name or f"o{len(world.auditor.orders)}", points, occurred_at=world.now)
    done(world.finish(Earn(it, by)))
    return it


def spent(
    world: World, points: int, *, by: str = "ann", name: str = "k1", **options: Any
) -> Redeem:
    request = Redeem(by, f"for-{points}", name, **options)
    done(world.finish(request))
    return request


def swept(world: World) -> None:
    done(world.finish(Sweep()))


def done(answer: Answer | None) -> Any:
    """The use case's result."""
    assert answer is not None
    assert answer.is_done, answer
    return answer.value


def entry_of(answer: Answer | None) -> Entry:
    entry: Entry = done(answer).entry
    return entry


def refused(world: World, request: Request) -> str:
    """The code of its refusal."""
    return world.finish(request).code


def account(world: World, member_id: str = "ann") -> Account:
    """An account's item in the table."""
    return records.account_from_item(world.auditor.accounts[member_id])


def stored_lots(world: World, member_id: str = "ann") -> object:
    """The lots in an account's item, including empty ones."""
    return world.auditor.accounts[member_id]["lots"]


def shown(world: World, member_id: str = "ann") -> Account:
    """An account as the member sees it now."""
    return view(account(world, member_id), program=world.program(), now=world.now)


def kinds(world: World, member_id: str = "ann") -> list[str]:
    """The kinds of a member's entries, in the order of writing."""
    return [
        str(item["kind"])
        for key, item in world.table.items.items()
        if key.sk.startswith("ENTRY#") and item.get("member_id") == member_id
    ]


def writing(call: Call) -> bool:
    return isinstance(call, Write)


def reading(call: Call) -> bool:
    return isinstance(call, Read)


def writing_to(sort: str, member_id: str = "") -> Any:
    """Whether a call writes an item with this sort key, of this member if one is given."""

    def awaited(call: Call) -> bool:
        return isinstance(call, Write) and any(
            operation.key.sk.startswith(sort) and member_id in operation.key.pk
            for operation in call.operations
        )

    return awaited
