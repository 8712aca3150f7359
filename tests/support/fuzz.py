"""What can be wrong with a payload, and what must come of it all the same."""

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any, Final

from hypothesis import strategies as st

from loyalty.domain.kernel.limits import AMOUNT_MINOR_MAX, EXTERNAL_ID
from loyalty.domain.ledger.entries import RequestedRefund
from loyalty.domain.ledger.order_vouchers import codes_among
from loyalty.domain.orders.order import LINES_MAX, order_fingerprint
from loyalty.domain.people.privacy_requests import PrivacyRequest
from loyalty.domain.shops.customers import CustomerErased, CustomerUpdated
from loyalty.domain.shops.memberships import MembershipUpdated
from loyalty.domain.shops.storefront import (
    Command,
    FetchNeeded,
    Ignored,
    OrderPaid,
    OrderRefunded,
    OrdersPaid,
    Parked,
    RefundFailed,
)

type Place = tuple[str | int, ...]

GONE: Final = object()
VALUES: Final = (
    st.just(GONE)
    | st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([-1, 0, 2**31, 2**63, -(2**63), 10**30])
    | st.floats()
    | st.text(max_size=40)
    | st.sampled_from(
        ["", "-5.00", "\ud800", "NaN", "1e400", "9" * 400, "0x1", "٣", "5.00 ", "2026-13-45"]
    )
    | st.just([])
    | st.just({})
    | st.recursive(
        st.none() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=5,
    )
)


def places(within: Any, path: Place = ()) -> Iterator[Place]:
    """The path to every value in a body."""
    if path:
        yield path
    if isinstance(within, dict | list):
        steps = within if isinstance(within, dict) else range(len(within))
        for step in steps:
            yield from places(within[step], (*path, step))


def put(body: Any, path: tuple[Any, ...], value: Any) -> None:
    """Put a value at a place, if an earlier change has left the place there."""
    *above, last = path
    try:
        for step in above:
            body = body[step]
        del body[last]
    except (IndexError, KeyError, TypeError):
        return
    if value is GONE:
        return
    if isinstance(body, list):
        body.insert(last, deepcopy(value))
    else:
        body[last] = deepcopy(value)


def spoiled(body: Any, *, places: Sequence[Place]) -> st.SearchStrategy[Any]:
    """The body with something else at a few of these places."""

    def spoil(changes: list[tuple[Place, Any]]) -> Any:
        copy = deepcopy(body)
        for path, value in changes:
            put(copy, path, value)
        return copy

    change = st.tuples(st.sampled_from(places), VALUES)
    return st.lists(change, min_size=1, max_size=4).map(spoil)


def must_make_sense(command: Command | PrivacyRequest | FetchNeeded) -> None:
    match command:
        case FetchNeeded():
            safe = re.compile(r"/[A-Za-z0-9._:/?=-]+(&status=paid)?")
            assert all(safe.fullmatch(path) for path in command.paths)
        case OrderPaid():
            order_fingerprint(command.order, customer="").encode()
            lines = command.order.lines
            assert re.fullmatch(EXTERNAL_ID, command.order.order_id)
            assert command.identities or command.excluded
            assert len(lines) <= LINES_MAX
            assert len({line.line_id for line in lines}) == len(lines)
            assert all(type(line.amount_minor) is int for line in lines)
            assert all(line.amount_minor >= 0 and line.quantity >= 0 for line in lines)
            assert command.order.amount_minor <= AMOUNT_MINOR_MAX
            assert codes_among(command.codes or ()) == (command.codes or ())
            for refund in command.refunds or ():
                must_give_back(refund)
        case RefundFailed():
            assert re.fullmatch(EXTERNAL_ID, command.order_id)
            assert command.amount_minor >= 0
        case OrdersPaid():
            for each in command.orders:
                must_make_sense(each)
        case OrderRefunded():
            assert re.fullmatch(EXTERNAL_ID, command.order_id)
            must_give_back(command.refund)
        case CustomerUpdated() | CustomerErased() | MembershipUpdated():
            assert re.fullmatch(EXTERNAL_ID, command.customer.value)
            assert command.customer.source
        case Ignored() | Parked():
            assert command.reason
        case PrivacyRequest():
            assert all(re.fullmatch(EXTERNAL_ID, order_id) for order_id in command.order_ids)


def must_give_back(refund: RequestedRefund) -> None:
    assert re.fullmatch(EXTERNAL_ID, refund.refund_id)
    assert all(minor > 0 for minor in refund.amounts_minor.values())
    assert 0 <= refund.amount_minor + sum(refund.amounts_minor.values()) <= AMOUNT_MINOR_MAX
