"""A basket of the console: what is typed in, as a request."""

from typing import Any

from tests.support.scripts import run_script

TYPED = {
    "order/occurred_at": "2026-12-08T16:00",
    "order/lines": "1",
    "order/lines/0/amount": "59.99",
    "order/lines/0/quantity": "1",
    "who": "new",
}


def euros(minor: int) -> dict[str, Any]:
    return {"amount": minor, "currency": "EUR"}


def body(**typed: str) -> dict[str, Any]:
    """Return the request; of names, `__` stands for a slash."""
    values = TYPED | {name.replace("__", "/"): text for name, text in typed.items()}
    found: dict[str, Any] = run_script(
        """const format = new Format(program, "en-GB");
        const units = { currency: "EUR", timeZone: "Europe/Paris",
          minorOf: (text) => format.minorOf(text) };
        const gated = { joined: [["club", "Club"]], offered: [["oat", "Oat"]] };
        return basketBody(values, units, gated);""",
        imports={"format.js": "Format", "basket_body.js": "basketBody"},
        values=values,
        program={"currency": "EUR", "time_zone": "Europe/Paris", "points": {"many": "beans"}},
    )
    return found


def test_a_basket_of_one_line_says_what_was_typed_and_no_more() -> None:
    assert body() == {
        "order": {
            "occurred_at": "2026-12-08T15:00:00Z",
            "channel": None,
            "location": None,
            "codes": [],
            "tenders": [],
            "lines": [
                {
                    "line_id": "1",
                    "amount": euros(5999),
                    "quantity": 1,
                    "category": None,
                    "sku": None,
                    "brand": None,
                    "tags": [],
                }
            ],
        },
        "member": {"tier": None, "joined": [], "offered": []},
        "refund": None,
    }


def test_it_can_have_several_codes() -> None:
    codes = {"order__codes": "3", "order__codes__0": "FLYER", "order__codes__2": " FRIEND "}

    assert body(**codes)["order"]["codes"] == ["FLYER", "FRIEND"]


def test_of_several_payments_the_one_without_an_amount_paid_the_rest() -> None:
    def paid(*payments: tuple[str, str]) -> list[dict[str, Any]]:
        typed = {"order__tenders": str(len(payments))}
        for number, (kind, amount) in enumerate(payments):
            typed |= {
                f"order__tenders__{number}__kind": kind,
                f"order__tenders__{number}__amount": amount,
            }
        tenders: list[dict[str, Any]] = body(**typed)["order"]["tenders"]
        return tenders

    card, points = "card", "points"
    assert paid((card, "")) == [{"kind": card, "amount": euros(5999)}]
    assert paid((card, ""), (points, "10")) == [
        {"kind": card, "amount": euros(4999)},
        {"kind": points, "amount": euros(1000)},
    ]
    # More than the goods cost: taxes and shipping are paid as well.
    assert paid((card, "70"), (points, "")) == [
        {"kind": card, "amount": euros(7000)},
        {"kind": points, "amount": euros(0)},
    ]
    assert paid(("", "10")) == []


def test_a_refund_is_of_units_of_money_or_of_everything() -> None:
    two = {"order__lines": "2", "order__lines__1__amount": "10", "order__lines__1__quantity": "3"}
    some = {"back": "units", "order__lines__1__back": "2"}

    assert body(**two, **some)["refund"] == {"lines": [{"line_id": "2", "quantity": 2}]}
    assert body(back="units")["refund"] is None
    assert body(back="amount", refund__amount="12,50")["refund"] == {"amount": euros(1250)}
    assert body(back="all")["refund"] == {"whole": True}
