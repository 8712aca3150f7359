"""What the entry of an order says of campaigns: a row for each, so that it has each id once.

Entries are paid in steps of 1 KB, and that of an order of five lines comes close to the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from loyalty.domain.campaigns.limits import ORDERS, LimitUse
from loyalty.domain.earning.awarding import Share
from loyalty.domain.kernel.limits import BUDGET

if TYPE_CHECKING:
    from loyalty.domain.ledger.entries import Accrual
    from loyalty.domain.orders.order import Order
    from loyalty.table.operations import Value

ROW_VALUES: Final = 5


def campaigns_to_list(accrual: Accrual) -> list[Value]:
    """The campaigns that gave points, in the order of the document, and then those that did not.

    A row has the campaign's id, the points of each line, what it counts in limits, whether it was
    decided of the member and is for them (`false`: they are held out of it), and its ceiling. It
    ends with the last of these that there is.
    """
    decided = {*accrual.opened, *accrual.held_out, *accrual.ceilings}
    without_points = decided.difference(accrual.campaigns)
    return [_row(each, accrual) for each in (*accrual.campaigns, *sorted(without_points))]


def campaigns_from_list(wire: Sequence[Sequence[Any]], order: Order) -> dict[str, Any]:
    """What an accrual says of campaigns, by the names of its parts; the shares are those of all."""
    rows = [[*row, *(None,) * (ROW_VALUES - len(row))] for row in wire]
    return {
        "shares": tuple(
            share for campaign, points, *_ in rows for share in shares_of(campaign, points, order)
        ),
        "campaigns": tuple(campaign for campaign, points, *_ in rows if points),
        "counted": tuple(
            use for campaign, _, uses, *_ in rows for use in _uses_of(campaign, uses or ())
        ),
        "opened": tuple(sorted(campaign for campaign, *_, is_for, _ in rows if is_for)),
        "held_out": tuple(sorted(campaign for campaign, *_, is_for, _ in rows if is_for is False)),
        "ceilings": {campaign: ceiling for campaign, *_, ceiling in rows if ceiling is not None},
    }


def points_by_line(giver: str, accrual: Accrual) -> list[Value]:
    """The points that a rule or campaign gave each line, in the order of the lines."""
    points = {share.line_id: share.points for share in accrual.shares if share.rule_id == giver}
    return [points.get(line.line_id, 0) for line in accrual.order.lines]


def shares_of(giver: str, points: Sequence[int] | None, order: Order) -> Iterator[Share]:
    """The shares of a rule or campaign by the points that it gave each line; None: it gave none."""
    if points:
        for line, given in zip(order.lines, points, strict=True):
            if given:
                yield Share(giver, line.line_id, given, line.amount_minor)


def _row(campaign: str, accrual: Accrual) -> list[Value]:
    row: list[Value] = [
        campaign,
        points_by_line(campaign, accrual) if campaign in accrual.campaigns else [],
        _uses_to_list(campaign, accrual.counted),
        False if campaign in accrual.held_out else campaign in accrual.opened or None,
        accrual.ceilings.get(campaign),
    ]
    while row[-1] is None or row[-1] == []:
        row.pop()
    return row


def _uses_to_list(campaign: str, counted: Sequence[LimitUse]) -> list[Value]:
    """Of each limit of a campaign its period, the points, and the orders if those are limited."""
    by_period: dict[str, list[Value]] = {}
    for limit, amount in counted:
        kind = BUDGET if limit.startswith(BUDGET) else ""
        owner, _, period = limit.removeprefix(BUDGET).partition("#")
        if owner == campaign:
            amounts = by_period.setdefault(kind + period.removesuffix(ORDERS), [0])
            if limit.endswith(ORDERS):
                amounts.append(amount)
            else:
                amounts[0] = amount
    return [[period, *amounts] for period, amounts in by_period.items()]


def _uses_of(campaign: str, wire: Sequence[Sequence[Any]]) -> Iterator[LimitUse]:
    for period, points, *orders in wire:
        kind = BUDGET if period.startswith(BUDGET) else ""
        limit = f"{kind}{campaign}#{period.removeprefix(BUDGET)}"
        if points:
            yield LimitUse(limit, points)
        for amount in orders:
            yield LimitUse(limit + ORDERS, amount)
