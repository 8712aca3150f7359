"""What an order would earn: for a member, for a guest, and for a member who is made up."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.domain.kernel.errors import NotFound
from loyalty.domain.ledger.account import Account
from loyalty.domain.ledger.accruals import accrue
from loyalty.domain.ledger.entries import Accrual, RequestedRefund
from loyalty.domain.ledger.order_explaining import quote_refund
from loyalty.domain.ledger.refunds import state_of
from loyalty.domain.orders.order import Order
from loyalty.domain.people.identity import Identity
from loyalty.domain.program.document import Program, PublishedProgram
from loyalty.usecases.orders.accrual import NamedCustomer
from loyalty.usecases.orders.quoting import Quote, Sample, SampleMember, quote, quote_sample
from loyalty.usecases.people.enrollment import Application, enroll
from loyalty.usecases.people.identity_claims import IdentityClaim
from tests.support import orders
from tests.support.campaigns import campaign, programs, with_campaigns
from tests.support.campaigns import orders as drawn_orders
from tests.support.memory import NOW, BusyTable, Shop
from tests.support.orders import NOON, line

ANA: Final = "mem_ana"
EMAIL: Final = Identity("email", "cleo@example.com")
TODAY: Final = NOW.date()


@pytest.fixture
def table() -> BusyTable:
    return BusyTable()


@pytest.fixture
def shop(table: BusyTable) -> Shop:
    return Shop(ANA, engine=table)


def order(amount: int = 5000, **parts: Any) -> Order:
    return orders.order(line(amount), **{"occurred_at": NOW} | parts)


class TestOfAMember:
    def test_a_quote_is_what_the_order_would_earn_and_writes_nothing(
        self, shop: Shop, table: BusyTable
    ) -> None:
        shop.adjust_balance(ANA, 7)
        before = dict(table.items)

        of_ana = quote(
            order(),
            customer=NamedCustomer(named=ANA, member_id=ANA),
            directory=shop.members,
            desk=shop.desk,
        )

        assert (of_ana.member_id, of_ana.balance, of_ana.award.points) == (ANA, 7, 50)
        assert table.items == before

    def test_a_quote_may_be_for_whoever_has_an_identity_or_for_a_guest(self, shop: Shop) -> None:
        claims = [IdentityClaim(EMAIL, verified=True)]
        enroll(
            Application(member_id="mem_cleo", claims=claims), members=shop.members, desk=shop.desk
        )

        def quoted(*identities: Identity) -> str | None:
            customer = NamedCustomer(named="identities", identities=identities)
            return quote(
                order(), customer=customer, directory=shop.members, desk=shop.desk
            ).member_id

        assert quoted(EMAIL) == "mem_cleo"
        assert quoted() is None
        with pytest.raises(NotFound):
            quoted(Identity("email", "nobody@example.com"))


def tried(document: Program, member: SampleMember | None, *, bought: Order | None = None) -> Quote:
    sample = Sample(order=bought or order(), member=member)
    return quote_sample(sample, document=document).quote


class TestOfASample:
    @pytest.mark.parametrize(
        ("condition", "fits", "fits_not"),
        [
            ({"fact": "first_order"}, {}, {"orders": 1, "bought_on": TODAY}),
            (
                {"fact": "order_number", "every": 3},
                {"orders": 2, "bought_on": TODAY},
                {"orders": 3, "bought_on": TODAY},
            ),
            (
                {"fact": "days_since_order", "at_least": 60},
                {"orders": 1, "bought_on": TODAY - timedelta(days=60)},
                {"orders": 1, "bought_on": TODAY - timedelta(days=59)},
            ),
            (
                {"fact": "member_days", "at_least": 30},
                {"enrolled_on": TODAY - timedelta(days=30)},
                {"enrolled_on": TODAY},
            ),
            ({"fact": "tier", "is_in": ["gold"]}, {"tier": "gold"}, {"tier": "silver"}),
            ({"fact": "birthday", "on": "day"}, {"birthday": TODAY}, {}),
            ({"fact": "locale", "is_in": ["fr"]}, {"locale": "fr-CA"}, {"locale": "de"}),
            (
                {"fact": "attribute", "name": "milk", "is_in": ["oat"]},
                {"attributes": {"milk": "oat"}},
                {"attributes": {"milk": "cow"}},
            ),
            ({"fact": "consent", "name": "email"}, {"consents": frozenset({"email"})}, {}),
        ],
    )
    def test_it_has_whatever_a_campaign_can_ask_of_a_member(
        self, condition: dict[str, Any], fits: dict[str, Any], fits_not: dict[str, Any]
    ) -> None:
        document = with_campaigns(campaign(**{"for": condition}))

        def points(member: SampleMember | None) -> int:
            return tried(document, member).award.points

        assert points(SampleMember(**fits)) == 50 + 10
        assert points(SampleMember(**fits_not)) == 50
        assert points(None) == 50

    def test_it_can_have_joined_a_campaign(self) -> None:
        document = with_campaigns(campaign(activation="join"))

        joined = tried(document, SampleMember(joined=frozenset({"welcome"})))
        alone = tried(document, SampleMember())

        assert (joined.award.points, alone.award.points) == (60, 50)
        assert [each.fact for each in alone.campaigns[0].why_not] == ["joined"]

    def test_an_order_of_any_time_can_be_tried_and_has_all_of_a_limit(self) -> None:
        limits = {"per_member": {"points": 7, "per": "day"}, "budget": {"points": 5, "per": "day"}}
        window = {"starts_on": "2031-05-01", "ends_on": "2031-05-01"}
        document = with_campaigns(campaign(when=window, limits=limits))

        later = order(occurred_at=NOW.replace(year=2031, month=5, day=1))

        quoted = tried(document, SampleMember(), bought=later)
        assert quoted.award.campaign_points == {"welcome": 5}
        assert tried(document, SampleMember()).award.points == 50

    @given(document=programs(), bought=drawn_orders(), refund=st.data())
    def test_a_refund_of_it_takes_what_it_takes_of_an_order_that_is_recorded(
        self, document: Program, bought: Order, refund: st.DataObject
    ) -> None:
        requested = RequestedRefund(
            refund_id="sample",
            occurred_at=NOON,
            fingerprint="",
            **refund.draw(refunds_of(bought)),
        )
        sample = Sample(order=bought, member=SampleMember(), refund=requested)

        quoted = quote_sample(sample, document=document)

        recorded = accrue(
            bought,
            account=Account(member_id=ANA, orders=0),
            program=PublishedProgram(
                program_id="bean", version=1, published_at=NOON, document=document
            ),
            fingerprint="",
            now=NOON,
        )
        earned = recorded.entries[0].detail
        assert isinstance(earned, Accrual)
        assert quoted.refund == quote_refund(
            requested, earned, state_of(earned, None), document, today=NOON.date()
        )
        of_all = replace(
            sample, refund=replace(requested, quantities={}, amount_minor=0, whole=True)
        )
        everything = quote_sample(of_all, document=document).refund
        assert everything is not None
        assert everything.points == -quoted.quote.award.points


def refunds_of(bought: Order) -> st.SearchStrategy[dict[str, Any]]:
    """A refund of units, of money or of everything."""
    units = st.sampled_from([{line.line_id: 1} for line in bought.lines])
    return st.one_of(
        st.fixed_dictionaries({"quantities": units}),
        st.fixed_dictionaries({"amount_minor": st.integers(1, 9999)}),
        st.just({"whole": True}),
    )
