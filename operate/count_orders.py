"""`make count-orders STAGE=`: count the orders of members from before orders were counted.

Until then no campaign that reads how many orders they have, or when the last one was, is for them.
It can be killed, repeated, and run while members are served.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from loyalty.domain.kernel.errors import TryAgain
from loyalty.edge.aws import clients
from loyalty.edge.aws.table import engine
from loyalty.edge.desk import open_desk
from loyalty.table.engine import DynamoEngine, key_of
from loyalty.table.operations import Item
from loyalty.table.order_counts import TableOrderCounts
from loyalty.usecases.ledger.order_counts import count_orders
from operate.stage import Stage, run

_AT_ONCE = 16
_SAY_EVERY = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Members whose orders were counted, and those who changed too often: `program/member`."""

    done: int
    changed: tuple[str, ...]


def count_all(stage: Stage, *, say: Callable[[str], None] = print) -> Counted:
    """Read the whole table, and count the orders of each member whose account does not."""
    table = stage.output("TableName")
    scanning = DynamoEngine(clients.dynamodb(), table=table)
    done, changed, after = 0, [], None
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while True:
            page = scanning.scan(segment=0, segments=1, after=after)
            before = done
            for name, is_done in pool.map(lambda item: _count(item, table), _uncounted(page.items)):
                if is_done is None:
                    changed.append(name)
                else:
                    done += is_done
            if done // _SAY_EVERY > before // _SAY_EVERY:
                say(f"{done} members.")
            if page.next is None:
                return Counted(done=done, changed=tuple(changed))
            after = key_of(page.next)


def _uncounted(items: Iterable[Item]) -> Iterable[Item]:
    return (
        item
        for item in items
        if item.get("kind") == "account" and item["status"] == "active" and "orders" not in item
    )


def _count(item: Item, table: str) -> tuple[str, bool | None]:
    """Whether there was anything to count; None if the member kept changing."""
    program_id, member_id = str(item["pk"]).split("#")[1], str(item["member_id"])
    desk = open_desk(program_id, table=table)
    uncounted = TableOrderCounts(engine(table), program_id=program_id)
    try:
        return f"{program_id}/{member_id}", count_orders(member_id, uncounted=uncounted, desk=desk)
    except TryAgain:
        return f"{program_id}/{member_id}", None


def main() -> int:
    parser = argparse.ArgumentParser(description="Count orders of members who were there before.")
    parser.add_argument("--stage", required=True)
    counted = count_all(Stage(parser.parse_args().stage))
    print(f"The orders of {counted.done} members are counted.")
    if counted.changed:
        print(f"{len(counted.changed)} changed meanwhile; run it again.")
    return 1 if counted.changed else 0


if __name__ == "__main__":
    run(main)
