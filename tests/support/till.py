"""A till of the program `bean`: what tests do over HTTP, through the handlers themselves."""

from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from functions.accrual import handler as accrual
from functions.adjustments import handler as adjustments
from functions.enrollment import handler as enrollment
from functions.redemption import handler as redemption
from tests.support.http import Answer, Claims, Handler, call, staff

PROGRAM: Final = "/v1/programs/bean"
CASHIER: Final = staff("bean", "cashier")
MANAGER: Final = staff("bean", "manager")
NOW: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)

_numbers = count(1)


def money(amount: int, currency: str = "EUR") -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


def line(amount: int, line_id: str = "1", **parts: Any) -> dict[str, Any]:
    return {
        "line_id": line_id,
        "sku": "X",
        "category": "drink",
        "quantity": 1,
        "amount": money(amount),
    } | parts


def order(amount: int = 4999, **parts: Any) -> dict[str, Any]:
    """An order of one line, of nobody until a `member_id` or `identities` are given."""
    return {
        "source": "pos",
        "order_id": f"{next(_numbers)}",
        "occurred_at": "2026-11-21T10:00:00Z",
        "lines": [line(amount)],
    } | parts


def enroll(email: str = "ana@example.com", *, as_: Claims = CASHIER) -> str:
    """The id of a new member."""
    body = {"identities": [{"kind": "email", "value": email}]}
    answer = call(enrollment.handler, "POST", f"{PROGRAM}/members", body=body, as_=as_)
    assert answer.status == 201, answer.text
    return str(answer.body["id"])


def enroll_oneself(as_: Claims) -> str:
    """The member id of a person who signs in, enrolling them if needed."""
    answer = call(enrollment.handler, "POST", f"{PROGRAM}/members", body={}, as_=as_)
    assert answer.status in (200, 201), answer.text
    return str(answer.body["id"])


def member(member_id: str, *, as_: Claims = CASHIER) -> dict[str, Any]:
    answer = call(enrollment.handler, "GET", f"{PROGRAM}/members/{member_id}", as_=as_)
    assert answer.status == 200, answer.text
    body: dict[str, Any] = answer.body
    return body


def change(member_id: str, *, as_: Claims = CASHIER, **changes: Any) -> None:
    path = f"{PROGRAM}/members/{member_id}"
    answer = call(enrollment.handler, "PATCH", path, body=changes, as_=as_)
    assert answer.status == 200, answer.text


def erase(member_id: str, *, as_: Claims = CASHIER) -> None:
    answer = call(enrollment.handler, "DELETE", f"{PROGRAM}/members/{member_id}", as_=as_)
    assert answer.status == 204, answer.text


def post_order(body: dict[str, Any], *, as_: Claims = CASHIER) -> Answer:
    return call(accrual.handler, "POST", f"{PROGRAM}/orders", body=body, as_=as_)


def earn(member_id: str, amount: int, **parts: Any) -> Answer:
    """An order of a member, which earns one point for each whole unit of money."""
    answer = post_order(order(amount, member_id=member_id, **parts))
    assert answer.status == 201, answer.text
    return answer


def correct_order(body: dict[str, Any], *, as_: Claims = CASHIER) -> Answer:
    """Send an order as it should be; `body` is that of `order`."""
    content = {name: part for name, part in body.items() if name not in ("source", "order_id")}
    path = f"{PROGRAM}/orders/{body['source']}/{body['order_id']}"
    return call(accrual.handler, "PUT", path, body=content, as_=as_)


def quote(body: dict[str, Any], *, as_: Claims = CASHIER) -> Answer:
    return call(accrual.handler, "POST", f"{PROGRAM}/orders/quote", body=body, as_=as_)


def _post_once(
    handler: Handler, path: str, body: dict[str, Any], key: str | None, as_: Claims
) -> Answer:
    """Post with an Idempotency-Key: a new one, unless one is given."""
    headers = {"Idempotency-Key": key or f"key-{next(_numbers)}"}
    return call(handler, "POST", f"{PROGRAM}{path}", body=body, as_=as_, headers=headers)


def redeem(
    member_id: str,
    reward_id: str = "latte",
    *,
    key: str | None = None,
    as_: Claims = CASHIER,
    **more: Any,
) -> Answer:
    return _post_once(
        redemption.handler,
        f"/members/{member_id}/redemptions",
        {"reward_id": reward_id} | more,
        key,
        as_,
    )


def grant_reward(
    member_id: str, reward_id: str, *, key: str | None = None, as_: Claims = MANAGER, **more: Any
) -> Answer:
    """Give a member a reward for nothing."""
    return _post_once(
        redemption.handler,
        f"/members/{member_id}/grants",
        {"reward_id": reward_id, "reason": "goodwill"} | more,
        key,
        as_,
    )


def step(member_id: str, redemption_id: str, to: str, *, as_: Claims = CASHIER) -> Answer:
    """`complete` or `cancel` a redemption."""
    return call(
        redemption.handler,
        "POST",
        f"{PROGRAM}/members/{member_id}/redemptions/{redemption_id}/{to}",
        as_=as_,
        headers={"Idempotency-Key": f"key-{next(_numbers)}"},
    )


def redemptions(member_id: str, *, as_: Claims = CASHIER, **query: str) -> Answer:
    path = f"{PROGRAM}/members/{member_id}/redemptions"
    return call(redemption.handler, "GET", path, as_=as_, query=query)


def rewards(member_id: str, *, as_: Claims = CASHIER) -> dict[str, Any]:
    """The rewards by id, as the member can have them now."""
    path = f"{PROGRAM}/members/{member_id}/rewards"
    answer = call(redemption.handler, "GET", path, as_=as_)
    assert answer.status == 200, answer.text
    return {reward["id"]: reward for reward in answer.body["items"]}


def check(code: str, *, as_: Claims = CASHIER) -> Answer:
    return call(redemption.handler, "GET", f"{PROGRAM}/vouchers/{code}", as_=as_)


def use(code: str, *, key: str | None = None, as_: Claims = CASHIER, **body: Any) -> Answer:
    return call(
        redemption.handler,
        "POST",
        f"{PROGRAM}/vouchers/{code}/use",
        body=body,
        as_=as_,
        headers={"Idempotency-Key": key or f"key-{next(_numbers)}"},
    )


def read_order(order_id: str, *, source: str = "pos", as_: Claims = CASHIER) -> Answer:
    path = f"{PROGRAM}/orders/{source}/{order_id}"
    return call(accrual.handler, "GET", path, as_=as_)


def explain_order(order_id: str, *, source: str = "pos", as_: Claims = CASHIER) -> Answer:
    path = f"{PROGRAM}/orders/{source}/{order_id}/explanation"
    return call(accrual.handler, "GET", path, as_=as_)


def quote_refund(
    order_id: str, refund_id: str = "r1", *, source: str = "pos", as_: Claims = CASHIER, **what: Any
) -> Answer:
    """What a refund by `lines`, by `amount` or whole would take."""
    return call(
        accrual.handler,
        "POST",
        f"{PROGRAM}/orders/{source}/{order_id}/refunds/quote",
        body={"refund_id": refund_id, "occurred_at": "2026-11-21T10:00:00Z"} | what,
        as_=as_,
    )


def refund(
    order_id: str, refund_id: str = "r1", *, source: str = "pos", as_: Claims = CASHIER, **what: Any
) -> Answer:
    """Refund an order by `lines`, by `amount` or whole."""
    return call(
        accrual.handler,
        "POST",
        f"{PROGRAM}/orders/{source}/{order_id}/refunds",
        body={"refund_id": refund_id, "occurred_at": "2026-11-21T10:00:00Z"} | what,
        as_=as_,
    )


def answer(
    survey_id: str, *, order: str, score: int, comment: str | None = None, as_: Claims = CASHIER
) -> Answer:
    """Answer a survey about an order."""
    response = call(
        accrual.handler,
        "POST",
        f"{PROGRAM}/surveys/{survey_id}/responses",
        body={
            "order": {"source": "pos", "order_id": order},
            "score": score,
            "comment": comment,
        },
        as_=as_,
    )
    assert response.status == 201, response.text
    return response


def adjust(
    member_id: str, points: int, *, key: str | None = None, as_: Claims = MANAGER, **more: Any
) -> Answer:
    return _post_once(
        adjustments.handler,
        f"/members/{member_id}/adjustments",
        {"points": points, "reason": "goodwill"} | more,
        key,
        as_,
    )


def decide(approval_id: str, to: str, *, as_: Claims = MANAGER, reason: str = "checked") -> Answer:
    """`approve` or `refuse` an adjustment that waits."""
    path = f"{PROGRAM}/approvals/{approval_id}/{to}"
    return call(adjustments.handler, "POST", path, body={"reason": reason}, as_=as_)


def transfer(
    giver: str, taker: str, points: int, *, key: str | None = None, as_: Claims = CASHIER
) -> Answer:
    return call(
        redemption.handler,
        "POST",
        f"{PROGRAM}/members/{giver}/transfers",
        body={"to_member_id": taker, "points": points},
        as_=as_,
        headers={"Idempotency-Key": key or f"key-{next(_numbers)}"},
    )


def merge(member_id: str, into: str, *, key: str | None = None, as_: Claims = MANAGER) -> Answer:
    return call(
        enrollment.handler,
        "POST",
        f"{PROGRAM}/members/{member_id}/merge",
        body={"into": into},
        as_=as_,
        headers={"Idempotency-Key": key or f"key-{next(_numbers)}"},
    )


def preview_merge(member_id: str, into: str, *, as_: Claims = MANAGER) -> Answer:
    path = f"{PROGRAM}/members/{member_id}/merge/preview"
    return call(enrollment.handler, "POST", path, body={"into": into}, as_=as_)


def grant(member_id: str, level: str, *, until: str, as_: Claims = MANAGER) -> Answer:
    body = {"level": level, "until": until}
    return call(
        enrollment.handler, "PUT", f"{PROGRAM}/members/{member_id}/tier-floor", body=body, as_=as_
    )


def history(member_id: str, *, as_: Claims = CASHIER) -> list[dict[str, Any]]:
    """The member's newest entries."""
    path = f"{PROGRAM}/members/{member_id}/history"
    answer = call(enrollment.handler, "GET", path, as_=as_)
    assert answer.status == 200, answer.text
    entries: list[dict[str, Any]] = answer.body["items"]
    return entries


def statement(member_id: str, first: str, last: str, *, as_: Claims = CASHIER) -> Answer:
    path = f"{PROGRAM}/members/{member_id}/statement"
    return call(enrollment.handler, "GET", path, as_=as_, query={"from": first, "to": last})


def balance_at(member_id: str, moment: str, *, as_: Claims = CASHIER) -> dict[str, Any]:
    path = f"{PROGRAM}/members/{member_id}/balance"
    answer = call(enrollment.handler, "GET", path, as_=as_, query={"at": moment})
    assert answer.status == 200, answer.text
    body: dict[str, Any] = answer.body
    return body


def explain(member_id: str, *, as_: Claims = CASHIER, **query: str) -> Answer:
    """Why a member holds what they hold."""
    path = f"{PROGRAM}/members/{member_id}/explain"
    return call(enrollment.handler, "GET", path, as_=as_, query=query)
