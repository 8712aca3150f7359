"""Checks on orders: their accruals, refunds and new versions, and what waits for an order."""

from typing import Any

from loyalty.domain.program.document import PublishedProgram
from loyalty.table.operations import Item, Key
from tests.simulation.auditing.reviews import place
from tests.simulation.auditing.seen import (
    SETTLED_AS,
    Seen,
    Violation,
    order_of,
    qualifying_of,
)


class Orders:
    """Every order earns once, and no more is taken back than it earned."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def placeholder(self, key: Key, before: Item | None, placeholder: Any) -> None:
        """Each write of a placeholder adds to the one before it and loses nothing."""
        old: Any = before or {"count": 0}
        if placeholder["count"] != old["count"] + 1:
            raise Violation(f"{key} was not what it replaces when it was decided of")
        if ("order" in old and "order" not in placeholder) or (
            "guest" in old and placeholder.get("guest") != old["guest"]
        ):
            raise Violation(f"{key} forgets whose order it keeps")

    def nothing_is_lost(self, key: Key, before: Any, after: Any, written: set[Key]) -> None:
        """The latest of what a guest's order was told to be, and every refund, go on.

        A later version withdraws a refund that may be withdrawn, by no longer listing it.
        """
        stays = [refund for refund in before["refunds"] if not refund[6]]
        told_at = [each.get("order", {}).get("told_at", "") for each in (before, after)]
        if told_at[1] < told_at[0]:
            raise Violation(f"{key} goes back to what its order was before")
        if after["kind"] == "placeholder":
            if [refund for refund in after["refunds"] if not refund[6]][: len(stays)] != stays:
                raise Violation(f"{key} forgets a refund that waits")
        elif any(
            Key(key.pk, f"ENTRY#clawback#{refund_id}") not in written for refund_id, *_ in stays
        ):
            raise Violation(f"{key} leaves a refund behind that waited for it")

    def accrual(self, key: Key, entry: Any, today: str, _program: PublishedProgram) -> None:
        order = self._seen.orders[order_of(key)]
        order.accruals += 1
        order.qualifying += (qualifying_of(entry) or ("", 0))[1]
        order.accrued_at = entry["recorded_at"]
        order.earned += sum(points for _, _, points in entry["parts"])
        self._gives(key, entry, today)

    def clawback(self, key: Key, entry: Any, _today: str, _program: PublishedProgram) -> None:
        about = entry["about"]
        if min(about[name] for name in SETTLED_AS) < 0:
            raise Violation(f"{key} gives points")
        self._settled(key, entry)

    def edit(self, key: Key, entry: Any, today: str, _program: PublishedProgram) -> None:
        given = sum(points for _, _, points in entry["parts"])
        self._seen.orders[order_of(key)].earned += given
        self._gives(key, entry, today)
        if given and entry["points"] + entry["pending_points"] != given:
            raise Violation(f"{key} tells another amount than it gave")
        self._settled(key, entry, given=given)

    def waited(self, key: Key, entry: Any) -> bool:
        """Whether a refund came before its order: then its points were never in a lot."""
        if entry["kind"] != "clawback":
            return False
        return bool(self._seen.orders[order_of(key)].accrued_at == entry["recorded_at"])

    def adds_up(self, name: tuple[str, ...]) -> None:
        order = self._seen.orders[name]
        if order.accruals > 1:
            raise Violation(f"order {name} earned {order.accruals} times")
        if order.clawed_back > order.earned:
            raise Violation(f"more was taken back from order {name} than it earned")
        if order.refunds and order.state is None:
            raise Violation(f"order {name} was refunded and does not know it")
        if order.state is not None:
            settled = {each: order.state[each] for each in SETTLED_AS}
            # A version that changed nothing is recorded without an entry.
            if settled != order.settled or order.state["counter"] < order.refunds:
                raise Violation(f"order {name} tells {settled}, its refunds {order.settled}")

    def _settled(self, key: Key, entry: Any, *, given: int = 0) -> None:
        order, about = self._seen.orders[order_of(key)], entry["about"]
        taken = given - entry["points"] - entry["pending_points"]
        if about["clawed"] + about["owed"] != taken:
            raise Violation(f"{key} tells another amount than it took")
        order.refunds += 1
        order.qualifying += (qualifying_of(entry) or ("", 0))[1]
        order.clawed_back += taken
        for name in SETTLED_AS:
            order.settled[name] += about[name]

    def _gives(self, key: Key, entry: Any, today: str) -> None:
        order = self._seen.orders[order_of(key)]
        self._seen.from_orders[entry["member_id"]] += [
            (available_on, points)
            for first, last, points in entry["parts"]
            if (available_on := place(order, first, last)) <= today
        ]
