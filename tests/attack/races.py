"""The same moment, ten times: whatever can happen once, happens once."""

from collections import Counter
from typing import Final
from uuid import uuid4

from tests.attack.session import Attack, Session, order
from tests.support.race import race

# On two processors more would time out, not race.
AT_ONCE: Final = 10
# What the example program asks for a latte.
LATTE: Final = {"reward_id": "latte"}
LATTE_POINTS: Final = 40

# A client whose first answer was lost repeats the request, and gets 200 instead of 201.
DONE: Final = frozenset({200, 201})


def once(statuses: list[int]) -> bool:
    """Whether one of all got it and the others were refused."""
    done = sum(status in DONE for status in statuses)
    return done == 1 and statuses.count(409) == AT_ONCE - 1


def last_points(session: Session) -> None:
    """Redemptions of a balance that is enough for one."""
    ana = session.member(points=LATTE_POINTS)
    path = f"/members/{ana}/redemptions"

    answers = race(
        lambda _: session.send("cashier", "POST", path, json=LATTE).status_code, threads=AT_ONCE
    )

    session.expect(f"last points: {Counter(answers)}", once(answers))
    session.expect("last points: something is left, or owed", session.balance(ana) == 0)


def one_key(session: Session) -> None:
    """A client that sends one redemption ten times."""
    ana = session.member(points=10 * LATTE_POINTS)
    path, key = f"/members/{ana}/redemptions", uuid4().hex

    answers = race(
        lambda _: session.send("cashier", "POST", path, key=key, json=LATTE), threads=AT_ONCE
    )

    statuses = sorted(answer.status_code for answer in answers)
    ids = {answer.json().get("id") for answer in answers}
    session.expect(f"one key: {Counter(statuses)}", set(statuses) <= DONE)
    session.expect(f"one key: {len(ids)} redemptions", len(ids) == 1)
    session.expect("one key: paid more than once", session.balance(ana) == 9 * LATTE_POINTS)


def one_order(session: Session) -> None:
    """A till that sends one order ten times."""
    ana = session.member()
    sold = order(uuid4().hex, amount=4900, member_id=ana)

    answers = race(
        lambda _: session.send("service", "POST", "/orders", json=sold).status_code,
        threads=AT_ONCE,
    )

    session.expect(f"one order: {Counter(answers)}", set(answers) <= DONE)
    session.expect("one order: earned more than once", session.balance(ana) == 49)


def one_refund(session: Session) -> None:
    """A whole refund, sent ten times under ten names: what was earned is taken back once."""
    ana, order_id = session.member(), uuid4().hex
    sold = order(order_id, amount=4900, member_id=ana)
    session.send("service", "POST", "/orders", json=sold)

    def refund(number: int) -> int:
        body = {"refund_id": f"r{number}", "occurred_at": sold["occurred_at"], "whole": True}
        path = f"/orders/pos/{order_id}/refunds"
        return session.send("service", "POST", path, json=body).status_code

    answers = race(refund, threads=AT_ONCE)

    session.expect(f"one refund: {Counter(answers)}", set(answers) <= {200, 201, 409, 422})
    session.expect("one refund: points are left, or owed", session.balance(ana) == 0)


def one_voucher(session: Session) -> None:
    """Ten tills that take the same voucher."""
    ana = session.member(points=LATTE_POINTS)
    path = f"/members/{ana}/redemptions"
    code = session.send("cashier", "POST", path, json=LATTE).json()["voucher"]["code"]

    answers = race(
        lambda _: session.send("cashier", "POST", f"/vouchers/{code}/use", json={}).status_code,
        threads=AT_ONCE,
    )

    session.expect(f"one voucher: {Counter(answers)}", once(answers))


def used_and_cancelled(session: Session) -> None:
    """A voucher is used while its redemption is cancelled: one of both."""
    ana = session.member(points=LATTE_POINTS)
    path = f"/members/{ana}/redemptions"
    redeemed = session.send("cashier", "POST", path, json=LATTE).json()
    code = redeemed["voucher"]["code"]
    steps = (f"/vouchers/{code}/use", f"{path}/{redeemed['id']}/cancel")

    answers = race(
        lambda number: session.send("cashier", "POST", steps[number % 2], json={}).status_code,
        threads=AT_ONCE,
    )

    used, cancelled = answers[0::2].count(200), answers[1::2].count(200)
    session.expect(f"used and cancelled: {used} and {cancelled}", bool(used) is not bool(cancelled))
    expected = LATTE_POINTS if cancelled else 0
    session.expect("used and cancelled: balance", session.balance(ana) == expected)


RACES: Final[tuple[Attack, ...]] = (
    last_points,
    one_key,
    one_order,
    one_refund,
    one_voucher,
    used_and_cancelled,
)
