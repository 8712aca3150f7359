"""Whatever happens to a payment at Stripe, and in whatever order it is told: the balance is right.

What is right is computed from the story itself: what was paid for goods and not given back. Stripe
does not keep the order of events, but a refund fails days after it was made.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from tests.support.shop_stories import NOW, ConnectedShop, earning

CENTS: Final = st.integers(1, 100_000)
CHANNELS: Final = earning(channels=["checkout", "payment"])
SECONDS: Final = int(NOW.timestamp()) - 24 * 3600

type Event = tuple[str, dict[str, Any]]


@dataclass
class Payment:
    """A payment for goods without tax, its refunds, and the events about it.

    `late` are events that come after all others: a failure is told when its refund is long known.
    """

    amount: int
    refunds: list[int] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    late: list[Event] = field(default_factory=list)
    failed: int = 0
    lost: int = 0

    @property
    def refunded(self) -> int:
        return sum(self.refunds)

    @property
    def kept_minor(self) -> int:
        return self.amount - self.refunded + self.failed - self.lost

    def pay(self, channel: str) -> None:
        checkout = {
            "id": "cs_1",
            "mode": "payment",
            "payment_status": "paid",
            "amount_total": self.amount,
            **COMMON,
        }
        intent = {"id": "pi_1", "amount_received": self.amount, **COMMON}
        charge = {"id": "ch_1", "amount_captured": self.amount, "captured": True, **COMMON}
        if channel == "checkout":
            self.announce(self.events, "checkout.session.completed", checkout)
        # A payment of a checkout is told by these, too, and is the same order.
        self.announce(self.events, "payment_intent.succeeded", intent)
        self.announce(self.events, "charge.succeeded", charge)

    def refund(self, amount: int) -> None:
        before = self.refunded
        self.refunds.append(amount)
        charge = {
            "id": "ch_1",
            "amount_refunded": self.refunded,
            "refunded": self.refunded == self.amount,
            **COMMON,
        }
        self.announce(self.events, "charge.refunded", charge, before={"amount_refunded": before})

    def fail(self, number: int) -> None:
        """A refund's money comes back to the shop; it does so once."""
        self.failed += self.refunds[number]
        refund = {
            "id": f"re_{number}",
            "status": "failed",
            "amount": self.refunds[number],
            "charge": "ch_1",
            **COMMON,
        }
        self.announce(self.late, "refund.failed", refund)
        self.announce(self.late, "charge.refund.updated", refund)

    def lose(self, amount: int) -> None:
        self.lost = amount
        dispute = {"id": "dp_1", "status": "lost", "amount": amount, "charge": "ch_1", **COMMON}
        self.announce(self.events, "charge.dispute.closed", dispute)

    def announce(
        self,
        events: list[Event],
        kind: str,
        about: dict[str, Any],
        before: dict[str, Any] | None = None,
    ) -> None:
        number = len(self.events) + len(self.late)
        data = {"object": about} | ({"previous_attributes": before} if before else {})
        created = SECONDS + 600 * number
        body = {"id": f"evt_{number}", "type": kind, "created": created, "data": data}
        events.append((kind, body))


COMMON: Final = {"currency": "usd", "customer": "cus_1", "payment_intent": "pi_1"}


@st.composite
def stories(draw: st.DrawFn) -> Payment:
    payment = Payment(draw(CENTS))
    payment.pay(draw(st.sampled_from(["checkout", "payment"])))
    for _ in range(draw(st.integers(0, 3))):
        if left := payment.amount - payment.refunded:
            payment.refund(draw(st.integers(1, left)))
    if draw(st.booleans()) and payment.refunds:
        payment.fail(draw(st.integers(0, len(payment.refunds) - 1)))
    left = payment.amount - payment.refunded
    if draw(st.booleans()) and left:
        payment.lose(draw(st.integers(1, left)))
    return payment


@given(story=stories(), data=st.data())
def test_the_customer_has_points_for_what_they_paid_for_and_did_not_get_back(
    story: Payment, data: st.DataObject
) -> None:
    shop = ConnectedShop("stripe", earns=CHANNELS)
    shop.enroll("cus_1")
    repeats = data.draw(st.lists(st.sampled_from(story.events), max_size=4))

    early = data.draw(st.permutations([*story.events, *repeats]))
    again = data.draw(st.lists(st.sampled_from([*story.events, *story.late]), max_size=4))
    for topic, body in [*early, *story.late, *again]:
        outcome = shop.deliver(topic, body)
        assert outcome.status not in ("parked", "failed"), outcome

    assert shop.balance == story.kept_minor
